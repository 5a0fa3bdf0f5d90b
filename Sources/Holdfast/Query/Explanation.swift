internal import HoldfastQuery

/// How much ``ReadableCollection/explain(_:_:depth:)`` is to find out.
public enum ExplainDepth: String, Sendable, CaseIterable {
  /// The plan and those that it was preferred to, with estimates. The query is not run.
  case plan
  /// The query is run, and each stage says what it looked at and what it gave.
  case counts
  /// The time that each stage took, too.
  case timing
}

/// How a query is run.
public struct Explanation: Sendable, CustomStringConvertible {
  /// All of it as a document:
  ///
  ///     { collection, depth,
  ///       plan: { stage, …, inputStage },
  ///       rejectedPlans: [ { plan, estimatedKeys, cost } ],
  ///       execution: { returned, estimatedRows, keysExamined, documentsExamined, microseconds } }
  public let document: Document

  /// A tree for people.
  public var description: String {
    var lines: [String] = []
    if let plan = document["plan"]?.documentValue { Self.append(plan, 0, &lines) }
    if let execution = document["execution"]?.documentValue {
      lines.append(
        "total: "
          + execution.map { "\(Self.words[$0.key] ?? $0.key) \(Self.text($0.value))" }.joined(separator: ", ")
      )
    }
    for rejected in document["rejectedPlans"]?.arrayValue ?? [] {
      guard let plan = rejected.documentValue else { continue }
      lines.append(
        "rejected: \(plan["plan"]?.stringValue ?? "") (estimated keys \(Self.text(plan["estimatedKeys"] ?? 0)), cost "
          + "\(Self.text(plan["cost"] ?? 0)))")
    }
    return lines.joined(separator: "\n")
  }

  private static let words = [
    "keysExamined": "keys", "documentsExamined": "documents", "returned": "returned", "microseconds": "µs",
    "estimatedKeys": "estimated keys", "estimatedRows": "estimated rows",
  ]

  private static func text(_ value: BSONValue) -> String {
    switch value {
    case .double(let number): "\((number * 10).rounded() / 10)"
    case .string(let text): text
    default: value.extendedJSON(.relaxed)
    }
  }

  private static func append(_ stage: Document, _ depth: Int, _ lines: inout [String]) {
    var line =
      String(repeating: "  ", count: depth) + (depth > 0 ? "└ " : "") + (stage["stage"]?.stringValue ?? "")
    if let name = stage["indexName"]?.stringValue { line += " \(name)" }
    if stage["direction"]?.stringValue == "backward" { line += " backward" }
    if stage["covered"] == true { line += " covered" }
    for (path, intervals) in stage["indexBounds"]?.documentValue ?? [:] {
      let shown = intervals.arrayValue?.compactMap(\.stringValue).joined(separator: " ") ?? ""
      line += " \(path): \(shown.isEmpty ? "none" : shown)"
    }
    for name in ["skipAmount", "limitAmount", "sortPattern"] {
      if let value = stage[name] { line += " \(text(value))" }
    }
    var counts: [String] = []
    for name in [
      "estimatedKeys", "keysExamined", "documentsExamined", "returned", "spilledRuns", "microseconds",
    ] {
      if let value = stage[name] { counts.append("\(words[name] ?? name) \(text(value))") }
    }
    lines.append(counts.isEmpty ? line : line + "  (" + counts.joined(separator: ", ") + ")")
    for input in [stage["inputStage"]].compactMap(\.self) + (stage["inputStages"]?.arrayValue ?? []) {
      if let input = input.documentValue { append(input, depth + 1, &lines) }
    }
  }
}

extension CollectionReader {
  func explain(
    _ filter: Document, _ options: FindOptions, _ depth: ExplainDepth
  ) throws(HoldfastError) -> Explanation {
    let query = try Query(filter, options, name, now: context.now())
    var result: Document = ["collection": .string(name.text), "depth": .string(depth.rawValue)]
    guard let record else {
      result["plan"] = ["stage": "EOF"]
      return Explanation(document: result)
    }
    let chosen = try choosePlan(query, record, cache: nil)
    let source = try run(query, chosen.plan, record, .document).source
    if depth != .plan {
      if depth == .timing { source.measure(context.clock) }
      while try source.next() != nil {}
    }
    result["plan"] = .document(source.explain(depth, chosen.plan))
    result["rejectedPlans"] = .array(
      chosen.others.map { plan in
        [
          "plan": .string(plan.summary), "estimatedKeys": .double(plan.estimatedKeys.rounded()),
          "cost": .double(plan.cost),
        ]
      })
    if depth != .plan { result["execution"] = .document(source.execution(depth, chosen.plan)) }
    return Explanation(document: result)
  }
}

extension RowSource {
  /// The stage and those that feed it as a document.
  func explain(_ depth: ExplainDepth, _ plan: Plan) -> Document {
    let (stage, details) = describe()
    var result: Document = ["stage": .string(stage)]
    for (name, value) in details { result[name] = value }
    if inputs.isEmpty { result["estimatedKeys"] = .double(plan.estimatedKeys.rounded()) }
    if depth != .plan {
      if inputs.isEmpty {
        result["keysExamined"] = .int64(Int64(counts.keysExamined))
        result["documentsExamined"] = .int64(Int64(counts.documentsExamined))
      }
      result["returned"] = .int64(Int64(counts.returned))
    }
    if depth == .timing { result["microseconds"] = .int64(Int64(counts.nanoseconds / 1000)) }
    let inputs = inputs.map { BSONValue.document($0.explain(depth, plan)) }
    if inputs.count == 1 {
      result["inputStage"] = inputs[0]
    } else if inputs.count > 1 {
      result["inputStages"] = .array(inputs)
    }
    return result
  }

  /// What all stages together did.
  fileprivate func execution(_ depth: ExplainDepth, _ plan: Plan) -> Document {
    var keys = 0
    var documents = 0
    var waiting = [self]
    while let source = waiting.popLast() {
      keys += source.counts.keysExamined
      documents += source.counts.documentsExamined
      waiting += source.inputs
    }
    var result: Document = [
      "returned": .int64(Int64(counts.returned)), "estimatedRows": .double(plan.estimatedRows.rounded()),
      "keysExamined": .int64(Int64(keys)), "documentsExamined": .int64(Int64(documents)),
    ]
    if depth == .timing { result["microseconds"] = .int64(Int64(counts.nanoseconds / 1000)) }
    return result
  }
}
