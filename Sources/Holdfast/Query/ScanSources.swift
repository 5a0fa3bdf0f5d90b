internal import HoldfastEngine
internal import HoldfastQuery

/// Reads the documents of a collection in the order of their ids.
final class DocumentScanSource<Reader: TreeReader>: RowSource {
  private let scan: Plan.DocumentScan
  private var walk: RangeWalk<Reader.Cursor>
  private let rows: RowFilter
  private let skipsDamage: Bool

  init(
    _ reader: Reader, _ record: CollectionRecord, _ scan: Plan.DocumentScan, _ rows: RowFilter,
    skipsDamage: Bool
  ) throws(HoldfastError) {
    self.scan = scan
    self.rows = rows
    self.skipsDamage = skipsDamage
    let cursor = try translating(rows.name) { () throws(StorageError) in try reader.cursor(record.tree) }
    walk = RangeWalk(cursor, scan.ranges, isReverse: scan.isReverse)
  }

  override func produce() throws(HoldfastError) -> Row? {
    while true {
      do throws(HoldfastError) {
        var verdict = Verdict.noMatch
        let isAtEntry = try translating(rows.name) { () throws(StorageError) in
          try walk.next { key, value in verdict = rows.verdict(key, value) }
        }
        guard isAtEntry else { return nil }
        counts.documentsExamined += 1
        switch verdict {
        case .match(let row): return row
        case .noMatch: continue
        case .failure(let error): throw error
        }
      } catch {
        guard skipsDamage, error.damage != nil else { throw error }
      }
    }
  }

  override func describe() -> (stage: String, details: Document) {
    var details: Document = ["direction": scan.isReverse ? "backward" : "forward"]
    if scan.bounds.isEmpty { return ("COLLSCAN", details) }
    details["indexBounds"] = ["_id": .array(scan.bounds.prefix(boundsShown).map { .string($0) })]
    return ("IDSCAN", details)
  }
}

/// Looks one document up by its id.
final class LookupSource<Reader: TreeReader>: RowSource {
  private let reader: Reader
  private let record: CollectionRecord
  private let scan: Plan.DocumentScan
  private let rows: RowFilter
  private var isDone = false

  init(_ reader: Reader, _ record: CollectionRecord, _ scan: Plan.DocumentScan, _ rows: RowFilter) {
    self.reader = reader
    self.record = record
    self.scan = scan
    self.rows = rows
  }

  override func produce() throws(HoldfastError) -> Row? {
    guard !isDone, let key = scan.ranges.first?.lower else { return nil }
    isDone = true
    counts.keysExamined = 1
    var verdict: Verdict?
    try translating(rows.name) { () throws(StorageError) in
      try key.withBytes { (key) throws(StorageError) in
        try reader.read(record.tree, key: key) { value in verdict = value.map { rows.verdict(key, $0) } }
      }
    }
    guard let verdict else { return nil }
    counts.documentsExamined = 1
    switch verdict {
    case .match(let row): return row
    case .noMatch: return nil
    case .failure(let error): throw error
    }
  }

  override func describe() -> (stage: String, details: Document) {
    ("IDHACK", ["indexBounds": ["_id": .array(scan.bounds.map { .string($0) })]])
  }
}

/// How many intervals of a field `explain` shows.
let boundsShown = 20

/// Reads an index within its bounds, and the documents that its entries lead to.
final class IndexScanSource<Reader: TreeReader>: RowSource {
  private let reader: Reader
  private let record: CollectionRecord
  private let index: IndexRecord
  private let scan: Plan.IndexScan
  private let rows: RowFilter
  private var walk: RangeWalk<Reader.Cursor>?
  private var isBegun = false
  /// The documents that were given, where one can come twice.
  private var seen: Set<[UInt8]> = []
  /// The paths that a covered query wants, with their places among an entry's values.
  private let covered: [(path: FieldPath, place: Int)]

  init(
    _ reader: Reader, _ record: CollectionRecord, _ index: IndexRecord, _ scan: Plan.IndexScan,
    _ rows: RowFilter
  ) {
    self.reader = reader
    self.record = record
    self.index = index
    self.scan = scan
    self.rows = rows
    var covered = scan.index.fields.enumerated().map { (path: $1.path, place: $0) }
    if !covered.contains(where: { $0.path.text == "_id" }) {
      covered.insert((path: FieldPath("_id"), place: scan.index.fields.count), at: 0)
    }
    self.covered = covered
  }

  override func produce() throws(HoldfastError) -> Row? {
    if !isBegun {
      isBegun = true
      if scan.isLookup { return try lookup() }
      let cursor = try translating(rows.name) { () throws(StorageError) in try reader.cursor(index.tree) }
      walk = RangeWalk(cursor, scan.ranges, isReverse: scan.isReverse)
    }
    while walk != nil {
      var verdict = Verdict.noMatch
      let isAtEntry = try translating(rows.name) { () throws(StorageError) in
        try walk?.next { key, value in verdict = self.verdict(key, value) } ?? false
      }
      guard isAtEntry else { return nil }
      switch verdict {
      case .match(let row): return row
      case .noMatch: continue
      case .failure(let error): throw error
      }
    }
    return nil
  }

  /// Looks the only entry up that there can be.
  private func lookup() throws(HoldfastError) -> Row? {
    guard let key = scan.ranges.first?.lower else { return nil }
    let entry = try translating(rows.name) { () throws(StorageError) in
      try key.withBytes { (key) throws(StorageError) in
        try reader.withValue(index.tree, key: key) { $0.map { [UInt8]($0) } }
      }
    }
    guard let entry else { return nil }
    let verdict = key.withBytes { key in entry.withBytes { value in self.verdict(key, value) } }
    switch verdict {
    case .match(let row): return row
    case .noMatch: return nil
    case .failure(let error): throw error
    }
  }

  private func verdict(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Verdict {
    counts.keysExamined += 1
    guard let id = IndexEntryFormat.documentKey(key, value, isUnique: scan.index.isUnique) else {
      return .failure(malformed("an entry is malformed"))
    }
    if scan.isCovered, let document = coveredDocument(key, value) {
      return document.withUnsafeBytes { rows.verdict(id, $0) }
    }
    if scan.mayRepeat, !seen.insert([UInt8](id)).inserted { return .noMatch }
    counts.documentsExamined += 1
    do throws(StorageError) {
      var verdict: Verdict?
      try reader.read(record.tree, key: id) { value in verdict = value.map { rows.verdict(id, $0) } }
      // In a transaction the document may have been deleted since the walk began.
      if verdict == nil, !Reader.Cursor.goesOnBehindDamage { return .noMatch }
      return verdict ?? .failure(malformed("an entry leads to no document"))
    } catch {
      return .failure(HoldfastError(error, collection: rows.name.text))
    }
  }

  /// The part of a document that is in the index; `nil` when the entry does not tell, as null may stand for a
  /// missing field.
  private func coveredDocument(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Document? {
    guard let values = try? IndexEntryFormat.values(key, value, of: scan.index),
      values.count == scan.index.fields.count + 1
    else { return nil }
    var document = CoveredDocument()
    for (path, place) in covered {
      if values[place].isNull { return nil }
      document.set(path, values[place])
    }
    return document.document
  }

  private func malformed(_ what: String) -> HoldfastError {
    HoldfastError(
      .corrupted,
      "\(what) in index \(quoted(scan.index.name)) of collection \(quoted(rows.name.text)): run 'holdfast verify', "
        + "then drop the index and create it again", collection: rows.name.text)
  }

  override func describe() -> (stage: String, details: Document) {
    var details: Document = [
      "indexName": .string(scan.index.name), "keyPattern": .document(scan.index.keys),
      "isMultiKey": .bool(scan.index.isMultikey), "isUnique": .bool(scan.index.isUnique),
      "isSparse": .bool(scan.index.isSparse), "isPartial": .bool(scan.index.partialFilter != nil),
      "direction": scan.isReverse ? "backward" : "forward",
    ]
    details["indexBounds"] = .document(
      Document(
        scan.bounds.map { bound in
          (bound.path, .array(bound.intervals.prefix(boundsShown).map { .string($0) }))
        }))
    details["covered"] = .bool(scan.isCovered)
    return ("IXSCAN", details)
  }
}

/// A document put together from values at paths.
private struct CoveredDocument {
  private(set) var document = Document()

  mutating func set(_ path: FieldPath, _ value: BSONValue) {
    document = Self.setting(path.parts[...], value, in: document)
  }

  private static func setting(_ parts: ArraySlice<FieldPath.Part>, _ value: BSONValue, in document: Document)
    -> Document
  {
    guard let first = parts.first else { return document }
    var document = document
    if parts.count == 1 {
      document[first.text] = value
    } else {
      let inner = document[first.text]?.documentValue ?? Document()
      document[first.text] = .document(setting(parts.dropFirst(), value, in: inner))
    }
    return document
  }
}

/// Several ways to documents, each document once.
final class UnionSource: RowSource {
  private let sources: [RowSource]
  private var current = 0
  private var seen: Set<[UInt8]> = []
  private let contents: RowContents

  init(_ sources: [RowSource], _ contents: RowContents) {
    self.sources = sources
    self.contents = contents
  }

  override func produce() throws(HoldfastError) -> Row? {
    while current < sources.count {
      guard var row = try sources[current].next() else {
        current += 1
        continue
      }
      guard seen.insert(row.key).inserted else { continue }
      if contents != .documentAndKey { row.key = [] }
      return row
    }
    return nil
  }

  override var inputs: [RowSource] { sources }

  override func describe() -> (stage: String, details: Document) { ("OR", [:]) }
}
