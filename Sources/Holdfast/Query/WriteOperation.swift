/// How an update is done.
public struct UpdateOptions: Sendable {
  /// Insert a document made of the filter's equalities and the update when no document matches.
  public var upsert: Bool
  /// The filters that `$[name]` in the update's paths stands for.
  public var arrayFilters: [Document]
  /// The index that finds the documents; `nil` for the one that the planner chooses.
  public var hint: IndexHint?
  /// The order of which the first document that matches is taken; not for updates of all that match.
  public var sort: Document?
  /// The `_id` of the document that is inserted, when neither the filter nor the update says it; `nil` for a new
  /// `ObjectID`.
  public var newID: BSONValue?

  /// Takes the options; without any, nothing is inserted.
  public init(
    upsert: Bool = false, arrayFilters: [Document] = [], hint: IndexHint? = nil, sort: Document? = nil,
    newID: BSONValue? = nil
  ) {
    self.newID = newID
    self.upsert = upsert
    self.arrayFilters = arrayFilters
    self.hint = hint
    self.sort = sort
  }
}

/// A change of a collection, as one of several for ``WritableCollection/bulkWrite(_:ordered:)``.
public enum WriteOperation: Sendable {
  /// Adds a document.
  case insert(Document)
  /// Updates the first document that matches a filter, with MongoDB's update operators.
  case updateOne(Document, Document, UpdateOptions = UpdateOptions())
  /// Updates all documents that match a filter.
  case updateMany(Document, Document, UpdateOptions = UpdateOptions())
  /// Puts a document in the place of the first one that matches a filter; the `_id` stays.
  case replaceOne(Document, Document, UpdateOptions = UpdateOptions())
  /// Deletes the first document that matches a filter.
  case deleteOne(Document, hint: IndexHint? = nil)
  /// Deletes all documents that match a filter.
  case deleteMany(Document, hint: IndexHint? = nil)
}

/// What an update did.
public struct UpdateResult: Sendable, Hashable {
  /// How many documents matched the filter.
  public internal(set) var matched = 0
  /// How many of them were changed; those that already were as the update wants them are not.
  public internal(set) var modified = 0
  /// The id of the document that was inserted because none matched.
  public internal(set) var upsertedID: BSONValue?
}

/// What ``WritableCollection/bulkWrite(_:ordered:)`` did.
public struct BulkWriteResult: Sendable, Hashable {
  /// The ids of inserted documents, by the number of the operation, counted from 0.
  public internal(set) var insertedIDs: [Int: BSONValue] = [:]
  /// How many documents matched updates and replacements.
  public internal(set) var matched = 0
  /// How many documents were changed.
  public internal(set) var modified = 0
  /// How many documents were deleted.
  public internal(set) var deleted = 0
  /// The ids of documents that were inserted because none matched, by the number of the operation.
  public internal(set) var upsertedIDs: [Int: BSONValue] = [:]

  mutating func add(_ update: UpdateResult, _ number: Int) {
    matched += update.matched
    modified += update.modified
    if let id = update.upsertedID { upsertedIDs[number] = id }
  }
}

/// Why some operations of ``WritableCollection/bulkWrite(_:ordered:)`` failed, and what the others did.
public struct BulkWriteFailure: Sendable {
  /// The operations that failed, by their number, counted from 0, in ascending order.
  public let errors: [(operation: Int, error: HoldfastError)]
  /// What the other operations did; it is kept.
  public let result: BulkWriteResult
}

/// Which state of a document `findOneAndUpdate` and `findOneAndReplace` give.
public enum ReturnedDocument: Sendable {
  /// The document before the change.
  case before
  /// The document after it.
  case after
}

/// What `findOneAndUpdate`, `findOneAndReplace` and `findOneAndDelete` are to do.
public struct FindAndModifyOptions: Sendable {
  /// Which document is the first one; `nil` for whatever order is at hand.
  public var sort: Document?
  /// The fields to give of it.
  public var projection: Document?
  /// The state to give.
  public var returned: ReturnedDocument
  /// Insert a document when none matches.
  public var upsert: Bool
  /// The filters that `$[name]` in the update's paths stands for.
  public var arrayFilters: [Document]
  /// The index that finds the document.
  public var hint: IndexHint?
  /// The `_id` of the document that is inserted; see ``UpdateOptions/newID``.
  public var newID: BSONValue?

  /// Takes the options; without any, the document before the change is given.
  public init(
    sort: Document? = nil, projection: Document? = nil, returned: ReturnedDocument = .before,
    upsert: Bool = false,
    arrayFilters: [Document] = [], hint: IndexHint? = nil, newID: BSONValue? = nil
  ) {
    self.sort = sort
    self.newID = newID
    self.projection = projection
    self.returned = returned
    self.upsert = upsert
    self.arrayFilters = arrayFilters
    self.hint = hint
  }
}

/// What is done to the document that is found.
public enum Modification: Sendable {
  /// Update operators.
  case update(Document)
  /// A whole new document, whose `_id` is that of the old one.
  case replace(Document)
  /// It is deleted.
  case delete
}
