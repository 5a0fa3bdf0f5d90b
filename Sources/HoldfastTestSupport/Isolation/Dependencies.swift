/// Finds the dependencies between the transactions of a history, key by key, and what single reads did wrong.
struct Dependencies {
  /// A transaction that read a key before, and wrote it after, another wrote it.
  struct LostUpdate {
    var transaction: Int
    /// From the transaction back to itself: one rw, then ww.
    var cycle: [DependencyGraph.Edge]
  }

  private let index: HistoryIndex
  private(set) var edges: [DependencyGraph.Edge] = []
  private(set) var lostUpdates: [LostUpdate] = []
  /// Readers with a writer that they should have seen, as it was acknowledged before they began.
  private(set) var staleReads: [(reader: Int, writer: Int, key: Int)] = []

  init(_ index: HistoryIndex) { self.index = index }

  /// Adds all dependencies that come from one key.
  mutating func add(_ key: KeyHistory, _ order: VersionOrder, _ findings: inout Findings) {
    guard order.isUsable else { return }
    addWrites(key, order)
    let places = Places(order, index)
    for read in key.reads where read.isExternal && index.hasHappened[read.transaction] {
      guard read.elements.isBeginning(of: order.elements) else { continue }
      add(read, key, order, places, &findings)
    }
  }

  private mutating func addWrites(_ key: KeyHistory, _ order: VersionOrder) {
    var last = VersionOrder.nobody
    for writer in order.writers where writer != VersionOrder.nobody && writer != last {
      if last != VersionOrder.nobody {
        edges.append(DependencyGraph.Edge(from: last, to: writer, kind: .ww, key: key.key))
      }
      last = writer
    }
  }

  private mutating func add(
    _ read: KeyHistory.Read, _ key: KeyHistory, _ order: VersionOrder, _ places: Places,
    _ findings: inout Findings
  ) {
    let reader = read.transaction
    let place = read.foreignCount
    let source = places.last[place]
    if source != VersionOrder.nobody, source != reader {
      edges.append(DependencyGraph.Edge(from: source, to: reader, kind: .wr, key: key.key))
      reportIntermediate(read, source, key, order, &findings)
    }
    if let acknowledged = places.earliestEnd[place], let begin = index.transactions[reader].begin,
      acknowledged.end < begin
    {
      staleReads.append((reader, acknowledged.writer, key.key))
    }
    let next = places.next(at: place)
    guard next != VersionOrder.nobody, next != reader, index.levels[reader] >= .snapshot else { return }
    let kind: DependencyGraph.Kinds =
      index.levels[reader] == .serializable ? .rwOfSerializable : .rwOfSnapshot
    edges.append(DependencyGraph.Edge(from: reader, to: next, kind: kind, key: key.key))
    noteLostUpdate(reader, from: place, kind, key, order)
  }

  /// A read whose last foreign element is one that its writer appended more to.
  private func reportIntermediate(
    _ read: KeyHistory.Read, _ source: Int, _ key: KeyHistory, _ order: VersionOrder,
    _ findings: inout Findings
  ) {
    let last = order.elements[..<read.foreignCount].last { key.appends[$0]?.transaction == source }
    guard let last, key.appends[last]?.isLast == false else { return }
    let reader = index.id(read.transaction)
    let writer = index.id(source)
    findings.add(
      Anomaly(
        .g1b, transactions: [reader, writer], key: key.key,
        "T\(reader) saw element \(last) of key \(key.key), but not the last that T\(writer) appended"))
  }

  private mutating func noteLostUpdate(
    _ reader: Int, from place: Int, _ kind: DependencyGraph.Kinds, _ key: KeyHistory, _ order: VersionOrder
  ) {
    let rest = order.writers[place...]
    guard let own = rest.firstIndex(of: reader) else { return }
    var cycle: [DependencyGraph.Edge] = []
    var last = reader
    for writer in rest[...own] where writer != VersionOrder.nobody && writer != last {
      cycle.append(
        DependencyGraph.Edge(from: last, to: writer, kind: cycle.isEmpty ? kind : .ww, key: key.key))
      last = writer
    }
    lostUpdates.append(LostUpdate(transaction: reader, cycle: cycle))
  }
}

/// What is known of every place between two elements of an order; there is one more place than elements.
private struct Places {
  /// Who wrote last before a place.
  private(set) var last: [Int]
  /// Who wrote first after a place, and who was the first other than that one.
  private var first: [Int]
  private var second: [Int]
  /// Of all who wrote after a place, the one that was acknowledged first.
  private(set) var earliestEnd: [(end: Int, writer: Int)?]

  init(_ order: VersionOrder, _ index: HistoryIndex) {
    let count = order.writers.count
    last = Array(repeating: VersionOrder.nobody, count: count + 1)
    first = last
    second = last
    earliestEnd = Array(repeating: nil, count: count + 1)
    for (place, writer) in order.writers.enumerated() {
      last[place + 1] = writer == VersionOrder.nobody ? last[place] : writer
    }
    for (place, writer) in order.writers.enumerated().reversed() {
      first[place] = first[place + 1]
      second[place] = second[place + 1]
      earliestEnd[place] = earliestEnd[place + 1]
      guard writer != VersionOrder.nobody else { continue }
      if writer != first[place + 1] {
        first[place] = writer
        second[place] = first[place + 1]
      }
      let content = index.transactions[writer]
      if content.outcome == .committed, let end = content.end, end < earliestEnd[place]?.end ?? Int.max {
        earliestEnd[place] = (end, writer)
      }
    }
  }

  /// Who overwrote what a read up to this place saw: a version is all that one transaction appended, so the
  /// one whose version was seen in part does not count.
  func next(at place: Int) -> Int { first[place] == last[place] ? second[place] : first[place] }
}
