import HoldfastIO

/// A tree or a record that is locked.
///
/// While one owner holds it and nobody waits, this is all there is: the owner, and the key's bytes in the
/// owner's arena. When a second one comes, a ``LockQueue`` takes the owner's place and has a copy of the key.
struct LockEntry {
  var hash: UInt64 = 0
  var tree: UInt64 = 0
  var key: UnsafeRawPointer?
  var keyCount: UInt32 = 0
  var kind = LockKind.tree
  /// The mode in which `owner` holds it.
  var mode = LockMode.exclusive
  /// The only holder.
  var owner: Unmanaged<LockOwner>?
  /// Holders and waiters. Counted as a reference of this entry.
  var queue: Unmanaged<LockQueue>?

  /// Whether this is a free place of the table.
  @inline(__always)
  var isFree: Bool { owner == nil && queue == nil }

  @inline(__always)
  var keyBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: key, count: Int(keyCount)) }

  @inline(__always)
  func isNamed(_ name: LockName) -> Bool {
    guard hash == name.hash, tree == name.tree, kind == name.kind, Int(keyCount) == name.key.count else {
      return false
    }
    // The holder itself comes with its own copy.
    return key == name.key.baseAddress || compareBytes(keyBytes, name.key) == 0
  }
}

/// A part of the lock table: a hash table with open addressing, and the latch that guards it.
///
/// As in ``PageTable``, collisions go to the next slot and removal moves later entries back.
final class LockPartition {
  let latch = Latch()
  // See `LockOwner.held` for the attribute.
  @exclusivity(unchecked) private(set) var slots: UnsafeMutablePointer<LockEntry>
  @exclusivity(unchecked) private(set) var capacity = LockPartition.smallest
  @exclusivity(unchecked) private(set) var count = 0

  private static var smallest: Int { 32 }

  init() {
    slots = .allocate(capacity: LockPartition.smallest)
    slots.initialize(repeating: LockEntry(), count: LockPartition.smallest)
  }

  deinit {
    for slot in 0..<capacity { slots[slot].queue?.release() }
    slots.deallocate()
  }

  @inline(__always)
  private func home(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (capacity - 1) }

  /// Where the entry of that name is, or the free slot where it would be put.
  @inline(__always)
  func find(_ name: LockName) -> UnsafeMutablePointer<LockEntry> {
    var slot = home(name.hash)
    while !slots[slot].isFree && !slots[slot].isNamed(name) { slot = (slot + 1) & (capacity - 1) }
    return slots + slot
  }

  /// Fills the free slot that ``find(_:)`` has just returned. Pointers to slots are invalid afterwards.
  @inline(__always)
  func insert(_ entry: LockEntry, at slot: UnsafeMutablePointer<LockEntry>) {
    slot.pointee = entry
    count += 1
    if count * 2 > capacity { resize(capacity * 2) }
  }

  /// Frees a slot. Pointers to slots are invalid afterwards.
  @inline(__always)
  func remove(at place: UnsafeMutablePointer<LockEntry>) {
    place.pointee.queue?.release()
    let mask = capacity - 1
    var hole = place - slots
    var slot = (hole + 1) & mask
    while !slots[slot].isFree {
      // An entry may move back to the hole when that lies between its home and where it is now.
      if (slot - home(slots[slot].hash)) & mask >= (slot - hole) & mask {
        slots[hole] = slots[slot]
        hole = slot
      }
      slot = (slot + 1) & mask
    }
    slots[hole] = LockEntry()
    count -= 1
    // Far below what makes it grow, so that a table does not grow and shrink in turns.
    if count * 8 < capacity && capacity > LockPartition.smallest { resize(capacity / 2) }
  }

  private func resize(_ newCapacity: Int) {
    let old = slots
    let oldCapacity = capacity
    slots = .allocate(capacity: newCapacity)
    slots.initialize(repeating: LockEntry(), count: newCapacity)
    capacity = newCapacity
    for index in 0..<oldCapacity where !old[index].isFree {
      var slot = home(old[index].hash)
      while !slots[slot].isFree { slot = (slot + 1) & (newCapacity - 1) }
      slots[slot] = old[index]
    }
    old.deallocate()
  }
}
