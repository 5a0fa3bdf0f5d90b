import Holdfast

/// What the worker is told to do, as its arguments say it.
package struct WorkerOptions: Sendable {
  package var path = ""
  /// The durability of each lane. A lane is a thread with a collection of its own.
  package var lanes: [Durability] = [.safe]
  package var seed: UInt64 = 1
  package var shape = Workload.Shape.mixed
  /// The number of the first step: above every one that was ever tried on this database.
  package var firstStep = 1
  /// How many steps each lane does before the worker closes the database and ends.
  package var steps = 1_000_000
  /// After how many of its steps the first lane calls `checkpoint()`; 0 for never.
  package var checkpointEvery = 0
  /// After how many of its steps each lane calls `persist()`; 0 for never.
  package var persistEvery = 0
  /// The size of the smallest and of the largest log segment, in bytes; small ones rotate often.
  package var segmentBytes = 64 * 1024...256 * 1024
  package var cacheBytes = 1024 * 1024
  package var logBudget = 1024 * 1024
  package var isEncrypted = false
  /// Without a background thread, and with one lane, the worker has one thread and repeats its calls.
  package var hasBackgroundThread = true
  /// Milliseconds between the steps of a lane.
  package var pause = 0

  package init(path: String) { self.path = path }

  /// The options that open the database, in the worker and in what checks it.
  package func database(isReadOnly: Bool = false) -> DatabaseOptions {
    let key = Array("an unsecret key of 32 test bytes".utf8)
    var options = DatabaseOptions(credential: isEncrypted ? .key(key) : .none, isReadOnly: isReadOnly)
    options.segmentBytes = segmentBytes
    options.cacheBytes = cacheBytes
    options.logBudget = logBudget
    options.hasBackgroundThread = hasBackgroundThread
    return options
  }
}

// MARK: As arguments

extension WorkerOptions {
  /// The arguments that say the same.
  package var arguments: [String] {
    [
      path, "lanes=\(lanes.map(\.argument).joined(separator: ","))", "seed=\(seed)",
      "shape=\(shape.rawValue)", "first=\(firstStep)", "steps=\(steps)", "checkpoint=\(checkpointEvery)",
      "persist=\(persistEvery)", "segments=\(segmentBytes.lowerBound):\(segmentBytes.upperBound)",
      "cache=\(cacheBytes)", "budget=\(logBudget)", "encrypted=\(isEncrypted)",
      "background=\(hasBackgroundThread)", "pause=\(pause)",
    ]
  }

  /// Takes arguments; `nil` when they make no sense.
  package init?(arguments: [String]) {
    guard let path = arguments.first else { return nil }
    self.init(path: path)
    for argument in arguments.dropFirst() {
      let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, set(parts[0], parts[1]) else { return nil }
    }
  }

  private mutating func set(_ name: String, _ value: String) -> Bool {
    func number(_ place: inout Int) -> Bool {
      guard let number = Int(value) else { return false }
      place = number
      return true
    }
    switch name {
    case "lanes":
      lanes = value.split(separator: ",").compactMap { Durability(argument: String($0)) }
      return lanes.count == value.split(separator: ",").count
    case "seed":
      guard let number = UInt64(value) else { return false }
      seed = number
    case "shape":
      guard let shape = Workload.Shape(rawValue: value) else { return false }
      self.shape = shape
    case "segments":
      let bounds = value.split(separator: ":").compactMap { Int($0) }
      guard bounds.count == 2, bounds[0] <= bounds[1] else { return false }
      segmentBytes = bounds[0]...bounds[1]
    case "first": return number(&firstStep)
    case "steps": return number(&steps)
    case "checkpoint": return number(&checkpointEvery)
    case "persist": return number(&persistEvery)
    case "cache": return number(&cacheBytes)
    case "budget": return number(&logBudget)
    case "pause": return number(&pause)
    case "encrypted": isEncrypted = value == "true"
    case "background": hasBackgroundThread = value == "true"
    default: return false
    }
    return true
  }
}

extension Durability {
  /// `safe`, `unsafe` or `batch:OPERATIONS:MILLISECONDS`.
  fileprivate var argument: String {
    switch self {
    case .safe: "safe"
    case .unsafe: "unsafe"
    case .batch(let operations, let interval): "batch:\(operations):\(interval / .milliseconds(1))"
    }
  }

  fileprivate init?(argument: String) {
    let parts = argument.split(separator: ":")
    switch parts.first {
    case "safe": self = .safe
    case "unsafe": self = .unsafe
    case "batch":
      guard parts.count == 3, let operations = Int(parts[1]), let milliseconds = Double(parts[2]) else {
        return nil
      }
      self = .batch(operations: operations, interval: .milliseconds(Int(milliseconds)))
    default: return nil
    }
  }
}
