import BSON

extension ExpressionDate {
  /// The moment that a text in ISO 8601 stands for: a date, or a date and a time with or without seconds, a
  /// fraction and a zone. Without a zone it is UTC.
  static func moment(_ text: String) -> BSONDateTime? {
    var bytes = Array(text.utf8)
    // The whole form has ten characters of date, one between, and at least five of time.
    let hasTime = bytes.count > 10
    if hasTime {
      guard bytes[10] == UInt8(ascii: " ") || bytes[10] | 0x20 == UInt8(ascii: "t") else { return nil }
      bytes[10] = UInt8(ascii: "T")
    } else {
      bytes += Array("T00:00:00Z".utf8)
    }
    let zone = bytes.lastIndex { $0 | 0x20 == UInt8(ascii: "z") || $0 == 0x2B || $0 == 0x2D }
    if hasTime, zone ?? 0 <= 10 { bytes.append(UInt8(ascii: "Z")) }
    if let end = bytes[11...].firstIndex(where: { $0 | 0x20 == UInt8(ascii: "z") || $0 == 0x2B || $0 == 0x2D }
    ) {
      // Spaces before the zone count for nothing, and seconds may be left out.
      var start = end
      while start > 11, bytes[start - 1] == 0x20 { start -= 1 }
      bytes.removeSubrange(start..<end)
      if start == 16 { bytes.insert(contentsOf: Array(":00".utf8), at: 16) }
    }
    return BSONDateTime(iso8601: String(decoding: bytes, as: UTF8.self))
  }
}
