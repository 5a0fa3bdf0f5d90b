import HoldfastIO
import HoldfastTestSupport
import Testing

@Suite("Checksums")
struct ChecksumTests {
  // RFC 3720, appendix B.4, and the check value of the CRC catalogue for "123456789".
  @Test(
    "CRC32C gives the published values",
    arguments: [
      ([], 0),
      ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
      ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
      (Array(0...31), 0x46DD_794E),
      (Array((0...31).reversed()), 0x113F_DB5C),
      (
        hex(
          """
          01c00000 00000000 00000000 00000000 14000000 00000400
          00000014 00000018 28000000 00000000 02000000 00000000
          """), 0xD996_3A56
      ),
      (Array("123456789".utf8), 0xE306_9283),
    ] as [([UInt8], UInt32)])
  func crc32cVectors(bytes: [UInt8], expected: UInt32) {
    bytes.withUnsafeBytes {
      #expect(CRC32C.checksum($0) == expected)
      #expect(CRC32C.portableChecksum($0) == expected)
    }
  }

  @Test("the instructions and the tables agree for every length up to 5000, at every alignment")
  func crc32cPathsAgree() {
    let bytes = SeededRandom(seed: 1).bytes(5100)
    bytes.withUnsafeBytes { buffer in
      var wrong: [Int] = []
      for length in 0...5000 {
        let part = UnsafeRawBufferPointer(rebasing: buffer[length % 16..<length % 16 + length])
        if CRC32C.checksum(part, seed: 77) != CRC32C.portableChecksum(part, seed: 77) { wrong.append(length) }
      }
      for alignment in 0..<64 {
        for length in [0, 1, 7, 8, 503, 504, 505, 1008, 4079, 4080, 4081, 4096, 4600] {
          let part = UnsafeRawBufferPointer(rebasing: buffer[alignment..<alignment + length])
          if CRC32C.checksum(part) != CRC32C.portableChecksum(part) { wrong.append(length) }
        }
      }
      #expect(wrong.isEmpty)
    }
  }

  @Test("a checksum can be continued where another ended", arguments: Seeds.first(20))
  func crc32cChains(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let bytes = SeededRandom(seed: seed).bytes(1 + random.below(20_000))
    bytes.withUnsafeBytes { buffer in
      let cut = random.below(bytes.count + 1)
      let first = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: buffer[..<cut]))
      let both = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: buffer[cut...]), seed: first)
      #expect(both == CRC32C.checksum(buffer))
    }
  }

  @Test("an empty buffer without an address has the checksum and the hash of nothing")
  func nothing() {
    let none = UnsafeRawBufferPointer(start: nil, count: 0)
    #expect(CRC32C.checksum(none) == 0)
    #expect(CRC32C.checksum(none, seed: 5) == 5)
    #expect(XXH64.hash(none) == 0xEF46_DB37_51D8_E999)
  }

  @Test("every flipped bit of a page changes both checksums")
  func flippedBits() {
    var bytes = SeededRandom(seed: 3).bytes(512)
    let crc = bytes.withUnsafeBytes { CRC32C.checksum($0) }
    let hash = bytes.withUnsafeBytes { XXH64.hash($0) }
    var missed = 0
    for bit in 0..<bytes.count * 8 {
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      if bytes.withUnsafeBytes({ CRC32C.checksum($0) }) == crc { missed += 1 }
      if bytes.withUnsafeBytes({ XXH64.hash($0) }) == hash { missed += 1 }
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    }
    #expect(missed == 0)
  }

  // The self-test of the xxHash project's command-line tool, version 0.6: a generated buffer, hashed up to
  // some lengths with the seed 0 and with a prime.
  @Test(
    "XXH64 gives the published values",
    arguments: [
      (0, 0, 0xEF46_DB37_51D8_E999), (0, 2_654_435_761, 0xAC75_FDA2_929B_17EF),
      (1, 0, 0x4FCE_394C_C889_52D8), (1, 2_654_435_761, 0x7398_40CB_819F_A723),
      (14, 0, 0xCFFA_8DB8_81BC_3A3D), (14, 2_654_435_761, 0x5B96_1158_5EFC_C9CB),
      (101, 0, 0x0EAB_5433_84F8_78AD), (101, 2_654_435_761, 0xCAA6_5939_306F_1E21),
    ] as [(Int, UInt64, UInt64)])
  func xxh64Vectors(length: Int, seed: UInt64, expected: UInt64) {
    var generator: UInt32 = 2_654_435_761
    let bytes = (0..<101).map { _ in
      let byte = UInt8(generator >> 24)
      generator = generator &* generator
      return byte
    }
    bytes.withUnsafeBytes {
      #expect(XXH64.hash(UnsafeRawBufferPointer(rebasing: $0[..<length]), seed: seed) == expected)
    }
  }

  @Test(
    "XXH64 of well-known texts",
    arguments: [("a", 0xD24E_C4F1_A98C_6E5B), ("abc", 0x44BC_2CF5_AD77_0999)] as [(String, UInt64)])
  func xxh64Texts(text: String, expected: UInt64) {
    #expect(Array(text.utf8).withUnsafeBytes { XXH64.hash($0) } == expected)
  }
}
