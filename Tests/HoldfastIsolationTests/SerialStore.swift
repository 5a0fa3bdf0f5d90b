import HoldfastTestSupport

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A store in which one transaction runs at a time: the others wait for it. It cannot be wrong, unless its
/// transactions let go of the store between their operations.
///
/// `@unchecked Sendable`: `lists` is only touched by the transaction that holds `mutex`.
final class SerialStore: ListAppendStore, @unchecked Sendable {
  fileprivate let mutex: UnsafeMutablePointer<pthread_mutex_t>
  fileprivate var lists: [Int: [Int]] = [:]
  /// Whether a transaction lets others in after each of its operations.
  fileprivate let isBroken: Bool

  init(isBroken: Bool = false) {
    self.isBroken = isBroken
    mutex = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  func begin(_ level: History.Level) throws(ListAppendError) -> Handle {
    pthread_mutex_lock(mutex)
    return Handle(store: self)
  }

  /// Holds the store until it ends. It changes the lists at once, and knows what they were before.
  struct Handle: ListAppendHandle {
    fileprivate let store: SerialStore
    private var before: [Int: [Int]] = [:]

    fileprivate init(store: SerialStore) { self.store = store }

    mutating func append(_ element: Int, to key: Int) {
      if before[key] == nil { before[key] = store.lists[key, default: []] }
      store.lists[key, default: []].append(element)
      letOthersIn()
    }
    func read(_ key: Int) -> [Int] {
      let list = store.lists[key] ?? []
      letOthersIn()
      return list
    }
    func commit() { pthread_mutex_unlock(store.mutex) }
    func abort() {
      store.lists.merge(before) { $1 }
      pthread_mutex_unlock(store.mutex)
    }

    private func letOthersIn() {
      guard store.isBroken else { return }
      pthread_mutex_unlock(store.mutex)
      sched_yield()
      pthread_mutex_lock(store.mutex)
    }
  }
}
