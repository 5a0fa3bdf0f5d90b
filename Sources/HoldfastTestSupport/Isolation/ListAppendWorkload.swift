import Synchronization

/// What clients do to a store to find out how well it isolates them: how many keys, which of them are hot, how
/// long transactions are.
public struct ListAppendWorkload: Sendable {
  /// From which all draws follow.
  public var seed: UInt64
  /// How many keys are in use at a time.
  public var keys = 8
  /// The first of them are hot: as many as this,
  public var hotKeys = 1
  /// with this probability that an operation is about one of them and not about any key.
  public var hotShare = 0.25
  /// After so many appends a key is retired and replaced by a new one, so that lists stay short.
  public var appendsPerKey = 32
  public var operationsPerTransaction = 1...5
  /// The probability that an operation is a read.
  public var readShare = 0.5
  /// The probability that a client takes a transaction back instead of committing it.
  public var abortShare = 0.03
  /// Each transaction runs at one of these.
  public var levels: [History.Level]

  /// A workload of short transactions on few keys.
  public init(seed: UInt64, levels: [History.Level]) {
    self.seed = seed
    self.levels = levels
  }
}

/// What one transaction is to do.
public struct ListAppendPlan: Sendable, Equatable {
  public enum Step: Sendable, Equatable {
    case append(key: Int, element: Int)
    case read(key: Int)
  }

  public var level: History.Level
  public var steps: [Step]
  /// Whether the client takes it back at the end.
  public var isTakenBack: Bool
}

/// The keys and elements of a workload, which its clients share. Elements are never drawn twice.
final class ListAppendKeys: Sendable {
  private let workload: ListAppendWorkload
  private let nextElement = Atomic<Int>(1)
  // Safe to share: it never changes after `init`, and what it points to is atomic.
  nonisolated(unsafe) private let appends: UnsafeMutablePointer<Atomic<Int>>

  init(_ workload: ListAppendWorkload) {
    self.workload = workload
    appends = .allocate(capacity: workload.keys)
    for slot in 0..<workload.keys { (appends + slot).initialize(to: Atomic(0)) }
  }

  deinit {
    appends.deinitialize(count: workload.keys)
    appends.deallocate()
  }

  /// The key that is in use in a slot.
  func key(in slot: Int) -> Int { key(slot, appends[slot].load(ordering: .relaxed)) }

  /// The key to append to in a slot, and a new element for it.
  func append(in slot: Int) -> (key: Int, element: Int) {
    let before = appends[slot].wrappingAdd(1, ordering: .relaxed).oldValue
    return (key(slot, before), newElement())
  }

  func newElement() -> Int { nextElement.wrappingAdd(1, ordering: .relaxed).oldValue }

  private func key(_ slot: Int, _ appends: Int) -> Int {
    appends / workload.appendsPerKey * workload.keys + slot
  }
}

/// A client of a workload. Its draws follow from the seed and its number; which key is in use in a slot follows
/// from what all clients have drawn.
struct ListAppendClient: Sendable {
  let number: Int
  private let workload: ListAppendWorkload
  private let keys: ListAppendKeys
  private var random: SplitMix64

  init(_ number: Int, _ workload: ListAppendWorkload, _ keys: ListAppendKeys) {
    self.number = number
    self.workload = workload
    self.keys = keys
    // Neighbouring seeds and clients must not draw the same.
    var mixed = SplitMix64(seed: workload.seed)
    random = SplitMix64(seed: mixed.next() &+ UInt64(number) &* 0xD134_2543_DE82_EF95)
  }

  /// What the next transaction does.
  mutating func nextPlan() -> ListAppendPlan {
    let lengths = workload.operationsPerTransaction
    let count = lengths.lowerBound + random.below(lengths.count)
    let steps = (0..<count).map { _ in nextStep() }
    return ListAppendPlan(
      level: workload.levels[random.below(workload.levels.count)], steps: steps,
      isTakenBack: random.chance(workload.abortShare))
  }

  private mutating func nextStep() -> ListAppendPlan.Step {
    let isHot = random.chance(workload.hotShare)
    let slot = random.below(isHot ? workload.hotKeys : workload.keys)
    if random.chance(workload.readShare) { return .read(key: keys.key(in: slot)) }
    let (key, element) = keys.append(in: slot)
    return .append(key: key, element: element)
  }

  /// The same once more, with elements of its own: a second attempt is another transaction.
  func again(_ plan: ListAppendPlan) -> ListAppendPlan {
    var plan = plan
    for place in plan.steps.indices {
      if case .append(let key, _) = plan.steps[place] {
        plan.steps[place] = .append(key: key, element: keys.newElement())
      }
    }
    return plan
  }
}
