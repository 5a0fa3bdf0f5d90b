// Hexadecimal digits, for object IDs, UUIDs and binary subtypes.

/// The value of a hexadecimal digit, or nil.
@inline(__always)
func hexadecimalValue(_ digit: UInt8) -> UInt8? {
  switch digit {
  case 0x30...0x39: digit - 0x30
  case 0x41...0x46: digit - 0x41 + 10
  case 0x61...0x66: digit - 0x61 + 10
  default: nil
  }
}

/// The lower-case digit for a value from 0 to 15.
@inline(__always)
func hexadecimalDigit(_ value: UInt8) -> UInt8 {
  let nibble = value & 15
  return nibble < 10 ? 0x30 + nibble : 0x61 + nibble - 10
}

extension [UInt8] {
  @inline(__always)
  mutating func appendHexadecimal(_ byte: UInt8) {
    append(hexadecimalDigit(byte >> 4))
    append(hexadecimalDigit(byte))
  }
}
