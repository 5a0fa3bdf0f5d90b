/// A natural number of any size, with the few operations that exact conversions between binary and decimal
/// numbers need. The callers keep it below some 2500 bits.
struct Magnitude {
  /// Base 2^32, least significant first, without zeros at the end.
  private(set) var limbs: [UInt32]

  init(_ value: UInt128) {
    limbs = []
    var rest = value
    while rest != 0 {
      limbs.append(UInt32(truncatingIfNeeded: rest))
      rest >>= 32
    }
  }

  var isZero: Bool { limbs.isEmpty }

  mutating func multiply(by factor: UInt32) {
    var carry: UInt64 = 0
    for index in limbs.indices {
      let product = UInt64(limbs[index]) * UInt64(factor) + carry
      limbs[index] = UInt32(truncatingIfNeeded: product)
      carry = product >> 32
    }
    if carry != 0 { limbs.append(UInt32(carry)) }
  }

  mutating func multiply(byPowerOfTen power: Int) {
    var rest = power
    while rest >= 9 {
      multiply(by: 1_000_000_000)
      rest -= 9
    }
    while rest > 0 {
      multiply(by: 10)
      rest -= 1
    }
  }

  mutating func shiftLeft(by bits: Int) {
    guard !limbs.isEmpty, bits > 0 else { return }
    if bits % 32 != 0 { multiply(by: 1 << UInt32(bits % 32)) }
    limbs.insert(contentsOf: repeatElement(0, count: bits / 32), at: 0)
  }

  /// Divides by a power of two and says whether something other than zero was cut off.
  mutating func shiftRight(by bits: Int) -> Bool {
    let whole = bits / 32
    guard bits > 0, whole < limbs.count else {
      let wasZero = bits <= 0 || isZero
      if bits > 0 { limbs = [] }
      return !wasZero
    }
    let lostLimbs = limbs[..<whole].contains { $0 != 0 }
    limbs.removeFirst(whole)
    guard bits % 32 != 0 else { return lostLimbs }
    return divide(by: 1 << UInt32(bits % 32)) != 0 || lostLimbs
  }

  /// Divides by a number other than zero and gives the remainder.
  mutating func divide(by divisor: UInt32) -> UInt32 {
    var remainder: UInt64 = 0
    for index in limbs.indices.reversed() {
      let value = remainder << 32 | UInt64(limbs[index])
      limbs[index] = UInt32(truncatingIfNeeded: value / UInt64(divisor))
      remainder = value % UInt64(divisor)
    }
    while limbs.last == 0 { limbs.removeLast() }
    return UInt32(truncatingIfNeeded: remainder)
  }

  /// The number when it fits 128 bits.
  var small: UInt128? {
    guard limbs.count <= 4 else { return nil }
    return limbs.reversed().reduce(0) { $0 << 32 | UInt128($1) }
  }

  static func compare(_ left: Magnitude, _ right: Magnitude) -> Int {
    if left.limbs.count != right.limbs.count { return left.limbs.count < right.limbs.count ? -1 : 1 }
    for (a, b) in zip(left.limbs.reversed(), right.limbs.reversed()) where a != b { return a < b ? -1 : 1 }
    return 0
  }
}
