import ArgumentParser
import Dispatch
import Holdfast
import Synchronization

/// The process that the demo kills: tellers that move money and print each transfer once it is acknowledged.
struct DemoWorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo-worker", abstract: "The process that the demo kills.", shouldDisplay: false)

  @OptionGroup var arguments: DatabaseArguments
  @Option var accounts: Int
  @Option var firstTransfer: Int64
  @Option var seed: UInt64
  @Option var tellers = 4
  /// An end for a worker whose parent has died before it could kill it.
  private static let maximumTransfers: Int64 = 1_000_000

  func run() throws {
    let database = try arguments.open(forWriting: true)
    let bank = Bank(database: database, size: accounts)
    let ids = TransferNumbers(from: firstTransfer)
    let end = firstTransfer + DemoWorkerCommand.maximumTransfers
    let group = DispatchGroup()
    let queue = DispatchQueue(label: "tellers", attributes: .concurrent)
    let failure = FirstFailure()
    for teller in 0..<tellers {
      let seed = seed &+ UInt64(teller) &* 0x1234_5678_9ABC_DEF1
      queue.async(group: group) {
        var random = SeededGenerator(seed: seed)
        do {
          while true {
            let id = ids.take()
            guard id < end else { return }
            let transfer = try bank.transfer(id: id, using: &random)
            // One write of one line: lines of several threads do not mix.
            try StandardOutput.write(transfer.line + "\n")
          }
        } catch {
          failure.note(error)
        }
      }
    }
    group.wait()
    if let error = failure.error { throw error }
    try database.close()
  }
}

/// Numbers of transfers, each given once.
private final class TransferNumbers: Sendable {
  private let next: Atomic<Int64>

  init(from first: Int64) { next = Atomic(first) }

  func take() -> Int64 { next.wrappingAdd(1, ordering: .relaxed).oldValue }
}

/// What went wrong first.
private final class FirstFailure: Sendable {
  private let state = Mutex<(any Error)?>(nil)

  func note(_ error: any Error) { state.withLock { $0 = $0 ?? error } }

  var error: (any Error)? { state.withLock { $0 } }
}
