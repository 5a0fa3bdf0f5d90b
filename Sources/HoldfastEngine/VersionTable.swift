import HoldfastIO

/// Which versions somebody may still read: the newest published one, those that readers and checkpoints pin,
/// and those that the two slots name.
///
/// `@unchecked Sendable`: everything is touched under `latch` only.
final class VersionTable: @unchecked Sendable {
  /// A version that a reader holds on to.
  struct Pin {
    var count: Int
    var lsn: UInt64
    /// Monotonic nanoseconds of the first pin.
    var since: UInt64
  }

  private let latch = Latch()
  private var newest: Version
  private var pins: [UInt64: Pin] = [:]
  private var slots: (UInt64, UInt64)
  private var hasChanged = false
  private var publications = 0

  init(_ version: Version, olderSlot: UInt64, newerSlot: UInt64) {
    newest = version
    slots = (olderSlot, newerSlot)
  }

  /// The newest version that readers may see.
  var current: Version { latch.withLock { newest } }

  func publish(_ version: Version) {
    latch.withLock {
      assert(version.number > newest.number && version.lsn >= newest.lsn, "versions are published in order")
      newest = version
      publications += 1
    }
  }

  /// The newest version, held until ``unpin(_:)``.
  func pin(at time: UInt64) -> Version {
    latch.withLock {
      pins[newest.number, default: Pin(count: 0, lsn: newest.lsn, since: time)].count += 1
      return newest
    }
  }

  /// Holds a version that need not be published, nor even sealed, yet until ``unpin(_:)``.
  func hold(_ number: UInt64, lsn: UInt64, at time: UInt64) {
    latch.withLock { pins[number, default: Pin(count: 0, lsn: lsn, since: time)].count += 1 }
  }

  func unpin(_ number: UInt64) {
    latch.withLock {
      guard var pin = pins[number] else { return }
      pin.count -= 1
      pins[number] = pin.count == 0 ? nil : pin
      if pin.count == 0 && number != newest.number { hasChanged = true }
    }
  }

  /// Notes what the slots name now.
  func setSlots(older: UInt64, newer: UInt64) {
    latch.withLock {
      slots = (older, newer)
      hasChanged = true
    }
  }

  /// The numbers of all needed versions in ascending order; and whether so much has changed since the last
  /// time that the list of held pages is worth another look.
  func needed(heldPages: Int) -> (numbers: [UInt64], isWorthwhile: Bool) {
    latch.withLock {
      // A look at the whole list costs time in proportion to it: one for so many publications keeps that
      // constant.
      let isWorthwhile = hasChanged && publications * 16 >= heldPages
      if isWorthwhile {
        hasChanged = false
        publications = 0
      }
      return (Set(pins.keys).union([newest.number, slots.0, slots.1]).sorted(), isWorthwhile)
    }
  }

  /// The oldest pin, and how many there are.
  var oldest: (pin: Pin, readers: Int)? {
    latch.withLock {
      guard let first = pins.min(by: { $0.key < $1.key }) else { return nil }
      return (first.value, pins.values.reduce(0) { $0 + $1.count })
    }
  }
}
