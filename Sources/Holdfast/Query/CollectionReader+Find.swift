internal import HoldfastEngine
internal import HoldfastQuery

extension CollectionReader {
  /// The documents of a query, one by one.
  func find(_ filter: Document, _ options: FindOptions) throws(HoldfastError) -> DocumentSource {
    if let id = filter.onlyID, options.areForWholeDocuments, let key = try? IDKey.bytes(id, name) {
      // Half of the time of such a query would be planning it.
      return DocumentSource(try fetch(key))
    }
    let query = try Query(filter, options, name, now: context.now())
    guard let source = try start(query, .document, cache: context.plans) else { return DocumentSource() }
    return QueryDocuments(source)
  }

  /// How many documents a query would give.
  func count(_ filter: Document, _ options: FindOptions) throws(HoldfastError) -> Int {
    var options = options
    // What each document looks like, and in which order they come, does not matter.
    options.projection = nil
    options.sort = nil
    var query = try Query(filter, options, name, now: context.now())
    if filter.isEmpty, options.skip == 0, options.limit == nil, options.hint == nil { return try count() }
    query.neededPaths = []
    guard let source = try start(query, .nothing, cache: context.plans) else { return 0 }
    var count = 0
    while try source.next() != nil { count += 1 }
    return count
  }

  /// The most bytes that the values of a `distinct` may have together.
  private var distinctBytes: Int { 100 * 1024 * 1024 }

  /// The different values at a path, in ascending order.
  func distinct(_ path: String, _ filter: Document, _ hint: IndexHint?) throws(HoldfastError) -> [BSONValue] {
    let fieldPath = FieldPath(path)
    guard !fieldPath.hasEmptyPart, path.utf8.first != UInt8(ascii: "$") else {
      throw HoldfastError(
        .invalidQuery,
        "distinct needs the path of a field, without empty parts and not beginning with a dollar sign: "
          + "\(quoted(path)) is none", collection: name.text)
    }
    var query = try Query(filter, name, now: context.now(), hint: hint)
    query.neededPaths = [fieldPath]
    guard let source = try start(query, .document, cache: context.plans) else { return [] }
    var found: [[UInt8]: BSONValue] = [:]
    var bytes = 0
    while let row = try source.next() {
      let values = row.document.withRawDocument { Distinct.values(at: fieldPath, in: $0) } ?? []
      for value in values {
        guard let key = try? BSONKey.bytes(value), found[key] == nil else { continue }
        found[key] = value
        bytes += key.count
        guard bytes <= distinctBytes else {
          throw HoldfastError(
            .limitExceeded,
            "the different values of \(quoted(path)) are over the limit of \(distinctBytes) bytes: narrow the filter",
            collection: name.text)
        }
      }
    }
    return found.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
  }

  /// The indexes, the one of ids first.
  func indexes() throws(HoldfastError) -> [IndexInfo] {
    guard let record else { return [] }
    var result = [IndexInfo.ofIDs(entries: try count())]
    for index in record.indexes {
      let count = try translating(name) { () throws(StorageError) in try reader.count(index.tree) }
      result.append(IndexInfo(index, entries: Int(count)))
    }
    return result
  }
}

extension Document {
  /// The id that a filter asks for, when it asks for nothing else, and for that plainly: `{_id: value}`.
  fileprivate var onlyID: BSONValue? {
    let isPlain = withRawDocument { raw -> Bool in
      var fields = raw.makeIterator()
      guard let first = fields.next(), first.key.elementsEqual("_id".utf8), fields.next() == nil else {
        return false
      }
      // Documents may be operators, regular expressions are, and null stands for more than itself.
      switch first.value.type {
      case .objectID, .string, .int32, .int64, .double, .binary, .dateTime: return true
      default: return false
      }
    }
    return isPlain == true ? self["_id"] : nil
  }
}

extension FindOptions {
  /// Whether nothing is asked for that makes a difference to one whole document.
  fileprivate var areForWholeDocuments: Bool {
    sort == nil && projection == nil && skip == 0 && (limit ?? 0) >= 0 && hint == nil && !skipsDamage
      && sortMemoryBytes == nil
  }
}
