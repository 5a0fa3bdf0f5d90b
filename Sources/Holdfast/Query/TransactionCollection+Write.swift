internal import HoldfastEngine
internal import HoldfastQuery

extension TransactionCollection {
  public func bulkWrite(
    _ operations: [WriteOperation], ordered: Bool
  ) throws(HoldfastError) -> BulkWriteResult {
    let (result, errors) = try transaction.call { () throws(HoldfastError) in
      try bulk(operations, ordered: ordered)
    }
    if let first = errors.first {
      throw HoldfastError(bulk: BulkWriteFailure(errors: errors, result: result), first)
    }
    return result
  }

  /// Does operations; those that fail leave no trace. An error is thrown only when all has to be undone.
  func bulk(
    _ operations: [WriteOperation], ordered: Bool
  ) throws(HoldfastError) -> (BulkWriteResult, [(operation: Int, error: HoldfastError)]) {
    var result = BulkWriteResult()
    var errors: [(operation: Int, error: HoldfastError)] = []
    for (number, operation) in operations.enumerated() {
      do throws(HoldfastError) {
        try perform(operation, number, &result)
      } catch {
        if let failure = transaction.failure { throw failure }
        guard error.code.concernsOneOperation else { throw error }
        errors.append((number, error))
        if ordered { break }
      }
    }
    return (result, errors)
  }

  private func perform(
    _ operation: WriteOperation, _ number: Int, _ result: inout BulkWriteResult
  ) throws(HoldfastError) {
    switch operation {
    case .insert(let document): result.insertedIDs[number] = try insert(document)
    case .updateOne(let filter, let update, let options):
      result.add(try updateFirst(filter, .update(update), options), number)
    case .replaceOne(let filter, let document, let options):
      result.add(try updateFirst(filter, .replace(document), options), number)
    case .updateMany(let filter, let update, let options):
      result.add(try updateMany(filter, update, options), number)
    case .deleteOne(let filter, let hint): result.deleted += try deleteMatching(filter, hint, limit: 1)
    case .deleteMany(let filter, let hint): result.deleted += try deleteMatching(filter, hint, limit: nil)
    }
  }

  // MARK: Updates

  public func updateMany(
    _ filter: Document, _ update: Document, _ options: UpdateOptions
  ) throws(HoldfastError) -> UpdateResult {
    try self.update(filter, .update(update), options, limit: nil)
  }

  func updateFirst(
    _ filter: Document, _ modification: Modification, _ options: UpdateOptions
  ) throws(HoldfastError) -> UpdateResult {
    try update(filter, modification, options, limit: 1)
  }

  private func update(
    _ filter: Document, _ modification: Modification, _ options: UpdateOptions, limit: Int?
  ) throws(HoldfastError) -> UpdateResult {
    let name = try CollectionName(name)
    return try transaction.call { () throws(HoldfastError) in
      try self.update(filter, modification, options, limit: limit, name)
    }
  }

  private func update(
    _ filter: Document, _ modification: Modification, _ options: UpdateOptions, limit: Int?,
    _ name: CollectionName
  ) throws(HoldfastError) -> UpdateResult {
    let update = try read(modification, options.arrayFilters, name)
    guard limit != nil || options.sort == nil else {
      throw HoldfastError(
        .invalidQuery,
        "collection \(quoted(name.text)): an update of all documents that match takes no order of them",
        collection: name.text)
    }
    let query = try Query(
      filter, FindOptions(sort: options.sort, limit: limit, hint: options.hint), name, now: now)
    if options.upsert { try checkUpsert(query.filter, name) }
    var result = UpdateResult()
    if let record = try transaction.recordForWriting(name),
      let source = try reader(name, record).start(query, .documentAndKey, cache: transaction.context.plans)
    {
      do throws(HoldfastError) {
        while let row = try source.next() {
          result.matched += 1
          if try apply(update, to: row, name) != nil { result.modified += 1 }
        }
      } catch {
        if result.modified > 0 { transaction.doom(error) }
        throw error
      }
    }
    if result.matched == 0, options.upsert {
      result.upsertedID = try upsert(filter, update, modification, options.newID, name)["_id"]
    }
    return result
  }

  private func read(
    _ modification: Modification, _ arrayFilters: [Document], _ name: CollectionName
  ) throws(HoldfastError) -> Update {
    try querying(name) { () throws(QueryError) in
      switch modification {
      case .update(let document): try Update(document, arrayFilters: arrayFilters)
      case .replace(let document): try Update(replacement: document)
      case .delete: try Update(replacement: [:])
      }
    }
  }

  private var now: BSONDateTime { BSONDateTime(milliseconds: transaction.now()) }

  /// Updates a document that was found. Returns it when it was changed.
  private func apply(_ update: Update, to row: Row, _ name: CollectionName) throws(HoldfastError) -> Document?
  {
    let changed = try querying(name) { () throws(QueryError) in
      try update.applied(to: row.document, position: row.position, now: now)
    }
    guard changed != row.document, let record = try transaction.record(of: name) else { return nil }
    let prepared = try PreparedDocument(changed, for: name)
    guard prepared.key == row.key else {
      throw HoldfastError(
        .immutableID, "an update would change the _id of a document of collection \(quoted(name.text))",
        collection: name.text)
    }
    try put(prepared, replacing: row.document, record, name)
    return prepared.document
  }

  /// Checks that a filter can tell what an upsert is to insert.
  private func checkUpsert(_ filter: Filter, _ name: CollectionName) throws(HoldfastError) {
    guard filter.hasExpression else { return }
    throw HoldfastError(
      QueryError(
        .unknownOperator,
        "$expr cannot be in the filter of an upsert, as it does not tell what a new document is to hold",
        .queryFeatureNotAllowed), collection: name.text)
  }

  /// Inserts the document that an upsert makes of the filter and the update.
  private func upsert(
    _ filter: Document, _ update: Update, _ modification: Modification, _ id: BSONValue?,
    _ name: CollectionName
  ) throws(HoldfastError) -> Document {
    let made = try querying(name) { () throws(QueryError) in
      let base = try Update.upsertBase(filter, forReplacement: modification.isReplacement)
      return try update.applied(to: base, position: nil, isInsert: true, now: now)
    }
    let prepared = try PreparedDocument(made, for: name, id: id)
    try insert(prepared, name)
    return prepared.document
  }

  // MARK: Deleting

  public func deleteMany(_ filter: Document, hint: IndexHint?) throws(HoldfastError) -> Int {
    try deleteMatching(filter, hint, limit: nil)
  }

  func deleteMatching(_ filter: Document, _ hint: IndexHint?, limit: Int?) throws(HoldfastError) -> Int {
    if filter.isEmpty, limit == nil { return try deleteAll() }
    let name = try CollectionName(name)
    return try transaction.call { () throws(HoldfastError) in
      try deleteMatching(filter, hint, limit: limit, name)
    }
  }

  private func deleteMatching(
    _ filter: Document, _ hint: IndexHint?, limit: Int?, _ name: CollectionName
  ) throws(HoldfastError) -> Int {
    let query = try Query(filter, name, now: now, hint: hint, limit: limit)
    guard let record = try transaction.recordForWriting(name),
      let source = try reader(name, record).start(query, .documentAndKey, cache: transaction.context.plans)
    else { return 0 }
    var count = 0
    do throws(HoldfastError) {
      while let row = try source.next() {
        try delete(row.key, row.document, record, name)
        count += 1
      }
    } catch {
      if count > 0 { transaction.doom(error) }
      throw error
    }
    return count
  }

  // MARK: Finding and changing

  public func findOneAndModify(
    _ filter: Document, _ modification: Modification, _ options: FindAndModifyOptions
  ) throws(HoldfastError) -> Document? {
    let name = try CollectionName(name)
    return try transaction.call { () throws(HoldfastError) in
      try findOneAndModify(filter, modification, options, name)
    }
  }

  private func findOneAndModify(
    _ filter: Document, _ modification: Modification, _ options: FindAndModifyOptions, _ name: CollectionName
  ) throws(HoldfastError) -> Document? {
    let update = try read(modification, options.arrayFilters, name)
    var query = try Query(
      filter, FindOptions(sort: options.sort, projection: options.projection, limit: 1, hint: options.hint),
      name, now: now)
    if options.upsert, !modification.isDelete { try checkUpsert(query.filter, name) }
    let projection = query.projection
    if options.returned == .after, projection?.usesPosition == true, !modification.isDelete {
      throw HoldfastError(
        QueryError(
          .invalidArgument,
          "projection: the positional operator cannot be used on the document after the update, where the element may "
            + "be another one: ask for the document before it, or leave the operator out"),
        collection: name.text)
    }
    query.projection = nil
    query.neededPaths = nil
    let record = try transaction.recordForWriting(name)
    let row = try reader(name, record).start(query, .documentAndKey, cache: transaction.context.plans)?.next()
    var result: Document?
    if let row, let record {
      if case .delete = modification {
        try delete(row.key, row.document, record, name)
        result = row.document
      } else {
        let changed = try apply(update, to: row, name) ?? row.document
        result = options.returned == .after ? changed : row.document
      }
    } else if options.upsert, !modification.isDelete {
      let made = try upsert(filter, update, modification, options.newID, name)
      result = options.returned == .after ? made : nil
    }
    guard let result, let projection else { return result }
    do throws(HoldfastError) {
      return try querying(name) { () throws(QueryError) in
        try result.withRawDocument { (raw) throws(QueryError) in
          try projection.applied(to: raw, position: row?.position)
        }
      }
    } catch {
      transaction.doom(error)
      throw error
    }
  }
}

extension Modification {
  fileprivate var isDelete: Bool { if case .delete = self { true } else { false } }
  fileprivate var isReplacement: Bool { if case .replace = self { true } else { false } }
}

extension HoldfastError {
  init(bulk failure: BulkWriteFailure, _ first: (operation: Int, error: HoldfastError)) {
    self.init(
      first.error.code,
      "\(failure.errors.count) of the operations failed, first number \(first.operation) (from 0): "
        + first.error.message, collection: first.error.collection, underlying: first.error.underlying)
    bulkWrite = failure
  }
}

extension HoldfastError.Code {
  /// Whether a failure says that one operation cannot be done, and not that something is wrong with the
  /// database.
  fileprivate var concernsOneOperation: Bool {
    switch self {
    case .duplicateID, .duplicateKey, .documentTooLarge, .invalidDocument, .invalidID, .keyTooLarge,
      .invalidQuery,
      .typeMismatch, .overflow, .immutableID, .parallelArrays:
      true
    default: false
    }
  }
}
