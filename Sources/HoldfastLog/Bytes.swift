/// Little-endian numbers in raw memory. The caller has checked that the bytes are there.
extension UnsafeRawPointer {
  func littleEndian<T: FixedWidthInteger>(_ offset: Int, as type: T.Type) -> T {
    T(littleEndian: loadUnaligned(fromByteOffset: offset, as: T.self))
  }
}

extension UnsafeMutableRawPointer {
  func littleEndian<T: FixedWidthInteger>(_ offset: Int, as type: T.Type) -> T {
    T(littleEndian: loadUnaligned(fromByteOffset: offset, as: T.self))
  }

  func store<T: FixedWidthInteger>(_ value: T, littleEndianAt offset: Int) {
    storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
  }
}

/// Numbers in file names.
enum Hexadecimal {
  static func text(_ value: UInt64, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }

  /// Exactly `digits` lower-case digits, or `nil`.
  static func value(_ text: Substring, digits: Int) -> UInt64? {
    guard text.utf8.count == digits else { return nil }
    for character in text.utf8 {
      guard (48...57).contains(character) || (97...102).contains(character) else { return nil }
    }
    return UInt64(text, radix: 16)
  }
}

/// How far a frame reaches: up to the next multiple of eight.
func paddedToEight(_ count: Int) -> Int { (count + 7) & ~7 }
