internal import HoldfastEngine
internal import HoldfastQuery

/// What the planner asks about a collection's data, answered by looking at a few pages.
struct CollectionStatistics<Reader: TreeReader>: PlanStatistics {
  let reader: Reader
  let record: CollectionRecord

  init(_ reader: Reader, _ record: CollectionRecord) {
    self.reader = reader
    self.record = record
  }

  var documentCount: Double { Double(reader.estimatedCount(record.tree)) }

  /// Ranges beyond this many are taken to be like those before.
  private var rangesLooked: Int { 20 }

  func keys(in ranges: [KeyRange], of index: IndexDescription?) -> Double {
    guard
      let tree = index.map({ index in record.indexes.first { $0.description.name == index.name }?.tree })
        ?? record.tree
    else { return 0 }
    let count = Double(reader.estimatedCount(tree))
    var part = 0.0
    let looked = ranges.prefix(rangesLooked)
    for range in looked { part += self.part(tree, range) }
    return count * min(1, part * Double(ranges.count) / Double(max(1, looked.count)))
  }

  private func part(_ tree: UInt64, _ range: KeyRange) -> Double {
    // A page that cannot be read makes a bad estimate, and the query itself will say so.
    do throws(StorageError) {
      let upper = try range.upper.map { (key) throws(StorageError) in try part(tree, below: key) } ?? 1
      let lower = range.lower.isEmpty ? 0 : try part(tree, below: range.lower)
      return max(0, upper - lower)
    } catch {
      return 1
    }
  }

  private func part(_ tree: UInt64, below key: [UInt8]) throws(StorageError) -> Double {
    try key.withBytes { (key) throws(StorageError) in try reader.part(tree, below: key) }
  }

  /// How many documents are looked at to see which part of them matches.
  private var sampleSize: Int { 40 }

  func matchingPart(_ filter: Filter) -> Double? {
    var looked = 0.0
    var matching = 0.0
    for number in 0..<sampleSize {
      let part = (Double(number) + 0.5) / Double(sampleSize)
      let matches = try? reader.withEntry(record.tree, at: part) { _, value -> Bool? in
        RawDocument(value).flatMap { try? filter.matches($0) }
      }
      guard let matches = (matches ?? nil) ?? nil else { continue }
      looked += 1
      if matches { matching += 1 }
    }
    // Nothing found in a small sample does not say that there is nothing.
    return looked > 0 ? max(matching, 0.5) / looked : nil
  }
}

/// A plan and those that it was preferred to.
struct ChosenPlan {
  var plan: Plan
  var others: [Plan]
}

extension CollectionReader {
  /// Chooses how to find a query's documents.
  /// - Parameter cache: `nil` to weigh all plans again, as `explain` does.
  func choosePlan(_ query: Query, _ record: CollectionRecord, cache: PlanCache?) throws(HoldfastError)
    -> ChosenPlan
  {
    let ready = record.indexes.filter(\.isReady)
    let request = query.planRequest
    let statistics = CollectionStatistics(reader, record)
    let planner = Planner(request, indexes: ready.map(\.description), statistics: statistics)
    guard let cache, !ready.isEmpty, request.hint == nil, !query.filter.document.isEmpty || query.sort != nil
    else {
      let (best, others) = try querying(name) { () throws(QueryError) in try planner.plan() }
      return ChosenPlan(plan: best, others: others)
    }
    let key = PlanCache.Key(tree: record.tree, shape: request.shape)
    let trees = ready.map(\.tree)
    if let choice = cache.choice(key, indexes: trees, documentCount: statistics.documentCount),
      let plan = planner.plan(choice.summary), cache.accepts(plan, choice)
    {
      return ChosenPlan(plan: plan, others: [])
    }
    let (best, others) = try querying(name) { () throws(QueryError) in try planner.plan() }
    // A scan of the collection is never wrong, but may be much too much for other values.
    if !others.isEmpty, case .index = best.access {
      cache.remember(
        key,
        PlanCache.Choice(
          summary: best.summary, estimatedKeys: best.estimatedKeys,
          documentCount: statistics.documentCount, indexes: trees))
    }
    return ChosenPlan(plan: best, others: others)
  }
}
