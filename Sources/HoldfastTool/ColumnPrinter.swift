import Holdfast

/// Writes rows of cells.
protocol RowWriter {
  mutating func write(_ rows: [[Cell]], of columns: [String], into output: inout StandardOutput) throws
  /// Called once behind the last rows.
  func end(count: Int, into output: inout StandardOutput) throws
}

/// Documents as rows, in portions: no more than one of them is kept in memory.
final class ColumnPrinter: DocumentPrinter {
  /// The most documents that are looked at before they are printed.
  static let portion = 100
  /// A portion with more bytes is printed earlier.
  private static let portionBytes = 1 << 20
  /// The most columns that are taken from documents.
  private static let maximumColumns = 100
  /// The most fields without a column that are named.
  private static let maximumNamed = 10

  private var writer: any RowWriter
  private let isCanonical: Bool
  private var output = StandardOutput()
  /// `nil` until the first documents have been seen.
  private var columns: [String]?
  /// Whether the fields that are left out are left out on purpose.
  private let isChosen: Bool
  private var known: Set<String> = []
  private var leftOut: [String] = []
  private var waiting: [Document] = []
  private var waitingBytes = 0
  private var count = 0

  init(_ writer: some RowWriter, _ columns: [String]?, isCanonical: Bool) {
    self.writer = writer
    self.columns = columns
    self.isCanonical = isCanonical
    isChosen = columns != nil
  }

  /// The columns that a projection names; `nil` when it only says what to leave out, or what to compute.
  static func columns(of projection: Document?) -> [String]? {
    guard let projection else { return nil }
    func isTaken(_ value: BSONValue) -> Bool { value.boolValue ?? value.doubleValue.map { $0 != 0 } ?? false }
    let names = projection.keys.filter { $0 != "_id" }
    let hasID = projection["_id"].map { isTaken($0) }
    guard
      names.contains(where: { projection[$0].map { isTaken($0) } ?? false })
        || (names.isEmpty && hasID == true)
    else { return nil }
    // The operator of the element that matched is no part of the path.
    return (hasID == false ? [] : ["_id"]) + names.map { $0.hasSuffix(".$") ? String($0.dropLast(2)) : $0 }
  }

  func print(_ document: Document) throws {
    waiting.append(document)
    waitingBytes += document.byteCount
    if waiting.count >= Self.portion || waitingBytes >= Self.portionBytes { try writePortion() }
  }

  func end() throws {
    if !waiting.isEmpty || (count == 0 && columns != nil) { try writePortion() }
    try writer.end(count: count, into: &output)
    try output.flush()
    guard !leftOut.isEmpty else { return }
    let names = leftOut.prefix(Self.maximumNamed).map { Cell.visible($0) }.joined(separator: ", ")
    StandardError.print(
      "holdfast: fields without a column: \(names)\(leftOut.count > Self.maximumNamed ? ", …" : "") "
        + "(columns are those of the first documents; --fields chooses them)")
  }

  private func writePortion() throws {
    let columns = columns ?? columnsOfPortion()
    self.columns = columns
    if !isChosen { noteLeftOut() }
    let rows = waiting.map { document in
      columns.map { Cell(Cell.value($0, in: document), isCanonical: isCanonical) }
    }
    count += waiting.count
    waiting.removeAll(keepingCapacity: true)
    waitingBytes = 0
    try writer.write(rows, of: columns, into: &output)
  }

  /// The fields of the first documents in the order in which they are met.
  private func columnsOfPortion() -> [String] {
    var names: [String] = []
    for document in waiting {
      for name in document.keys where names.count < Self.maximumColumns {
        if known.insert(name).inserted { names.append(name) }
      }
    }
    return names
  }

  private func noteLeftOut() {
    for document in waiting where leftOut.count <= Self.maximumNamed {
      for name in document.keys where leftOut.count <= Self.maximumNamed {
        if known.insert(name).inserted { leftOut.append(name) }
      }
    }
  }
}
