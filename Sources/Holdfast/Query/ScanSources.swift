internal import HoldfastEngine
internal import HoldfastQuery

/// Reads the documents of a collection in the order of their ids.
final class DocumentScanSource: ScanSource {
  private let scan: Plan.DocumentScan

  init<Reader: TreeReader>(
    _ reader: Reader, _ record: CollectionRecord, _ scan: Plan.DocumentScan, _ rows: RowFilter,
    skipsDamage: Bool
  ) throws(HoldfastError) {
    self.scan = scan
    let cursor = try translating(rows.name) { () throws(StorageError) in
      try reader.cursor(record.tree, in: scan.ranges.bounds)
    }
    var walk = RangeWalk(cursor, scan.ranges, isReverse: scan.isReverse)
    super.init { (counts) throws(HoldfastError) in
      while true {
        do throws(HoldfastError) {
          var verdict = Verdict()
          let isAtEntry = try translating(rows.name) { () throws(StorageError) in
            try walk.next { key, value in rows.judge(key, value, &verdict) }
          }
          guard isAtEntry else { return nil }
          counts.documentsExamined += 1
          if verdict.isMatch { return verdict.row }
          if let failure = verdict.failure { throw failure.error }
        } catch {
          guard skipsDamage, error.damage != nil else { throw error }
        }
      }
    }
  }

  override func describe() -> (stage: String, details: Document) {
    var details: Document = ["direction": scan.isReverse ? "backward" : "forward"]
    if scan.bounds.isEmpty { return ("COLLSCAN", details) }
    details["indexBounds"] = ["_id": scan.bounds.shown]
    return ("IDSCAN", details)
  }
}

/// Looks one document up by its id.
final class LookupSource: ScanSource {
  private let scan: Plan.DocumentScan

  init<Reader: TreeReader>(
    _ reader: Reader, _ record: CollectionRecord, _ scan: Plan.DocumentScan, _ rows: RowFilter
  ) throws(HoldfastError) {
    self.scan = scan
    var lookup = try translating(rows.name) { () throws(StorageError) in try reader.lookup(record.tree) }
    var isDone = false
    super.init { (counts) throws(HoldfastError) in
      guard !isDone, let key = scan.ranges.first?.lower else { return nil }
      isDone = true
      counts.keysExamined = 1
      var verdict = Verdict()
      try translating(rows.name) { () throws(StorageError) in
        try key.withBytes { (key) throws(StorageError) in
          try lookup.read(key) { value in
            guard let value else { return }
            counts.documentsExamined = 1
            rows.judge(key, value, &verdict)
          }
        }
      }
      if let failure = verdict.failure { throw failure.error }
      return verdict.isMatch ? verdict.row : nil
    }
  }

  override func describe() -> (stage: String, details: Document) {
    ("IDHACK", ["indexBounds": ["_id": scan.bounds.shown]])
  }
}

extension [KeyRange] {
  /// The ranges as the engine is told of them.
  fileprivate var bounds: [(lower: [UInt8], upper: [UInt8]?)] { map { ($0.lower, $0.upper) } }
}

extension [String] {
  /// As many intervals of a field as `explain` shows.
  fileprivate var shown: BSONValue { .array(prefix(20).map { .string($0) }) }
}

/// Reads an index within its bounds, and the documents that its entries lead to.
final class IndexScanSource: ScanSource {
  private let scan: Plan.IndexScan

  init<Reader: TreeReader>(
    _ reader: Reader, _ record: CollectionRecord, _ index: IndexRecord, _ scan: Plan.IndexScan,
    _ rows: RowFilter
  ) throws(HoldfastError) {
    self.scan = scan
    let documents = try translating(rows.name) { () throws(StorageError) in try reader.lookup(record.tree) }
    let cursor = try translating(rows.name) { () throws(StorageError) in
      try reader.cursor(index.tree, in: scan.ranges.bounds)
    }
    var walk = IndexWalk<Reader>(cursor, documents, scan, rows)
    if scan.isLookup {
      var isDone = false
      super.init { (counts) throws(HoldfastError) in
        guard !isDone, let key = scan.ranges.first?.lower else { return nil }
        isDone = true
        let value = try translating(rows.name) { () throws(StorageError) in
          try key.withBytes { (key) throws(StorageError) in
            try reader.withValue(index.tree, key: key) { $0.map { [UInt8]($0) } }
          }
        }
        guard let value else { return nil }
        return try walk.row(at: key, value, &counts)
      }
    } else {
      super.init { (counts) throws(HoldfastError) in try walk.next(&counts) }
    }
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
          (bound.path, bound.intervals.shown)
        }))
    details["covered"] = .bool(scan.isCovered)
    return ("IXSCAN", details)
  }
}

/// Entries of an index, copied one behind the other.
private final class EntryBatch {
  /// Where an entry is. The place of the document's key is below zero when the entry is malformed.
  private struct Place {
    var start: Int
    var keyLength: Int
    var length: Int
    var idStart: Int
    var idLength: Int
  }

  static let capacity = 16

  // Nobody else has the batch, so that accesses need not be checked at run time.
  @exclusivity(unchecked) private var bytes = UnsafeMutableRawBufferPointer.allocate(
    byteCount: 2048, alignment: 8)
  private let places = UnsafeMutablePointer<Place>.allocate(capacity: capacity)
  private let ids = UnsafeMutablePointer<UnsafeRawBufferPointer>.allocate(capacity: capacity)
  @exclusivity(unchecked) private(set) var count = 0

  deinit {
    bytes.deallocate()
    places.deallocate()
    ids.deallocate()
  }

  func removeAll() { count = 0 }

  /// Adds an entry. There is room for ``capacity`` of them.
  func append(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, isUnique: Bool) {
    let start = count == 0 ? 0 : places[count - 1].start + places[count - 1].length
    let length = key.count + value.count
    if start + length > bytes.count { grow(to: start + length, keeping: start) }
    if let begin = key.baseAddress, value.baseAddress == begin + key.count {
      // In a leaf the value follows its key.
      copy(UnsafeRawBufferPointer(start: begin, count: length), to: start)
    } else {
      copy(key, to: start)
      copy(value, to: start + key.count)
    }
    var place = Place(start: start, keyLength: key.count, length: length, idStart: -1, idLength: 0)
    if let id = IndexEntryFormat.documentKey(key, value, isUnique: isUnique) {
      place.idStart = isUnique ? start + key.count + 2 : start + key.count - id.count
      place.idLength = id.count
    }
    (places + count).initialize(to: place)
    count += 1
  }

  private func copy(_ source: UnsafeRawBufferPointer, to start: Int) {
    UnsafeMutableRawBufferPointer(rebasing: bytes[start..<start + source.count]).copyMemory(from: source)
  }

  private func grow(to size: Int, keeping used: Int) {
    let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: max(size, bytes.count * 2), alignment: 8)
    larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<used]))
    bytes.deallocate()
    bytes = larger
  }

  private func part(_ start: Int, _ length: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[start..<start + length])
  }

  /// An entry, and the key of its document; `nil` when it is malformed. They are there until the batch changes.
  func entry(
    _ index: Int
  ) -> (key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, id: UnsafeRawBufferPointer?) {
    let place = places[index]
    return (
      part(place.start, place.keyLength), part(place.start + place.keyLength, place.length - place.keyLength),
      place.idStart < 0 ? nil : part(place.idStart, place.idLength)
    )
  }

  /// The keys of the documents, empty where an entry is malformed. They are there until the batch changes.
  var documentKeys: UnsafeBufferPointer<UnsafeRawBufferPointer> {
    for index in 0..<count {
      (ids + index).initialize(to: entry(index).id ?? UnsafeRawBufferPointer(start: nil, count: 0))
    }
    return UnsafeBufferPointer(start: ids, count: count)
  }
}

/// A walk over the entries of an index, and from them to the documents.
private struct IndexWalk<Reader: TreeReader> {
  private var entries: RangeWalk<Reader.Cursor>
  private var documents: EntryFollower<Reader>
  private let isUnique: Bool
  /// Entries that were read ahead, so that their documents can be looked for together; and the one that is next.
  private let batch = EntryBatch()
  private var position = 0
  /// How many entries are read ahead: the more, the more have been asked for.
  private var batchSize = 1
  private var isAtEnd = false
  /// Why there are no entries behind those that were read ahead.
  private var failure: HoldfastError?

  init(_ cursor: Reader.Cursor, _ documents: Reader.Lookup, _ scan: Plan.IndexScan, _ rows: RowFilter) {
    entries = RangeWalk(cursor, scan.ranges, isReverse: scan.isReverse)
    isUnique = scan.index.isUnique
    self.documents = EntryFollower(documents, scan, rows)
  }

  mutating func next(_ counts: inout StageCounts) throws(HoldfastError) -> Row? {
    while true {
      if position == batch.count { try readAhead() }
      guard position < batch.count else { return nil }
      var verdict = Verdict()
      let place = position
      position += 1
      let (key, value, id) = batch.entry(place)
      documents.follow(place, key, value, id, &verdict, &counts)
      if verdict.isMatch { return verdict.row }
      if let failure = verdict.failure { throw failure.error }
    }
  }

  private mutating func readAhead() throws(HoldfastError) {
    if let failure {
      self.failure = nil
      throw failure
    }
    batch.removeAll()
    position = 0
    do throws(StorageError) {
      try fill()
    } catch {
      let failure = HoldfastError(error, collection: documents.name.text)
      guard batch.count > 0 else { throw failure }
      self.failure = failure
    }
    if batchSize > 1 { documents.prepare(batch) }
    batchSize = min(batchSize * 2, EntryBatch.capacity)
  }

  private mutating func fill() throws(StorageError) {
    let (batch, isUnique) = (batch, isUnique)
    while !isAtEnd, batch.count < batchSize {
      isAtEnd = try !entries.next { key, value in batch.append(key, value, isUnique: isUnique) }
      guard !isAtEnd, batch.count < batchSize else { return }
      _ = entries.readOn(batchSize - batch.count) { key, value in
        batch.append(key, value, isUnique: isUnique)
      }
    }
  }

  /// The row of one entry, if it makes one.
  mutating func row(
    at key: [UInt8], _ value: [UInt8], _ counts: inout StageCounts
  ) throws(HoldfastError) -> Row? {
    var verdict = Verdict()
    key.withBytes { key in
      value.withBytes { value in
        let id = IndexEntryFormat.documentKey(key, value, isUnique: isUnique)
        documents.follow(0, key, value, id, &verdict, &counts)
      }
    }
    if let failure = verdict.failure { throw failure.error }
    return verdict.isMatch ? verdict.row : nil
  }
}

/// Goes from the entries of an index to the documents.
private struct EntryFollower<Reader: TreeReader> {
  private let scan: Plan.IndexScan
  private let rows: RowFilter
  private var documents: Reader.Lookup
  /// The documents that were given, where one can come twice.
  private var seen: Set<[UInt8]> = []
  /// The paths that a covered query wants, with their places among an entry's values.
  private var covered: [(path: FieldPath, place: Int)] = []

  var name: CollectionName { rows.name }

  init(_ documents: Reader.Lookup, _ scan: Plan.IndexScan, _ rows: RowFilter) {
    self.documents = documents
    self.scan = scan
    self.rows = rows
    guard scan.isCovered else { return }
    covered = scan.index.fields.enumerated().map { (path: $1.path, place: $0) }
    if !covered.contains(where: { $0.path.text == "_id" }) {
      covered.insert((path: FieldPath("_id"), place: scan.index.fields.count), at: 0)
    }
  }

  /// Prepares the lookups of the documents that entries lead to.
  mutating func prepare(_ batch: EntryBatch) {
    guard !scan.isCovered else { return }
    documents.prepare(batch.documentKeys)
  }

  /// Looks at the document that an entry, at a place of what was prepared, leads to.
  mutating func follow(
    _ place: Int, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer,
    _ id: UnsafeRawBufferPointer?, _ verdict: inout Verdict, _ counts: inout StageCounts
  ) {
    counts.keysExamined += 1
    guard let id else {
      verdict.fail(malformed("an entry is malformed"))
      return
    }
    if scan.isCovered, let document = coveredDocument(key, value) {
      return document.withUnsafeBytes { rows.judge(id, $0, &verdict) }
    }
    if scan.mayRepeat, !seen.insert([UInt8](id)).inserted { return }
    counts.documentsExamined += 1
    var isThere = false
    do throws(StorageError) {
      let rows = rows
      try documents.read(place, ofKey: id) { document in
        guard let document else { return }
        isThere = true
        rows.judge(id, document, &verdict)
      }
    } catch {
      verdict.fail(HoldfastError(error, collection: rows.name.text))
      return
    }
    // In a transaction the document may have been deleted since the walk began.
    if !isThere, Reader.Cursor.goesOnBehindDamage {
      verdict.fail(malformed("an entry leads to no document"))
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
