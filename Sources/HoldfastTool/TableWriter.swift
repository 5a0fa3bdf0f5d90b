import Holdfast

/// Rows under each other, for people. Cells that are too wide end in an ellipsis. A column that becomes wider
/// in a later portion is wider from there on.
struct TableWriter: RowWriter {
  private var widths: [Int] = []
  private var hasHeader = false

  /// The widest column.
  private static let maximumWidth = 40

  mutating func write(_ rows: [[Cell]], of columns: [String], into output: inout StandardOutput) throws {
    let header = columns.map { TableWriter.clipped($0) }
    if widths.isEmpty { widths = header.map(\.width) }
    let shown = rows.map { row in
      row.map { (text: TableWriter.clipped($0.text), isNumber: $0.kind == .number) }
    }
    for row in shown {
      for (number, cell) in row.enumerated() { widths[number] = max(widths[number], cell.text.width) }
    }
    if !hasHeader {
      hasHeader = true
      try line(header.map { ($0, false) }, into: &output)
      try output.line(widths.map { String(repeating: "-", count: $0) }.joined(separator: "  "))
    }
    for row in shown { try line(row, into: &output) }
  }

  func end(count: Int, into output: inout StandardOutput) throws {
    try output.line("(\(Format.documents(count)))")
  }

  private func line(
    _ cells: [(text: (text: String, width: Int), isNumber: Bool)], into output: inout StandardOutput
  ) throws {
    var line = ""
    for (number, cell) in cells.enumerated() {
      let padding = String(repeating: " ", count: max(0, widths[number] - cell.text.width))
      line += cell.isNumber ? padding + cell.text.text : cell.text.text + padding
      line += "  "
    }
    while line.last == " " { line.removeLast() }
    try output.line(line)
  }

  /// As much of a text as fits, and how wide that is.
  static func clipped(_ text: String) -> (text: String, width: Int) {
    // However long the text is, no more of it is looked at than can be seen.
    var result = ""
    var width = 0
    var widthBefore = 0
    var before = ""
    for character in Cell.visible(String(text.prefix(maximumWidth + 1))) {
      let added = self.width(of: character)
      if width + added <= maximumWidth - 1 {
        (before, widthBefore) = (result + String(character), width + added)
      }
      guard width + added <= maximumWidth else { return (before + "…", widthBefore + 1) }
      result.append(character)
      width += added
    }
    return (result, width)
  }

  /// How many places of a terminal a character takes: two for those of East Asia and for pictures.
  private static func width(of character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first?.value, scalar >= 0x1100 else { return 1 }
    return wide.contains { $0.contains(scalar) } ? 2 : 1
  }

  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
    0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF,
    0x20000...0x3FFFD,
  ]
}
