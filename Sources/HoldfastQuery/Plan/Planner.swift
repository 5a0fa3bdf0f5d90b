import BSON

/// Chooses how the documents of a query are found.
public struct Planner {
  let request: PlanRequest
  let indexes: [IndexDescription]
  let statistics: any PlanStatistics
  private let conjuncts: [Condition]

  /// Takes the query, the indexes that are ready, and what is known of the data.
  public init(_ request: PlanRequest, indexes: [IndexDescription], statistics: any PlanStatistics) {
    self.request = request
    self.indexes = indexes
    self.statistics = statistics
    conjuncts = request.filter.condition.conjuncts
  }

  /// The weights of costs: one is the reading of one document in the order of the collection.
  private enum Weight {
    static let key = 0.3
    /// A document that is looked up by its id.
    static let fetch = 1.6
    /// A document that is sorted, times the logarithm of how many there are.
    static let sort = 0.15
    /// A plan begins with going down a tree.
    static let descent = 1.0
  }

  /// The best plan, and the others from best to worst.
  /// - Throws: ``QueryError/Code/badHint``.
  public func plan() throws(QueryError) -> (best: Plan, others: [Plan]) {
    if request.filter.condition.isNever { return (nothing, []) }
    var plans = try candidates()
    guard plans.count > 1 else { return (plans.first ?? collectionScan(isReverse: false), []) }
    estimateRows(&plans)
    plans.sort { $0.cost < $1.cost }
    return (plans[0], Array(plans.dropFirst()))
  }

  /// The plan with this ``Plan/summary``, if it can be used; the others are not looked at.
  public func plan(_ summary: String) -> Plan? {
    if request.filter.condition.isNever { return nil }
    for index in indexes where summary == "index \(index.name)" {
      return plan(for: index, isHinted: false)
    }
    return [union(), idPlan(), collectionScan(isReverse: sortsByIDDescending)].compactMap(\.self).first {
      $0.summary == summary
    }
  }

  private var nothing: Plan {
    Plan(access: .nothing, providesSort: true, estimatedKeys: 0, estimatedRows: 0, cost: 0)
  }

  private func candidates() throws(QueryError) -> [Plan] {
    if let hint = request.hint { return [try hinted(hint)] }
    if let lookup = idPlan(), isLookup(lookup) { return [lookup] }
    var plans: [Plan] = []
    for index in indexes {
      if let plan = plan(for: index, isHinted: false) {
        if case .nothing = plan.access { return [plan] }
        if case .index(let scan) = plan.access, scan.isLookup { return [plan] }
        plans.append(plan)
      }
    }
    if let plan = idPlan() { plans.append(plan) }
    if let plan = union() { plans.append(plan) }
    plans.append(collectionScan(isReverse: sortsByIDDescending))
    return plans
  }

  private func isLookup(_ plan: Plan) -> Bool {
    if case .documents(let scan) = plan.access { return scan.isLookup }
    if case .nothing = plan.access { return true }
    return false
  }

  private func hinted(_ hint: PlanRequest.Hint) throws(QueryError) -> Plan {
    switch hint {
    case .natural(let isReverse): return collectionScan(isReverse: isReverse)
    case .name("_id_"): return idPlan() ?? collectionScan(isReverse: sortsByIDDescending)
    case .keys(let keys) where keys.count == 1 && keys.contains("_id"):
      return idPlan() ?? collectionScan(isReverse: sortsByIDDescending)
    case .name, .keys: break
    }
    let found = indexes.first { index in
      switch hint {
      case .name(let name): index.name == name
      case .keys(let keys): BSONOrdering.compare(index.keys, keys) == 0
      case .natural: false
      }
    }
    guard let found else {
      throw QueryError(
        .badHint,
        "the hint names no index that is there and ready (\(hint.shown)): list the indexes, or leave it out")
    }
    guard let plan = plan(for: found, isHinted: true) else {
      throw QueryError(
        .badHint,
        "\(found.place) lacks documents that the query may want, so that it cannot be used for it: add its partial "
          + "filter to the query, or leave the hint out")
    }
    return plan
  }

  // MARK: The collection itself

  private var sortsByIDDescending: Bool {
    request.sort.first.map { $0.path.text == "_id" && $0.isDescending } ?? false
  }

  private func collectionScan(isReverse: Bool) -> Plan {
    let scan = Plan.DocumentScan(ranges: [.all], isReverse: isReverse, values: nil, isLookup: false)
    let isSorted =
      request.sort.isEmpty
      || (request.sort[0].path.text == "_id" && request.sort[0].isDescending == isReverse)
    var plan = Plan(
      access: .documents(scan), providesSort: isSorted, estimatedKeys: statistics.documentCount,
      estimatedRows: 0,
      cost: 0)
    setCost(&plan)
    return plan
  }

  private static let idIndex = try? IndexDescription(keys: ["_id": 1], name: "_id_", isUnique: true)

  /// Ids in the bounds that the filter sets; `nil` when it sets none.
  private func idPlan() -> Plan? {
    guard let index = Self.idIndex else { return nil }
    let bounds = IndexBounds(conjuncts, index: index)
    guard let set = bounds.fields.first, !set.isAll else { return nil }
    if set.isEmpty { return nothing }
    let isSingle = set.isPoints && set.intervals.count == 1
    let isSorted = request.sort.isEmpty || request.sort[0].path.text == "_id" || isSingle
    let ranges = bounds.scan(of: index).ranges
    guard ranges != [.all] else { return nil }
    let scan = Plan.DocumentScan(
      ranges: ranges, isReverse: sortsByIDDescending, values: set, isLookup: isSingle)
    var plan = Plan(
      access: .documents(scan), providesSort: isSorted,
      estimatedKeys: isSingle ? 1 : statistics.keys(in: ranges, of: nil), estimatedRows: 0, cost: 0)
    setCost(&plan)
    return plan
  }

  // MARK: Indexes

  /// The plan over one index; `nil` when it is of no use, or lacks documents that may match.
  private func plan(for index: IndexDescription, isHinted: Bool) -> Plan? {
    let bounds = IndexBounds(conjuncts, index: index)
    guard holdsAllMatches(index, bounds, isHinted: isHinted) else { return nil }
    // Of a field with several values only one condition counts, so that this one alone matches nothing.
    if bounds.fields.contains(where: \.isEmpty) { return nothing }
    let scan = bounds.scan(of: index)
    let order = sortDirection(index, singleFields: scan.singleFields)
    let isCovered = covers(index)
    guard
      scan.usedFields > 0 || isHinted || (order != nil && !request.sort.isEmpty)
        || (isCovered && index.partialFilter == nil)
    else { return nil }
    let isLookup = index.isUnique && scan.isOnePoint && !isCovered
    let access = Plan.IndexScan(
      index: index, ranges: scan.ranges, isReverse: order ?? false,
      values: bounds.fields,
      mayRepeat: index.isMultikey && !scan.isOnePoint, isCovered: isCovered, isLookup: isLookup,
      isExact: isExact(index, usedFields: scan.usedFields))
    var plan = Plan(
      access: .index(access), providesSort: order != nil || (isLookup && !index.isMultikey),
      estimatedKeys: isLookup ? 1 : statistics.keys(in: scan.ranges, of: index), estimatedRows: 0, cost: 0)
    setCost(&plan)
    return plan
  }

  /// Whether the bounds of an index's first fields say all that the filter asks.
  private func isExact(_ index: IndexDescription, usedFields: Int) -> Bool {
    conjuncts.allSatisfy { condition in
      guard case .field(let test) = condition, test.test.isExact else { return false }
      return index.fields[..<usedFields].contains { $0.path == test.path && $0.arrays == 0 }
    }
  }

  /// Whether every document that the filter matches is in the index.
  private func holdsAllMatches(_ index: IndexDescription, _ bounds: IndexBounds, isHinted: Bool) -> Bool {
    if index.isSparse, !isHinted {
      let exists = index.fields.contains { field in
        conjuncts.contains { condition in
          if case .field(let test) = condition, test.path == field.path { return test.test.impliesExistence }
          return false
        }
      }
      if !exists { return false }
    }
    guard let partial = index.partialFilter else { return true }
    return partial.condition.conjuncts.allSatisfy { wanted in conjuncts.contains { Self.implies($0, wanted) }
    }
  }

  /// Whether a document that fulfils one condition surely fulfils the other.
  private static func implies(_ given: Condition, _ wanted: Condition) -> Bool {
    switch (given, wanted) {
    case (_, .always): return true
    case (_, .or(let branches)) where branches.contains(where: { implies(given, $0) }): return true
    case (_, .and(let conditions)): return conditions.allSatisfy { implies(given, $0) }
    case (.or(let branches), _): return branches.allSatisfy { implies($0, wanted) }
    case (.field(let given), .or):
      return given.alternatives?.allSatisfy { implies(.field($0), wanted) } ?? false
    case (.and(let conditions), _): return conditions.contains { implies($0, wanted) }
    case (.not(.field(let given)), .not(.field(let wanted))):
      return given.path == wanted.path && given.test.isSame(as: wanted.test)
    case (.field(let given), .field(let wanted)):
      guard given.path == wanted.path else { return false }
      if given.test.isSame(as: wanted.test) { return true }
      if case .exists = wanted.test { return given.test.impliesExistence }
      if given.test.traversesArrays == wanted.test.traversesArrays, wanted.test.isExact,
        let a = given.test.intervals, let b = wanted.test.intervals, a.isSubset(of: b)
      {
        return true
      }
      // A list says what its alternatives say.
      if let tests = wanted.alternatives { return tests.contains { implies(.field(given), .field($0)) } }
      if let tests = given.alternatives { return tests.allSatisfy { implies(.field($0), .field(wanted)) } }
      return false
    default: return false
    }
  }

  /// Whether the index gives the order that is asked for: `false` for forwards, `true` for backwards, `nil` for
  /// no.
  private func sortDirection(_ index: IndexDescription, singleFields: Int) -> Bool? {
    guard !request.sort.isEmpty else { return false }
    var direction: Bool?
    var position = 0
    for (path, isDescending) in request.sort {
      // A field of which there is but one value needs no place in the order.
      if index.fields[..<singleFields].contains(where: { $0.path == path && $0.arrays == 0 }) { continue }
      while position < singleFields, index.fields[position].path != path { position += 1 }
      guard position < index.fields.count else { return nil }
      let field = index.fields[position]
      guard field.path == path, field.arrays == 0 else { return nil }
      let isReverse = field.isDescending != isDescending
      if let direction, direction != isReverse { return nil }
      direction = isReverse
      position += 1
    }
    return direction ?? false
  }

  /// Whether the index has everything that the query needs of a document.
  private func covers(_ index: IndexDescription) -> Bool {
    guard let needed = request.neededPaths, !index.isMultikey, request.filter.isAboutFieldsOnly else {
      return false
    }
    let paths = index.fields.map(\.path)
    // Numbers in a path can mean places in arrays; none is in this index, but nothing is to be made of them.
    guard !paths.contains(where: { $0.parts.contains { $0.index != nil } }) else { return false }
    var wanted = needed + request.sort.map(\.path)
    request.filter.condition.appendPaths(to: &wanted)
    return wanted.allSatisfy { path in path.text == "_id" || paths.contains(path) }
  }

  // MARK: Alternatives

  /// One access for each branch of an `$or`; `nil` when some branch has no index.
  private func union() -> Plan? {
    for condition in conjuncts {
      guard case .or(let branches) = condition, branches.count <= 100 else { continue }
      let rest = conjuncts.filter { if case .or = $0 { false } else { true } }
      var accesses: [Plan.Access] = []
      var keys = 0.0
      var cost = 0.0
      for branch in branches {
        guard let plan = branchPlan(.and(branch.conjuncts + rest)) else { break }
        accesses.append(plan.access)
        keys += plan.estimatedKeys
        cost += plan.cost
      }
      guard accesses.count == branches.count else { continue }
      var plan = Plan(
        access: .union(accesses), providesSort: request.sort.isEmpty, estimatedKeys: keys, estimatedRows: 0,
        cost: cost)
      if !plan.providesSort { plan.cost += Self.sortCost(keys) }
      return plan
    }
    return nil
  }

  /// The best plan of a branch that does not read the whole collection.
  private func branchPlan(_ condition: Condition) -> Plan? {
    var inner = PlanRequest(Filter(condition, request.filter.document))
    inner.limit = request.limit
    let planner = Planner(inner, indexes: indexes, statistics: statistics)
    guard let plans = try? planner.candidates() else { return nil }
    let useful = plans.filter { plan in
      switch plan.access {
      case .documents(let scan): !scan.isWhole
      case .index, .nothing: true
      case .union: false
      }
    }
    return useful.min { $0.cost < $1.cost }
  }

  // MARK: Costs

  private static func sortCost(_ rows: Double) -> Double {
    rows * Weight.sort * max(1, (rows + 1).logarithm)
  }

  /// Computes a plan's cost as if all of its keys led to documents that match.
  private func setCost(_ plan: inout Plan) {
    var keys = plan.estimatedKeys
    if plan.providesSort, let limit = request.limit { keys = min(keys, Double(limit)) }
    plan.cost =
      Weight.descent + keys * perKey(plan.access)
      + (plan.providesSort ? 0 : Self.sortCost(plan.estimatedKeys))
  }

  private func perKey(_ access: Plan.Access) -> Double {
    switch access {
    case .nothing: 0
    case .documents: 1
    case .index(let scan): scan.isCovered ? 2 * Weight.key : Weight.key + Weight.fetch
    case .union: Weight.key + Weight.fetch
    }
  }

  /// Estimates how many documents match, from the bounds and, where it matters, from a sample; and corrects the
  /// costs of plans that may stop early.
  private func estimateRows(_ plans: inout [Plan]) {
    var rows = plans.map(\.estimatedKeys).min() ?? 0
    let matters = request.limit != nil || !request.sort.isEmpty
    if matters, rows > 16, let part = statistics.matchingPart(request.filter) {
      rows = min(rows, part * statistics.documentCount)
    }
    for number in plans.indices {
      plans[number].estimatedRows = rows
      if case .union = plans[number].access { continue }
      var keys = plans[number].estimatedKeys
      if plans[number].providesSort, let limit = request.limit {
        keys = min(keys, Double(limit) * max(1, keys / max(1, rows)))
      }
      plans[number].cost =
        Weight.descent + keys * perKey(plans[number].access)
        + (plans[number].providesSort ? 0 : Self.sortCost(rows))
    }
  }
}

extension Double {
  /// The binary logarithm of a number of at least 1, to the next lower integer and a linear part.
  fileprivate var logarithm: Double { Double(exponent) + (significand - 1) }
}

extension Filter {
  init(_ condition: Condition, _ document: Document) {
    self.condition = condition
    self.document = document
  }
}

extension Condition {
  /// Appends the paths that the condition looks at.
  func appendPaths(to paths: inout [FieldPath]) {
    switch self {
    case .and(let conditions), .or(let conditions), .nor(let conditions):
      for condition in conditions { condition.appendPaths(to: &paths) }
    case .not(let condition): condition.appendPaths(to: &paths)
    case .field(let test): paths.append(test.path)
    case .expression, .schema, .always, .never: break
    }
  }
}

extension ValueTest {
  /// Whether the test has intervals, and every single value in them passes it, so that a value known to be in them
  /// is one that passes.
  var isExact: Bool {
    switch self {
    case .compare(let comparison): comparison.constant.value.isPlain
    case .oneOf(let list): list.expressions.isEmpty && list.values.allSatisfy { $0.value.isPlain }
    default: false
    }
  }
}

extension BSONValue {
  /// Whether it is of a type that has intervals whatever the value is, and is found by its own value only.
  fileprivate var isPlain: Bool {
    switch self {
    case .double, .int32, .int64, .decimal128, .string, .symbol, .objectID, .bool, .dateTime, .timestamp,
      .binary:
      true
    default: false
    }
  }
}

extension ValueTest {
  /// Whether another test asks the very same.
  func isSame(as other: ValueTest) -> Bool {
    switch (self, other) {
    case (.compare(let a), .compare(let b)):
      a.comparator == b.comparator && a.constant.value == b.constant.value
    case (.oneOf(let a), .oneOf(let b)):
      a.values.map(\.value) == b.values.map(\.value)
        && a.expressions.map(\.regex) == b.expressions.map(\.regex)
    case (.regex(let a), .regex(let b)): a.regex == b.regex
    case (.exists, .exists): true
    case (.type(let a), .type(let b)): a.types == b.types
    case (.remainder(let a), .remainder(let b)): a.divisor == b.divisor && a.remainder == b.remainder
    case (.bits(let a), .bits(let b)): a.comparator == b.comparator && a.positions == b.positions
    case (.size(let a), .size(let b)): a == b
    default: false
    }
  }
}

extension FieldTest {
  /// The tests of which one has to pass, when it is one of a short list; longer ones are looked at as a whole.
  fileprivate var alternatives: [FieldTest]? {
    guard case .oneOf(let list) = test, (1...100).contains(list.values.count + list.expressions.count) else {
      return nil
    }
    let tests =
      list.values.map { ValueTest.compare(Comparison(.equal, $0)) } + list.expressions.map { .regex($0) }
    return tests.map { FieldTest(path: path, test: $0) }
  }
}
