import BSON

extension FuzzTarget {
  /// The bytes of one document.
  static let bson = FuzzTarget(
    name: "bson", seeds: { documents.map(\.bytes) + deepDocuments },
    run: { input in
      useUnchecked(Document(trusted: input))
      guard let document = try? Document(validating: input) else { return }
      try checkBytes(of: document)
      try checkText(of: document)
      try checkKeys(of: document)
    })

  /// Documents with a value of each type, and some at the edges.
  static let documents: [Document] = [
    [:],
    ["_id": 1, "name": "Ada", "born": .dateTime(BSONDateTime(milliseconds: -4_860_259_200_000))],
    [
      "double": 1.5, "string": "a\0é", "document": ["x": 1], "array": [1, "two", [3]],
      "binary": .binary(BSONBinary([1, 2, 3], subtype: .userDefined)),
      "old": .binary(BSONBinary([9, 8], subtype: .oldBinary)), "undefined": .undefined, "yes": true,
      "null": nil,
      "id": .objectID(ObjectID(timestamp: 7, random: (1, 2, 3, 4, 5), counter: 6)),
      "date": .dateTime(BSONDateTime(milliseconds: -1)), "regex": .regex(BSONRegex("^a/b", options: "xmi")),
      "pointer": .dbPointer(
        BSONDBPointer("c", id: ObjectID(timestamp: 7, random: (1, 2, 3, 4, 5), counter: 6))),
      "code": .code("f()"), "symbol": .symbol("s"),
      "scope": .codeWithScope(BSONCodeWithScope("g()", scope: ["v": 2])), "int": 7,
      "timestamp": .timestamp(BSONTimestamp(seconds: .max, increment: 1)), "long": .int64(-5),
      "min": .minKey, "max": .maxKey,
    ],
    [
      "a": .double(.nan), "b": .double(-0.0), "c": .double(0x1p63), "d": .int64(.min), "e": .int32(.max),
      "f": .decimal128(.infinity), "g": .decimal128(.nan), "h": .double(.leastNonzeroMagnitude),
    ],
    Document(
      ["1.50", "-0E+6111", "1E-6176", "9223372036854775807.5", "0.1", "1E+309", "-1E+3"].compactMap { text in
        Decimal128(text).map { (text, .decimal128($0)) }
      }),
  ]

  /// Documents that nest too deeply to be valid, which whoever trusts bytes may come across.
  private static let deepDocuments: [[UInt8]] = [190, 250, 3000].map { depth in
    var bytes: [UInt8] = [5, 0, 0, 0, 0]
    for _ in 0..<depth {
      var outer: [UInt8] = [0, 0, 0, 0, 3, 0] + bytes + [0]
      outer.storeLittleEndian(Int32(outer.count), at: 0)
      bytes = outer
    }
    return bytes
  }

  /// Reads bytes that nobody validated, in every way there is. Only the process must survive.
  static func useUnchecked(_ document: Document) {
    for (name, value) in document {
      _ = value.hashValue
      _ = document[name]
      _ = value.extendedJSON(.relaxed)
    }
    _ = document.value(atPath: "a.0.b")
    _ = document.extendedJSON(.relaxed)
    _ = document.extendedJSON(.canonical)
    _ = document.canonicalized()
    _ = document.hashValue
    _ = try? document.validate()
    for other in documents {
      _ = BSONOrdering.compare(document, other)
      _ = BSONOrdering.compare(other, document)
    }
    _ = BSONOrdering.compare(document, document)
    var key: [UInt8] = []
    var typeBits: [UInt8] = []
    try? BSONKey.encode(.document(document), into: &key, typeBits: &typeBits)
    var changed = document
    changed["a"] = changed["b"] ?? 1
    changed.removeValue(forKey: "c")
    changed.append("d", .document(document))
    _ = changed.count
  }

  /// A valid document is the same however it is taken apart and put together.
  static func checkBytes(of document: Document) throws {
    try require((try? Document(validating: document.bytes)) == document, "it does not validate a second time")
    try require(document.canonicalized() == document, "putting it right once was not enough")
    let fields = document.map { ($0.key, $0.value) }
    try require(fields.count == document.count && fields.count == document.keys.count, "fields are lost")
    try require(Document(fields) == document, "its fields make another document")
    for (name, _) in fields { try require(document.contains(name), "a field is not found by its name") }
  }

  /// Text comes back as the same document.
  static func checkText(of document: Document) throws {
    let text = document.extendedJSON(.canonical)
    // A document whose names look like those of Extended JSON means something else as text, or nothing.
    guard !text.contains("\"$"), let again = try? Document(extendedJSON: text) else { return }
    try require(again.extendedJSON(.canonical) == text, "its text changes when it is read")
  }

  /// Key bytes order as values do, and give the value back.
  static func checkKeys(of document: Document) throws {
    var keys: [(key: [UInt8], value: BSONValue)] = []
    for (_, value) in document {
      var key: [UInt8] = []
      var typeBits: [UInt8] = []
      // Deeper than a key can be.
      guard (try? BSONKey.encode(value, into: &key, typeBits: &typeBits)) != nil else { continue }
      try checkDecoding(key, typeBits, descending: false)
      guard let decoded = try? BSONKey.decode(key, typeBits: typeBits) else {
        throw Violation(description: "a key that was made cannot be read")
      }
      try require(decoded.count == 1, "a key is read as \(decoded.count) values")
      try require(BSONOrdering.compare(decoded[0], value) == 0, "a key gives another value back")
      keys.append((key, value))
    }
    for (first, second) in zip(keys, keys.dropFirst()) {
      let order = BSONOrdering.compare(first.value, second.value)
      let byBytes =
        first.key == second.key ? 0 : first.key.lexicographicallyPrecedes(second.key) ? -1 : 1
      try require(order.signum() == byBytes, "values and their keys are in a different order")
      let back = BSONOrdering.compare(second.value, first.value)
      try require(back.signum() == -order.signum(), "the order depends on which value comes first")
    }
  }
}
