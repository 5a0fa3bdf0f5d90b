import HoldfastIO
import HoldfastTestSupport
import Testing

@Suite("Sealing")
struct SealerTests {
  // D. McGrew and J. Viega, "The Galois/Counter Mode of Operation (GCM)", appendix B, test cases 13 to 16
  // (AES-256 with nonces of 96 bits).
  struct Vector: Sendable {
    var key, nonce, plaintext, associated, ciphertext, tag: [UInt8]
  }

  private static let longKey = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
  private static let longPlaintext = hex(
    """
    d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
    1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255
    """)
  private static let longCiphertext = hex(
    """
    522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
    8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad
    """)

  static let vectors = [
    Vector(
      key: [UInt8](repeating: 0, count: 32), nonce: [UInt8](repeating: 0, count: 12), plaintext: [],
      associated: [], ciphertext: [], tag: hex("530f8afbc74536b9a963b4f1c4cb738b")),
    Vector(
      key: [UInt8](repeating: 0, count: 32), nonce: [UInt8](repeating: 0, count: 12),
      plaintext: [UInt8](repeating: 0, count: 16), associated: [],
      ciphertext: hex("cea7403d4d606b6e074ec5d3baf39d18"), tag: hex("d0d1c8a799996bf0265b98b5d48ab919")),
    Vector(
      key: longKey, nonce: hex("cafebabefacedbaddecaf888"), plaintext: longPlaintext, associated: [],
      ciphertext: longCiphertext, tag: hex("b094dac5d93471bdec1a502270e3cc6c")),
    Vector(
      key: longKey, nonce: hex("cafebabefacedbaddecaf888"), plaintext: Array(longPlaintext[..<60]),
      associated: hex("feedfacedeadbeeffeedfacedeadbeefabaddad2"), ciphertext: Array(longCiphertext[..<60]),
      tag: hex("76fc6ece0f4e1768cddf8853bb2d551b")),
  ]

  @Test("AES-256-GCM gives the published values", arguments: vectors)
  func published(vector: Vector) throws {
    let sealer = Sealer(try vector.key.withUnsafeBytes { try SecretKey($0) })
    let nonce = try vector.nonce.withUnsafeBytes { try Nonce($0) }
    let sealed = try seal(vector.plaintext, sealer, nonce, vector.associated)
    #expect(sealed.ciphertext == vector.ciphertext)
    #expect(sealed.tag == vector.tag)
    #expect(try open(sealed, sealer, nonce, vector.associated) == vector.plaintext)
  }

  @Test("what was sealed opens to the same bytes, at every length up to 300")
  func lengths() throws {
    let random = SeededRandom(seed: 5)
    let sealer = Sealer(.random(from: random))
    for length in 0...300 {
      let plaintext = random.bytes(length)
      let nonce = Nonce.random(from: random)
      let associated = random.bytes(length % 40)
      let sealed = try seal(plaintext, sealer, nonce, associated)
      #expect(try open(sealed, sealer, nonce, associated) == plaintext)
    }
  }

  @Test("source and destination may be the same memory")
  func inPlace() throws {
    let sealer = Sealer(.random(from: SeededRandom(seed: 6)))
    let plaintext = SeededRandom(seed: 7).bytes(4096)
    var bytes = plaintext
    var tag = [UInt8](repeating: 0, count: Sealer.tagSize)
    let none = UnsafeRawBufferPointer(start: nil, count: 0)
    try bytes.withUnsafeMutableBytes { memory in
      try tag.withUnsafeMutableBytes {
        try sealer.seal(
          UnsafeRawBufferPointer(memory), nonce: Nonce(counter: 1), authenticating: none, into: memory,
          tag: $0.baseAddress!)
      }
    }
    #expect(bytes != plaintext)
    try bytes.withUnsafeMutableBytes { memory in
      try tag.withUnsafeBytes {
        try sealer.open(
          UnsafeRawBufferPointer(memory), nonce: Nonce(counter: 1), authenticating: none,
          tag: $0.baseAddress!,
          into: memory)
      }
    }
    #expect(bytes == plaintext)
  }

  @Test("no flipped bit of ciphertext, tag, nonce or associated data opens, and nothing is written then")
  func tampering() throws {
    let random = SeededRandom(seed: 8)
    let sealer = Sealer(.random(from: random))
    let plaintext = random.bytes(50)
    let associated = random.bytes(20)
    let nonce = random.bytes(Nonce.size)
    let sealed = try seal(plaintext, sealer, try nonce.withUnsafeBytes { try Nonce($0) }, associated)

    func attempt(_ sealed: Sealed, _ nonce: [UInt8], _ associated: [UInt8]) -> Bool {
      var destination = [UInt8](repeating: 0xAB, count: sealed.ciphertext.count)
      do {
        try open(sealed, sealer, try nonce.withUnsafeBytes { try Nonce($0) }, associated, into: &destination)
        return false
      } catch {
        return error as? SealingError == .authenticationFailed && destination.allSatisfy { $0 == 0xAB }
      }
    }
    func flipped(_ bytes: [UInt8]) -> [[UInt8]] {
      (0..<bytes.count * 8).map { bit in
        var copy = bytes
        copy[bit / 8] ^= 1 << UInt8(bit % 8)
        return copy
      }
    }
    for bytes in flipped(sealed.ciphertext) {
      #expect(attempt(Sealed(ciphertext: bytes, tag: sealed.tag), nonce, associated))
    }
    for bytes in flipped(sealed.tag) {
      #expect(attempt(Sealed(ciphertext: sealed.ciphertext, tag: bytes), nonce, associated))
    }
    for bytes in flipped(nonce) { #expect(attempt(sealed, bytes, associated)) }
    for bytes in flipped(associated) { #expect(attempt(sealed, nonce, bytes)) }
    #expect(attempt(sealed, nonce, Array(associated.dropLast())))
    #expect(attempt(sealed, nonce, []))
  }

  @Test("another key does not open")
  func otherKey() throws {
    let random = SeededRandom(seed: 9)
    let sealed = try seal([1, 2, 3], Sealer(.random(from: random)), Nonce(counter: 1), [])
    #expect(throws: SealingError.authenticationFailed) {
      try open(sealed, Sealer(.random(from: random)), Nonce(counter: 1), [])
    }
  }

  @Test("source and destination of different lengths are refused")
  func differentLengths() throws {
    let sealer = Sealer(.random(from: SeededRandom(seed: 10)))
    let sealed = try seal([1, 2, 3], sealer, Nonce(counter: 1), [])
    var destination = [UInt8](repeating: 0, count: 2)
    do {
      try open(sealed, sealer, Nonce(counter: 1), [], into: &destination)
      Issue.record("opened into a buffer that is too short")
    } catch {
      guard case .invalidParameters = error as? SealingError else { throw error }
    }
  }

  @Test("a counter nonce is the counter, least significant byte first, and four zeros")
  func counterNonce() throws {
    let nonce = Nonce(counter: 0x0102_0304_0506_0708)
    #expect(nonce.withUnsafeBytes { Array($0) } == [8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0, 0])
    let same = try nonce.withUnsafeBytes { try Nonce($0) }
    #expect(same == nonce)
    #expect(same != Nonce(counter: 0x0102_0304_0506_0709))
  }

  @Test("a nonce of any other length is refused", arguments: [0, 11, 13, 16])
  func nonceLength(count: Int) {
    #expect(throws: SealingError.self) {
      try [UInt8](repeating: 0, count: count).withUnsafeBytes { try Nonce($0) }
    }
  }

  @Test("random nonces and keys differ")
  func randomDiffers() {
    let random = SystemRandom()
    #expect(Nonce.random(from: random) != Nonce.random(from: random))
    let keys = (0..<2).map { _ in SecretKey.random(from: random).withUnsafeBytes { Array($0) } }
    #expect(keys[0] != keys[1])
    #expect(keys[0].count == SecretKey.size)
  }

  // MARK: - Helpers

  struct Sealed {
    var ciphertext: [UInt8]
    var tag: [UInt8]
  }

  private func seal(_ plaintext: [UInt8], _ sealer: Sealer, _ nonce: Nonce, _ associated: [UInt8]) throws
    -> Sealed
  {
    var sealed = Sealed(
      ciphertext: [UInt8](repeating: 0, count: plaintext.count),
      tag: [UInt8](repeating: 0, count: Sealer.tagSize))
    try plaintext.withUnsafeBytes { source in
      try sealed.ciphertext.withUnsafeMutableBytes { destination in
        try sealed.tag.withUnsafeMutableBytes { tag in
          try associated.withUnsafeBytes {
            try sealer.seal(
              source, nonce: nonce, authenticating: $0, into: destination, tag: tag.baseAddress!)
          }
        }
      }
    }
    return sealed
  }

  private func open(
    _ sealed: Sealed, _ sealer: Sealer, _ nonce: Nonce, _ associated: [UInt8], into destination: inout [UInt8]
  ) throws {
    try sealed.ciphertext.withUnsafeBytes { source in
      try destination.withUnsafeMutableBytes { plaintext in
        try sealed.tag.withUnsafeBytes { tag in
          try associated.withUnsafeBytes {
            try sealer.open(source, nonce: nonce, authenticating: $0, tag: tag.baseAddress!, into: plaintext)
          }
        }
      }
    }
  }

  @discardableResult
  private func open(_ sealed: Sealed, _ sealer: Sealer, _ nonce: Nonce, _ associated: [UInt8]) throws
    -> [UInt8]
  {
    var plaintext = [UInt8](repeating: 0, count: sealed.ciphertext.count)
    try open(sealed, sealer, nonce, associated, into: &plaintext)
    return plaintext
  }
}
