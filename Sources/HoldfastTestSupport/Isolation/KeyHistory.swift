/// Everything that a history says about one key. Transactions are numbered by their place in the history.
struct KeyHistory {
  struct Append {
    var transaction: Int
    /// Whether the transaction appended nothing more to this key.
    var isLast: Bool
  }

  struct Read {
    /// The reader's number, or ``KeyHistory/finalReader``.
    var transaction: Int
    var elements: [Int]
    /// How many elements come before the reader's own appends, which are at the end.
    var foreignCount: Int
    /// Whether the list shows what others did, and not only the reader's own view once more.
    var isExternal: Bool
  }

  /// Whoever reads the final state.
  static let finalReader = -1

  let key: Int
  /// By element.
  private(set) var appends: [Int: Append] = [:]
  private(set) var reads: [Read] = []

  // What the transaction that is being added has done to this key.
  private var visitor: Int?
  private var own: [Int] = []
  private var view: [Int]?

  init(key: Int) { self.key = key }

  private mutating func visit(_ transaction: Int) {
    guard visitor != transaction else { return }
    visitor = transaction
    own.removeAll(keepingCapacity: true)
    view = nil
  }

  /// Adds an append. Returns whether the element is new to this key.
  mutating func append(_ element: Int, by transaction: Int) -> Bool {
    visit(transaction)
    guard appends[element] == nil else { return false }
    if let last = own.last { appends[last]?.isLast = false }
    appends[element] = Append(transaction: transaction, isLast: true)
    own.append(element)
    view?.append(element)
    return true
  }

  /// Adds a read. Returns whether it fits what the transaction itself did and saw before.
  mutating func read(_ elements: [Int], by transaction: Int, at level: History.Level) -> Bool {
    visit(transaction)
    let hasSnapshot = level >= .snapshot
    let endsWithOwn = elements.suffix(own.count).elementsEqual(own)
    let isConsistent: Bool
    if hasSnapshot {
      isConsistent = view.map { $0 == elements } ?? endsWithOwn
    } else {
      isConsistent = endsWithOwn || elements.contains(inOrder: own)
    }
    // An own element where it does not belong makes the whole list worth a look.
    let foreign = elements.dropLast(endsWithOwn ? own.count : 0)
    let isClean = own.first.map { !foreign.contains($0) } ?? true
    reads.append(
      Read(
        transaction: transaction, elements: elements,
        foreignCount: isClean ? foreign.count : elements.count,
        isExternal: hasSnapshot ? view == nil && own.isEmpty : true))
    view = elements
    return isConsistent
  }

  /// Adds the list of the final state.
  mutating func finish(with elements: [Int]) {
    reads.append(
      Read(
        transaction: KeyHistory.finalReader, elements: elements, foreignCount: elements.count,
        isExternal: false))
  }

  /// Longest first. All but few reads are beginnings of the longest, and need not be looked at one by one.
  mutating func sortReads() { reads.sort { $0.elements.count > $1.elements.count } }
}

extension [Int] {
  /// Whether all of `wanted` are here, in that order, with or without others in between.
  fileprivate func contains(inOrder wanted: [Int]) -> Bool {
    var rest = wanted[...]
    for element in self where element == rest.first { rest.removeFirst() }
    return rest.isEmpty
  }
}

extension Collection where Element: Equatable {
  /// Whether this is the beginning of `other`.
  func isBeginning(of other: some Collection<Element>) -> Bool { other.starts(with: self) }
}
