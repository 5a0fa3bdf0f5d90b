import HoldfastEngine
import HoldfastTestSupport

// What must be true when the steps are over, and after the crash that ends them.

extension Run {
  /// Compares what the open database shows with what was acknowledged.
  func checkVisible() throws {
    guard !isOver, let storage else { return }
    try compare(try storage.snapshot(), visible.digest, .visible)
    // After a failure that ended all writing, what commits would work on is not kept up.
    if storage.failure == nil { try checkIntact(storage) }
  }

  /// Recovers after the crash, with power failures on the way, and checks everything. Returns how many disk
  /// operations the last opening took.
  func checkRecovery(failingAt operations: [Int]) throws -> Int {
    for operation in operations {
      disk.schedule(.crash, at: disk.operationCount + operation)
      storage = try? Storage.open(Run.path, options)
      letGo()
      disk.crash()
      disk.clearFaults()
    }
    isOver = false
    let before = disk.operationCount
    try open(.anyLegal)
    let opening = disk.operationCount - before
    guard let recovered = storage else { throw Violation(.opens, "there is no database") }
    try checkIntact(recovered)
    try checkWorks(recovered)
    return opening
  }

  private func checkIntact(_ storage: Storage) throws {
    let broken = storage.checkInvariants()
    guard broken.isEmpty else { throw Violation(.intact, broken.joined(separator: "; ")) }
    let report = try storage.verify()
    guard report.isIntact else { throw Violation(.intact, report.problems.joined(separator: "; ")) }
  }

  /// Writes to the database, closes it, and looks at it once more: all of it comes from the file then.
  private func checkWorks(_ recovered: Storage) throws {
    var state = visible
    do {
      try recovered.write { transaction in
        let id = try transaction.createTree()
        state.create(.max, id)
        for number in 0..<20 {
          let (key, value) = (State.key(number), State.value(number, size: 100, mark: 1))
          try key.withUnsafeBytes { key in
            try value.withUnsafeBytes { value in
              try transaction.put(id, key: key, value: value)
              state.put(id, number, State.hash(id, key, value))
            }
          }
        }
      }
      try recovered.close()
    } catch {
      throw Violation(.works, "\(error)")
    }
    storage = nil
    history.append(state)
    durable = history.count - 1
    try open(.clean)
    guard let again = storage else { throw Violation(.works, "it does not open again") }
    try compare(try again.snapshot(), state.digest, .works)
    try checkIntact(again)
    do { try again.close() } catch { throw Violation(.works, "\(error)") }
    storage = nil
  }
}
