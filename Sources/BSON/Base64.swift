/// Base64 with the standard alphabet and padding (RFC 4648, section 4).
enum Base64 {
  private static let alphabet: [UInt8] = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The value of each character; 255 for what is not in the alphabet.
  private static let values: [UInt8] = {
    var table = [UInt8](repeating: 255, count: 256)
    for (index, character) in alphabet.enumerated() { table[Int(character)] = UInt8(index) }
    return table
  }()

  /// Appends the text for `bytes`.
  static func encode(_ bytes: UnsafeRawBufferPointer, into output: inout [UInt8]) {
    let alphabet = alphabet
    var position = 0
    while bytes.count - position >= 3 {
      let group =
        UInt32(bytes[position]) << 16 | UInt32(bytes[position + 1]) << 8 | UInt32(bytes[position + 2])
      output.append(alphabet[Int(group >> 18)])
      output.append(alphabet[Int(group >> 12 & 63)])
      output.append(alphabet[Int(group >> 6 & 63)])
      output.append(alphabet[Int(group & 63)])
      position += 3
    }
    switch bytes.count - position {
    case 1:
      let group = UInt32(bytes[position])
      output.append(alphabet[Int(group >> 2)])
      output.append(alphabet[Int(group << 4 & 63)])
      output.append(contentsOf: [0x3D, 0x3D])
    case 2:
      let group = UInt32(bytes[position]) << 8 | UInt32(bytes[position + 1])
      output.append(alphabet[Int(group >> 10)])
      output.append(alphabet[Int(group >> 4 & 63)])
      output.append(alphabet[Int(group << 2 & 63)])
      output.append(0x3D)
    default:
      break
    }
  }

  /// The bytes of a text, or nil when a character, the padding or the unused last bits are wrong.
  static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    var count = text.count
    if count > 0, text[count - 1] == 0x3D { count -= 1 }
    if count > 0, text[count - 1] == 0x3D { count -= 1 }
    let values = values
    var output: [UInt8] = []
    output.reserveCapacity(count / 4 * 3 + 3)
    var group: UInt32 = 0
    var bits = 0
    for index in 0..<count {
      let value = values[Int(text[index])]
      guard value != 255 else { return nil }
      group = group << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        output.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
        group &= (1 << UInt32(bits)) - 1
      }
    }
    return group == 0 && bits < 6 ? output : nil
  }
}
