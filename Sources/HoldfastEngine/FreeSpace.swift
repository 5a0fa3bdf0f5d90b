/// Neighbouring pages that are free: the first one's number, and how many.
struct Extent: Equatable, Sendable {
  var start: UInt64
  var count: UInt64
  var end: UInt64 { start + count }
}

/// Which pages of the file may be used for something new. Touched under the commit latch only.
///
/// Free pages are of two kinds. *Available* ones are reached by nothing. *Held* ones are no longer reached by
/// the newest version, but by one that a reader, a checkpoint or a slot still needs;
/// ``release(needed:published:all:freed:)`` moves them when that has ended. Single pages are handed out from
/// a stack, runs from sorted extents; the stack is merged into the extents when a run does not fit, and at
/// every checkpoint.
struct FreeSpace {
  /// A page that the newest version does not reach any more.
  struct Held {
    var extent: Extent
    /// The versions that reach it: from `creation` up to, not including, `retirement`.
    var creation: UInt64
    var retirement: UInt64
  }

  private(set) var extents: [Extent] = []
  private var singles: [UInt64] = []
  private(set) var held: [Held] = []
  /// Held pages that no release has looked at yet.
  private var fresh: [Held] = []
  /// One past the highest page in use.
  private(set) var highWater: UInt64
  /// Pages that never are handed out: the header's, and the third key block's.
  let reserved: [Extent]

  init(highWater: UInt64, reserved: [Extent]) {
    self.highWater = highWater
    self.reserved = reserved
  }

  /// Takes over the free list that was found in the file.
  mutating func adopt(_ list: [Extent]) {
    extents = list
    singles = []
  }

  // MARK: Taking

  /// The number of a page to use, or of the first of `count` neighbours.
  mutating func allocate(_ count: Int = 1) -> UInt64 {
    if count == 1 {
      if let number = singles.popLast() { return number }
      if var last = extents.first {
        let number = last.start
        last.start += 1
        last.count -= 1
        if last.count == 0 {
          extents.removeFirst()
        } else {
          extents[0] = last
        }
        return number
      }
    } else {
      if let number = takeRun(count) { return number }
      if singles.count >= count {
        consolidate()
        if let number = takeRun(count) { return number }
      }
    }
    return extend(by: UInt64(count))
  }

  private mutating func takeRun(_ count: Int) -> UInt64? {
    for index in extents.indices where extents[index].count >= UInt64(count) {
      let start = extents[index].start
      extents[index].start += UInt64(count)
      extents[index].count -= UInt64(count)
      if extents[index].count == 0 { extents.remove(at: index) }
      return start
    }
    return nil
  }

  private mutating func extend(by count: UInt64) -> UInt64 {
    var start = highWater
    for area in reserved where start < area.end && start + count > area.start {
      // What lies between here and the reserved pages is left for single pages.
      if start < area.start { addAvailable(Extent(start: start, count: area.start - start)) }
      start = area.end
    }
    highWater = start + count
    return start
  }

  // MARK: Giving back

  /// Makes pages available at once: nothing reaches them.
  mutating func addAvailable(_ extent: Extent) {
    guard extent.count > 0 else { return }
    if extent.count == 1 {
      singles.append(extent.start)
    } else {
      insert(extent)
    }
  }

  /// Holds pages back until no version that reaches them is needed.
  mutating func hold(_ page: Held) { fresh.append(page) }

  /// Makes those held pages available that no needed version reaches any more, and calls `freed` for each.
  /// Looks at the pages that were retired by `published` or before it; at those that earlier calls had to
  /// keep only when `all` is set, so that a long list costs nothing while nothing about it can have changed.
  ///
  /// `needed` are the numbers of the versions that somebody may still read, in ascending order.
  mutating func release(
    needed: [UInt64], published: UInt64, all: Bool, freed: (Extent) -> Void
  ) {
    func isReached(_ page: Held) -> Bool {
      needed.contains { page.creation <= $0 && $0 < page.retirement }
    }
    var available: [Extent] = []
    if all {
      held.removeAll { page in
        if isReached(page) { return false }
        available.append(page.extent)
        return true
      }
    }
    fresh.removeAll { page in
      if page.retirement > published { return false }
      if isReached(page) { held.append(page) } else { available.append(page.extent) }
      return true
    }
    for extent in available {
      freed(extent)
      addAvailable(extent)
    }
  }

  /// Forgets those held pages that a discarded version had retired: they are reached again.
  mutating func unhold(retiredAfter version: UInt64) {
    held.removeAll { $0.retirement > version }
    fresh.removeAll { $0.retirement > version }
  }

  private mutating func insert(_ extent: Extent) {
    var low = 0
    var high = extents.count
    while low < high {
      let middle = (low + high) >> 1
      if extents[middle].start < extent.start { low = middle + 1 } else { high = middle }
    }
    assert(low == 0 || extents[low - 1].end <= extent.start, "pages were freed twice")
    assert(low == extents.count || extent.end <= extents[low].start, "pages were freed twice")
    let joinsLeft = low > 0 && extents[low - 1].end == extent.start
    let joinsRight = low < extents.count && extent.end == extents[low].start
    switch (joinsLeft, joinsRight) {
    case (true, true):
      extents[low - 1].count += extent.count + extents[low].count
      extents.remove(at: low)
    case (true, false):
      extents[low - 1].count += extent.count
    case (false, true):
      extents[low].start = extent.start
      extents[low].count += extent.count
    case (false, false):
      extents.insert(extent, at: low)
    }
  }

  /// Merges the stack of single pages into the extents.
  mutating func consolidate() {
    guard !singles.isEmpty else { return }
    singles.sort()
    extents = FreeSpace.merged(extents, singles.map { Extent(start: $0, count: 1) })
    singles.removeAll(keepingCapacity: true)
  }

  /// Two sorted lists as one, neighbours joined.
  static func merged(_ a: [Extent], _ b: [Extent]) -> [Extent] {
    var result: [Extent] = []
    result.reserveCapacity(a.count + b.count)
    var i = 0
    var j = 0
    while i < a.count || j < b.count {
      let next: Extent
      if j == b.count || (i < a.count && a[i].start < b[j].start) {
        next = a[i]
        i += 1
      } else {
        next = b[j]
        j += 1
      }
      if let last = result.last, last.end == next.start {
        result[result.count - 1].count += next.count
      } else {
        assert(result.last.map { $0.end < next.start } ?? true, "pages were freed twice")
        result.append(next)
      }
    }
    return result
  }

  // MARK: Looking

  /// Every page that the newest version does not reach, as sorted extents: what a checkpoint of that version
  /// records as free.
  mutating func unreached() -> [Extent] {
    consolidate()
    let waiting = (held + fresh).map(\.extent).sorted { $0.start < $1.start }
    return FreeSpace.merged(extents, waiting)
  }

  /// Every page that is free or held back, one by one as they are kept. For the invariant checker.
  var everything: [Extent] {
    extents + singles.map { Extent(start: $0, count: 1) } + held.map(\.extent) + fresh.map(\.extent)
  }

  /// Every page that could be used at once, one by one. For the invariant checker.
  var availableNumbers: Set<UInt64> {
    extents.reduce(into: Set(singles)) { all, extent in all.formUnion(extent.start..<extent.end) }
  }

  /// Pages that could be used at once.
  var availablePages: UInt64 { extents.reduce(UInt64(singles.count)) { $0 + $1.count } }
  /// Whether pages wait that no release has looked at yet.
  var hasFresh: Bool { !fresh.isEmpty }
  /// How many pages and runs wait, as a measure of the work to look at all.
  var heldCount: Int { held.count }
  /// Pages that wait for a reader or a checkpoint.
  var heldPages: UInt64 { (held + fresh).reduce(0) { $0 + $1.extent.count } }
}
