import HoldfastIO

/// Which versions somebody may still read: the newest published one, those that readers and checkpoints pin,
/// and those that the two slots name.
///
/// `@unchecked Sendable`: everything is touched under `latch` only.
final class VersionTable: @unchecked Sendable {
  /// A version that a reader holds on to.
  struct Pin {
    let version: UInt64
    var count: Int
    var lsn: UInt64
    /// Monotonic nanoseconds of the first pin.
    var since: UInt64
  }

  private let latch = Latch()
  // No two accesses meet under the latch, so that they need not be checked at run time.
  @exclusivity(unchecked) private var newest: Version
  /// In ascending order of their versions.
  @exclusivity(unchecked) private var pins: [Pin] = []
  @exclusivity(unchecked) private var slots: (older: UInt64, newer: UInt64)
  @exclusivity(unchecked) private var hasChanged = false
  @exclusivity(unchecked) private var publications = 0

  init(_ version: Version, olderSlot: UInt64, newerSlot: UInt64) {
    newest = version
    slots = (olderSlot, newerSlot)
  }

  /// The newest version that readers may see.
  var current: Version { latch.withLock { newest } }

  func publish(_ version: Version) {
    latch.withLock { publishLatched(version) }
  }

  /// Publishes the version that `make` makes. Whoever wants the newest version meanwhile waits, so that `make` may
  /// change pages that only the newest one reaches; it is given the number of the last version that somebody holds.
  /// When it throws, the newest version stays, and must be as it was.
  func publish<E: Error>(_ make: (_ pinned: UInt64) throws(E) -> Version) throws(E) {
    latch.lock()
    defer { latch.unlock() }
    publishLatched(try make(pins.last?.version ?? 0))
  }

  private func publishLatched(_ version: Version) {
    assert(version.number > newest.number && version.lsn >= newest.lsn, "versions are published in order")
    newest = version
    publications += 1
  }

  /// The newest version, held until ``unpin(_:)``.
  func pin(at time: UInt64) -> Version {
    latch.withLock {
      addPin(newest.number, lsn: newest.lsn, at: time)
      return newest
    }
  }

  /// Holds a version that need not be published, nor even sealed, yet until ``unpin(_:)``.
  func hold(_ number: UInt64, lsn: UInt64, at time: UInt64) {
    latch.withLock { addPin(number, lsn: lsn, at: time) }
  }

  private func addPin(_ number: UInt64, lsn: UInt64, at time: UInt64) {
    let place = place(of: number)
    if place < pins.count, pins[place].version == number {
      pins[place].count += 1
    } else {
      pins.insert(Pin(version: number, count: 1, lsn: lsn, since: time), at: place)
    }
  }

  func unpin(_ number: UInt64) {
    latch.withLock {
      let place = place(of: number)
      guard place < pins.count, pins[place].version == number else { return }
      pins[place].count -= 1
      guard pins[place].count == 0 else { return }
      pins.remove(at: place)
      if number != newest.number { hasChanged = true }
    }
  }

  /// Where the pin of a version is, or would be.
  private func place(of number: UInt64) -> Int {
    var low = 0
    var high = pins.count
    while low < high {
      let middle = (low + high) >> 1
      if pins[middle].version < number { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Notes what the slots name now.
  func setSlots(older: UInt64, newer: UInt64) {
    latch.withLock {
      slots = (older, newer)
      hasChanged = true
    }
  }

  /// Whether so much has changed since this was last said that the list of held pages is worth another look.
  func isWorthLooking(heldPages: Int) -> Bool {
    latch.withLock {
      // A look at the whole list costs time in proportion to it: one for so many publications keeps that
      // constant.
      guard hasChanged && publications * 16 >= heldPages else { return false }
      hasChanged = false
      publications = 0
      return true
    }
  }

  /// The numbers of all needed versions in ascending order; one may be there twice.
  var needed: [UInt64] {
    latch.withLock {
      // At the end of what is sorted already, but for the slots.
      var numbers = [slots.older, slots.newer]
      numbers.reserveCapacity(pins.count + 3)
      for pin in pins { numbers.append(pin.version) }
      numbers.append(newest.number)
      numbers.sort()
      return numbers
    }
  }

  /// The oldest pin, and how many there are.
  var oldest: (pin: Pin, readers: Int)? {
    latch.withLock { pins.first.map { ($0, pins.reduce(0) { $0 + $1.count }) } }
  }
}
