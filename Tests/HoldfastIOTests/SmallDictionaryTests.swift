import HoldfastIO
import HoldfastTestSupport
import Testing

/// The dictionary of few keys, beside a dictionary.
@Suite struct SmallDictionaryTests {
  @Test("does what a dictionary does, with few keys and with many", arguments: 1...40 as ClosedRange<UInt64>)
  func model(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var small = SmallDictionary<Int, Int?>()
    var model: [Int: Int?] = [:]
    let keys = 0..<Int.random(in: 1...20, using: &random)
    for step in 0..<300 {
      let key = Int.random(in: keys, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0, 1:
        // A value may itself be nothing.
        let value: Int? = step % 5 == 0 ? nil : step
        small[key] = .some(value)
        model[key] = .some(value)
      case 2:
        small[key] = nil
        model[key] = nil
      default: break
      }
      for key in keys { #expect(small[key] == model[key]) }
      #expect(small.allSatisfy { $1 != step } == model.allSatisfy { $1 != step })
    }
  }
}
