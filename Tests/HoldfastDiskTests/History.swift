import Holdfast
import HoldfastDiskWorker
import Testing

/// What the worker has reported, and what must therefore be in the database.
///
/// A lane's last step is in the database. All steps up to it that were not refused must be there, whole, and
/// nothing else: the state is a prefix of what was done. How far that prefix must reach is what was
/// acknowledged, as far as the lane's durability protects it.
struct History {
  /// A document by the change that put it.
  private struct Origin: Equatable {
    var step: Int
    var bytes: Int
    var fill: UInt64
  }

  private struct Lane {
    /// What was found by the last check.
    var documents: [Int: Origin] = [:]
    var last = 0
    var steps = 0
    // Since that check:
    var acknowledged: [Int] = []
    var refused: Set<Int> = []
    var unknown: Int?
    var durable = 0
    var highest: Int { max(acknowledged.last ?? 0, refused.max() ?? 0, unknown ?? 0) }
  }

  private let workload: Workload
  private let durabilities: [Durability]
  private var lanes: [Lane]
  private var firstStep: Int
  /// What the worker saw, by code, since the beginning.
  private(set) var refusals: [String: Int] = [:]
  private(set) var checkpointFailures: [String: Int] = [:]
  private(set) var acknowledged = 0
  private(set) var replayed: UInt64 = 0
  private(set) var unknown = 0
  private(set) var wasOpened = false

  init(_ options: WorkerOptions) {
    workload = Workload(seed: options.seed, shape: options.shape)
    durabilities = options.lanes
    lanes = options.lanes.map { _ in Lane() }
    firstStep = options.firstStep
  }

  /// The number for the first step of the next worker: above all that may have been tried.
  var nextStep: Int { (lanes.map { max($0.highest, $0.last) }.max() ?? 0) + 10 }

  /// A new worker begins.
  mutating func begin(_ options: WorkerOptions) { firstStep = options.firstStep }

  mutating func note(_ report: WorkerReport) {
    switch report {
    case .opened(let replayed):
      wasOpened = true
      self.replayed += replayed
    case .acknowledged(let lane, let step):
      acknowledged += 1
      lanes[lane].acknowledged.append(step)
    case .refused(let lane, let step, let code, _):
      refusals[code, default: 0] += 1
      lanes[lane].refused.insert(step)
    case .unknown(let lane, let step):
      unknown += 1
      lanes[lane].unknown = step
    // The step itself may have been refused before.
    case .durable(let lane, let step):
      lanes[lane].durable = lanes[lane].acknowledged.last { $0 <= step } ?? 0
    case .checkpoint(let code):
      if code != WorkerReport.success { checkpointFailures[code, default: 0] += 1 }
    case .closed(let code):
      guard code == WorkerReport.success else { break }
      for index in lanes.indices { lanes[index].durable = lanes[index].acknowledged.last ?? 0 }
    case .notOpened, .readFailed: break
    }
  }

  // MARK: Checking

  /// Compares the database with what was reported. Returns every broken promise, a sentence each. When
  /// there is none, what was found is what later checks begin with.
  mutating func check(_ database: Database) throws -> [String] {
    var problems: [String] = []
    var counted: Int64 = 0
    try database.read { snapshot in
      counted = try snapshot.collection(Workload.order).fetch(id: .int64(0))?["count"]?.int64Value ?? 0
      var lost = 0
      for index in lanes.indices {
        lost += try check(index, snapshot.collection(Workload.collection(index)), &problems)
      }
      // The bound is on all changes together, so it is known where all lanes have the same one.
      if case .batch(let operations, _) = durabilities[0], Set(durabilities).count == 1,
        lost >= operations
      {
        problems.append("\(lost) changes that returned are gone, and the batch is \(operations)")
      }
    }
    let steps = lanes.reduce(0) { $0 + $1.steps }
    if counted != Int64(steps) {
      problems.append("\(steps) steps are there, but \(counted) were counted: not a prefix")
    }
    problems += try database.verify().problems
    return problems
  }

  /// Checks a lane and moves it to the step that was found. Returns how many changes that returned are gone.
  private mutating func check(
    _ index: Int, _ collection: SnapshotCollection, _ problems: inout [String]
  ) throws -> Int {
    var lane = lanes[index]
    var found: [Int64: Document] = [:]
    try collection.forEach { document in
      if let id = document["_id"]?.int64Value { found[id] = document }
    }
    let last = found.removeValue(forKey: Workload.head)?["step"]?.intValue ?? 0
    let name = "lane \(index) (\(durabilities[index]))"
    let mayBeThere = firstStep...max(firstStep, lane.highest + 1)
    guard last == lane.last || (mayBeThere.contains(last) && !lane.refused.contains(last)) else {
      problems.append(
        "\(name) ends with step \(last), which is \(lane.refused.contains(last) ? "refused" : "unknown"); "
          + "before, it was \(lane.last)")
      return 0
    }
    let promised =
      durabilities[index] == .safe ? max(lane.durable, lane.acknowledged.last ?? 0) : lane.durable
    if last < promised { problems.append("\(name) ends with step \(last), but \(promised) is lost") }
    let gone = lane.acknowledged.filter { $0 > last }
    let lost = gone.reduce(0) { $0 + leastChanges(lane: index, step: $1) }

    if last != lane.last {
      for step in firstStep...last where !lane.refused.contains(step) { advance(&lane, index, step) }
      lane.last = last
    }
    compare(lane.documents, found, name, &problems)
    (lane.acknowledged, lane.refused, lane.unknown, lane.durable) = ([], [], nil, 0)
    lanes[index] = lane
    return lost
  }

  /// How many changes a step certainly made: a document that it puts twice is one, and a delete may have found
  /// nothing. Each step also changes the two documents that count.
  private func leastChanges(lane: Int, step: Int) -> Int {
    var written: Set<Int> = []
    for change in workload.changes(lane: lane, step: step) {
      switch change {
      case .put(let id, _, _): written.insert(id)
      case .delete(let id): written.remove(id)
      }
    }
    return written.count + 2
  }

  private func advance(_ lane: inout Lane, _ index: Int, _ step: Int) {
    lane.steps += 1
    for change in workload.changes(lane: index, step: step) {
      switch change {
      case .put(let id, let bytes, let fill):
        lane.documents[id] = Origin(step: step, bytes: bytes, fill: fill)
      case .delete(let id): lane.documents[id] = nil
      }
    }
  }

  private func compare(
    _ expected: [Int: Origin], _ found: [Int64: Document], _ name: String, _ problems: inout [String]
  ) {
    for id in found.keys where expected[Int(id)] == nil {
      problems.append("\(name) has document \(id), which should not be there")
    }
    for (id, origin) in expected {
      let document = Workload.document(id: id, bytes: origin.bytes, fill: origin.fill, step: origin.step)
      if found[Int64(id)] != document {
        problems.append(
          "\(name): document \(id) of step \(origin.step) is \(found[Int64(id)] == nil ? "lost" : "changed")")
      }
    }
  }
}
