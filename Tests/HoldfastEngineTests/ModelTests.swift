import HoldfastIO
import HoldfastTestSupport
import Testing

@testable import HoldfastEngine

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Random operations against dictionaries.
@Suite struct ModelTests {
  struct Shape: Sendable, CustomTestStringConvertible {
    var seed: UInt64
    var encrypted: Bool
    var pageSize = 4096
    var cacheBytes = 256 * 1024
    var steps: Int
    var durability = Durability.safe
    var testDescription: String {
      "seed \(seed), \(encrypted ? "encrypted" : "plain"), pages of \(pageSize), cache of \(cacheBytes), \(durability)"
    }
  }

  /// The shapes that are tried; with `HOLDFAST_SEED` set, two with that seed.
  private static var shapes: [Shape] {
    if let seed = getenv("HOLDFAST_SEED").flatMap({ UInt64(String(cString: $0)) }) {
      return [
        Shape(seed: seed, encrypted: false, steps: 6000),
        Shape(seed: seed, encrypted: true, pageSize: 8192, cacheBytes: 512 * 1024, steps: 6000),
        Shape(seed: seed, encrypted: false, steps: 6000, durability: .unsafe),
      ]
    }
    return [
      Shape(seed: 1, encrypted: false, steps: 6000),
      Shape(seed: 2, encrypted: true, steps: 6000),
      Shape(seed: 3, encrypted: false, pageSize: 8192, cacheBytes: 4 << 20, steps: 6000),
      Shape(seed: 4, encrypted: true, pageSize: 65536, cacheBytes: 1 << 20, steps: 3000),
      Shape(seed: 5, encrypted: false, steps: 6000, durability: .unsafe),
      Shape(seed: 6, encrypted: true, cacheBytes: 4 << 20, steps: 6000, durability: .unsafe),
      Shape(
        seed: 7, encrypted: false, pageSize: 8192, cacheBytes: 4 << 20, steps: 6000,
        durability: .batch(operations: 10, milliseconds: 1000)),
    ]
  }

  @Test(
    "what was written is what is read, through splits, merges, spills, checkpoints, readers and reopenings",
    arguments: ModelTests.shapes)
  func random(_ shape: Shape) throws {
    var random = SplitMix64(seed: shape.seed)
    let disk = try makeDisk(seed: shape.seed)
    var options = try makeOptions(
      disk, seed: shape.seed, encrypted: shape.encrypted, pageSize: shape.pageSize,
      cacheBytes: shape.cacheBytes)
    options.durability = shape.durability
    var storage = try Storage.open(path, options)
    let trees: [UInt64] = try storage.write { transaction in
      try (0..<3).map { _ in try transaction.createTree() }
    }
    var models = [UInt64: Model](uniqueKeysWithValues: trees.map { ($0, [:]) })
    var readers: [(snapshot: Snapshot, models: [UInt64: Model])] = []
    var step = 0
    while step < shape.steps {
      switch random.next() % 100 {
      case 0:
        readers.removeAll()
        try storage.close()
        storage = try Storage.open(path, options)
        #expect(storage.recovery.wasClean)
      case 1:
        // The process dies: everything that was acknowledged as safe is there.
        readers.removeAll()
        if shape.durability != .safe { try storage.persist() }
        disk.killProcess()
        storage = try Storage.open(path, options)
        #expect(!storage.recovery.wasClean)
      case 2: try storage.checkpoint()
      case 3, 4: readers.append((try storage.snapshot(), models))
      case 5, 6: if !readers.isEmpty { readers.remove(at: Int(random.next() % UInt64(readers.count))) }
      case 7:
        if let reader = readers.randomElement(using: &random) { try compare(reader.snapshot, reader.models) }
      case 8: try storage.spill()
      case 9:
        let id = trees[Int(random.next() % 3)]
        if random.next() % 8 == 0 {
          try storage.write { try $0.clearTree(id) }
          models[id] = [:]
        }
      case 10:
        // One that waits for a sync, between those that do not.
        let (id, key) = (trees[0], randomKey(&random))
        try storage.put(id, key, [1], .safe)
        models[id]?[key] = [1]
      default:
        let count = random.next() % 10 == 0 ? 200 : 1 + Int(random.next() % 4)
        try transact(storage, trees, &models, &random, count: count)
        step += count
      }
      if step % 16 == 0 { #expect(storage.checkInvariants() == [], "seed \(shape.seed), step \(step)") }
    }
    for reader in readers { try compare(reader.snapshot, reader.models) }
    readers.removeAll()
    try compare(try storage.snapshot(), models)
    #expect(storage.checkInvariants() == [])
    try storage.close()
    storage = try Storage.open(path, options)
    try compare(try storage.snapshot(), models)
    #expect(try storage.verify().problems == [])
    try storage.close()
  }

  private func transact(
    _ storage: Storage, _ trees: [UInt64], _ models: inout [UInt64: Model], _ random: inout SplitMix64,
    count: Int
  ) throws {
    struct Rollback: Error {}
    let fails = random.next() % 20 == 0
    var changed = models
    do {
      try storage.write { transaction in
        for _ in 0..<count {
          let id = trees[Int(random.next() % 3)]
          let key = randomKey(&random)
          #expect(try transaction.get(id, key) == changed[id]?[key])
          if random.next() % 5 < 2 {
            try transaction.delete(id, key)
            changed[id]?[key] = nil
          } else {
            let value = randomValue(&random)
            try transaction.put(id, key, value)
            changed[id]?[key] = value
          }
        }
        for id in trees { #expect(try Int(transaction.count(id)) == changed[id]?.count) }
        if fails { throw Rollback() }
      }
      models = changed
    } catch is Rollback {}
  }

  private func compare(_ snapshot: Snapshot, _ models: [UInt64: Model]) throws {
    for (id, model) in models {
      let entries = try snapshot.entries(id)
      #expect(entries.count == model.count)
      #expect(Int(snapshot.count(id)) == model.count)
      #expect(entries.allSatisfy { model[$0.key] == $0.value })
      #expect(zip(entries, entries.dropFirst()).allSatisfy { $0.key.lexicographicallyPrecedes($1.key) })
    }
  }
}
