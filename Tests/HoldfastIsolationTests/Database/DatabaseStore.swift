import Holdfast
import HoldfastTestSupport

/// A database as the list-append workload uses it: a document for each key, with the list in it, found by its id or
/// through an index.
struct DatabaseStore: ListAppendStore {
  let database: Database
  /// Whether documents are looked for by a field with an index, and not by their ids.
  var usesIndex = false

  func begin(_ level: History.Level) throws(ListAppendError) -> DatabaseHandle {
    do throws(HoldfastError) {
      let transaction = try database.begin(isolation: level.isolation, lockTimeout: .seconds(20))
      return DatabaseHandle(transaction: transaction, usesIndex: usesIndex)
    } catch {
      throw error.forWorkload
    }
  }
}

struct DatabaseHandle: ListAppendHandle {
  let transaction: Transaction
  let usesIndex: Bool

  private var lists: TransactionCollection { transaction.collection("lists") }

  private func filter(_ key: Int) -> Document {
    [usesIndex ? "key" : "_id": .int64(Int64(key))]
  }

  mutating func append(_ element: Int, to key: Int) throws(ListAppendError) {
    do throws(HoldfastError) {
      var update: Document = ["$push": ["elements": .int64(Int64(element))]]
      if usesIndex { update["$setOnInsert"] = ["_id": .int64(Int64(key))] }
      try lists.updateOne(filter(key), update, upsert: true)
    } catch {
      throw error.forWorkload
    }
  }

  mutating func read(_ key: Int) throws(ListAppendError) -> [Int] {
    do throws(HoldfastError) {
      let elements = try lists.findOne(filter(key))?["elements"]?.arrayValue ?? []
      return elements.compactMap { $0.int64Value.map { Int($0) } }
    } catch {
      throw error.forWorkload
    }
  }

  mutating func commit() throws(ListAppendError) {
    do throws(HoldfastError) { try transaction.commit() } catch { throw error.forWorkload }
  }

  mutating func abort() { transaction.rollback() }
}

extension History.Level {
  var isolation: Isolation {
    switch self {
    case .readCommitted: .readCommitted
    case .snapshot: .snapshot
    case .serializable: .serializable
    }
  }
}

extension HoldfastError {
  /// The error as the workload knows it.
  var forWorkload: ListAppendError {
    switch code {
    // Two that insert the same key: the later one sees the other's document when it is tried again.
    case .writeConflict, .deadlock, .duplicateID, .duplicateKey: .retryable
    case .outcomeUnknown, .closed, .ioFailed: .stopped
    default: .refused
    }
  }
}
