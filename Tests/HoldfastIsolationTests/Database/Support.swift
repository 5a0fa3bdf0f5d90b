import Dispatch
import Holdfast
import HoldfastTestSupport
import Synchronization
import Testing

/// A database on a real disk for a test of isolation.
func withDatabase(
  _ options: DatabaseOptions = DatabaseOptions(durability: .unsafe), _ body: (Database) throws -> Void
) throws {
  let folder = try Folder()
  let database = try Database.open(at: folder.path("test.holdfast"), options)
  try body(database)
  #expect(try database.verify().problems.isEmpty)
  try database.close()
}

/// A call that runs on a thread of its own because it may have to wait.
final class Call<Value: Sendable>: @unchecked Sendable {
  private let end = DispatchSemaphore(value: 0)
  private let outcome = Mutex<Result<Value, any Error>?>(nil)

  /// Begins the call.
  init(_ body: @escaping () throws -> Value) {
    // Safe: whoever begins it does not use what it uses before it has ended.
    nonisolated(unsafe) let body = body
    DispatchQueue.global().async {
      let result = Result { try body() }
      self.outcome.withLock { $0 = result }
      self.end.signal()
    }
  }

  /// Waits for its end, for at most a minute.
  func wait() throws -> Value {
    let isOver = end.wait(timeout: .now() + 60) == .success
    end.signal()
    guard isOver, let result = outcome.withLock({ $0 }) else { throw NeverEnded() }
    return try result.get()
  }

  /// The code of the error that it ended with; `nil` when it succeeded.
  func code() throws -> HoldfastError.Code? { try failureCode { _ = try wait() } }

  struct NeverEnded: Error {}
}

/// The code of the error that a call throws; `nil` when it succeeds.
func failureCode(_ body: () throws -> Void) throws -> HoldfastError.Code? {
  do {
    try body()
    return nil
  } catch let error as HoldfastError {
    return error.code
  }
}

/// Sleeps for a millisecond.
func pause() { _ = DispatchSemaphore(value: 0).wait(timeout: .now() + 0.001) }

extension Database {
  /// Waits until so many transactions wait for locks.
  func waitUntilBlocked(_ count: Int = 1) throws {
    for _ in 0..<20_000 {
      if waitForGraph().map(\.waiting).uniqueCount >= count { return }
      pause()
    }
    Issue.record("nobody waits")
  }
}

extension [UInt64] {
  fileprivate var uniqueCount: Int { Set(self).count }
}
