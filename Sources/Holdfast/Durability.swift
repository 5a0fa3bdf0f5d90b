internal import HoldfastEngine

/// When a write returns, and so what a crash may take back.
///
/// In every mode a crash leaves a prefix of the history: if a write survives, so does everything before it. A
/// transaction has the strongest durability of the collections it writes to. What is readable is always at
/// least as durable as its mode promises.
public enum Durability: Sendable, Hashable {
  /// A write returns when it is on the disk. Nothing that returned is ever lost.
  case safe
  /// A write returns at once, and the disk is made to follow: never more than `operations` changes, nor any
  /// for longer than `interval` (rounded to milliseconds), are not yet on it.
  case batch(operations: Int, interval: Duration)
  /// A write returns at once. It is on the disk after ``Database/persist()``, ``Database/checkpoint()``,
  /// ``Database/close()`` or a later `safe` write.
  case unsafe
}

extension Durability: CustomStringConvertible {
  /// `safe`, `batch(100 operations, 50 ms)` or `unsafe`.
  public var description: String {
    switch self {
    case .safe: "safe"
    case .batch(let operations, let interval): "batch(\(operations) operations, \(interval.milliseconds) ms)"
    case .unsafe: "unsafe"
    }
  }
}

extension Durability {
  /// The most operations, and the longest interval, that a batch may have: an hour, and a million.
  private static let maximumOperations = 1_000_000
  private static let maximumMilliseconds = 3_600_000

  /// Refuses bounds that make no sense.
  func validate() throws(HoldfastError) {
    guard case .batch(let operations, let interval) = self else { return }
    guard (1...Durability.maximumOperations).contains(operations) else {
      throw HoldfastError(
        .invalidUse,
        "a batch of \(operations) operations is none: give 1 to \(Durability.maximumOperations)")
    }
    guard interval >= .milliseconds(1), interval <= .milliseconds(Durability.maximumMilliseconds) else {
      throw HoldfastError(
        .invalidUse, "a batch's interval must be between 1 ms and one hour, not \(interval)")
    }
  }

  var engine: HoldfastEngine.Durability {
    switch self {
    case .safe: .safe
    case .batch(let operations, let interval):
      .batch(operations: operations, milliseconds: interval.milliseconds)
    case .unsafe: .unsafe
    }
  }

  /// As the catalog has it: `"safe"`, `"unsafe"`, or `{operations, milliseconds}`.
  var bson: BSONValue {
    switch self {
    case .safe: "safe"
    case .unsafe: "unsafe"
    case .batch(let operations, let interval):
      .document([
        "operations": .int64(Int64(operations)), "milliseconds": .int64(Int64(interval.milliseconds)),
      ])
    }
  }

  init?(bson: BSONValue) {
    switch bson {
    case "safe": self = .safe
    case "unsafe": self = .unsafe
    case .document(let bounds):
      guard let operations = bounds["operations"]?.intValue, let time = bounds["milliseconds"]?.intValue
      else {
        return nil
      }
      self = .batch(operations: operations, interval: .milliseconds(time))
      if (try? validate()) == nil { return nil }
    default: return nil
    }
  }
}

extension Duration {
  /// Whole milliseconds, at least 1 for anything longer than nothing.
  var milliseconds: Int {
    let (seconds, attoseconds) = components
    guard seconds < Int64.max / 1000 else { return .max }
    let value = Int(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    return value == 0 && self > .zero ? 1 : value
  }

  /// Whole nanoseconds, as many as fit; 0 for less than nothing.
  var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let (whole, isTooMuch) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    return isTooMuch ? .max : whole.addingReportingOverflow(UInt64(attoseconds / 1_000_000_000)).partialValue
  }
}
