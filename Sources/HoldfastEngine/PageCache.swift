import HoldfastIO
import Synchronization

/// The pages in memory, by number, within a budget of bytes.
///
/// Dirty pages stay until they are written or freed. Clean ones are evicted by the clock algorithm (second
/// chance) when the budget is passed. Sharded by page number so that readers on several cores rarely meet.
final class PageCache: Sendable {
  /// One part of the cache. `@unchecked Sendable`: everything in it is touched under `latch` only.
  private final class Shard: @unchecked Sendable {
    let latch = Latch()
    // No two accesses meet under the latch, so that they need not be checked at run time, on every step down a tree.
    @exclusivity(unchecked) var pages = PageTable()
    @exclusivity(unchecked) var clock: [Page] = []
    @exclusivity(unchecked) var hand = 0
    @exclusivity(unchecked) var bytes = 0
  }

  private let shards: [Shard]
  /// The same, for lookups: kept alive by `shards`, so that no references are counted.
  private let table: [Unmanaged<Shard>]
  /// One less than how many shards there are, which is a power of two.
  private let mask: UInt64
  private let pauses = Atomic<Int>(0)
  private let dirty = Atomic<Int>(0)
  /// The bytes of pages that it was made for, dirty ones included.
  let fullBudget: Int
  private let currentBudget: Atomic<Int>
  /// The bytes of pages that it may hold now.
  var budget: Int { currentBudget.load(ordering: .relaxed) }
  private var shardBudget: Int { budget / shards.count }

  init(budget: Int, pageSize: Int) {
    fullBudget = max(budget, StorageLimits.minimumCacheBytes)
    currentBudget = Atomic(fullBudget)
    var count = 1
    while count < 16, count * 2 <= fullBudget / (pageSize * 64) { count *= 2 }
    shards = (0..<count).map { _ in Shard() }
    table = shards.map { Unmanaged.passUnretained($0) }
    mask = UInt64(count - 1)
  }

  /// Changes what it may hold, between the smallest budget there is and what it was made for. What is over is
  /// evicted at once, but for dirty pages.
  func setBudget(_ bytes: Int) {
    currentBudget.store(
      min(max(bytes, StorageLimits.minimumCacheBytes), fullBudget), ordering: .relaxed)
    for shard in shards { shard.latch.withLock { evict(from: shard) } }
  }

  /// Forgets all clean pages. Not while eviction is paused.
  func removeClean() {
    for shard in shards {
      shard.latch.withLock {
        for page in shard.clock.reversed() where !page.isDirty { drop(page, from: shard) }
      }
    }
  }

  private func index(_ number: UInt64) -> Int { Int(truncatingIfNeeded: number & mask) }
  private func shard(_ number: UInt64) -> Shard { shards[index(number)] }

  /// Bytes of dirty pages.
  var dirtyBytes: Int { dirty.load(ordering: .relaxed) }

  /// Bytes of all pages.
  var bytes: Int { shards.reduce(0) { sum, shard in sum + shard.latch.withLock { shard.bytes } } }

  /// The page with this number, if it is here.
  func page(_ number: UInt64) -> Page? {
    table[index(number)]._withUnsafeGuaranteedRef { shard in
      shard.latch.lock()
      defer { shard.latch.unlock() }
      guard let page = shard.pages[number] else { return nil }
      page.isReferenced = true
      return page
    }
  }

  /// Has the processor fetch what ``page(_:)`` will read.
  func prefetchPage(_ number: UInt64) {
    table[index(number)]._withUnsafeGuaranteedRef { shard in
      shard.latch.lock()
      shard.pages.prefetchPage(number)
      shard.latch.unlock()
    }
  }

  /// Adds a page that was read from the file, unless another thread was faster. Returns the page to use.
  func insertClean(_ page: Page) -> Page {
    let shard = shard(page.number)
    return shard.latch.withLock {
      if let other = shard.pages[page.number] { return other }
      add(page, to: shard)
      evict(from: shard)
      return page
    }
  }

  /// Adds a page that the file lacks.
  func insertDirty(_ page: Page) {
    let shard = shard(page.number)
    shard.latch.withLock {
      assert(shard.pages[page.number] == nil, "page \(page.number) was reused while it was in use")
      page.isDirty = true
      dirty.wrappingAdd(page.size, ordering: .relaxed)
      add(page, to: shard)
      evict(from: shard)
    }
  }

  /// Forgets a page whose number is free again.
  func remove(_ number: UInt64) {
    let shard = shard(number)
    shard.latch.withLock {
      guard let page = shard.pages[number] else { return }
      if page.isDirty {
        page.isDirty = false
        dirty.wrappingSubtract(page.size, ordering: .relaxed)
      }
      drop(page, from: shard)
    }
  }

  /// Forgets all pages. Nobody uses the cache yet.
  func removeAll() {
    for shard in shards {
      shard.latch.withLock {
        shard.pages = PageTable()
        shard.clock = []
        shard.hand = 0
        shard.bytes = 0
      }
    }
    dirty.store(0, ordering: .relaxed)
  }

  /// Notes that the file now has these pages, where they are still the ones in the cache.
  func markClean(_ pages: [Page]) {
    for page in pages {
      let shard = shard(page.number)
      shard.latch.withLock {
        guard page.isDirty, shard.pages[page.number] === page else { return }
        page.isDirty = false
        dirty.wrappingSubtract(page.size, ordering: .relaxed)
        evict(from: shard)
      }
    }
  }

  /// All pages that `include` accepts, in no order.
  func pages(where include: (Page) -> Bool) -> [Page] {
    var found: [Page] = []
    for shard in shards {
      shard.latch.withLock {
        for page in shard.clock where include(page) { found.append(page) }
      }
    }
    return found
  }

  /// All dirty pages that `include` accepts, in no order.
  func dirtyPages(where include: (Page) -> Bool) -> [Page] { pages { $0.isDirty && include($0) } }

  /// While paused nothing is evicted, so that what a commit has looked at is there when it is changed.
  func pauseEviction() { pauses.wrappingAdd(1, ordering: .relaxed) }

  /// Ends a pause; the next insertion evicts again.
  func resumeEviction() { pauses.wrappingSubtract(1, ordering: .relaxed) }

  // MARK: Under the shard's latch

  private func add(_ page: Page, to shard: Shard) {
    shard.pages.insert(page)
    page.ring = shard.clock.count
    page.isReferenced = true
    shard.clock.append(page)
    shard.bytes += page.size
  }

  private func drop(_ page: Page, from shard: Shard) {
    shard.pages.remove(page.number)
    shard.bytes -= page.size
    let last = shard.clock.removeLast()
    if last !== page {
      shard.clock[page.ring] = last
      last.ring = page.ring
    }
    page.ring = -1
  }

  private func evict(from shard: Shard) {
    guard shard.bytes > shardBudget, pauses.load(ordering: .relaxed) == 0 else { return }
    // Two rounds: the first takes the second chances away.
    var steps = 2 * shard.clock.count
    while shard.bytes > shardBudget && steps > 0 {
      steps -= 1
      if shard.hand >= shard.clock.count { shard.hand = 0 }
      let page = shard.clock[shard.hand]
      if page.isDirty {
        shard.hand += 1
      } else if page.isReferenced {
        page.isReferenced = false
        shard.hand += 1
      } else {
        drop(page, from: shard)
      }
    }
  }
}
