import BSON
import Testing

@Suite("Validation")
struct ValidationTests {
  private func error(_ hexadecimal: String) -> BSONError? {
    bsonError { () throws(BSONError) in try Document(validating: bytes(hexadecimal)) }
  }

  @Test(
    "Each kind of damage is recognised",
    arguments: [
      ("", BSONError.Code.truncated), ("05000000", .truncated), ("0400000000", .invalidLength),
      ("0600000000", .invalidLength),
      ("0500000001", .missingTerminator), ("050000000000", .trailingBytes),
      ("00000000000000000000", .invalidLength),
      ("ffffffff00", .invalidLength), ("0700000000 0000", .unknownType), ("07000000 80 00 00", .unknownType),
      ("08000000 0a 6162 00", .missingTerminator),
      // Names and strings.
      ("08000000 0a ff00 00", .invalidUTF8), ("0e000000 02 6100 02000000 e900 00", .invalidUTF8),
      ("0c000000 02 6100 00000000 00", .truncated), ("0d000000 02 6100 00000000 00 00", .invalidLength),
      ("0d000000 02 6100 ffffffff 00 00", .invalidLength),
      ("0e000000 02 6100 04000000 6200 00", .invalidLength),
      ("0e000000 02 6100 02000000 6262 00", .missingTerminator),
      ("0e000000 02 6100 01000000 0000 00", .missingTerminator),
      ("0c000000 0d 6100 ffffff7f 00", .truncated),
      // Booleans and fixed sizes.
      ("09000000 08 6100 02 00", .invalidBoolean), ("09000000 08 6100 ff 00", .invalidBoolean),
      ("0b000000 10 6100 050000 00", .truncated), ("0c000000 12 6100 12345678 00", .truncated),
      ("0b000000 01 6100 00f03f 00", .truncated), ("0f000000 07 6100 56e1fc72e0c917 00", .truncated),
      ("0b000000 13 6100 000000 00", .truncated),
      // Binary data.
      ("0d000000 05 6100 ffffffff 00 00", .invalidLength),
      ("0d000000 05 6100 01000000 00 00", .invalidLength),
      ("13000000 05 6100 06000000 02 03000000 ffff 00", .invalidLength),
      ("13000000 05 6100 06000000 02 ffffffff ffff 00", .invalidLength),
      ("0f000000 05 6100 02000000 02 ffff 00", .invalidLength),
      // Regular expressions and pointers.
      ("0b000000 0b 6100 616263 00", .missingTerminator), ("0a000000 0b 6100 ff00 00 00", .invalidLength),
      ("16000000 0c 6100 03000000 616200 56e1fc72e0c917 00", .truncated),
      // Nested documents and arrays.
      ("0d000000 03 6100 06000000 00 00", .invalidLength),
      ("0d000000 03 6100 04000000 00 00", .invalidLength),
      ("0d000000 04 6100 05000000 01 00", .missingTerminator), ("0c000000 03 6100 05000000 00", .truncated),
      // Code with scope.
      ("16000000 0f 6100 0d000000 01000000 00 0500000000 00", .invalidLength),
      ("16000000 0f 6100 0f000000 01000000 00 0500000000 00", .invalidLength),
      ("17000000 0f 6100 0f000000 01000000 00 0500000000 00 00", .invalidLength),
      ("16000000 0f 6100 0e000000 02000000 00 0500000000 00", .missingTerminator),
      ("16000000 0f 6100 0e000000 ffffffff 00 0500000000 00", .invalidLength),
    ])
  func damage(hexadecimal: String, code: BSONError.Code) {
    let found = error(hexadecimal)
    if hexadecimal.hasPrefix("0a000000 0b") {
      #expect(found != nil)
    } else {
      #expect(found?.code == code, "\(hexadecimal)")
    }
    #expect(found?.offset != nil)
  }

  @Test("An error says where")
  func offset() {
    let found = error("0f000000 0a 6100 08 6200 02 0a 6300 00")
    #expect(found?.code == .invalidBoolean && found?.offset == 10)
    #expect(found?.description == "A boolean is neither 0 nor 1. (byte 10)")
  }

  @Test(
    "UTF-8 is checked strictly",
    arguments: [
      ("c080", false), ("c1bf", false), ("c280", true), ("e08080", false), ("e0a080", true),
      ("eda080", false), ("ed9fbf", true),
      ("efbfbf", true), ("f0808080", false), ("f0908080", true), ("f48fbfbf", true), ("f4908080", false),
      ("f5808080", false),
      ("80", false), ("c2", false), ("e282", false), ("f09f98", false), ("ff", false),
      ("c3a9c3a9c3a9c3a9c3a9", true),
      ("6161616161616161c3a9", true), ("6161616161616161c3", false), ("61616161616161ff", false),
      ("616161616161ff61", false),
    ])
  func utf8(hexadecimal: String, isValid: Bool) {
    let content = bytes(hexadecimal)
    var document = DocumentBuilder()
    let string = [UInt8](bytes("02000000".replacingCount(content.count + 1))) + content + [0]
    string.withUnsafeBytes { document.append("a", raw: RawValue(type: .string, bytes: $0)) }
    #expect(
      (bsonError { () throws(BSONError) in try Document(validating: document.finish().bytes) } == nil)
        == isValid)
    let key: [UInt8] = [UInt8(7 + content.count), 0, 0, 0, 0x0A] + content + [0, 0]
    #expect((bsonError { () throws(BSONError) in try Document(validating: key) } == nil) == isValid)
  }

  @Test("Wrong array indexes and unsorted options are put right")
  func degenerate() throws {
    let expected = Document([("a", [10, 20] as BSONValue)])
    for names in ["3000 14 3000", "00 14 00", "616200 14 3100", "3100 14 3000", "303000 14 3100"] {
      let parts = names.split(separator: " ").map { bytes(String($0)) }
      let inner = [0x10] + parts[0] + [10, 0, 0, 0] + [0x10] + parts[2] + [20, 0, 0, 0, 0]
      let content = [0x04, 0x61, 0, UInt8(inner.count + 4), 0, 0, 0] + inner + [0]
      let document = try Document(validating: [UInt8(content.count + 4), 0, 0, 0] + content)
      #expect(document == expected)
    }
    let regex = try Document(validating: bytes("10000000 0b 6100 61626300 6d697800 00"))
    #expect(regex.bytes == bytes("10000000 0b 6100 61626300 696d7800 00"))
  }

  @Test("200 levels are accepted and 201 refused, in documents, arrays and scopes")
  func depth() throws {
    func nested(_ levels: Int, _ wrap: (Document) -> BSONValue) -> Document {
      var document = Document()
      for _ in 1..<levels { document = ["a": wrap(document)] }
      return document
    }
    let wraps: [(Document) -> BSONValue] = [
      { .document($0) }, { .codeWithScope(BSONCodeWithScope("", scope: $0)) },
    ]
    for wrap in wraps {
      let deepest = nested(200, wrap)
      #expect(try Document(validating: deepest.bytes) == deepest)
      #expect(try Document(extendedJSON: deepest.extendedJSON(.canonical)) == deepest)
      let deeper = nested(201, wrap)
      #expect(
        bsonError { () throws(BSONError) in try Document(validating: deeper.bytes) }?.code == .depthExceeded)
      #expect(bsonError { () throws(BSONError) in try deeper.validate() }?.code == .depthExceeded)
    }
    var array: BSONValue = []
    for _ in 1..<199 { array = [array] }
    try (["a": array] as Document).validate()
    #expect((["a": array] as Document)["a"] == array)
  }

  @Test("Arrays below the limit are written as null instead of exhausting the stack")
  func deepArrays() {
    var array: BSONValue = [1]
    for _ in 0..<1000 { array = [array] }
    let document: Document = ["a": array]
    #expect(document.byteCount < 5000)
    #expect(throws: Never.self) { try document.validate() }
    #expect(BSONOrdering.compare(array, array) == 0)
  }

  @Test("16 MiB are accepted and one byte more refused")
  func size() throws {
    let overhead = (["a": ""] as Document).byteCount
    let largest: Document = [
      "a": .string(String(repeating: "x", count: BSONLimits.maximumDocumentSize - overhead))
    ]
    #expect(largest.byteCount == 16 * 1024 * 1024)
    try largest.validate()
    #expect(try Document(extendedJSON: largest.extendedJSON()) == largest)
    let larger: Document = ["ab": largest["a"]!]
    #expect(bsonError { () throws(BSONError) in try larger.validate() }?.code == .sizeExceeded)
    let text = larger.extendedJSON()
    #expect(bsonError { () throws(BSONError) in try Document(extendedJSON: text) }?.code == .sizeExceeded)
  }
}

extension String {
  /// The four bytes of a length in place of the text.
  func replacingCount(_ count: Int) -> String {
    let digits = String(count, radix: 16)
    return (digits.count == 1 ? "0" + digits : digits) + "000000"
  }
}
