/// The order in which transactions wrote a key, recovered from what was read: the longest list is the order,
/// and all others must be beginnings of it.
struct VersionOrder {
  /// Stands for a writer that has not happened, or does not exist.
  static let nobody = -1

  private(set) var elements: [Int] = []
  /// For each element the number of the transaction that wrote it, or ``nobody``.
  private(set) var writers: [Int] = []
  /// Whether the positions of the elements say anything.
  private(set) var isUsable = true

  /// Recovers the order and reports whatever contradicts it.
  init(_ key: KeyHistory, _ index: HistoryIndex, _ findings: inout Findings) {
    // Reads are sorted by length.
    elements = key.reads.first { index.counts($0.transaction) }?.elements ?? []
    isUsable = Set(elements).count == elements.count
    reportIncompatibleReads(key, index, &findings)
    reportAbortedReads(key, index, &findings)
    if index.hasFinalState {
      reportLostAppends(key, index, &findings)
    } else {
      addUnseen(key, index)
    }
    writers = elements.map { element in
      guard let writer = key.appends[element]?.transaction, index.hasHappened[writer] else {
        return VersionOrder.nobody
      }
      return writer
    }
  }

  private func reportIncompatibleReads(
    _ key: KeyHistory, _ index: HistoryIndex, _ findings: inout Findings
  ) {
    let read = key.reads.first { read in
      index.counts(read.transaction) && !read.elements.isBeginning(of: elements)
    }
    guard let read else { return }
    let position = zip(read.elements, elements).prefix { $0 == $1 }.count
    findings.add(
      Anomaly(
        .incompatibleOrder, transactions: index.ids([read.transaction]), key: key.key,
        "\(index.name(ofReader: read.transaction)) saw element \(read.elements[position]) of key \(key.key) "
          + "at place \(position), where a longer list has \(elements[position])"))
  }

  /// One report for each aborted transaction that somebody saw.
  private func reportAbortedReads(_ key: KeyHistory, _ index: HistoryIndex, _ findings: inout Findings) {
    var reported: Set<Int> = []
    // Of the reads that fit the order, the longest has seen all that the others have.
    var isFirst = true
    for read in key.reads where index.counts(read.transaction) {
      if !isFirst && read.elements.isBeginning(of: elements) { continue }
      isFirst = false
      for element in read.elements {
        guard let writer = key.appends[element]?.transaction, !index.hasHappened[writer],
          reported.insert(writer).inserted
        else { continue }
        let reader = index.name(ofReader: read.transaction)
        findings.add(
          Anomaly(
            .g1a, transactions: index.ids([read.transaction, writer]), key: key.key,
            "\(reader) saw element \(element) of key \(key.key), by T\(index.id(writer)), which was aborted"))
      }
    }
  }

  private func reportLostAppends(_ key: KeyHistory, _ index: HistoryIndex, _ findings: inout Findings) {
    let final = Set(key.reads.first { $0.transaction == KeyHistory.finalReader }?.elements ?? [])
    guard final.count < key.appends.count else { return }
    for (element, append) in key.appends.sorted(by: { $0.key < $1.key })
    where index.hasHappened[append.transaction] && !final.contains(element) {
      let id = index.id(append.transaction)
      findings.add(
        Anomaly(
          .lostAppend, transactions: [id], key: key.key,
          "the final read of key \(key.key) does not have element \(element) of T\(id)"))
    }
  }

  /// What nobody saw comes after all that somebody saw. If it is of a single transaction, its place is known.
  private mutating func addUnseen(_ key: KeyHistory, _ index: HistoryIndex) {
    let seen = Set(elements)
    let unseen = key.appends.filter { !seen.contains($0.key) && index.hasHappened[$0.value.transaction] }
    guard let writer = unseen.first?.value.transaction,
      unseen.allSatisfy({ $0.value.transaction == writer })
    else { return }
    for case .append(key.key, let element) in index.transactions[writer].operations
    where !seen.contains(element) {
      elements.append(element)
    }
  }
}
