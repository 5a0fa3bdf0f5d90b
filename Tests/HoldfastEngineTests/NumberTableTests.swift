import HoldfastTestSupport
import Testing

@testable import HoldfastEngine

/// The hash table of numbers, beside a dictionary.
@Suite struct NumberTableTests {
  private func all<Value>(_ table: NumberTable<Value>) -> [UInt64: Value] {
    var found: [UInt64: Value] = [:]
    table.forEach { number, value in
      #expect(found[number] == nil, "\(number) is there twice")
      found[number] = value
    }
    return found
  }

  @Test("does what a dictionary does", arguments: 1...40 as ClosedRange<UInt64>)
  func model(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var table = NumberTable<UInt64>(secret: random.next())
    var model: [UInt64: UInt64] = [:]
    // Few numbers, so that they meet; some of them far apart, and 0 is one.
    let numbers = (0..<UInt64.random(in: 4...400, using: &random)).map { seed % 2 == 0 ? $0 : $0 << 56 | $0 }
    for _ in 0..<2000 {
      let number = numbers.randomElement(using: &random) ?? 0
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<45:
        let value = random.next()
        table[number] = value
        model[number] = value
      case 45..<70: #expect(table.removeValue(number) == model.removeValue(forKey: number))
      case 70..<75:
        table[number] = nil
        model[number] = nil
      case 75..<97: #expect(table[number] == model[number])
      case 97:
        table.updateAll { number, value in value % 3 == 0 ? number : nil }
        model = Dictionary(uniqueKeysWithValues: model.map { ($0, $1 % 3 == 0 ? $0 : $1) })
      case 98:
        table.removeAll { $0 % 2 == 0 }
        model = model.filter { $1 % 2 != 0 }
      default:
        let limit = random.next()
        #expect(table.contains { $0 > limit } == model.values.contains { $0 > limit })
      }
      #expect(table.count == model.count && table.isEmpty == model.isEmpty)
    }
    #expect(all(table) == model)
  }
}
