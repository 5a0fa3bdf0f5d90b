import HoldfastTestSupport
import Testing

@testable import HoldfastIO

@Suite("Keys")
struct SecretKeyTests {
  // RFC 5869, appendix A, test cases 1 to 3: the first 32 bytes of the output, which do not depend on its
  // length.
  @Test(
    "HKDF-SHA256 gives the published values",
    arguments: [
      (
        [UInt8](repeating: 0x0B, count: 22), Array(0...12), Array(0xF0...0xF9),
        hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf")
      ),
      (
        Array(0...0x4F), Array(0x60...0xAF), Array(0xB0...0xFF),
        hex("b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c")
      ),
      (
        [UInt8](repeating: 0x0B, count: 22), [], [],
        hex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d")
      ),
    ] as [([UInt8], [UInt8], [UInt8], [UInt8])])
  func hkdf(input: [UInt8], salt: [UInt8], info: [UInt8], expected: [UInt8]) {
    let key = input.withUnsafeBytes { SecretKey(inputKeyMaterial: $0) }
    let subkey = salt.withUnsafeBytes { salt in info.withUnsafeBytes { key.subkey(salt: salt, info: $0) } }
    #expect(subkey.withUnsafeBytes { Array($0) } == expected)
  }

  // RFC 7914, section 12: the second and third vector (the first has costs below our limits, the fourth takes
  // 1 GiB). The first 32 bytes of the output do not depend on its length.
  @Test(
    "scrypt gives the published values",
    arguments: [
      (
        "password", "NaCl", ScryptParameters(logN: 10, r: 8, p: 16),
        hex("fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162")
      ),
      (
        "pleaseletmein", "SodiumChloride", ScryptParameters(logN: 14, r: 8, p: 1),
        hex("7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2")
      ),
    ] as [(String, String, ScryptParameters, [UInt8])])
  func scrypt(password: String, salt: String, parameters: ScryptParameters, expected: [UInt8]) throws {
    let key = try derive(password, salt, parameters)
    #expect(key.withUnsafeBytes { Array($0) } == expected)
  }

  @Test("an empty password and an empty salt are a password and a salt like others")
  func emptyPassword() throws {
    let cheap = ScryptParameters(logN: 10, r: 1, p: 1)
    let none = UnsafeRawBufferPointer(start: nil, count: 0)
    let one = try SecretKey.derived(fromPassword: none, salt: none, parameters: cheap)
    let same = try derive("", "", cheap)
    #expect(one.withUnsafeBytes { Array($0) } == same.withUnsafeBytes { Array($0) })
    #expect(try derive("", "x", cheap).withUnsafeBytes { Array($0) } != one.withUnsafeBytes { Array($0) })
  }

  @Test(
    "parameters outside the limits are refused, and never tried",
    arguments: [
      ScryptParameters(logN: 0, r: 8, p: 1), ScryptParameters(logN: 9, r: 8, p: 1),
      ScryptParameters(logN: 21, r: 8, p: 1), ScryptParameters(logN: 64, r: 8, p: 1),
      ScryptParameters(logN: 255, r: .max, p: .max), ScryptParameters(logN: 15, r: 0, p: 1),
      ScryptParameters(logN: 15, r: 33, p: 2), ScryptParameters(logN: 15, r: .max, p: 1),
      ScryptParameters(logN: 15, r: 8, p: 0), ScryptParameters(logN: 15, r: 8, p: 17),
      ScryptParameters(logN: 15, r: 8, p: .max), ScryptParameters(logN: 20, r: 9, p: 1),
      ScryptParameters(logN: 16, r: 1, p: 1), ScryptParameters(logN: 15, r: 17, p: 1),
    ])
  func limits(parameters: ScryptParameters) {
    #expect(throws: SealingError.self) { try parameters.validate() }
    #expect(throws: SealingError.self) { try derive("password", "salt", parameters) }
  }

  @Test("block sizes and parallelism that are allowed work")
  func allowedWorks() throws {
    for r: UInt32 in [1, 2, 8, 15, 16, 17, 31, 32] {
      for p: UInt32 in [1, 2] {
        let parameters = ScryptParameters(logN: 10, r: r, p: p)
        guard (try? parameters.validate()) != nil else { continue }
        _ = try derive("password", "salt", parameters)
      }
    }
  }

  @Test("the highest costs that are allowed are exactly 1 GiB")
  func highestCosts() throws {
    let parameters = ScryptParameters(logN: 20, r: 8, p: 1)
    try parameters.validate()
    #expect(parameters.memory == ScryptParameters.maximumMemory)
    try ScryptParameters.standard.validate()
    #expect(ScryptParameters.standard.memory == 32 << 20)
  }

  @Test("subkeys differ when the salt or the label does, and not otherwise")
  func subkeys() throws {
    let key = SecretKey.random(from: SeededRandom(seed: 1))
    func subkey(_ salt: [UInt8], _ label: StaticString) -> [UInt8] {
      salt.withUnsafeBytes { key.subkey(salt: $0, label: label).withUnsafeBytes { Array($0) } }
    }
    #expect(subkey([1], "log") == subkey([1], "log"))
    #expect(subkey([1], "log") != subkey([2], "log"))
    #expect(subkey([1], "log") != subkey([1], "data"))
    #expect(subkey([], "").count == SecretKey.size)
  }

  @Test("a key that is not 32 bytes long is refused", arguments: [0, 16, 31, 33, 64])
  func length(count: Int) {
    #expect(throws: SealingError.invalidKey) {
      try [UInt8](repeating: 1, count: count).withUnsafeBytes { try SecretKey($0) }
    }
  }

  @Test("printing and dumping a key shows nothing of it")
  func hidden() {
    let key = SecretKey.random(from: SeededRandom(seed: 2))
    var dumped = ""
    dump(key, to: &dumped)
    #expect("\(key)" == "SecretKey(hidden)")
    #expect(String(reflecting: key) == "SecretKey(hidden)")
    #expect(!dumped.contains("Symmetric"))
    #expect(Mirror(reflecting: key).children.isEmpty)
  }

  @Test("what was printed about an error contains no secrets and says what happened")
  func errors() {
    #expect("\(SealingError.authenticationFailed)".contains("authentication failed"))
    #expect("\(SealingError.invalidKey)".contains("32 bytes"))
    #expect("\(SealingError.invalidParameters("x"))".contains("x"))
    #expect("\(SealingError.failed("y"))".contains("y"))
  }

  private func derive(_ password: String, _ salt: String, _ parameters: ScryptParameters) throws -> SecretKey
  {
    try Array(password.utf8).withUnsafeBytes { password in
      try Array(salt.utf8).withUnsafeBytes { salt in
        try SecretKey.derived(fromPassword: password, salt: salt, parameters: parameters)
      }
    }
  }
}
