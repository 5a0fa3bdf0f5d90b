import BSON

extension FuzzTarget {
  /// The text of one document in Extended JSON.
  static let json = FuzzTarget(
    name: "json", seeds: { texts },
    run: { input in
      for options in [[], .legacyDates] as [ExtendedJSONOptions] {
        guard let document = try? Document(extendedJSON: input, options: options) else { continue }
        try require((try? document.validate()) != nil, "text makes a document that is not valid")
        try checkBytes(of: document)
        let text = document.extendedJSON(.canonical)
        guard let again = try? Document(extendedJSON: text) else {
          throw Violation(description: "what was written cannot be read")
        }
        try require(again.extendedJSON(.canonical) == text, "the canonical text changes when it is read")
        try require(BSONOrdering.compare(again, document) == 0, "the canonical text means something else")
        guard let relaxed = try? Document(extendedJSON: document.extendedJSON(.relaxed)) else {
          throw Violation(description: "what was written in relaxed form cannot be read")
        }
        try require(BSONOrdering.compare(relaxed, document) == 0, "the relaxed text means something else")
        try checkKeys(of: document)
      }
    })

  /// A stream of documents in Extended JSON that comes in pieces: layout (one byte), length of the pieces
  /// (one byte), the text.
  static let jsonStream = FuzzTarget(
    name: "jsonstream",
    seeds: {
      let lines = texts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
      let array = "[" + texts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ",") + "]"
      return (0..<4).map { [$0, 7] + Array(($0 == 2 ? array : lines).utf8) }
    },
    run: { input in
      var reader = InputReader(input)
      let layout = [ExtendedJSONReader.Layout.lines, .values, .array, .automatic][Int(reader.byte() % 4)]
      let length = Int(reader.byte()) + 1
      let text = reader.rest()
      let whole = try read(text, layout, piece: max(1, text.count))
      let pieces = try read(text, layout, piece: length)
      try require(whole == pieces, "what is read depends on the pieces in which it comes")
    })

  /// The documents of a stream, with `nil` for each error.
  private static func read(
    _ text: [UInt8], _ layout: ExtendedJSONReader.Layout, piece: Int
  ) throws -> [Document?] {
    var reader = ExtendedJSONReader(layout: layout, maximumTextSize: 4096)
    var found: [Document?] = []
    /// Everything that is complete. Each call but the last takes something from the text, so there is an end.
    func drain() throws {
      while true {
        try require(found.count <= text.count + 2, "the reader does not come to an end")
        do throws(BSONError) {
          guard let item = try reader.next() else { return }
          found.append(item.document)
        } catch {
          found.append(nil)
        }
      }
    }
    var position = 0
    while position < text.count {
      let end = min(text.count, position + piece)
      reader.feed(text[position..<end])
      position = end
      try drain()
    }
    reader.finish()
    try drain()
    return found
  }

  static let texts: [[UInt8]] =
    documents.flatMap { [Array($0.extendedJSON(.canonical).utf8), Array($0.extendedJSON(.relaxed).utf8)] }
    + [
      #"{"$date": "2012-12-24T12:15:30.501Z"}"#, #"{"a": {"$date": "2012-12-24T12:15:30.501+01:00"}}"#,
      #"{"a": {"$date": 1356351330501}, "b": {"$uuid": "c8edabc3-f738-4ca3-b68d-ab92a91478a3"}}"#,
      #"{"a": "\ud83d\ude00\u0000\n", "a": [1e400, -0, 0.1E-7, 9223372036854775808]}"#,
      #"{"a": {"$regex": "x", "$options": "i"}, "b": {"$dbPointer": {"$ref": "c", "$id": {"$oid": ""}}}}"#,
      #"{"a": {"$numberDecimal": "-1.7E-6176"}, "b": {"$numberDouble": "-Infinity"}, "c": {"$ref": 1}}"#,
    ].map { Array($0.utf8) } + [Array((String(repeating: "{\"a\":[", count: 120)).utf8)]
}
