internal import HoldfastEngine
internal import HoldfastQuery

/// What ``Database/verify()`` looked at and found.
public struct VerificationReport: Sendable, Equatable {
  /// The pages that were read and whose checksums, tags and structure were checked.
  public internal(set) var pages = 0
  /// The collections that were read.
  public internal(set) var collections = 0
  /// The documents that were read and found well-formed, under the key of their id.
  public internal(set) var documents = 0
  /// The indexes that were compared with the documents; those of ids are the documents themselves, and those that
  /// are being built are left out.
  public internal(set) var indexes = 0
  /// What is wrong, one sentence each, at most ``maximumProblems`` of them. Empty when everything holds.
  public internal(set) var problems: [String] = []
  /// The most problems that are listed.
  public static let maximumProblems = 100

  /// Whether everything holds.
  public var isIntact: Bool { problems.isEmpty }

  init() {}

  mutating func note(_ problem: String) {
    if problems.count < VerificationReport.maximumProblems { problems.append(problem) }
  }
}

extension Database {
  /// Reads everything that is reachable and checks it: pages with their checksums, tags and structure, the
  /// catalog, the order of keys, every document with its id, and that each index has its entries and no others. Others read and write meanwhile. Damage is
  /// in the report, not thrown.
  /// - Throws: ``HoldfastError/Code/closed``.
  public func verify() throws(HoldfastError) -> VerificationReport {
    var report = VerificationReport()
    let engine = try translating { () throws(StorageError) in try storage.verify() }
    report.pages = engine.pages
    for problem in engine.problems { report.note(problem) }
    let snapshot = try engineSnapshot()
    let collections: [(name: String, record: CollectionRecord)]
    do throws(HoldfastError) {
      let cursor = try translating { () throws(StorageError) in try snapshot.cursor(Catalog.tree) }
      collections = try Catalog.all(cursor)
    } catch {
      report.note("the catalog cannot be read: \(error)")
      return report
    }
    for (name, record) in collections {
      report.collections += 1
      verify(name, record, in: snapshot, &report)
    }
    return report
  }

  private func verify(
    _ name: String, _ record: CollectionRecord, in snapshot: HoldfastEngine.Snapshot,
    _ report: inout VerificationReport
  ) {
    let before = report.documents
    var entries = [Int](repeating: 0, count: record.indexes.count)
    report.indexes += record.indexes.count { $0.isReady }
    do {
      let collection = try CollectionName(name)
      var cursor = try snapshot.cursor(record.tree)
      var previous: [UInt8] = []
      var more = try cursor.first()
      while more {
        try cursor.withEntry { key, value in
          let isAscending = previous.isEmpty || previous.withBytes { compareBytes($0, key) < 0 }
          previous = [UInt8](key)
          if !isAscending { report.note("collection \(quoted(name)): two documents are out of order") }
          Database.verify(key, value, collection, &report)
          for (number, index) in record.indexes.enumerated() {
            entries[number] += Database.verify(key, value, index, collection, snapshot, &report)
          }
        }
        more = try cursor.next()
      }
      let counted = snapshot.count(record.tree)
      if report.problems.isEmpty, counted != UInt64(report.documents - before) {
        report.note(
          "collection \(quoted(name)) counts \(counted) documents but has \(report.documents - before)")
      }
      for (index, entries) in zip(record.indexes, entries) where index.isReady {
        let counted = snapshot.count(index.tree)
        if counted != UInt64(entries) {
          report.note(
            "\(index.description.place) of collection \(quoted(name)) has \(counted) entries, but the documents "
              + "make \(entries): drop it and create it again")
        }
      }
    } catch {
      report.note("collection \(quoted(name)) cannot be read to its end: \(error)")
    }
  }

  /// Looks for the entries of a document in an index. Returns how many there have to be.
  private static func verify(
    _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ index: IndexRecord,
    _ name: CollectionName,
    _ snapshot: HoldfastEngine.Snapshot, _ report: inout VerificationReport
  ) -> Int {
    guard index.isReady, let raw = RawDocument(value) else { return 0 }
    let place = "\(index.description.place) of collection \(quoted(name.text))"
    do {
      let entries = try index.description.entries(of: raw, id: key)
      for (field, bits) in entries.arrays.enumerated()
      where bits & ~index.description.fields[field].arrays != 0 {
        report.note("\(place) does not know of an array that a document has: drop it and create it again")
      }
      for entry in entries.entries {
        let isThere = try entry.key.withBytes { (key) throws(StorageError) in
          try snapshot.withValue(index.tree, key: key) { value in
            value.map { found in entry.value.withBytes { compareBytes(found, $0) == 0 } } ?? false
          }
        }
        if !isThere { report.note("\(place) lacks an entry of a document: drop it and create it again") }
      }
      return entries.entries.count
    } catch {
      report.note("\(place): the entries of a document cannot be checked: \(error)")
      return 0
    }
  }

  private static func verify(
    _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ name: CollectionName,
    _ report: inout VerificationReport
  ) {
    do {
      let document = try Document(validating: value)
      guard let id = document["_id"], try IDKey.bytes(id, name).elementsEqual(key) else {
        report.note("collection \(quoted(name.text)): a document is not under the key of its id")
        return
      }
      report.documents += 1
    } catch {
      report.note("collection \(quoted(name.text)): a document is malformed: \(error)")
    }
  }
}
