internal import HoldfastQuery

/// Where a sort can put what does not fit into memory.
struct SorterSite {}

extension CollectionReader {
  func sorterSite() throws(HoldfastError) -> SorterSite { SorterSite() }
}

/// Sorts rows: takes all of them before it gives the first.
final class SortSource: RowSource {
  private let input: RowSource
  private let order: SortOrder
  private let name: CollectionName
  private var sorted: [Row]?
  private var place = 0

  init(_ input: RowSource, _ order: SortOrder, _ query: Query, _ site: SorterSite, _ name: CollectionName) {
    self.input = input
    self.order = order
    self.name = name
  }

  override func produce() throws(HoldfastError) -> Row? {
    if sorted == nil { try sort() }
    guard let sorted, place < sorted.count else { return nil }
    place += 1
    return sorted[place - 1]
  }

  private func sort() throws(HoldfastError) {
    var rows: [(key: [UInt8], number: Int, row: Row)] = []
    while let row = try input.next() {
      let key = try querying(name) { () throws(QueryError) in
        try row.document.withRawDocument { (raw) throws(QueryError) in try order.key(of: raw) }
      }
      rows.append((key ?? [], rows.count, row))
    }
    rows.sort { $0.key == $1.key ? $0.number < $1.number : $0.key.lexicographicallyPrecedes($1.key) }
    sorted = rows.map(\.row)
  }

  override var inputs: [RowSource] { [input] }

  override func describe() -> (stage: String, details: Document) { ("SORT", [:]) }
}
