import Dispatch
import Holdfast
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  @preconcurrency import Glibc
#elseif canImport(Musl)
  @preconcurrency import Musl
#endif

/// The process that the disk tests kill, starve and cut off: it writes steps and reports what became of each.
/// It ends in order after SIGTERM. Its exit code is 0 when it closed the database, and 1 when it could not.
@main
enum Main {
  private static let mustEnd = Atomic<Bool>(false)
  /// How long a lane waits after a refusal, in microseconds, so that it does not fill the pipe with them.
  private static let respite: UInt32 = 3000

  static func main() {
    guard let options = WorkerOptions(arguments: Array(CommandLine.arguments.dropFirst())) else {
      exit(2)
    }
    signal(SIGTERM) { _ in Main.mustEnd.store(true, ordering: .relaxed) }
    let database: Database
    do throws(HoldfastError) {
      database = try Database.open(at: options.path, options.database())
    } catch {
      report(.notOpened(code: error.code.rawValue, message: error.message))
      exit(1)
    }
    report(.opened(replayed: database.recovery.commitsReplayed))
    prepare(database, options)
    // One lane runs on the first thread, so that its calls can be counted.
    if options.lanes.count == 1 {
      run(0, database, options)
    } else {
      let group = DispatchGroup()
      let queue = DispatchQueue(label: "lanes", attributes: .concurrent)
      for lane in options.lanes.indices { queue.async(group: group) { run(lane, database, options) } }
      group.wait()
    }
    do throws(HoldfastError) {
      try database.close()
      report(.closed(code: WorkerReport.success))
    } catch {
      report(.closed(code: error.code.rawValue))
      exit(1)
    }
  }

  /// Makes the collections that are missing. What fails here fails again in the first step, which reports it.
  private static func prepare(_ database: Database, _ options: WorkerOptions) {
    let names = (try? database.collections()) ?? []
    let wanted =
      [(Workload.order, Durability.unsafe)]
      + options.lanes.enumerated().map { (Workload.collection($0), $1) }
    for (name, durability) in wanted where !names.contains(name) {
      try? database.createCollection(name, durability: durability)
    }
  }

  private static func run(_ lane: Int, _ database: Database, _ options: WorkerOptions) {
    let workload = Workload(seed: options.seed, shape: options.shape)
    for step in options.firstStep..<options.firstStep + options.steps {
      if mustEnd.load(ordering: .relaxed) { return }
      do {
        // The mode of a lane counts only where its collection has it.
        guard try database.durability(of: Workload.collection(lane)) == options.lanes[lane] else {
          throw HoldfastError(.invalidUse, "the collection was not made")
        }
        try workload.apply(lane: lane, step: step, to: database)
        report(.acknowledged(lane: lane, step: step))
      } catch {
        let (code, message) = describe(error)
        if code == HoldfastError.Code.outcomeUnknown.rawValue {
          report(.unknown(lane: lane, step: step))
          probe(lane, step + 1, workload, database)
          return
        }
        report(.refused(lane: lane, step: step, code: code, message: message))
        read(lane, database)
        usleep(respite)
        prepare(database, options)
      }
      maintain(lane, step, database, options)
      if options.pause > 0 { usleep(UInt32(options.pause) * 1000) }
    }
  }

  private static func maintain(_ lane: Int, _ step: Int, _ database: Database, _ options: WorkerOptions) {
    if options.persistEvery > 0, step % options.persistEvery == 0 {
      do throws(HoldfastError) {
        try database.persist()
        report(.durable(lane: lane, step: step))
      } catch {}
    }
    if lane == 0, options.checkpointEvery > 0, step % options.checkpointEvery == 0 {
      do throws(HoldfastError) {
        try database.checkpoint()
        report(.durable(lane: lane, step: step))
        report(.checkpoint(code: WorkerReport.success))
      } catch {
        report(.checkpoint(code: error.code.rawValue))
      }
    }
  }

  /// After an unknown outcome reading must go on, and a write must be refused; if one is not, its
  /// acknowledgement is held against the database.
  private static func probe(_ lane: Int, _ step: Int, _ workload: Workload, _ database: Database) {
    read(lane, database)
    do {
      try workload.apply(lane: lane, step: step, to: database)
      report(.acknowledged(lane: lane, step: step))
    } catch {
      let (code, message) = describe(error)
      report(.refused(lane: lane, step: step, code: code, message: message))
    }
  }

  private static func read(_ lane: Int, _ database: Database) {
    do {
      try database.read { snapshot in
        _ = try snapshot.collection(Workload.collection(lane)).fetch(id: .int64(Workload.head))
        _ = try snapshot.collection(Workload.order).fetch(id: .int64(0))
      }
    } catch {
      let (code, message) = describe(error)
      report(.readFailed(code: code, message: message))
    }
  }

  private static func describe(_ error: any Error) -> (code: String, message: String) {
    guard let error = error as? HoldfastError else { return ("foreign", "\(error)") }
    return (error.code.rawValue, error.message)
  }

  /// Prints a line in one write, so that lines of several threads do not mix.
  private static func report(_ report: WorkerReport) {
    let line = Array((report.line + "\n").utf8)
    guard write(1, line, line.count) == line.count else { exit(3) }
  }
}
