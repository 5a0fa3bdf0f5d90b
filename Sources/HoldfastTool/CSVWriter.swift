import Holdfast

/// Rows as RFC 4180 has them. Null is empty, like a field that is not there.
struct CSVWriter: RowWriter {
  private var hasHeader = false

  mutating func write(_ rows: [[Cell]], of columns: [String], into output: inout StandardOutput) throws {
    if !hasHeader { try CSVWriter.line(columns, into: &output) }
    hasHeader = true
    for row in rows { try CSVWriter.line(row.map { $0.kind == .null ? "" : $0.text }, into: &output) }
  }

  func end(count: Int, into output: inout StandardOutput) throws {}

  private static func line(_ cells: [String], into output: inout StandardOutput) throws {
    try output.append { bytes in
      for (number, cell) in cells.enumerated() {
        if number > 0 { bytes.append(UInt8(ascii: ",")) }
        append(cell, isAlone: cells.count == 1, to: &bytes)
      }
      bytes.append(contentsOf: [0x0D, 0x0A])
    }
  }

  private static func append(_ cell: String, isAlone: Bool, to bytes: inout [UInt8]) {
    // A single empty cell would be an empty line, which many readers pass over.
    guard (isAlone && cell.isEmpty) || cell.utf8.contains(where: isSpecial) || hasOuterSpace(cell) else {
      bytes.append(contentsOf: cell.utf8)
      return
    }
    bytes.append(UInt8(ascii: "\""))
    for byte in cell.utf8 {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func isSpecial(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == 0x0A || byte == 0x0D
  }

  private static func hasOuterSpace(_ cell: String) -> Bool {
    let space = UInt8(ascii: " ")
    return cell.utf8.first == space || cell.utf8.last == space
  }
}
