/// Values too large for a leaf: a run of neighbouring pages with one header, sealed as one piece.
enum Overflow {
  /// The pages that a value takes.
  static func runLength(valueLength: Int, pageSize: Int) -> Int {
    (PageFormat.headerSize + valueLength + pageSize - 1) / pageSize
  }

  /// Writes a value into a fresh run, which is zero.
  static func fill(_ page: Page, with value: UnsafeRawBufferPointer) {
    copyBytes(value, to: page.bytes + PageFormat.headerSize)
  }

  /// The value of a run whose cell says how long it is.
  static func value(of page: Page, length: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: page.bytes + PageFormat.headerSize, count: length)
  }
}
