import Holdfast
import HoldfastQuery
import HoldfastTestSupport
import Testing

@Suite("Queries with and without indexes")
struct RandomQueryTests {
  /// Runs `body` and gives its documents, or the code of its error.
  private func outcome(_ scan: Scan) -> Result<[Document], HoldfastError> {
    Result { () throws(HoldfastError) in try scan.documents() }
  }

  private func sorted(_ documents: [Document]) -> [String] {
    documents.map { $0.extendedJSON(.canonical) }.sorted()
  }

  /// What an order looks at in each document.
  private func keys(_ documents: some Sequence<Document>, _ order: Document) throws -> [[UInt8]] {
    let order = try SortOrder(order)
    return try documents.map { document in
      try document.withRawDocument { (raw) throws(QueryError) in try order.key(of: raw) } ?? []
    }
  }

  @Test("every plan finds what a scan of the collection finds", arguments: Seeds.first(12))
  func everyPlan(seed: UInt64) throws {
    let draw = RandomQueries(seed: seed)
    let database = try SimulatedPlace(seed: seed).open()
    let collection = database.collection("things")
    try collection.insertMany(
      (0..<60).map { number in
        var document: Document = ["_id": .int32(Int32(number))]
        for (name, value) in draw.document() { document[name] = value }
        return document
      })
    var names: [String] = []
    for _ in 0..<5 {
      let (keys, options) = draw.index()
      // Some pairs of fields hold arrays side by side, which an index refuses, and some come twice.
      if let name = try? collection.createIndex(keys, options) { names.append(name) }
    }
    for round in 0..<150 {
      if round % 10 == 9 {
        let filter = draw.filter()
        switch draw.below(3) {
        case 0: _ = try? collection.updateMany(filter, draw.update())
        case 1: _ = try? collection.deleteOne(filter)
        default: _ = try? collection.insert(draw.document())
        }
      }
      try compare(draw.filter(), draw.order(), draw, collection, names, "seed \(seed), round \(round)")
    }
    let report = try database.verify()
    #expect(report.isIntact, "seed \(seed): \(report.problems)")
    try database.close()
  }

  private func compare(
    _ filter: Document, _ order: Document?, _ draw: RandomQueries, _ collection: DocumentCollection,
    _ names: [String], _ place: String
  ) throws {
    let expected = outcome(collection.find(filter, hint: .natural()))
    let planned = outcome(collection.find(filter))
    let text = "\(place): \(filter) by \(order?.description ?? "nothing")"
    guard case .success(let all) = expected else {
      guard case .failure(let a) = expected, case .failure(let b) = planned else {
        Issue.record("\(text): only one fails")
        return
      }
      #expect(a.code == b.code, "\(text)")
      return
    }
    for hint in [nil] + names.map({ IndexHint.name($0) }) {
      if let hint, try !isComplete(hint, collection, filter) { continue }
      let found = outcome(collection.find(filter, hint: hint))
      guard case .success(let documents) = found else {
        // A hint that cannot serve is refused.
        if hint == nil { Issue.record("\(text): \(found)") }
        continue
      }
      #expect(sorted(documents) == sorted(all), "\(text), hint \(String(describing: hint))")
    }
    #expect(try collection.count(filter) == all.count, "\(text): count")
    guard let order else { return }
    guard let inOrder = try? collection.find(filter, sort: order, hint: .natural()).documents() else {
      // Two fields of the order are in different arrays.
      #expect(code { _ = try collection.find(filter, sort: order).documents() } == .parallelArrays, "\(text)")
      return
    }
    let byPlan = try collection.find(filter, sort: order).documents()
    #expect(sorted(byPlan) == sorted(all), "\(text): sorted")
    #expect(try keys(byPlan, order) == keys(inOrder, order), "\(text): order")
    let (skip, limit) = (draw.below(5), 1 + draw.below(10))
    let part = try collection.find(filter, sort: order, skip: skip, limit: limit).documents()
    #expect(part.count == max(0, min(limit, all.count - skip)), "\(text): limit")
    #expect(
      try keys(part, order) == keys(inOrder.dropFirst(skip).prefix(limit), order),
      "\(text): skip \(skip) limit \(limit)")
  }

  /// Whether a hint's index has all documents that may match: a sparse one is used when asked for by name, even if
  /// it lacks some.
  private func isComplete(_ hint: IndexHint, _ collection: DocumentCollection, _ filter: Document) throws
    -> Bool
  {
    try !collection.indexes().contains { .name($0.name) == hint && $0.options.isSparse }
  }

  @Test("a covered query gives what the documents give", arguments: Seeds.first(6))
  func covered(seed: UInt64) throws {
    let draw = RandomQueries(seed: seed)
    let database = try SimulatedPlace(seed: seed).open()
    let collection = database.collection("things")
    try collection.insertMany(
      (0..<80).map { number in
        ["_id": .int32(Int32(number)), "a": draw.scalar(), "b": draw.scalar(), "c": ["d": draw.scalar()]]
      })
    try collection.createIndex(["a": 1, "b": -1])
    try collection.createIndex(["c.d": 1, "a": 1])
    var coveredCount = 0
    for round in 0..<100 {
      let filter: Document =
        draw.below(2) == 0
        ? ["a": draw.scalar()] : ["c.d": .document([draw.pick(["$gte", "$lt", "$eq"]): draw.scalar()])]
      let projection: Document = draw.pick([
        ["a": 1, "b": 1, "_id": 0], ["a": 1], ["c.d": 1, "a": 1, "_id": 0], ["c": ["d": 1], "_id": 0],
      ])
      let plain = try collection.find(filter, projection: projection, hint: .natural()).documents()
      let planned = try collection.find(filter, projection: projection).documents()
      // An index may be in another order of fields than the documents are.
      func normal(_ documents: [Document]) -> [String] {
        documents.map { document in
          document.map { "\($0.key)=\($0.value.extendedJSON(.canonical))" }.sorted().joined(separator: ",")
        }.sorted()
      }
      #expect(normal(planned) == normal(plain), "seed \(seed), round \(round): \(filter) \(projection)")
      let explanation = try collection.explain(filter, FindOptions(projection: projection), depth: .counts)
      if explanation.description.contains("covered") { coveredCount += 1 }
    }
    #expect(coveredCount > 10, "seed \(seed): no query was covered")
  }
}
