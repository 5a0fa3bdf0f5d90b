/// Bytes of values whose order, byte by byte, is ``BSONOrdering``'s order of the values.
///
/// Several values written one after the other make a compound key, each ascending or descending. The bytes of
/// a value say where it ends, whatever follows. Values that compare as equal have the same bytes; what tells
/// them apart (an int32 1 from a double 1.0) goes into a second run of bytes, the *type bits*, and from both
/// together a ``BSONKeyDecoder`` makes the value again.
///
/// The idea of keeping keys and type bits apart, and of writing decimals as a double and what it lacks, is
/// that of MongoDB's KeyString; the bytes are our own. See `docs/format.md`.
public enum BSONKey {
  /// Appends a value's key bytes to `bytes` and its type bits to `typeBits`.
  /// - Throws: ``BSONError/Code/depthExceeded`` when documents or arrays nest deeper than
  ///   ``BSONLimits/maximumDepth``; the arrays then have what was written so far.
  public static func encode(
    _ value: BSONValue, descending: Bool = false, into bytes: inout [UInt8], typeBits: inout [UInt8]
  ) throws(BSONError) {
    let start = bytes.count
    try append(value, depth: 1, to: &bytes, &typeBits)
    if descending { invert(&bytes, from: start) }
  }

  /// Appends the key bytes and the type bits of a value that was not decoded; see
  /// ``encode(_:descending:into:typeBits:)-(BSONValue,_,_,_)``.
  public static func encode(
    _ value: RawValue, descending: Bool = false, into bytes: inout [UInt8], typeBits: inout [UInt8]
  ) throws(BSONError) {
    let start = bytes.count
    try append(value, depth: 1, to: &bytes, &typeBits)
    if descending { invert(&bytes, from: start) }
  }

  /// The key bytes of values in ascending order, for looking them up: without type bits.
  public static func bytes(_ values: BSONValue...) throws(BSONError) -> [UInt8] {
    var bytes: [UInt8] = []
    var typeBits: [UInt8] = []
    for value in values { try encode(value, into: &bytes, typeBits: &typeBits) }
    return bytes
  }

  /// Whether a value of a type can have type bits other than zeros.
  public static func hasTypeBits(_ type: BSONType) -> Bool {
    switch type {
    case .string, .objectID, .int32, .bool, .dateTime: false
    default: true
    }
  }

  /// Leaves out the zeros at the end of a whole key's type bits, which the decoder puts back. Most keys (of
  /// strings, int32s, object IDs, dates) have none left then.
  public static func trimTypeBits(_ typeBits: inout [UInt8]) {
    while typeBits.last == 0 { typeBits.removeLast() }
  }

  /// Decodes the values of a whole key.
  /// - Parameter descending: whether each value was written descending; values beyond are ascending.
  /// - Throws: ``BSONError/Code/invalidKey`` for bytes that are no key.
  public static func decode(
    _ bytes: [UInt8], typeBits: [UInt8], descending: [Bool] = []
  ) throws(BSONError) -> [BSONValue] {
    var decoder = BSONKeyDecoder(bytes, typeBits: typeBits)
    var values: [BSONValue] = []
    while !decoder.isAtEnd {
      values.append(
        try decoder.next(descending: values.count < descending.count && descending[values.count]))
    }
    return values
  }

  @inline(__always)
  static func invert(_ bytes: inout [UInt8], from start: Int) {
    for index in start..<bytes.count { bytes[index] = ~bytes[index] }
  }
}

/// The first byte of a value in a key. Their order is that of the types; a 0 ends documents and arrays, and
/// strings, so it is none of them.
enum KeyTag {
  static let end: UInt8 = 0x00
  static let minKey: UInt8 = 0x0A
  static let undefined: UInt8 = 0x0C
  static let null: UInt8 = 0x0E
  static let nan: UInt8 = 0x10
  static let negativeInfinity: UInt8 = 0x11
  static let negativeLarge: UInt8 = 0x12
  /// A negative number with a whole part of 1 to 8 bytes has this minus the number of bytes: 0x13 to 0x1A.
  static let negativeWhole: UInt8 = 0x1B
  static let negativeSmall: UInt8 = 0x1B
  static let zero: UInt8 = 0x1C
  static let positiveSmall: UInt8 = 0x1D
  /// A positive number with a whole part of 1 to 8 bytes has this plus the number of bytes: 0x1E to 0x25.
  static let positiveWhole: UInt8 = 0x1D
  static let positiveLarge: UInt8 = 0x26
  static let infinity: UInt8 = 0x27
  static let string: UInt8 = 0x30
  static let document: UInt8 = 0x38
  static let array: UInt8 = 0x40
  static let binary: UInt8 = 0x48
  static let objectID: UInt8 = 0x50
  static let `false`: UInt8 = 0x58
  static let `true`: UInt8 = 0x59
  static let dateTime: UInt8 = 0x60
  static let timestamp: UInt8 = 0x68
  static let regex: UInt8 = 0x70
  static let dbPointer: UInt8 = 0x78
  static let code: UInt8 = 0x80
  static let codeWithScope: UInt8 = 0x88
  static let maxKey: UInt8 = 0xF0
}

/// What the type bits say about a number; strings use 0 for a string and 1 for a symbol.
enum KeyTypeBits {
  static let int32: UInt8 = 0
  static let int64: UInt8 = 1
  static let double: UInt8 = 2
  static let negativeZero: UInt8 = 3
  static let symbol: UInt8 = 1
  /// A decimal other than zero has this plus the number of zeros at its coefficient's end, 0 to 33.
  static let decimal: UInt8 = 0x40
  /// A decimal zero has this plus the top six of 14 bits of its exponent, and one more byte with the others.
  static let decimalZero: UInt8 = 0x80
  /// The bit of a decimal zero that is negative.
  static let decimalZeroSign: UInt8 = 0x40
}
