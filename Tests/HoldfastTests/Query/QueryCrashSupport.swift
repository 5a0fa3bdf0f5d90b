import Foundation
import HoldfastTestSupport
import Testing

@testable import Holdfast

/// Whether to try every operation instead of a part of them: `HOLDFAST_EXHAUSTIVE=1 swift test`.
private let isExhaustive = ProcessInfo.processInfo.environment["HOLDFAST_EXHAUSTIVE"] != nil

/// What calls may fail with when the disk is at fault. An index that could not be removed is in the way of another.
private let faultCodes: Set<HoldfastError.Code> = [
  .ioFailed, .diskFull, .outcomeUnknown, .closed, .writesSuspended, .cancelled, .indexExists,
]

/// Some call that writes.
typealias CrashWrite = @Sendable (Database) throws -> Void

/// One call of a workload.
enum CrashStep: Sendable {
  /// A write that happens wholly or not at all.
  case write(CrashWrite)
  /// Builds an index, and does the writes between its steps.
  case createIndex(Document, IndexOptions = IndexOptions(), during: [CrashWrite] = [])

  /// How many states it leads to.
  var count: Int { if case .createIndex(_, _, let during) = self { during.count + 1 } else { 1 } }
}

/// What a database has: collections with their documents and the names of their ready indexes.
struct CrashState: Equatable {
  struct Collection: Equatable {
    var documents: [Document]
    var ready: Set<String>
  }

  var collections: [String: Collection] = [:]
  /// Indexes that are not ready.
  var unfinished: Set<String> = []

  init(_ database: Database) throws {
    for name in try database.collections() {
      let collection = database.collection(name)
      let indexes = try collection.indexes()
      let ready = Set(indexes.filter(\.isReady).map(\.name))
      collections[name] = Collection(documents: try collection.scan().documents(), ready: ready)
      unfinished.formUnion(indexes.filter { !$0.isReady }.map(\.name))
    }
  }

  /// Whether both are alike but for indexes that may be anything.
  func agrees(with other: CrashState, except open: Set<String>) -> Bool {
    collections.count == other.collections.count
      && collections.allSatisfy { name, mine in
        guard let theirs = other.collections[name] else { return false }
        return mine.documents == theirs.documents
          && mine.ready.subtracting(open) == theirs.ready.subtracting(open)
      }
  }
}

/// A workload on the collection `c`, the states that it goes through when nothing goes wrong, and a course that
/// does it with a fault.
final class CrashCourse {
  /// What the workload begins with: the same bytes for every trial.
  struct Beginning {
    let image: SimulatedDisk.Image
    let steps: [CrashStep]
    /// The state before each write and at the end, and how each write ends.
    var states: [CrashState]
    var outcomes: [HoldfastError.Code?] = []
    var operations = 0
    /// The indexes that are created, by their names.
    var indexes: [String: (keys: Document, options: IndexOptions)] = [:]
  }

  private(set) var beginning: Beginning
  private let isReference: Bool
  private let place: SimulatedPlace
  private var database: Database
  /// How many writes ended as they should.
  private var done = 0
  /// Whether the next one was begun.
  private var isInFlight = false
  /// The index that is being built, or could not be built.
  private var open: Set<String> = []
  /// What the fault made fail, if anything.
  private(set) var failure: HoldfastError?

  private static func options(_ place: SimulatedPlace) -> DatabaseOptions {
    var options = place.options()
    options.documentsPerIndexStep = 6
    options.reserveBytes = 0
    return options
  }

  private init(_ beginning: Beginning, isReference: Bool, seed: UInt64) throws {
    self.beginning = beginning
    self.isReference = isReference
    place = SimulatedPlace(image: beginning.image, seed: seed)
    database = try place.open(CrashCourse.options(place))
  }

  /// Does the workload once without faults.
  static func reference(
    _ setup: (Database) throws -> Void, _ steps: [CrashStep]
  ) throws -> Beginning {
    let place = try SimulatedPlace(seed: 1)
    let database = try place.open(options(place))
    try setup(database)
    let state = try CrashState(database)
    try database.close()
    place.disk.crash(.everything)
    let beginning = Beginning(image: place.disk.snapshotImage(), steps: steps, states: [state])
    let course = try CrashCourse(beginning, isReference: true, seed: 2)
    let before = course.place.disk.operationCount
    try course.run()
    try course.database.close()
    course.beginning.operations = course.place.disk.operationCount - before
    // Looking at the states reads, but from memory: the operations are those of the trials.
    #expect(course.done == steps.reduce(0) { $0 + $1.count })
    return course.beginning
  }

  /// Does the workload with a fault at one operation, then checks, and does the rest. Returns what failed.
  static func trial(_ beginning: Beginning, _ fault: Fault, at operation: Int) throws -> HoldfastError? {
    let course = try CrashCourse(beginning, isReference: false, seed: 1000 + UInt64(operation))
    course.place.disk.reseedCrashes(UInt64(operation))
    course.place.disk.schedule(fault, at: course.place.disk.operationCount + operation)
    var atEnd = false
    do {
      try course.run()
      atEnd = true
      try course.database.close()
    } catch let error as HoldfastError {
      course.failure = error
      #expect(faultCodes.contains(error.code), "\(error)")
    }
    try course.recover(isClosing: atEnd)
    course.check("after the fault")
    try course.complete()
    course.check("with all indexes completed")
    try course.run()
    course.check("at the end")
    #expect(course.done == beginning.states.count - 1)
    try course.database.close()
    return course.failure
  }

  static func operations(of beginning: Beginning, budget: Int, from first: Int) -> [Int] {
    let stride = isExhaustive ? 1 : max(1, beginning.operations / budget)
    return Array(Swift.stride(from: 1 + first % stride, through: beginning.operations, by: stride))
  }

  // MARK: - Running

  private func run() throws {
    var number = 0
    for step in beginning.steps {
      defer { number += step.count }
      guard number + step.count > done else { continue }
      switch step {
      case .write(let body): try acknowledge { try body(database) }
      case .createIndex(let keys, let options, let during):
        try createIndex(keys, options, during, first: number)
      }
    }
  }

  private func createIndex(
    _ keys: Document, _ options: IndexOptions, _ during: [CrashWrite], first: Int
  ) throws {
    let name = options.name ?? keys.map { "\($0)_\($1.intValue ?? 0)" }.joined(separator: "_")
    if isReference { beginning.indexes[name] = (keys, options) }
    open = [name]
    var interruption: (any Error)?
    func write() throws {
      if done - first < during.count { try acknowledge { try during[done - first](database) } }
    }
    let outcome = try ending {
      try database.collection("c").createIndex(keys, options) { _ in
        do { try write() } catch { interruption = error }
        return interruption == nil
      }
    }
    if let interruption { throw interruption }
    if isReference { #expect(done == first + during.count, "writes were left over") }
    while done < first + during.count { try write() }
    try acknowledge { if let outcome { throw outcome } }
    // One that is refused stays, not ready, when the fault kept it from being removed.
    if outcome == nil { open = [] }
  }

  /// Does a write, and notes that it ended as it should.
  private func acknowledge(_ body: () throws -> Void) throws {
    isInFlight = true
    let code = try ending(body)?.code
    isInFlight = false
    if isReference {
      beginning.outcomes.append(code)
      beginning.states.append(try CrashState(database))
    } else {
      #expect(code == beginning.outcomes[done], "write \(done)")
    }
    done += 1
  }

  /// How a call ends: `nil`, or with the refusal of what was asked for. Throws when the disk is at fault.
  private func ending(_ body: () throws -> Void) throws -> HoldfastError? {
    do {
      try body()
      return nil
    } catch let error as HoldfastError {
      switch error.code {
      case .duplicateKey, .duplicateID, .parallelArrays, .typeMismatch: return error
      default: throw error
      }
    }
  }

  // MARK: - Checking

  /// Opens the database again when it needs that. Otherwise, what failed has not happened.
  private func recover(isClosing: Bool) throws {
    let isPowerLoss = place.disk.isDown
    place.disk.clearFaults()
    if isPowerLoss {
      place.disk.crash()
    } else if database.failure == nil, !isClosing {
      isInFlight = false
      return
    } else {
      try? database.close()
    }
    database = try place.open(CrashCourse.options(place))
  }

  /// Checks that the state is one that it may be, and goes on from there.
  private func check(_ moment: String) {
    do {
      let report = try database.verify()
      #expect(report.isIntact, "\(moment): \(report.problems)")
      let found = try CrashState(database)
      let states = beginning.states[done...(isInFlight ? done + 1 : done)]
      let place = states.firstIndex { $0.agrees(with: found, except: open) }
      #expect(place != nil, "\(moment): write \(done) failed, and \(found) is not before or after it")
      #expect(found.unfinished.isSubset(of: open), "\(moment): \(found.unfinished) are not ready")
      done = place ?? done
      isInFlight = false
      try checkUnique()
    } catch {
      Issue.record("\(moment): \(error)")
    }
  }

  /// Compares the documents themselves.
  private func checkUnique() throws {
    let collection = database.collection("c")
    for index in try collection.indexes()
    where index.isReady && index.options.isUnique && index.name != "_id_" {
      var seen = Set<String>()
      for document in try collection.scan().documents() {
        let values = index.keys.map { key, _ in document[key]?.arrayValue ?? [document[key] ?? nil] }
        guard values.count == 1, let field = values.first else { continue }
        let texts = Set(field.map { "\($0)" })
        #expect(seen.isDisjoint(with: texts), "\(index.name): two documents are alike")
        seen.formUnion(texts)
      }
    }
  }

  /// Completes indexes that are not ready with the same call again.
  private func complete() throws {
    for name in try CrashState(database).unfinished {
      guard let index = beginning.indexes[name] else {
        Issue.record("there is an index \(name) that nobody asked for")
        continue
      }
      let refusal = try ending { try database.collection("c").createIndex(index.keys, index.options) }
      let info = try database.collection("c").indexes().first { $0.name == name }
      #expect(refusal == nil ? info?.isReady == true : info == nil, "\(name) was not completed")
    }
  }
}

extension SimulatedPlace {
  /// A disk that begins with a copy of another one. No two openings of the same bytes may have one seed.
  init(image: SimulatedDisk.Image, seed: UInt64) {
    disk = SimulatedDisk(image: image, seed: seed)
    random = SeededRandom(seed: seed)
  }
}
