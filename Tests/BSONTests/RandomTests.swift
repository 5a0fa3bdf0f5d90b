import BSON
import Testing

@Suite("Random documents and damaged ones")
struct RandomTests {
  @Test("Random documents survive bytes, text and copying field by field")
  func roundTrips() throws {
    try withSeeds("round trips", 1...20) { generator in
      var maker = ValueMaker(generator: generator)
      for _ in 0..<50 {
        let document = maker.document()
        #expect(try Document(validating: document.bytes) == document)
        #expect(Document(document.map { ($0.key, $0.value) }) == document)
        #expect(document.canonicalized() == document)
        let text = document.extendedJSON(.canonical)
        let again = try Document(extendedJSON: text)
        #expect(again == document, "\(text)")
        let relaxed = try Document(extendedJSON: document.extendedJSON(.relaxed))
        #expect(BSONOrdering.compare(relaxed, document) == 0, "\(text)")
      }
    }
  }

  /// Changes bytes here and there: other values, some left out, some put in.
  private func damage(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0...generator.below(3) {
      let place = generator.below(bytes.count + 1)
      let random = UInt8(truncatingIfNeeded: generator.next())
      switch generator.below(6) {
      case 0: bytes.insert(random, at: place)
      case 1: bytes.insert(contentsOf: bytes[place...].prefix(generator.below(20)), at: place)
      case 2: bytes.removeLast(min(bytes.count, generator.below(8)))
      case 3: if place < bytes.count { bytes.remove(at: place) }
      case 4: if place < bytes.count { bytes[place] ^= 1 << UInt8(generator.below(8)) }
      default:
        if place < bytes.count { bytes[place] = generator.pick([0, 1, 4, 5, 0x7F, 0x80, 0xFF, random]) }
      }
    }
    return bytes
  }

  /// Uses everything that reads a document's bytes.
  private func walk(_ document: Document) {
    for (key, value) in document {
      _ = value.hashValue
      _ = document[key]
    }
    _ = document.value(atPath: "a.0.b")
    _ = document.extendedJSON(.relaxed)
    _ = document.extendedJSON(.canonical)
    _ = document.canonicalized()
    _ = BSONOrdering.compare(document, everyType)
    var key: [UInt8] = []
    var typeBits: [UInt8] = []
    try? BSONKey.encode(.document(document), into: &key, typeBits: &typeBits)
    var changed = document
    changed["a"] = changed["b"] ?? 1
    changed.removeValue(forKey: "c")
  }

  @Test("A damaged document never traps, and whatever validates can be used and comes back")
  func damagedBytes() throws {
    try withSeeds("damaged bytes", 1...25) { generator in
      var maker = ValueMaker(generator: generator)
      for round in 0..<60 {
        let original = round % 10 == 0 ? everyType : maker.document()
        let bytes = damage(original.bytes, &generator)
        walk(Document(trusted: bytes))
        guard let document = try? Document(validating: bytes) else { continue }
        #expect(document.canonicalized() == document)
        let validated = try Document(validating: document.bytes)
        #expect(validated == document)
        #expect(document.count == document.keys.count && document.count == document.map(\.key).count)
        #expect(Document(document.map { ($0.key, $0.value) }).byteCount == document.byteCount)
        let text = document.extendedJSON(.canonical)
        let again = try? Document(extendedJSON: text)
        if let again { #expect(again.extendedJSON(.canonical) == text) }
      }
    }
  }

  @Test("Every single flipped bit of a document with all types is survived")
  func flippedBits() {
    let bytes = everyType.bytes
    for place in bytes.indices {
      for bit in 0..<8 {
        var flipped = bytes
        flipped[place] ^= 1 << UInt8(bit)
        if let document = try? Document(validating: flipped) { walk(document) }
        _ = Document(trusted: flipped).extendedJSON()
      }
    }
  }

  @Test("Every beginning of a document is refused")
  func truncated() {
    let bytes = everyType.bytes
    for count in 0..<bytes.count {
      let part = Array(bytes[..<count])
      #expect(bsonError { () throws(BSONError) in try Document(validating: part) } != nil)
      walk(Document(trusted: part))
    }
  }

  @Test("Random bytes never trap")
  func garbage() throws {
    try withSeeds("random bytes", 1...10) { generator in
      for _ in 0..<300 {
        var bytes = (0..<generator.below(80)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        if bytes.count >= 5, generator.chance(80) {
          bytes.replaceSubrange(0..<4, with: [UInt8(bytes.count), 0, 0, 0])
          bytes[bytes.count - 1] = 0
        }
        walk(Document(trusted: bytes))
        _ = try? Document(validating: bytes)
      }
    }
  }

  @Test("Damaged text never traps, and what is read is a valid document")
  func damagedText() throws {
    try withSeeds("damaged text", 1...20) { generator in
      var maker = ValueMaker(generator: generator)
      for round in 0..<60 {
        let original = round % 10 == 0 ? everyType : maker.document()
        let mode: ExtendedJSONMode = generator.chance(50) ? .canonical : .relaxed
        let text = damage(Array(original.extendedJSON(mode).utf8), &generator)
        guard let document = try? Document(extendedJSON: text, options: .legacyDates) else { continue }
        try document.validate()
        #expect(try Document(validating: document.bytes) == document)
        _ = document.extendedJSON()
      }
    }
  }

  @Test("Random pieces of JSON never trap")
  func textGarbage() throws {
    let pieces =
      [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\"a\"", "1", "-", "e", ".", "true", "null", "\"$oid\"",
        "\"$date\"", "{\"$numberLong\":\"",
        "\"$binary\":", "\"$type\"", "\\u", "d800", " ", "\n", "\0", "{\"a\":", "\"$code\":", "\"$scope\":{",
        "é", "$",
      ].map { Array($0.utf8) } + [[0xFF], [0xC3]]
    try withSeeds("random text", 1...10) { generator in
      for _ in 0..<500 {
        let text = (0..<generator.below(15)).flatMap { _ in generator.pick(pieces) }
        _ = try? Document(extendedJSON: text)
        _ = Decimal128(String(decoding: text, as: UTF8.self))
        _ = BSONDateTime(iso8601: String(decoding: text, as: UTF8.self))
        var reader = ExtendedJSONReader(layout: generator.pick([.lines, .values, .array, .automatic]))
        reader.feed(text)
        reader.finish()
        for _ in 0..<50 { _ = try? reader.next() }
      }
    }
  }
}
