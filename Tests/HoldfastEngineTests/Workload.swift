import HoldfastIO
import HoldfastTestSupport
import Testing

@testable import HoldfastEngine

/// A fixed sequence of everything that touches the disk, with a record of what a crash may leave.
///
/// Runs until the disk fails for good. Afterwards ``check(on:)`` opens the database again and compares: what
/// is found must be one of the states that the commits led through, and none before the last one that was
/// acknowledged as durable.
final class Workload {
  /// The contents of both trees after each commit that was tried, beginning with none.
  private(set) var history: [[Model]] = [[[:], [:]]]
  /// The first state that may be found after a crash.
  private(set) var durable = 0
  /// The state that readers should see.
  private(set) var visible = 0
  /// Failures that said that nothing had changed.
  private(set) var refusals = 0
  private var storage: Storage?
  private let disk: SimulatedDisk
  private let options: StorageOptions
  private var isOver = false

  static let first: UInt64 = 1
  static let second: UInt64 = 2

  init(_ disk: SimulatedDisk, _ options: StorageOptions) {
    self.disk = disk
    self.options = options
  }

  private struct Rollback: Error {}

  // MARK: Steps

  /// One call that may fail. After a failure that leaves the outcome open nothing more is tried.
  private func attempt(_ step: (Storage) throws -> Void) throws {
    guard !isOver, let storage else { return }
    do {
      try step(storage)
    } catch let error as StorageError where error.code == .outcomeUnknown {
      isOver = true
    } catch is StorageError {
      refusals += 1
    }
  }

  private func open() {
    guard !isOver else { return }
    do { storage = try Storage.open(path, options) } catch { isOver = true }
  }

  private func close() throws {
    try attempt { try $0.close() }
    // Whatever close said, everything acknowledged is durable if it succeeded, and the handle is gone.
    if let storage, storage.failure == nil, (try? storage.statistics()) == nil {
      durable = max(durable, visible)
    }
    storage = nil
  }

  /// A commit that changes the state as `change` says.
  private func commit(
    _ durability: Durability = .safe, _ change: (inout [Model]) -> Void,
    _ body: (WriteTransaction) throws -> Void
  ) throws {
    var state = history[visible]
    change(&state)
    guard !isOver, storage != nil else { return }
    history.append(state)
    let tried = history.count - 1
    try attempt { storage in
      try storage.write { transaction in
        transaction.require(durability)
        try body(transaction)
      }
      visible = tried
      if durability == .safe { durable = tried }
    }
    if visible != tried && !isOver {
      // It was refused: it must not come back, so its state is no longer a legal one.
      history[tried] = history[visible]
    }
  }

  private func put(_ tree: UInt64, _ entries: [([UInt8], [UInt8])], _ durability: Durability = .safe) throws {
    try commit(durability, { state in for (key, value) in entries { state[Int(tree) - 1][key] = value } }) {
      for (key, value) in entries { try $0.put(tree, key, value) }
    }
  }

  private func delete(_ tree: UInt64, _ keys: [[UInt8]]) throws {
    try commit(.safe, { state in for key in keys { state[Int(tree) - 1][key] = nil } }) {
      for key in keys { try $0.delete(tree, key) }
    }
  }

  private func sync(_ call: (Storage) throws -> Void) throws {
    try attempt { storage in
      try call(storage)
      durable = max(durable, visible)
    }
  }

  // MARK: The sequence

  func run() throws {
    open()
    try commit(.safe, { _ in }) { transaction in
      let (first, second) = (try transaction.createTree(), try transaction.createTree())
      #expect(first == Workload.first && second == Workload.second)
    }
    func value(_ number: Int, _ size: Int = 60) -> [UInt8] {
      [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size)
    }
    func key(_ number: Int) -> [UInt8] { text("key-\(1000 + number)") }

    for number in 0..<4 { try put(Workload.first, [(key(number), value(number))]) }
    // Enough for several leaves, and more than one log segment.
    try put(Workload.first, (0..<120).map { (key($0), value($0 + 1)) })
    try sync { try $0.checkpoint() }
    // A large document: an overflow run, and a commit of several frames.
    try put(Workload.second, [(key(1), value(9, 30_000))])
    try put(Workload.second, (0..<40).map { (key($0), value($0, 200)) })
    try sync { try $0.checkpoint() }
    try delete(Workload.first, (10..<110).map(key))
    try put(Workload.first, [(key(3), value(33))], .unsafe)
    try put(Workload.second, [(key(3), value(34))], .batch(operations: 3, milliseconds: 1000))
    try put(Workload.second, [(key(4), value(35, 3000))], .unsafe)
    try sync { try $0.persist() }
    try attempt { try $0.spill() }
    try delete(Workload.second, [key(1)])
    try attempt { storage in
      do {
        try storage.write { transaction in
          try transaction.put(Workload.first, key(1), value(99))
          throw Rollback()
        }
      } catch is Rollback {}
    }
    try close()
    open()
    try commit(.safe, { $0[0] = [:] }) { try $0.clearTree(Workload.first) }
    try put(Workload.first, (0..<30).map { (key($0), value($0 + 2, 150)) })
    try sync { try $0.checkpoint() }
    try put(Workload.first, [(key(200), value(1, 5000))])
    try put(Workload.second, [(key(201), value(2))], .unsafe)
    try put(Workload.second, [(key(202), value(2))])
    // What is left open here is found by recovery.
  }

  /// Compares what the open database shows with what it should, after failures that changed nothing.
  func checkVisible() throws {
    guard !isOver, let storage else { return }
    let snapshot = try storage.snapshot()
    let expected = history[visible]
    let found = [try snapshot.contents(Workload.first), try snapshot.contents(Workload.second)]
    #expect(found == expected)
    #expect(storage.checkInvariants() == [])
  }

  func drop() { storage = nil }

  // MARK: The oracle

  /// Opens the database after a crash, compares, and goes on using it. Returns whether there was a database
  /// at all.
  func check(on disk: SimulatedDisk, _ note: String) throws {
    var options = options
    options.random = SeededRandom(seed: 0xF0)
    let storage: Storage
    do {
      storage = try Storage.open(path, options)
    } catch {
      Issue.record("\(note): recovery failed: \(error)")
      return
    }
    let snapshot = try storage.snapshot()
    let found = [try snapshot.contents(Workload.first), try snapshot.contents(Workload.second)]
    let position = history.lastIndex(of: found)
    #expect(position != nil, "\(note): the state is none that a commit led to")
    if let position {
      #expect(
        position >= durable || history[position] == history[durable],
        "\(note): state \(position) was found, but \(durable) had been acknowledged")
    }
    #expect(storage.checkInvariants() == [], "\(note)")
    let problems = try storage.verify().problems
    #expect(problems == [], "\(note)")
    // The recovered database works.
    let tree: UInt64 = 1000
    try storage.put(tree, text("after"), text("crash"))
    try storage.close()
    let again = try Storage.open(path, options)
    #expect(again.recovery.wasClean, "\(note)")
    let (after, first) = (try again.get(tree, text("after")), try again.snapshot().contents(Workload.first))
    #expect(after == text("crash") && first == found[0], "\(note)")
    #expect(again.checkInvariants() == [], "\(note)")
    try again.close()
  }
}
