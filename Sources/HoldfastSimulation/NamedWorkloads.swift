import HoldfastEngine

// One workload for each thing that the engine does to the disk.

extension Workload {
  /// All of them, each with and without encryption and with two sizes of pages.
  public static var named: [Workload] {
    var all: [Workload] = []
    for workload in plain {
      for pageSize in [4096, 16384] {
        for isEncrypted in [false, true] {
          var variant = workload
          variant.setup.pageSize = pageSize
          // As many pages fit in, whatever their size.
          variant.setup.cacheBytes *= pageSize / 4096
          variant.setup.isEncrypted = isEncrypted
          if pageSize != 4096 { variant.name += "-\(pageSize)" }
          if isEncrypted { variant.name += "-encrypted" }
          all.append(variant)
        }
      }
    }
    return all
  }

  private static var plain: [Workload] {
    [
      inserts, batches, parts, large, merges, pinned, segments, openings, trees, safe, batch, unsafe, mixed,
      clocks, full,
    ]
  }

  private static func put(
    _ tree: Int, _ keys: Range<Int>, _ size: Int, _ mark: Int = 1, _ durability: Durability = .safe
  ) -> Step {
    .commit([.put(tree: tree, keys: keys, size: size, mark: mark)], durability)
  }

  private static func delete(_ tree: Int, _ keys: Range<Int>, _ durability: Durability = .safe) -> Step {
    .commit([.delete(tree: tree, keys: keys)], durability)
  }

  private static func create(_ trees: Int...) -> Step { .commit(trees.map { .create(tree: $0) }, .safe) }

  private static var inserts: Workload {
    Workload(
      "inserts",
      [create(1)] + (0..<24).map { put(1, $0..<$0 + 1, 60 + 10 * $0) } + [.checkpoint, put(1, 24..<25, 9)])
  }

  private static var batches: Workload {
    Workload(
      "batches",
      [
        create(1, 2), put(1, 0..<100, 60), put(2, 0..<80, 120), .checkpoint,
        .commit([.put(tree: 1, keys: 50..<150, size: 40, mark: 2), .delete(tree: 2, keys: 0..<40)], .safe),
        .abort([.put(tree: 1, keys: 0..<10, size: 70, mark: 3)]), put(2, 20..<60, 300, 4),
      ])
  }

  /// Commits of several frames, which lie in several segments.
  private static var parts: Workload {
    Workload(
      "parts", setup: Setup(segmentBytes: 8 << 10...16 << 10),
      [
        create(1), put(1, 0..<5, 50), put(1, 0..<60, 500, 2), put(1, 5..<6, 30_000, 3), .persist,
        put(1, 0..<40, 700, 4, .unsafe), put(1, 6..<7, 20_000, 5, .unsafe), put(1, 7..<8, 10), .checkpoint,
        put(1, 10..<50, 900, 6),
      ])
  }

  /// Documents with overflow runs that grow, shrink, are replaced and deleted.
  private static var large: Workload {
    Workload(
      "large",
      [
        create(1), put(1, 0..<3, 12_000), put(1, 3..<4, 40_000), .checkpoint, put(1, 0..<1, 30_000, 2),
        put(1, 1..<2, 3000, 3), put(1, 2..<3, 12_000, 4), put(1, 3..<4, 100, 5), .checkpoint,
        delete(1, 0..<2), put(1, 4..<8, 9000, 6), .spill, delete(1, 5..<6), put(1, 3..<4, 25_000, 7),
        .checkpoint, delete(1, 0..<9),
      ])
  }

  /// Deletions that empty leaves, merge them, and lower the root.
  private static var merges: Workload {
    Workload(
      "merges",
      [create(1), put(1, 0..<300, 100), .checkpoint]
        + stride(from: 0, to: 300, by: 50).map { delete(1, $0 + 3..<$0 + 49) }
        + [
          .checkpoint, put(1, 100..<160, 200, 2), delete(1, 0..<295), .checkpoint, delete(1, 0..<300),
          put(1, 0..<9, 60, 3),
        ])
  }

  /// Checkpoints while readers keep old pages.
  private static var pinned: Workload {
    var steps: [Step] = [create(1), put(1, 0..<120, 100)]
    for round in 0..<5 {
      steps += [
        .pin, put(1, round * 20..<round * 20 + 30, 120, round + 2), .checkpoint, .compare,
        delete(1, round * 10..<round * 10 + 8),
      ]
      if round > 1 { steps.append(.release) }
    }
    return Workload(
      "pinned", steps + [.compare, .spill, .compare, .checkpoint, put(1, 0..<5, 40, 9), .compare])
  }

  /// Segments that fill up, are retired by checkpoints, and are used again.
  private static var segments: Workload {
    Workload(
      "segments", setup: Setup(logBudget: 24 << 10, segmentBytes: 8 << 10...8 << 10),
      [create(1)] + (0..<36).map { put(1, $0 * 3..<$0 * 3 + 6, 300, $0, $0 % 4 == 3 ? .unsafe : .safe) })
  }

  private static var openings: Workload {
    Workload(
      "openings",
      [
        create(1), put(1, 0..<30, 80), .reopen, .reopen, put(1, 10..<20, 90, 2), .reopen, delete(1, 0..<5),
        put(1, 30..<31, 9000, 3, .unsafe), .reopen, .kill, put(1, 40..<44, 30, 4), .kill,
        put(1, 50..<54, 30, 5, .unsafe), .power, put(1, 60..<64, 30, 6), .reopen,
      ])
  }

  private static var trees: Workload {
    Workload(
      "trees",
      [
        create(1), create(2, 3), put(1, 0..<60, 100), put(2, 0..<4, 9000), put(3, 0..<30, 60), .checkpoint,
        .commit([.clear(tree: 1), .put(tree: 1, keys: 5..<15, size: 50, mark: 2)], .safe),
        .commit([.drop(tree: 2)], .safe), .abort([.drop(tree: 3), .create(tree: 4)]),
        .commit([.create(tree: 2), .put(tree: 2, keys: 0..<20, size: 90, mark: 3), .drop(tree: 3)], .safe),
        .checkpoint, .commit([.drop(tree: 1)], .unsafe), .reopen, .commit([.clear(tree: 2)], .safe),
        create(5), put(5, 0..<3, 10),
      ])
  }

  private static var safe: Workload {
    Workload("safe", [create(1)] + (0..<16).map { put(1, $0 % 5..<$0 % 5 + 3, 50 * $0, $0) })
  }

  private static var batch: Workload {
    var steps: [Step] = [create(1)]
    for number in 0..<24 {
      let mode = Durability.batch(operations: number < 12 ? 5 : 2, milliseconds: 100)
      steps.append(put(1, number..<number + 1 + number % 3, 60, number, mode))
      if number % 7 == 6 { steps.append(.clock(milliseconds: 150)) }
    }
    return Workload("batch", steps)
  }

  private static var unsafe: Workload {
    var steps: [Step] = [create(1)]
    for number in 0..<30 {
      steps.append(put(1, number..<number + 3, 900, number, .unsafe))
      if number == 10 { steps.append(.persist) }
      if number == 20 { steps.append(.checkpoint) }
    }
    // Enough to be written before anybody asks for it.
    return Workload(
      "unsafe", steps + [put(1, 40..<41, 300_000, 1, .unsafe), put(1, 41..<42, 10, 1, .unsafe)])
  }

  private static var mixed: Workload {
    var steps: [Step] = [create(1, 2)]
    let modes: [Durability] = [
      .safe, .unsafe, .batch(operations: 3, milliseconds: 1000), .unsafe,
      .batch(operations: 6, milliseconds: 50),
    ]
    for number in 0..<20 {
      steps.append(put(1 + number % 2, number..<number + 2, 200, number, modes[number % modes.count]))
      if number % 6 == 5 { steps.append(.abort([.delete(tree: 1, keys: 0..<9)])) }
      if number == 9 { steps += [.spill, .checkpoint, .clock(milliseconds: 70)] }
    }
    return Workload("mixed", steps)
  }

  private static var clocks: Workload {
    Workload(
      "clocks",
      [
        create(1), put(1, 0..<3, 50), .clock(milliseconds: -86_400_000), put(1, 3..<6, 50), .checkpoint,
        .clock(milliseconds: 3_600_000), put(1, 6..<9, 50), .kill, .clock(milliseconds: -7_200_000),
        put(1, 9..<12, 50, 1, .batch(operations: 9, milliseconds: 20)), .clock(milliseconds: 864_000_000),
        put(1, 12..<15, 50, 1, .batch(operations: 9, milliseconds: 20)), .reopen,
        .clock(milliseconds: -999_000_000), put(1, 0..<3, 50, 2), .power, .clock(milliseconds: -5),
        put(1, 3..<6, 50, 2),
      ])
  }

  /// A cache so small that pages are written early and read again all the time.
  private static var full: Workload {
    var steps: [Step] = [create(1)]
    for number in 0..<14 {
      steps.append(
        put(1, number * 37 % 200..<number * 37 % 200 + 40, 250, number, number % 3 == 0 ? .safe : .unsafe))
      if number % 5 == 4 { steps.append(.spill) }
    }
    return Workload(
      "cache", setup: Setup(cacheBytes: 64 << 10, logBudget: 96 << 10),
      steps + [.pin, delete(1, 20..<180), .compare, put(1, 0..<60, 100, 99)])
  }
}
