/// A natural number of any size, with the few operations that conversions between binary and decimal numbers
/// and the functions of decimals need. The callers keep it below some 2500 bits.
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
    if factor == 0 { limbs = [] }
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

  mutating func add(_ other: Magnitude) {
    var carry: UInt64 = 0
    for index in 0..<max(limbs.count, other.limbs.count) {
      if index == limbs.count { limbs.append(0) }
      let sum = UInt64(limbs[index]) + (index < other.limbs.count ? UInt64(other.limbs[index]) : 0) + carry
      limbs[index] = UInt32(truncatingIfNeeded: sum)
      carry = sum >> 32
    }
    if carry != 0 { limbs.append(UInt32(truncatingIfNeeded: carry)) }
  }

  /// Subtracts a number that is not larger.
  mutating func subtract(_ other: Magnitude) {
    var borrow: Int64 = 0
    for index in limbs.indices {
      let part = index < other.limbs.count ? Int64(other.limbs[index]) : 0
      let difference = Int64(limbs[index]) - part - borrow
      limbs[index] = UInt32(truncatingIfNeeded: difference)
      borrow = difference < 0 ? 1 : 0
    }
    while limbs.last == 0 { limbs.removeLast() }
  }

  static func * (left: Magnitude, right: Magnitude) -> Magnitude {
    var product = [UInt32](repeating: 0, count: left.limbs.count + right.limbs.count)
    for (place, limb) in left.limbs.enumerated() {
      var carry: UInt64 = 0
      for (index, other) in right.limbs.enumerated() {
        let sum = UInt64(limb) * UInt64(other) + UInt64(product[place + index]) + carry
        product[place + index] = UInt32(truncatingIfNeeded: sum)
        carry = sum >> 32
      }
      product[place + right.limbs.count] = UInt32(truncatingIfNeeded: carry)
    }
    var result = Magnitude(0)
    result.limbs = product
    while result.limbs.last == 0 { result.limbs.removeLast() }
    return result
  }

  /// The number of bits up to the highest one that is set.
  var bitCount: Int { limbs.last.map { limbs.count * 32 - $0.leadingZeroBitCount } ?? 0 }

  /// The quotient, rounded down; the divisor is not zero. Knuth's algorithm D: each limb of the quotient is
  /// estimated from the highest limbs, at most two too large once the divisor's highest bit is set.
  static func / (left: Magnitude, right: Magnitude) -> Magnitude {
    var quotient = left
    guard right.limbs.count > 1, compare(left, right) >= 0, let top = right.limbs.last else {
      if right.limbs.count > 1 { return Magnitude(0) }
      _ = quotient.divide(by: right.limbs.first ?? 1)
      return quotient
    }
    var divisor = right
    divisor.shiftLeft(by: top.leadingZeroBitCount)
    var rest = left
    rest.shiftLeft(by: top.leadingZeroBitCount)
    let count = divisor.limbs.count
    while rest.limbs.count <= left.limbs.count { rest.limbs.append(0) }
    quotient.limbs = [UInt32](repeating: 0, count: rest.limbs.count - count)
    for place in quotient.limbs.indices.reversed() {
      quotient.limbs[place] = reduce(&rest.limbs, at: place, by: divisor.limbs)
    }
    while quotient.limbs.last == 0 { quotient.limbs.removeLast() }
    return quotient
  }

  /// Takes the divisor, moved up to a place, from the rest as often as it goes, and gives how often.
  private static func reduce(_ rest: inout [UInt32], at place: Int, by divisor: [UInt32]) -> UInt32 {
    let count = divisor.count
    let high = UInt64(rest[place + count]) << 32 | UInt64(rest[place + count - 1])
    var estimate = min(high / UInt64(divisor[count - 1]), UInt64(UInt32.max))
    var borrow: Int64 = 0
    var carry: UInt64 = 0
    for index in 0..<count {
      let product = estimate * UInt64(divisor[index]) + carry
      carry = product >> 32
      let difference = Int64(rest[place + index]) - Int64(product & 0xFFFF_FFFF) + borrow
      rest[place + index] = UInt32(truncatingIfNeeded: difference)
      borrow = difference >> 32
    }
    var last = Int64(rest[place + count]) - Int64(carry) + borrow
    while last < 0 {
      // The estimate was too large: one divisor goes back.
      estimate -= 1
      var sum: UInt64 = 0
      for index in 0..<count {
        sum += UInt64(rest[place + index]) + UInt64(divisor[index])
        rest[place + index] = UInt32(truncatingIfNeeded: sum)
        sum >>= 32
      }
      last += Int64(sum)
    }
    rest[place + count] = UInt32(truncatingIfNeeded: last)
    return UInt32(truncatingIfNeeded: estimate)
  }
}
