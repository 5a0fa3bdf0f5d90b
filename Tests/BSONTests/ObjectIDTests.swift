import BSON
import Testing

@Suite("Object IDs")
struct ObjectIDTests {
  @Test("24 hexadecimal digits of either case are read, and printed in lower case")
  func hexadecimal() {
    let id = ObjectID("56E1fc72e0c917e9c4714161")
    #expect(id?.hexString == "56e1fc72e0c917e9c4714161")
    #expect(id?.bytes == bytes("56e1fc72e0c917e9c4714161"))
    #expect(id?.timestamp == 0x56E1_FC72)
    for text in ["", "56e1fc72e0c917e9c471416", "56e1fc72e0c917e9c47141611", "56e1fc72e0c917e9c471416g", "é"]
    {
      #expect(ObjectID(text) == nil)
    }
  }

  @Test("Twelve bytes make an ID, other numbers of bytes none")
  func fromBytes() {
    #expect(ObjectID(bytes: Array(1...12))?.bytes == Array(1...12))
    #expect(ObjectID(bytes: Array(1...11)) == nil)
    #expect(ObjectID(bytes: Array(1...13)) == nil)
  }

  @Test("The parts stand in order, and only 24 bits of the counter count")
  func parts() {
    let id = ObjectID(timestamp: 1, random: (2, 3, 4, 5, 6), counter: 0xFF07_0809)
    #expect(id.bytes == [0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  }

  @Test("A generator counts up within a second and wraps around")
  func generator() {
    struct Constant: RandomNumberGenerator {
      func next() -> UInt64 { .max }
    }
    var random = Constant()
    let generator = ObjectID.Generator(using: &random) { 7 }
    let ids = (0..<3).map { _ in generator.next() }
    #expect(Set(ids).count == 3)
    #expect(ids.allSatisfy { $0.timestamp == 7 && Array($0.bytes[4..<9]) == [255, 255, 255, 255, 255] })
    #expect(ids[0].bytes[9...] == [0, 0, 0])
    #expect(ids[1].bytes[9...] == [0, 0, 1])
  }

  @Test("IDs made at the same time by several tasks differ")
  func concurrent() async {
    let ids = await withTaskGroup(of: [ObjectID].self) { group in
      for _ in 0..<4 { group.addTask { (0..<1000).map { _ in ObjectID() } } }
      return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(Set(ids).count == 4000)
    #expect(ids[0].timestamp > 1_600_000_000)
  }

  @Test("The order is that of the bytes")
  func order() {
    let a = ObjectID("00000000ffffffffffffffff")!
    let b = ObjectID("000000010000000000000000")!
    #expect(a < b && !(b < a) && !(a < a))
  }
}
