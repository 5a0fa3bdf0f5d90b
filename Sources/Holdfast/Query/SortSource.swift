internal import HoldfastQuery

/// Sorts rows: takes all of them before it gives the first.
final class SortSource: RowSource {
  private let input: RowSource
  private let order: SortOrder
  private let sorter: ExternalSorter
  private let name: CollectionName
  private let limit: Int?
  private var sorted: SortedRecords?

  /// - Parameter limit: how many rows are wanted at most; the others need not be kept.
  init(_ input: RowSource, _ order: SortOrder, _ sorter: ExternalSorter, limit: Int?, _ name: CollectionName)
  {
    self.input = input
    self.order = order
    self.sorter = sorter
    self.limit = limit
    self.name = name
  }

  override func produce() throws(HoldfastError) -> Row? {
    if sorted == nil { try takeAll() }
    guard let record = try sorted?.next() else { return nil }
    return Row(sorted: record.payload)
  }

  private func takeAll() throws(HoldfastError) {
    while let row = try input.next() {
      let key = try querying(name) { () throws(QueryError) in
        try row.document.withRawDocument { (raw) throws(QueryError) in try order.key(of: raw) }
      }
      try sorter.add(key: key ?? [], payload: row.sortedBytes)
    }
    sorted = try sorter.finish()
  }

  override var inputs: [RowSource] { [input] }

  override func describe() -> (stage: String, details: Document) {
    var details: Document = [
      "sortPattern": .document(
        Document(order.fields.map { ($0.path.text, BSONValue.int32($0.isDescending ? -1 : 1)) }))
    ]
    if let limit { details["limitAmount"] = .int64(Int64(limit)) }
    if sorter.spilledRuns > 0 { details["spilledRuns"] = .int64(Int64(sorter.spilledRuns)) }
    return ("SORT", details)
  }
}

extension Row {
  /// The row as a sort keeps it: the place of the array element, the length of the key, the key, the document.
  fileprivate var sortedBytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Row.sortedHeader + key.count + document.byteCount)
    withUnsafeBytes(of: Int64(position ?? -1)) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: key.count)) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: key)
    document.withUnsafeBytes { bytes.append(contentsOf: $0) }
    return bytes
  }

  private static let sortedHeader = 12

  fileprivate init(sorted bytes: [UInt8]) {
    self.init()
    let (position, length) = bytes.withUnsafeBytes { bytes in
      (
        bytes.loadUnaligned(fromByteOffset: 0, as: Int64.self),
        Int(bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
      )
    }
    self.position = position < 0 ? nil : Int(position)
    key = Array(bytes[Row.sortedHeader..<Row.sortedHeader + length])
    document = Document(trusted: Array(bytes[(Row.sortedHeader + length)...]))
  }
}
