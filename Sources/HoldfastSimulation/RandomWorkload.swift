import HoldfastEngine
import HoldfastTestSupport

extension Workload {
  /// A workload that follows from a seed: a bit of everything, in any order, in any setup.
  public static func random(seed: UInt64) -> Workload {
    var generator = Generator(random: SplitMix64(seed: seed))
    return generator.workload("random-\(seed)")
  }

  /// The workload with a name: one of ``named``, or a random one.
  public init?(name: String) {
    if let found = Workload.named.first(where: { $0.name == name }) {
      self = found
    } else if name.hasPrefix("random-"), let seed = UInt64(name.dropFirst("random-".count)) {
      self = .random(seed: seed)
    } else {
      return nil
    }
  }

  private struct Generator {
    var random: SplitMix64
    var keys = 0

    mutating func pick<T>(_ choices: [T]) -> T { choices[random.below(choices.count)] }

    mutating func workload(_ name: String) -> Workload {
      let segment = pick([8 << 10, 8 << 10, 16 << 10, 64 << 10])
      let pageSize = pick([4096, 4096, 8192, 16384, 65536])
      let setup = Setup(
        isEncrypted: random.chance(0.5), pageSize: pageSize, cacheBytes: pageSize * pick([16, 32, 64, 256]),
        logBudget: pick([16 << 10, 64 << 10, 1 << 20]), segmentBytes: segment...segment * pick([1, 2, 8]))
      keys = pick([10, 60, 200, 500])
      var steps: [Step] = [.commit([.create(tree: 1)], durability())]
      for _ in 0..<pick([6, 12, 25, 50]) { steps.append(step()) }
      return Workload(name, setup: setup, steps)
    }

    mutating func step() -> Step {
      switch random.below(100) {
      case 0..<6: return .checkpoint
      case 6..<9: return .persist
      case 9..<12: return .spill
      case 12..<15: return .reopen
      case 15..<18: return .kill
      case 18..<20: return .power
      case 20..<24: return .pin
      case 24..<28: return .compare
      case 28..<31: return .release
      case 31..<34: return .clock(milliseconds: Int64(random.below(2_000_000)) - 1_000_000)
      case 34..<37: return .abort(changes())
      default: return .commit(changes(), durability())
      }
    }

    mutating func durability() -> Durability {
      switch random.below(10) {
      case 0..<5: .safe
      case 5..<8: .unsafe
      default: .batch(operations: pick([1, 3, 10, 100]), milliseconds: pick([0, 20, 1000]))
      }
    }

    mutating func changes() -> [Change] { (0..<pick([1, 1, 1, 2, 4])).map { _ in change() } }

    mutating func change() -> Change {
      let tree = 1 + min(random.below(4), random.below(4))
      switch random.below(20) {
      case 0: return .create(tree: 1 + random.below(4))
      case 1: return random.chance(0.4) ? .drop(tree: tree) : .create(tree: tree)
      case 2: return random.chance(0.4) ? .clear(tree: tree) : .create(tree: tree)
      case 3..<7: return .delete(tree: tree, keys: range(pick([1, 4, 40, keys])))
      case 7: return .put(tree: tree, keys: range(pick([1, 3])), size: random.below(30_000), mark: mark())
      case 8..<10: return .put(tree: tree, keys: range(10), size: random.below(2500), mark: mark())
      default:
        return .put(tree: tree, keys: range(pick([1, 1, 3, 40])), size: random.below(300), mark: mark())
      }
    }

    mutating func range(_ most: Int) -> Range<Int> {
      let start = random.below(keys)
      return start..<min(keys, start + 1 + random.below(most))
    }

    mutating func mark() -> Int { random.below(1000) }
  }
}
