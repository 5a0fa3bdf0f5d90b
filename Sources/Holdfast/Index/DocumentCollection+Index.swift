internal import HoldfastEngine
internal import HoldfastQuery

/// How far the building of an index has come.
public struct IndexProgress: Sendable, Hashable {
  /// How many documents have been looked at.
  public let documents: Int
  /// How many there were when it began.
  public let total: Int
}

extension DocumentCollection {
  /// Makes an index over the documents that there are and all that come, and returns its name. When it returns,
  /// the index is ready, and as durable as the collection's ``Durability`` promises. Others read and write
  /// meanwhile; the index is built in steps, each a transaction, and is used by queries when it is ready.
  ///
  /// An index that is there already with the same name, fields and options is left as it is. When the process
  /// ends while an index is built, the next call with the same fields and options goes on where it stopped;
  /// until then ``ReadableCollection/indexes()`` lists it as not ready.
  ///
  ///     try users.createIndex(["city": 1, "age": -1])
  ///     try users.createIndex(["email": 1], IndexOptions(isUnique: true))
  /// - Parameters:
  ///   - keys: the fields, each with 1 for ascending or -1 for descending.
  ///   - options: its name and what it demands.
  ///   - progress: called after each step; when it returns `false`, the index is removed again.
  /// - Throws: ``HoldfastError/Code/duplicateKey`` when documents have the same values in a unique index,
  ///   ``HoldfastError/Code/indexExists``, ``HoldfastError/Code/invalidQuery``,
  ///   ``HoldfastError/Code/parallelArrays``, ``HoldfastError/Code/keyTooLarge``,
  ///   ``HoldfastError/Code/cancelled``, and as any write. The index is then removed again.
  @discardableResult
  public func createIndex(
    _ keys: Document, _ options: IndexOptions = IndexOptions(), progress: ((IndexProgress) -> Bool)? = nil
  ) throws(HoldfastError) -> String {
    let name = try CollectionName(name)
    let description = try IndexDescription(keys, options, name)
    var total = 0
    let tree = try database.change(name) { (transaction) throws(HoldfastError) in
      let collection = transaction.collection(name.text)
      let tree = try collection.beginIndex(description, name)
      if tree != nil { total = try collection.count() }
      return tree
    }
    guard let tree else { return description.name }
    do throws(HoldfastError) {
      try build(tree, name, total, progress)
    } catch {
      // What cannot be built must not stay; if this fails, too, the index is listed as not ready.
      if error.code != .indexNotFound { try? removeIndex(tree, name) }
      throw error
    }
    return description.name
  }

  private func build(
    _ tree: UInt64, _ name: CollectionName, _ total: Int, _ progress: ((IndexProgress) -> Bool)?
  ) throws(HoldfastError) {
    var done = 0
    var isReady = false
    while !isReady {
      let step = try database.change(name) { (transaction) throws(HoldfastError) in
        let step = try transaction.collection(name.text).buildChunk(
          tree, name, limits: transaction.context.indexStep)
        // Only the end has to be durable: a log that ends earlier ends with a part of the index.
        if step.isReady {
          _ = try transaction.recordForWriting(name)
        } else {
          transaction.engine.require(.unsafe)
        }
        return step
      }
      isReady = step.isReady
      done += step.documents
      if let progress, !progress(IndexProgress(documents: done, total: max(done, total))), !isReady {
        throw HoldfastError(
          .cancelled, "the building of an index of collection \(quoted(name.text)) was cancelled",
          collection: name.text)
      }
    }
  }

  /// Removes an index that is not ready.
  private func removeIndex(_ tree: UInt64, _ name: CollectionName) throws(HoldfastError) {
    try database.change(name) { (transaction) throws(HoldfastError) in
      guard let index = try transaction.record(of: name)?.indexes.first(where: { $0.tree == tree }),
        !index.isReady
      else { return }
      try transaction.collection(name.text).dropIndex(index.description.name)
    }
  }

  /// Removes an index. Returns whether there was one of this name.
  /// - Throws: ``HoldfastError/Code/invalidUse`` for `_id_`, and as any write.
  @discardableResult
  public func dropIndex(_ index: String) throws(HoldfastError) -> Bool {
    let name = try CollectionName(name)
    return try database.change(name) { (transaction) throws(HoldfastError) in
      try transaction.collection(name.text).dropIndex(index)
    }
  }
}
