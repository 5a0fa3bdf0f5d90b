import BSON

extension FuzzTarget {
  /// Key bytes with their type bits: how many type bits (one byte), which values are descending (one byte),
  /// the type bits, the key.
  static let keys = FuzzTarget(
    name: "keys",
    seeds: {
      try documents.flatMap { document in
        try [UInt8(0), 0xFF].map { directions in
          var key: [UInt8] = []
          var typeBits: [UInt8] = []
          for (index, field) in document.enumerated() {
            let descending = directions >> UInt8(index % 8) & 1 == 1
            try BSONKey.encode(field.value, descending: descending, into: &key, typeBits: &typeBits)
          }
          return [UInt8(typeBits.count), directions] + typeBits + key
        }
      }
    },
    run: { input in
      var reader = InputReader(input)
      let count = Int(reader.byte())
      let directions = reader.byte()
      let typeBits = reader.take(count)
      try checkDecoding(reader.rest(), typeBits, directions)
    })

  static func checkDecoding(_ key: [UInt8], _ typeBits: [UInt8], descending: Bool) throws {
    try checkDecoding(key, typeBits, descending ? 0xFF : 0)
  }

  /// What is decoded, encoded again, gives the same values, and from then on the same bytes.
  private static func checkDecoding(_ key: [UInt8], _ typeBits: [UInt8], _ directions: UInt8) throws {
    let descending = (0..<64).map { directions >> UInt8($0 % 8) & 1 == 1 }
    guard let values = try? BSONKey.decode(key, typeBits: typeBits, descending: descending) else { return }
    guard let first = encode(values, descending) else {
      throw Violation(description: "values that a key gave cannot be a key")
    }
    guard
      let again = try? BSONKey.decode(first.key, typeBits: first.typeBits, descending: descending)
    else { throw Violation(description: "a key that was made cannot be read") }
    try require(again.count == values.count, "\(values.count) values come back as \(again.count)")
    for (one, other) in zip(values, again) {
      try require(BSONOrdering.compare(one, other) == 0, "a value comes back as another")
    }
    guard let second = encode(again, descending) else {
      throw Violation(description: "values that a key gave cannot be a key")
    }
    try require(second.key == first.key && second.typeBits == first.typeBits, "a key changes each time")
    // The text of a value from a forged key must be possible, too.
    for value in values { _ = value.extendedJSON(.canonical) }
  }

  private static func encode(_ values: [BSONValue], _ descending: [Bool]) -> (
    key: [UInt8], typeBits: [UInt8]
  )? {
    var key: [UInt8] = []
    var typeBits: [UInt8] = []
    for (index, value) in values.enumerated() {
      let isDescending = index < descending.count && descending[index]
      do { try BSONKey.encode(value, descending: isDescending, into: &key, typeBits: &typeBits) } catch {
        return nil
      }
    }
    return (key, typeBits)
  }
}
