/// A promise of the database, as the simulation checks it.
public enum Promise: String, Sendable {
  case opens = "a database can be opened after any crash"
  case prefix = "a crash leaves a state that the commits led through"
  case durable = "what was acknowledged as durable survives every crash"
  case refused = "a commit that was refused never comes back"
  case visible = "readers see what was acknowledged, and a refused commit changes nothing"
  case pinned = "a snapshot shows the same for as long as it lasts"
  case timestamps = "timestamps never decrease along commits"
  case intact = "every page is accounted for and passes its checks"
  case clean = "a clean close leaves nothing to recover"
  case works = "a recovered database works"
  case unprovoked = "nothing fails unless something went wrong"
}

/// A promise that was broken, and how.
public struct Violation: Error, Sendable, CustomStringConvertible {
  public var promise: Promise
  public var detail: String

  init(_ promise: Promise, _ detail: String) {
    self.promise = promise
    self.detail = detail
  }

  public var description: String { "\(promise.rawValue): \(detail)" }
}
