import BSON
import Testing

@Suite("Documents")
struct DocumentTests {
  @Test("A document has the bytes that BSON prescribes")
  func knownBytes() {
    #expect(Document().bytes == [5, 0, 0, 0, 0])
    let document: Document = ["hello": "world"]
    #expect(document.bytes == bytes("16000000 02 68656c6c6f00 06000000 776f726c6400 00"))
    let array: Document = ["BSON": ["awesome", 5.05, 1986]]
    #expect(
      array.bytes
        == bytes(
          "31000000 04 42534f4e00 26000000 023000 08000000 617765736f6d6500 "
            + "013100 3333333333331440 103200 c2070000 00 00"
        ))
  }

  @Test("Every type survives its bytes")
  func everyTypeSurvives() throws {
    let document = try Document(validating: everyType.bytes)
    #expect(document == everyType)
    #expect(Array(document.keys) == everyType.keys)
    for (key, value) in everyType { #expect(document[key] == value) }
    #expect(document.count == 23)
  }

  @Test("Fields are found, replaced in place, appended and removed")
  func changing() throws {
    var document: Document = ["a": 1, "b": "two", "c": 3.0]
    document["b"] = ["deep": true]
    #expect(document.keys == ["a", "b", "c"])
    document["d"] = nil
    document["e"] = "new"
    #expect(document.removeValue(forKey: "a") == 1)
    #expect(document.removeValue(forKey: "a") == nil)
    document["c"] = nil
    #expect(document == ["b": ["deep": true], "e": "new"])
    document["n"] = .null
    #expect(document["n"] == .null)
    #expect(document.removeValue(forKey: "n") == .null)
    try document.validate()
  }

  @Test("Of fields with the same name the first is found, and all are kept")
  func duplicates() {
    var document: Document = ["a": 1, "a": 2]
    #expect(document["a"] == 1 && document.count == 2)
    document["a"] = 3
    #expect(document.map(\.value) == [3, 2])
  }

  @Test("A sub-document is itself a document and can be changed without changing the other")
  func subdocuments() throws {
    let outer: Document = ["x": ["y": ["z": 1]], "after": true]
    var inner = try #require(outer["x"]?.documentValue)
    inner["w"] = 2
    inner["y"] = nil
    #expect(inner == ["w": 2])
    #expect(outer == ["x": ["y": ["z": 1]], "after": true])
  }

  @Test("A small sub-document of a large document is the same too")
  func largeDocument() throws {
    var document: Document = ["big": .string(String(repeating: "x", count: 10_000)), "s": ["a": 1]]
    #expect(document["s"] == ["a": 1])
    document["big"] = 0
    #expect(document == ["big": 0, "s": ["a": 1]])
  }

  @Test("Paths go through documents and arrays")
  func paths() {
    let document: Document = ["a": ["b": [10, ["c": 20]], "": 5], "x.y": 1]
    #expect(document.value(atPath: "a.b.0") == 10)
    #expect(document.value(atPath: "a.b.1.c") == 20)
    #expect(document.value(atPath: "a.") == 5)
    #expect(document.value(atPath: "a.b.2") == nil)
    #expect(document.value(atPath: "a.b.00") == nil)
    #expect(document.value(atPath: "a.b.99999999999999999999") == nil)
    #expect(document.value(atPath: "x.y") == nil)
    #expect(document.value(atPath: "") == nil)
    #expect(document["x.y"] == 1)
  }

  @Test("Names are compared byte by byte")
  func names() {
    let document: Document = ["é": 1, "e\u{301}": 2, "": 3]
    #expect(document["é"] == 1 && document["e\u{301}"] == 2 && document[""] == 3)
    #expect(document["e"] == nil && !document.contains("x") && document.contains(""))
  }

  @Test("A builder writes the same bytes as a literal")
  func builder() throws {
    var builder = DocumentBuilder()
    builder.append("a", int32: 1)
    builder.append("b", string: "two")
    builder.beginDocument("c")
    builder.append("d", double: 3)
    builder.beginArray("e")
    builder.append(1)
    builder.beginArray()
    builder.append(true)
    builder.end()
    builder.append("ignored", "x")
    builder.end()
    builder.append("f", bool: false)
    builder.end()
    builder.append("g", int64: 5)
    builder.append("h", document: ["i": nil])
    everyType.withRawDocument { raw in for element in raw { builder.append(element) } }
    let document = builder.finish()
    var expected: Document = [
      "a": 1, "b": "two", "c": ["d": 3.0, "e": [1, [true], "x"], "f": false], "g": .int64(5), "h": ["i": nil],
    ]
    for (key, value) in everyType { expected.append(key, value) }
    #expect(document == expected)
    try document.validate()
    #expect(builder.finish() == Document())
  }

  @Test("What was begun and not ended is ended by the builder")
  func unfinishedBuilder() throws {
    var builder = DocumentBuilder()
    builder.end()
    builder.beginArray("a")
    for index in 0..<120 { builder.append(.int32(Int32(index))) }
    builder.beginDocument()
    let document = builder.finish()
    try document.validate()
    #expect(document["a"]?.arrayValue?.count == 121)
    #expect(document.value(atPath: "a.119") == 119)
  }

  @Test("The raw view finds and counts without decoding")
  func rawView() {
    let found = everyType.withRawDocument { raw -> Bool in
      #expect(raw.value(forKey: "int")?.int32 == 7)
      #expect(raw.value(forKey: "string")?.string == "a\0é")
      #expect(raw.value(forKey: "int")?.string == nil)
      #expect(raw.value(forKey: "long")?.int64 == -5)
      #expect(raw.value(forKey: "decimal")?.decimal128 == Decimal128("1.50"))
      #expect(raw.value(forKey: "old")?.binary?.bytes.elementsEqual([9, 8]) == true)
      #expect(raw.value(atPath: "array.2.0")?.int32 == 3)
      #expect(raw.value(at: 1)?.type == .string)
      #expect(raw.value(at: 99) == nil)
      #expect(raw.value(forKey: "array").flatMap { BSONValue($0) } == everyType["array"])
      #expect(Document(raw) == everyType)
      return raw.value(forKey: "missing") == nil
    }
    #expect(found == true)
  }

  @Test("Malformed bytes taken on trust never trap")
  func untrustworthy() {
    for content: [UInt8] in [
      [], [0], [5, 0, 0, 0], [5, 0, 0, 0, 1], [255, 255, 255, 255, 0], bytes("0c000000 02 6100 ffffffff00"),
    ] {
      var document = Document(trusted: content)
      #expect(document["a"] == nil && document.value(atPath: "a.b") == nil)
      #expect(Array(document).isEmpty && document.canonicalized().isEmpty)
      _ = document.extendedJSON()
      _ = BSONOrdering.compare(document, everyType)
      document["a"] = 1
      _ = document.count
    }
  }
}
