internal import HoldfastEngine
internal import HoldfastQuery

/// A query that is being run: its stages, from the trees to the rows that it gives.
struct QueryRun {
  let plan: Plan
  /// The last stage: rows in the order that was asked for, without those that are skipped.
  let source: RowSource
}

extension CollectionReader {
  /// Makes the stages of a query.
  func run(
    _ query: Query, _ plan: Plan, _ record: CollectionRecord, _ contents: RowContents
  ) throws(HoldfastError) -> QueryRun {
    guard !query.skipsDamage || Reader.Cursor.goesOnBehindDamage else {
      throw HoldfastError(
        .invalidUse,
        "a query inside of a transaction that writes cannot leave damaged documents out: use a snapshot instead",
        collection: name.text)
    }
    let sorts = query.sort != nil && !plan.providesSort
    let rows = RowFilter(
      query, sorts && contents == .nothing ? .document : contents,
      needsPosition: query.projection?.usesPosition ?? false || contents == .documentAndKey, name)
    var source = try self.source(plan.access, record, rows, query)
    if let sort = query.sort, !plan.providesSort {
      source = SortSource(
        source, sort, context.sorter(memory: query.sortMemoryBytes, limit: query.wanted), limit: query.wanted,
        name)
    }
    if query.skip > 0 || query.limit != nil {
      source = LimitSource(source, skip: query.skip, limit: query.limit)
    }
    if let projection = query.projection { source = ProjectionSource(source, projection, name) }
    return QueryRun(plan: plan, source: source)
  }

  private func source(
    _ access: Plan.Access, _ record: CollectionRecord, _ rows: RowFilter, _ query: Query
  ) throws(HoldfastError) -> RowSource {
    switch access {
    case .nothing: return RowSource()
    case .documents(let scan):
      if scan.isLookup, !query.skipsDamage { return try LookupSource(reader, record, scan, rows) }
      return try DocumentScanSource(reader, record, scan, rows, skipsDamage: query.skipsDamage)
    case .index(let scan):
      guard let index = record.indexes.first(where: { $0.description.name == scan.index.name }) else {
        return RowSource()
      }
      // A branch of a union answers for its own part of the filter only; and who changes documents needs places
      // in arrays, which asking the filter gives.
      let isAnswered = scan.isExact && rows.contents != .documentAndKey
      return try IndexScanSource(reader, record, index, scan, isAnswered ? rows.withoutFilter : rows)
    case .union(let accesses):
      let keyed = RowFilter(
        query, .documentAndKey, needsPosition: rows.needsPosition, name)
      var sources: [RowSource] = []
      for access in accesses { sources.append(try source(access, record, keyed, query)) }
      return UnionSource(sources, rows.contents)
    }
  }

  /// Plans a query and makes its stages; `nil` when the collection does not exist.
  func start(
    _ query: Query, _ contents: RowContents, cache: PlanCache?
  ) throws(HoldfastError) -> RowSource? {
    guard let record else { return nil }
    let chosen = try choosePlan(query, record, cache: cache)
    return try run(query, chosen.plan, record, contents).source
  }
}

/// Leaves rows out at the beginning, and stops after some.
final class LimitSource: RowSource {
  private let input: RowSource
  private let skip: Int
  private let limit: Int?
  private var skipped = 0
  private var given = 0

  init(_ input: RowSource, skip: Int, limit: Int?) {
    self.input = input
    self.skip = skip
    self.limit = limit
  }

  override func produce() throws(HoldfastError) -> Row? {
    if let limit, given >= limit { return nil }
    while skipped < skip {
      guard try input.next() != nil else { return nil }
      skipped += 1
    }
    given += 1
    return try input.next()
  }

  override var inputs: [RowSource] { [input] }

  override func describe() -> (stage: String, details: Document) {
    var details: Document = [:]
    if skip > 0 { details["skipAmount"] = .int64(Int64(skip)) }
    if let limit { details["limitAmount"] = .int64(Int64(limit)) }
    return (limit == nil ? "SKIP" : "LIMIT", details)
  }
}

/// Gives parts of documents.
final class ProjectionSource: RowSource {
  private let input: RowSource
  private let projection: Projection
  private let name: CollectionName

  init(_ input: RowSource, _ projection: Projection, _ name: CollectionName) {
    self.input = input
    self.projection = projection
    self.name = name
  }

  override func produce() throws(HoldfastError) -> Row? {
    guard var row = try input.next() else { return nil }
    let projected = try querying(name) { () throws(QueryError) in
      try row.document.withRawDocument { (raw) throws(QueryError) in
        try projection.applied(to: raw, position: row.position)
      }
    }
    if let projected { row.document = projected }
    return row
  }

  override var inputs: [RowSource] { [input] }

  override func describe() -> (stage: String, details: Document) {
    (projection.coveredPaths == nil ? "PROJECTION" : "PROJECTION_SIMPLE", [:])
  }
}

/// The rows of a query as documents.
final class QueryDocuments: DocumentSource {
  private let source: RowSource

  init(_ source: RowSource) { self.source = source }

  override func next() throws(HoldfastError) -> Document? { try source.next()?.document }
}
