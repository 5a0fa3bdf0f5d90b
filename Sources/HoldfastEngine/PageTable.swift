import CHoldfast

/// Pages by number: a hash table with open addressing, for the one lookup that every step down a tree makes.
///
/// Slots hold pages; collisions go to the next slot; removal moves later pages back, so that there are no
/// graves. The pages must be kept alive by somebody else.
struct PageTable {
  private var slots: [Unmanaged<Page>?]
  private var mask: Int
  private(set) var count = 0

  init() {
    slots = [Unmanaged<Page>?](repeating: nil, count: 16)
    mask = 15
  }

  /// Numbers of neighbours differ in their low bits only: the multiplication (by 2^64 divided by the golden
  /// ratio, Knuth, "The Art of Computer Programming", volume 3, 6.4) spreads them over the high ones.
  @inline(__always)
  private func home(_ number: UInt64) -> Int {
    Int(truncatingIfNeeded: (number &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
  }

  @inline(__always)
  private static func number(_ page: Unmanaged<Page>) -> UInt64 {
    page._withUnsafeGuaranteedRef { $0.number }
  }

  subscript(number: UInt64) -> Page? {
    var slot = home(number)
    while let page = slots[slot] {
      if Self.number(page) == number { return page.takeUnretainedValue() }
      slot = (slot + 1) & mask
    }
    return nil
  }

  /// Has the processor fetch the page, or another one that is in its place.
  func prefetchPage(_ number: UInt64) { holdfast_prefetch(slots[home(number)]?.toOpaque()) }

  /// Adds a page whose number is not here yet.
  mutating func insert(_ page: Page) {
    if (count + 1) * 2 > slots.count { grow() }
    place(Unmanaged.passUnretained(page))
    count += 1
  }

  private mutating func place(_ page: Unmanaged<Page>) {
    var slot = home(Self.number(page))
    while slots[slot] != nil { slot = (slot + 1) & mask }
    slots[slot] = page
  }

  private mutating func grow() {
    let old = slots
    slots = [Unmanaged<Page>?](repeating: nil, count: old.count * 2)
    mask = slots.count - 1
    for page in old { if let page { place(page) } }
  }

  mutating func remove(_ number: UInt64) {
    var hole = home(number)
    while let page = slots[hole], Self.number(page) != number { hole = (hole + 1) & mask }
    guard slots[hole] != nil else { return }
    slots[hole] = nil
    count -= 1
    var slot = (hole + 1) & mask
    while let page = slots[slot] {
      // A page may move back to the hole when that lies between its home and where it is now.
      if (slot - home(Self.number(page))) & mask >= (slot - hole) & mask {
        slots[hole] = page
        slots[slot] = nil
        hole = slot
      }
      slot = (slot + 1) & mask
    }
  }
}
