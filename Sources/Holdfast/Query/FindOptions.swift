/// What a query wants besides its filter.
///
///     var options = FindOptions(sort: ["age": -1], limit: 10)
///     options.projection = ["name": 1, "age": 1]
///     let oldest = try users.find(["city": "Oslo"], options).documents()
public struct FindOptions: Sendable {
  /// The fields to sort by, each with 1 for ascending or -1 for descending; `nil` for whatever order is at
  /// hand.
  public var sort: Document?
  /// The fields to give: `["name": 1]` for some, `["picture": 0]` for all but some; see `docs/queries.md`.
  public var projection: Document?
  /// How many documents to leave out at the beginning.
  public var skip = 0
  /// The most documents; `nil` or 0 for all.
  public var limit: Int?
  /// The index to use; `nil` for the one that the planner chooses.
  public var hint: IndexHint?
  /// The memory that sorting may take before it goes on in temporary files, in bytes; `nil` for
  /// ``DatabaseOptions/sortMemoryBytes``.
  public var sortMemoryBytes: Int?
  /// How many documents an async iteration reads at once; `nil` for what is good for most.
  public var batchSize: Int?
  /// Leave out documents that cannot be read because their page is damaged, instead of failing: what is left
  /// out is in ``Database/damage()`` afterwards. The collection is then read without indexes. Not inside of a
  /// transaction that writes.
  public var skipsDamage = false

  /// Takes the options used most.
  public init(
    sort: Document? = nil, projection: Document? = nil, skip: Int = 0, limit: Int? = nil,
    hint: IndexHint? = nil
  ) {
    self.sort = sort
    self.projection = projection
    self.skip = skip
    self.limit = limit
    self.hint = hint
  }
}

/// Which index a query is to use.
public enum IndexHint: Sendable, Hashable {
  /// The index of this name; `_id_` stands for the order of ids.
  case name(String)
  /// The index on these fields.
  case keys(Document)
  /// No index: the documents in the order of ids, or backwards.
  case natural(descending: Bool = false)
}

extension IndexHint: ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral {
  /// The index of this name.
  public init(stringLiteral value: String) { self = .name(value) }

  /// The index on these fields; `{"$natural": 1}` for no index.
  public init(dictionaryLiteral elements: (String, BSONValue)...) { self.init(Document(elements)) }

  /// The index on these fields; `{"$natural": 1}` for no index.
  public init(_ keys: Document) {
    if let direction = keys["$natural"]?.doubleValue, keys.count == 1 {
      self = .natural(descending: direction < 0)
    } else {
      self = .keys(keys)
    }
  }
}
