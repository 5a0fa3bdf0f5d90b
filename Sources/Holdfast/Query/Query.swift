internal import HoldfastQuery

/// A query whose parts have been read and found right.
struct Query {
  var filter: Filter
  var sort: SortOrder?
  var projection: Projection?
  var skip = 0
  var limit: Int?
  var hint: IndexHint?
  var sortMemoryBytes: Int?
  var skipsDamage = false
  /// Which paths are needed of each document; `nil` for all of it.
  var neededPaths: [FieldPath]?

  /// A query for whole documents in any order.
  init(
    _ filter: Document, _ name: CollectionName, now: BSONDateTime, hint: IndexHint? = nil, limit: Int? = nil
  ) throws(HoldfastError) {
    self.filter = try querying(name) { () throws(QueryError) in try Filter(filter, now: now) }
    self.hint = hint
    self.limit = limit
  }

  init(
    _ filter: Document, _ options: FindOptions, _ name: CollectionName, now: BSONDateTime
  ) throws(HoldfastError) {
    try self.init(filter, name, now: now, hint: options.hint)
    if let sort = options.sort, !sort.isEmpty {
      if let isReverse = try querying(name, { () throws(QueryError) in try SortOrder.naturalOrder(sort) }) {
        guard hint == nil || hint == .natural(descending: isReverse) else {
          throw HoldfastError(
            .invalidQuery,
            "a sort by $natural is a hint, and cannot be together with another one: leave one out",
            collection: name.text)
        }
        hint = .natural(descending: isReverse)
      } else {
        self.sort = try querying(name) { () throws(QueryError) in try SortOrder(sort) }
      }
    }
    if let projection = options.projection, !projection.isEmpty {
      let read = try querying(name) { () throws(QueryError) in try Projection(projection, now: now) }
      self.projection = read
      neededPaths = read.coveredPaths
    }
    guard options.skip >= 0, (options.limit ?? 0) >= 0, (options.sortMemoryBytes ?? 1) > 0 else {
      throw HoldfastError(
        .invalidQuery, "a query's skip and limit cannot be negative, nor its memory for sorting nothing",
        collection: name.text)
    }
    skip = options.skip
    limit = options.limit == 0 ? nil : options.limit
    sortMemoryBytes = options.sortMemoryBytes
    skipsDamage = options.skipsDamage
  }

  /// How many documents have to be found at most.
  var wanted: Int? {
    limit.map { $0.addingReportingOverflow(skip) }.map { $0.overflow ? .max : $0.partialValue }
  }

  /// What the planner is asked.
  var planRequest: PlanRequest {
    var request = PlanRequest(filter)
    request.sort = sort?.fields ?? []
    request.neededPaths = neededPaths
    request.limit = wanted
    request.hint =
      skipsDamage
      ? .natural(isReverse: false)
      : hint.map { hint in
        switch hint {
        case .name(let name): .name(name)
        case .keys(let keys): .keys(keys)
        case .natural(let isDescending): .natural(isReverse: isDescending)
        }
      }
    return request
  }
}
