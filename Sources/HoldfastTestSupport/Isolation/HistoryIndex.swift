/// A history by keys, and which of its transactions have happened.
struct HistoryIndex {
  let transactions: [History.Transaction]
  /// The level that each transaction is held to.
  let levels: [History.Level]
  let hasFinalState: Bool
  private(set) var keys: [KeyHistory] = []
  /// Whether each transaction has happened: it was acknowledged, or somebody else saw something of it that
  /// was not certainly aborted.
  private(set) var hasHappened: [Bool]

  private var numbers: [Int: Int] = [:]

  /// Takes the history apart. Reports what is wrong within one transaction or one read.
  init(_ history: History, level: History.Level?, _ findings: inout Findings) {
    transactions = history.transactions
    levels = transactions.map { level ?? $0.level }
    hasFinalState = history.finalState != nil
    hasHappened = transactions.map { $0.outcome == .committed }
    let inconsistent = addTransactions(&findings)
    addFinalState(history.finalState)
    for number in keys.indices {
      keys[number].sortReads()
      examine(keys[number], &findings)
    }
    // Only now it is known who has happened.
    for (transaction, key) in inconsistent where hasHappened[transaction] {
      let id = transactions[transaction].id
      findings.add(
        Anomaly(
          .internalInconsistency, transactions: [id], key: key,
          "T\(id) read a list of key \(key) that its own appends and earlier reads contradict"))
    }
  }

  /// The id of a transaction.
  func id(_ transaction: Int) -> Int { transactions[transaction].id }

  /// A reader, for descriptions.
  func name(ofReader reader: Int) -> String {
    reader == KeyHistory.finalReader ? "the final read" : "T\(id(reader))"
  }

  /// The ids of those among the numbers that are transactions.
  func ids(_ numbers: [Int]) -> [Int] { numbers.filter { $0 >= 0 }.map(id) }

  /// Whether this one's reads count: it has happened, or reads the final state.
  func counts(_ reader: Int) -> Bool { reader == KeyHistory.finalReader || hasHappened[reader] }

  private mutating func number(of key: Int) -> Int {
    if let number = numbers[key] { return number }
    numbers[key] = keys.count
    keys.append(KeyHistory(key: key))
    return keys.count - 1
  }

  /// Returns the transactions, with a key, that contradict themselves.
  private mutating func addTransactions(_ findings: inout Findings) -> [(transaction: Int, key: Int)] {
    var inconsistent: [(transaction: Int, key: Int)] = []
    for (transaction, content) in transactions.enumerated() {
      for operation in content.operations {
        switch operation {
        case .append(let key, let element):
          if !keys[number(of: key)].append(element, by: transaction) {
            findings.add(
              Anomaly(
                .duplicateElement, transactions: [content.id], key: key,
                "T\(content.id) appended element \(element) to key \(key), which had been done before"))
          }
        case .read(let key, let elements):
          if !keys[number(of: key)].read(elements, by: transaction, at: levels[transaction]) {
            inconsistent.append((transaction, key))
          }
        }
      }
    }
    return inconsistent
  }

  private mutating func addFinalState(_ state: [Int: [Int]]?) {
    guard let state else { return }
    for (key, _) in state.sorted(by: { $0.key < $1.key }) { _ = number(of: key) }
    for number in keys.indices { keys[number].finish(with: state[keys[number].key] ?? []) }
  }

  /// Looks at the elements of all reads: are they ones that somebody wrote, and what do they prove? The reads
  /// of aborted transactions are looked at too, since nobody ever may see what nobody wrote.
  private mutating func examine(_ key: KeyHistory, _ findings: inout Findings) {
    var longest: ArraySlice<Int> = []
    var isSuspect = false
    for read in key.reads {
      let elements = read.elements[..<read.foreignCount]
      if elements.isBeginning(of: longest) { continue }
      longest = elements.count > longest.count ? elements : longest
      var before: Set<Int> = []
      for element in elements {
        let isRepeated = !before.insert(element).inserted
        if let append = key.appends[element] {
          if append.transaction != read.transaction { see(append.transaction) }
        }
        // One report for a key: later reads repeat what is wrong with an earlier one.
        guard !isSuspect, isRepeated || key.appends[element] == nil else { continue }
        isSuspect = true
        let reader = name(ofReader: read.transaction)
        findings.add(
          Anomaly(
            isRepeated ? .duplicateElement : .unwrittenElement, transactions: ids([read.transaction]),
            key: key.key,
            "\(reader) saw element \(element) in key \(key.key), "
              + (isRepeated ? "twice" : "which nobody appended")))
      }
    }
  }

  private mutating func see(_ transaction: Int) {
    if transactions[transaction].outcome == .unknown { hasHappened[transaction] = true }
  }
}
