import Testing

@testable import BSON

@Suite("Natural numbers of any size")
struct MagnitudeTests {
  /// A number of so many 32-bit limbs, with those often that make divisions hard.
  private func random(_ generator: inout SeededGenerator, limbs: Int) -> Magnitude {
    var number = Magnitude(1)
    for _ in 0..<limbs {
      number.shiftLeft(by: 32)
      number.add(
        Magnitude(
          UInt128(generator.pick([0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, generator.next() >> 32]))))
    }
    return number
  }

  @Test("a quotient times the divisor, and what is left, make the dividend again")
  func division() throws {
    try withSeeds("wide divisions", 1...5) { generator in
      for _ in 0..<300 {
        let dividend = random(&generator, limbs: generator.below(20))
        let divisor = random(&generator, limbs: generator.below(12))
        let quotient = dividend / divisor
        var rest = dividend
        let product = quotient * divisor
        #expect(Magnitude.compare(product, dividend) <= 0)
        rest.subtract(product)
        #expect(Magnitude.compare(rest, divisor) < 0)
        rest.add(product)
        #expect(rest.limbs == dividend.limbs)
      }
    }
  }

  @Test("shifting right undoes shifting left, and tells what it loses")
  func shifts() throws {
    try withSeeds("shifts", 1...3) { generator in
      for _ in 0..<100 {
        let number = random(&generator, limbs: generator.below(6))
        let bits = generator.below(100)
        var shifted = number
        shifted.shiftLeft(by: bits)
        let isLossless = !shifted.shiftRight(by: bits)
        #expect(isLossless && shifted.limbs == number.limbs)
        shifted.shiftLeft(by: bits)
        shifted.add(Magnitude(1))
        let isLossy = shifted.shiftRight(by: bits)
        #expect(isLossy == (bits > 0))
      }
    }
    var number = Magnitude(5)
    let lost = number.shiftRight(by: 200)
    #expect(lost && number.isZero)
  }
}
