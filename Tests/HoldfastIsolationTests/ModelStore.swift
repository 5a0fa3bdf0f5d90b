@testable import HoldfastTestSupport

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A small store in memory that keeps its promises at all levels, unless it is given a defect.
///
/// Every key has its versions, every version the time of its commit. Who finds a key taken by another writer
/// does not wait but ends: so it can be used from one thread that does the work of many in any order, and from
/// many threads. Under snapshot the first updater wins; under serializable a commit also demands that nothing
/// that was read has changed since.
///
/// `@unchecked Sendable`: everything that changes is only touched under `lock`.
final class ModelStore: ListAppendStore, @unchecked Sendable {
  private struct Version {
    var element: Int
    var transaction: Int
    /// `nil` until the commit, and only with ``Defect/noWriteLocks``.
    var time: Int?
  }

  private struct Transaction {
    var level: History.Level
    var snapshot: Int
    var appends: [(key: Int, element: Int)] = []
    var keysRead: Set<Int> = []
  }

  private let defect: Defect?
  /// The probability that the commit of a transaction that has appended is not answered.
  private let silence: Double
  private let lock = StoreLock()
  private var random: SplitMix64
  private var versions: [Int: [Version]] = [:]
  private var time = 0
  private var begun = 0
  private var active: [Int: Transaction] = [:]
  /// By key, the transaction that writes it.
  private var writers: [Int: Int] = [:]
  private var operationsLeft = Int.max

  init(seed: UInt64, defect: Defect? = nil, silence: Double = 0.05) {
    self.defect = defect
    self.silence = silence
    random = SplitMix64(seed: seed)
  }

  /// The store stops after so many operations more: what is not committed by then does not happen.
  func stop(afterOperations count: Int) { lock.withLock { operationsLeft = count } }

  /// The store can be used again.
  func reopen() {
    lock.withLock {
      operationsLeft = Int.max
      for number in Array(active.keys) { end(number) }
    }
  }

  func begin(_ level: History.Level) throws(ListAppendError) -> Handle {
    try lock.withLock { () throws(ListAppendError) in
      try countOperation()
      begun += 1
      let delay = defect == .staleSnapshots && random.chance(0.1) ? 1 + random.below(3) : 0
      active[begun] = Transaction(level: level, snapshot: max(0, time - delay))
      return Handle(store: self, number: begun)
    }
  }

  /// A transaction of the store.
  struct Handle: ListAppendHandle {
    fileprivate let store: ModelStore
    fileprivate let number: Int

    func append(_ element: Int, to key: Int) throws(ListAppendError) {
      // Lets other threads come in between, however few processors there are.
      sched_yield()
      try store.lock.withLock { () throws(ListAppendError) in try store.append(element, to: key, number) }
    }
    func read(_ key: Int) throws(ListAppendError) -> [Int] {
      sched_yield()
      return try store.lock.withLock { () throws(ListAppendError) in try store.read(key, number) }
    }
    func commit() throws(ListAppendError) {
      sched_yield()
      try store.lock.withLock { () throws(ListAppendError) in try store.commit(number) }
    }
    func abort() { store.lock.withLock { store.abort(number) } }
  }

  // MARK: Under the lock

  private func countOperation() throws(ListAppendError) {
    guard operationsLeft > 0 else { throw .stopped }
    operationsLeft -= 1
  }

  private func transaction(_ number: Int) throws(ListAppendError) -> Transaction {
    try countOperation()
    guard let transaction = active[number] else { throw .refused }
    return transaction
  }

  private func end(_ number: Int) {
    active[number] = nil
    for (key, writer) in writers where writer == number { writers[key] = nil }
    if defect == .noWriteLocks {
      for key in versions.keys { versions[key]?.removeAll { $0.transaction == number && $0.time == nil } }
    }
  }

  private func append(_ element: Int, to key: Int, _ number: Int) throws(ListAppendError) {
    var transaction = try transaction(number)
    switch defect {
    case .noWriteLocks:
      versions[key, default: []].append(Version(element: element, transaction: number, time: nil))
    case .noFirstUpdaterCheck: break
    default:
      let newest = versions[key]?.last?.time ?? 0
      let isFree = (writers[key] ?? number) == number
      guard isFree, transaction.level == .readCommitted || newest <= transaction.snapshot else {
        throw .retryable
      }
      writers[key] = number
    }
    transaction.appends.append((key, element))
    active[number] = transaction
  }

  private func read(_ key: Int, _ number: Int) throws(ListAppendError) -> [Int] {
    var transaction = try transaction(number)
    transaction.keysRead.insert(key)
    active[number] = transaction
    let readsNewest = transaction.level == .readCommitted || defect == .readCommittedAsSnapshot
    let snapshot = readsNewest ? time : transaction.snapshot
    var elements = visible(key, at: snapshot)
    if defect == .dirtyReads {
      for (_, other) in active.sorted(by: { $0.key < $1.key }) {
        elements += other.appends.filter { $0.key == key }.map(\.element)
      }
    } else if defect != .blindToOwnAppends {
      elements += transaction.appends.filter { $0.key == key }.map(\.element)
    }
    if defect == .reorderedReads, elements.count > 1, random.chance(0.05) {
      elements.swapAt(elements.count - 1, elements.count - 2)
    }
    return elements
  }

  private func visible(_ key: Int, at snapshot: Int) -> [Int] {
    let versions = versions[key] ?? []
    if defect == .noWriteLocks { return versions.filter { $0.time != nil }.map(\.element) }
    return versions.prefix { $0.time ?? Int.max <= snapshot }.map(\.element)
  }

  private func commit(_ number: Int) throws(ListAppendError) {
    let transaction = try transaction(number)
    if transaction.level == .serializable && defect != .snapshotAsSerializable {
      let isChanged = transaction.keysRead.contains { versions[$0]?.last?.time ?? 0 > transaction.snapshot }
      guard !isChanged else { throw .retryable }
    }
    let isSilent = !transaction.appends.isEmpty && random.chance(silence)
    guard !isSilent || random.chance(0.5) else {
      end(number)
      throw .unknown
    }
    apply(transaction, number, isSilent: isSilent)
    end(number)
    if isSilent { throw .unknown }
  }

  private func abort(_ number: Int) {
    guard let transaction = active[number] else { return }
    if defect == .abortedAppendsStay { apply(transaction, number, isSilent: false) }
    end(number)
  }

  private func apply(_ transaction: Transaction, _ number: Int, isSilent: Bool) {
    time += 1
    if defect == .noWriteLocks {
      for (key, list) in versions {
        versions[key] = list.map { version in
          var version = version
          if version.transaction == number { version.time = time }
          return version
        }
      }
      return
    }
    let firstKey = transaction.appends.first?.key
    for (key, element) in transaction.appends {
      if defect == .lostAppends && random.chance(0.01) { continue }
      if defect == .tornRecovery && isSilent && key != firstKey { continue }
      let place = defect == .misplacedAppends && random.chance(0.01) ? key + 1 : key
      let delay = defect == .tornCommits && key == firstKey ? 2 : 0
      let version = Version(element: element, transaction: number, time: time + delay)
      versions[place, default: []].append(version)
      if defect == .repeatedAppends && random.chance(0.01) { versions[place, default: []].append(version) }
    }
  }
}
