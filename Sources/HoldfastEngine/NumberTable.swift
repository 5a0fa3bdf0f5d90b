/// Values by number: a hash table with open addressing, for lookups that every transaction makes.
///
/// Collisions go to the next slot; removal moves later entries back, so that there are no graves.
struct NumberTable<Value> {
  private struct Slot {
    var number: UInt64
    /// `nil`: the slot is free.
    var value: Value?
  }

  private var slots: [Slot]
  private(set) var count = 0
  private let factor: UInt64
  private var shift: UInt64

  private static var smallestBits: UInt64 { 4 }
  /// 2^64 divided by the golden ratio.
  private static var usualFactor: UInt64 { 0x9E37_79B9_7F4A_7C15 }

  /// An empty table. Numbers go where the high bits of their products with an odd number are (multiplicative hashing:
  /// Knuth, "The Art of Computer Programming", volume 3, 6.4). Where somebody may choose them, `secret` keeps him from
  /// choosing such as collide.
  init(secret: UInt64 = NumberTable.usualFactor) {
    factor = secret | 1
    shift = 64 - Self.smallestBits
    slots = Self.free(Self.smallestBits)
  }

  private static func free(_ bits: UInt64) -> [Slot] {
    [Slot](repeating: Slot(number: 0, value: nil), count: 1 << Int(bits))
  }

  @inline(__always)
  private func home(_ number: UInt64) -> Int { Int(truncatingIfNeeded: (number &* factor) >> shift) }

  /// Where a number is, or the free slot where it would be put.
  @inline(__always)
  private func find(_ number: UInt64) -> Int {
    var slot = home(number)
    while slots[slot].value != nil && slots[slot].number != number { slot = (slot + 1) & (slots.count - 1) }
    return slot
  }

  var isEmpty: Bool { count == 0 }

  subscript(number: UInt64) -> Value? {
    get { slots[find(number)].value }
    set {
      let slot = find(number)
      guard let newValue else { return remove(at: slot) }
      if slots[slot].value == nil {
        count += 1
        slots[slot].number = number
      }
      slots[slot].value = newValue
      if count * 2 > slots.count { resize(bits: 65 - shift) }
    }
  }

  /// Removes a number, and returns what it had.
  mutating func removeValue(_ number: UInt64) -> Value? {
    let slot = find(number)
    let value = slots[slot].value
    remove(at: slot)
    return value
  }

  private mutating func remove(at place: Int) {
    guard slots[place].value != nil else { return }
    let mask = slots.count - 1
    var hole = place
    var slot = (hole + 1) & mask
    while slots[slot].value != nil {
      // An entry may move back to the hole when that lies between its home and where it is now.
      if (slot - home(slots[slot].number)) & mask >= (slot - hole) & mask {
        slots.swapAt(hole, slot)
        hole = slot
      }
      slot = (slot + 1) & mask
    }
    slots[hole].value = nil
    count -= 1
  }

  private mutating func resize(bits: UInt64) {
    let old = slots
    slots = Self.free(bits)
    shift = 64 - bits
    for entry in old where entry.value != nil { slots[find(entry.number)] = entry }
  }

  // MARK: All of them, in no order

  func forEach(_ body: (UInt64, Value) -> Void) {
    for slot in slots { if let value = slot.value { body(slot.number, value) } }
  }

  func contains(where condition: (Value) -> Bool) -> Bool {
    slots.contains { $0.value.map(condition) ?? false }
  }

  /// Changes every value, where `body` returns one.
  mutating func updateAll(_ body: (UInt64, Value) -> Value?) {
    for slot in slots.indices {
      guard let value = slots[slot].value, let other = body(slots[slot].number, value) else { continue }
      slots[slot].value = other
    }
  }

  /// Removes the entries for which a condition holds, and the memory that is not needed any more.
  mutating func removeAll(where condition: (Value) -> Bool) {
    let old = slots
    let kept = old.reduce(0) { sum, slot in sum + (slot.value.map(condition) == false ? 1 : 0) }
    var bits = Self.smallestBits
    while kept * 2 > 1 << Int(bits) { bits += 1 }
    slots = Self.free(bits)
    shift = 64 - bits
    count = kept
    for entry in old where entry.value.map(condition) == false { slots[find(entry.number)] = entry }
  }
}
