/// A line that the worker prints, in one write and at once, after what it tells of has happened.
package enum WorkerReport: Sendable, Equatable {
  /// The database is open; so many commits were replayed.
  case opened(replayed: UInt64)
  /// The database could not be opened.
  case notOpened(code: String, message: String)
  /// A step returned.
  case acknowledged(lane: Int, step: Int)
  /// A step failed, and not with `outcomeUnknown`: nothing of it may be there.
  case refused(lane: Int, step: Int, code: String, message: String)
  /// A step failed with `outcomeUnknown`.
  case unknown(lane: Int, step: Int)
  /// `persist()`, `checkpoint()` or `close()` returned: what the lane did through this step is durable.
  case durable(lane: Int, step: Int)
  /// A read failed.
  case readFailed(code: String, message: String)
  /// `checkpoint()` returned, or failed with this code.
  case checkpoint(code: String)
  /// `close()` returned, or failed with this code.
  case closed(code: String)

  /// The code for what did not fail.
  package static let success = "-"

  /// The line.
  package var line: String {
    switch self {
    case .opened(let replayed): "opened \(replayed)"
    case .notOpened(let code, let message): "notOpened \(code) \(message)"
    case .acknowledged(let lane, let step): "acknowledged \(lane) \(step)"
    case .refused(let lane, let step, let code, let message): "refused \(lane) \(step) \(code) \(message)"
    case .unknown(let lane, let step): "unknown \(lane) \(step)"
    case .durable(let lane, let step): "durable \(lane) \(step)"
    case .readFailed(let code, let message): "readFailed \(code) \(message)"
    case .checkpoint(let code): "checkpoint \(code)"
    case .closed(let code): "closed \(code)"
    }
  }

  /// Takes a line; `nil` for anything else.
  package init?(_ line: String) {
    let words = line.split(separator: " ").map(String.init)
    let numbers = words.dropFirst().prefix(2).compactMap { Int($0) }
    func message(after count: Int) -> String { words.dropFirst(count).joined(separator: " ") }
    switch (words.first, words.count) {
    case ("opened", 2):
      guard let replayed = UInt64(words[1]) else { return nil }
      self = .opened(replayed: replayed)
    case ("notOpened", 2...): self = .notOpened(code: words[1], message: message(after: 2))
    case ("readFailed", 2...): self = .readFailed(code: words[1], message: message(after: 2))
    case ("checkpoint", 2): self = .checkpoint(code: words[1])
    case ("closed", 2): self = .closed(code: words[1])
    case ("refused", 4...) where numbers.count == 2:
      self = .refused(lane: numbers[0], step: numbers[1], code: words[3], message: message(after: 4))
    case ("acknowledged", 3) where numbers.count == 2:
      self = .acknowledged(lane: numbers[0], step: numbers[1])
    case ("unknown", 3) where numbers.count == 2: self = .unknown(lane: numbers[0], step: numbers[1])
    case ("durable", 3) where numbers.count == 2: self = .durable(lane: numbers[0], step: numbers[1])
    default: return nil
    }
  }
}
