import HoldfastIO
import HoldfastTestSupport
import Testing

@testable import HoldfastEngine

/// What a test believes to be locked, and by whom: every lock is noted after it was granted and forgotten
/// before it is released, so two notes that exclude each other are two grants that do.
///
/// `@unchecked Sendable`: what changes is touched under `latch` only.
private final class ShadowLocks: @unchecked Sendable {
  enum Thing: Equatable {
    case tree(UInt64)
    case record(UInt64, UInt8)
    /// Up to, but not including, the end.
    case range(UInt64, UInt8, Int)
  }

  struct Note {
    var transaction: UInt64
    var thing: Thing
    var mode: LockMode
  }

  private let latch = Latch()
  private var notes: [Note] = []
  private var found: [String] = []

  func add(_ note: Note) {
    latch.withLock {
      for other in notes where other.transaction != note.transaction && excludes(other, note) {
        found.append("\(other) and \(note)")
      }
      notes.append(note)
    }
  }

  func remove(_ transaction: UInt64) {
    latch.withLock { notes.removeAll { $0.transaction == transaction } }
  }

  func report(_ text: String) { latch.withLock { found.append(text) } }

  var failures: [String] { latch.withLock { found } }

  private func excludes(_ a: Note, _ b: Note) -> Bool {
    switch (a.thing, b.thing) {
    case (.tree(let x), .tree(let y)):
      return x == y && !ShadowLocks.together.contains([a.mode, b.mode])
        && !ShadowLocks.together.contains([b.mode, a.mode])
    case (.record, .record):
      return a.thing == b.thing && (a.mode == .exclusive || b.mode == .exclusive)
    case (.record(let tree, let key), .range(let other, let lower, let upper)):
      return tree == other && a.mode == .exclusive && key >= lower && Int(key) < upper
    case (.range, .record): return excludes(b, a)
    default: return false
    }
  }

  private static let together: [[LockMode]] = [
    [.intentionShared, .intentionShared], [.intentionShared, .intentionExclusive],
    [.intentionShared, .shared], [.intentionShared, .sharedIntentionExclusive],
    [.intentionExclusive, .intentionExclusive], [.shared, .shared],
  ]
}

@Suite("Random locks against a model")
struct LockModelTests {
  @Test(
    "no two locks that exclude each other are ever granted, and nobody is left waiting",
    arguments: Seeds.first(6))
  func random(_ seed: UInt64) throws {
    let threads = 8 + Int(seed % 9)
    let policy = DeadlockVictim.allCases[Int(seed % 4)]
    let manager = LockManager.patient(policy)
    let shadow = ShadowLocks()
    let calls = (0..<threads).map { thread in
      LockCall { () throws(StorageError) in
        var random = SplitMix64(seed: seed << 8 | UInt64(thread))
        for round in 0..<120 {
          let owner = manager.makeOwner(transaction: UInt64(round * threads + thread + 1))
          try LockModelTests.run(owner, shadow, &random)
          shadow.remove(owner.transaction)
          owner.releaseAll()
        }
      }
    }
    // Outside of its latches the manager's graph never has a cycle.
    var looks = 0
    while !calls.allSatisfy(\.isDone) {
      let graph = manager.waitForGraph
      if LockModelTests.hasCycle(graph) { shadow.report("a cycle: \(graph)") }
      looks += 1
      guard looks < 1_000_000 else { break }
      SystemClock().sleep(nanoseconds: 200_000)
    }
    for call in calls {
      let failure = call.end()
      #expect(failure == nil, "seed \(seed)")
    }
    #expect(shadow.failures.isEmpty, "seed \(seed): \(shadow.failures.prefix(3))")
    #expect(manager.isIdle, "seed \(seed)")
    let statistics = manager.statistics
    #expect(statistics.waits > 0 && statistics.deadlocks > 0, "seed \(seed): \(statistics)")
  }

  /// One transaction: some random locks, until it is through or a deadlock ends it.
  private static func run(
    _ owner: LockOwner, _ shadow: ShadowLocks, _ random: inout SplitMix64
  ) throws(StorageError) {
    for _ in 0..<1 + random.below(6) {
      let tree = UInt64(random.below(2))
      let key = UInt8(random.below(12))
      var note = ShadowLocks.Note(transaction: owner.transaction, thing: .tree(tree), mode: .shared)
      // Now and then one gives up waiting.
      let timeout: UInt64? = random.chance(0.1) ? UInt64(random.below(3)) * 100_000 : nil
      do throws(StorageError) {
        switch random.below(20) {
        case 0, 1:
          note.mode = LockMode.allCases[random.below(5)]
          try owner.lock(tree: tree, note.mode, timeout: timeout)
        case 2...4:
          let end = Int(key) + 1 + random.below(6)
          note.thing = .range(tree, key, end)
          try owner.lock(rangeFrom: [key], to: [UInt8(end)], of: tree, timeout: timeout)
        default:
          note.thing = .record(tree, key)
          note.mode = random.chance(0.5) ? .shared : .exclusive
          try owner.lock(record: [key], of: tree, note.mode, timeout: timeout)
        }
        shadow.add(note)
      } catch {
        switch error.code {
        case .lockTimeout where timeout != nil: continue
        case .deadlock:
          check(error.cycle, owner, shadow)
          return
        default: throw error
        }
      }
    }
  }

  /// A victim is a member of its cycle, and each member waits for the next.
  private static func check(_ cycle: [LockCycleEdge], _ owner: LockOwner, _ shadow: ShadowLocks) {
    let isClosed = cycle.indices.allSatisfy {
      cycle[$0].blocker == cycle[($0 + 1) % cycle.count].transaction
    }
    let isMember = cycle.contains { $0.transaction == owner.transaction }
    if !isClosed || !isMember || cycle.count < 2 {
      shadow.report("no cycle of \(owner.transaction): \(cycle)")
    }
  }

  /// Takes away who waits for nobody, again and again: what remains is in a cycle or waits for one.
  private static func hasCycle(_ graph: [WaitForEdge]) -> Bool {
    var edges = graph
    while true {
      let waiting = Set(edges.map(\.waiting))
      let rest = edges.filter { waiting.contains($0.blocker) }
      if rest.count == edges.count { return !rest.isEmpty }
      edges = rest
    }
  }
}
