import BSON

/// What the planner knows of an index, and what is needed to make its keys.
public struct IndexDescription: Sendable {
  /// One field of an index.
  public struct Field: Sendable, Hashable {
    /// The path of the field.
    public let path: FieldPath
    /// Whether the index has its highest value first.
    public let isDescending: Bool
    /// On which parts of the path documents have an array: bit `p` stands for the value at the first `p + 1`
    /// parts. 0 as long as no document has one.
    public var arrays: UInt64 = 0

    init(path: FieldPath, isDescending: Bool) {
      self.path = path
      self.isDescending = isDescending
    }
  }

  /// The name, unique in its collection.
  public var name: String
  /// The fields in order; at least one.
  public var fields: [Field]
  /// Whether two documents cannot have the same values.
  public var isUnique = false
  /// Whether documents without any of the fields are left out.
  public var isSparse = false
  /// Which documents are in the index; `nil` for all.
  public var partialFilter: Filter?
  /// How many seconds after the moment in the field a document is deleted; `nil` for never.
  public var expireAfterSeconds: Int64?

  /// The most fields of an index.
  public static let maximumFields = 32
  /// The longest time after which documents expire, in seconds: 68 years.
  public static let maximumExpiry = Int64(Int32.max)
  /// The longest name, in bytes of UTF-8.
  public static let maximumNameBytes = 127

  /// Checks the description of a new index.
  /// - Parameters:
  ///   - keys: the fields, each with 1 for ascending or -1 for descending.
  ///   - name: the name; `nil` for one made of the fields, such as `age_1_city_-1`.
  public init(
    keys: Document, name: String? = nil, isUnique: Bool = false, isSparse: Bool = false,
    partialFilter: Document? = nil, expireAfterSeconds: Int64? = nil
  ) throws(QueryError) {
    fields = try Self.fields(keys)
    self.name = name ?? fields.map { "\($0.path.text)_\($0.isDescending ? -1 : 1)" }.joined(separator: "_")
    if name == nil, fields.count == 1, fields[0].path.text == "_id", !fields[0].isDescending {
      self.name = "_id_"
    }
    self.isUnique = isUnique
    self.isSparse = isSparse
    self.expireAfterSeconds = expireAfterSeconds
    guard !self.name.isEmpty, self.name.utf8.count <= Self.maximumNameBytes, !self.name.utf8.contains(0)
    else {
      throw Self.refused(
        .invalidArgument,
        "the name of an index must have 1 to \(Self.maximumNameBytes) bytes and no zero byte: give it another"
      )
    }
    guard !isSparse || partialFilter == nil else {
      throw Self.refused(
        .invalidArgument,
        "index \(quoted(self.name)) cannot be sparse and partial at once: a partial filter of {$exists: true} "
          + "says the same as sparse")
    }
    if let partialFilter {
      self.partialFilter = try Filter(partialFilter)
      guard self.partialFilter?.isAboutFieldsOnly == true else {
        throw Self.refused(
          .invalidArgument,
          "the partial filter of index \(quoted(self.name)) cannot have $expr or $jsonSchema")
      }
    }
    if let expireAfterSeconds {
      guard fields.count == 1, fields[0].path.text != "_id" else {
        throw Self.refused(
          .invalidArgument,
          "index \(quoted(self.name)) can let documents expire only with a single field that is "
            + "not _id")
      }
      guard expireAfterSeconds >= 0, expireAfterSeconds <= Self.maximumExpiry else {
        throw Self.refused(
          .invalidArgument,
          "expireAfterSeconds of index \(quoted(self.name)) must be from 0 to \(Self.maximumExpiry)")
      }
    }
  }

  private static func refused(_ code: QueryError.Code, _ message: String) -> QueryError {
    QueryError(code, message, .cannotCreateIndex)
  }

  private static func fields(_ keys: Document) throws(QueryError) -> [Field] {
    var fields: [Field] = []
    for (name, value) in keys {
      let path = FieldPath(name)
      guard !path.hasEmptyPart else {
        throw Self.refused(
          .invalidPath, "the path \(quoted(name)) of an index has an empty part: leave it out")
      }
      guard path.parts.count <= 64 else {
        throw Self.refused(.limitExceeded, "the path \(quoted(name)) of an index has more than 64 parts")
      }
      // The fields of a reference to another document have such names.
      guard
        !path.parts.enumerated().contains(where: { index, part in
          part.name.first == UInt8(ascii: "$")
            && (index == 0 || !FieldPath.referenceNames.contains(part.text))
        })
      else {
        throw Self.refused(
          .invalidPath,
          "the path \(quoted(name)) of an index has a part that begins with a dollar sign, which no "
            + "field can be found by")
      }
      guard value.isNumber, let number = value.doubleValue ?? value.decimal128Value?.doubleValue, number != 0,
        !number.isNaN
      else {
        throw Self.refused(
          .invalidArgument,
          "the direction of \(quoted(name)) in an index must be 1 or -1; text, geographic and hashed indexes are "
            + "not supported")
      }
      guard !fields.contains(where: { $0.path == path }) else {
        throw Self.refused(.invalidArgument, "the field \(quoted(name)) is in an index twice: name it once")
      }
      fields.append(Field(path: path, isDescending: number < 0))
    }
    guard !fields.isEmpty else {
      throw Self.refused(.invalidArgument, "an index needs at least one field, as in {\"age\": 1}")
    }
    guard fields.count <= maximumFields else {
      throw Self.refused(.limitExceeded, "an index can have \(maximumFields) fields, not more")
    }
    return fields
  }

  /// The fields with their directions, as the index was asked for.
  public var keys: Document { Document(fields.map { ($0.path.text, .int32($0.isDescending ? -1 : 1)) }) }

  /// Whether some document has an array in one of the fields.
  public var isMultikey: Bool { fields.contains { $0.arrays != 0 } }

  /// The name and the fields for a message.
  public var place: String { "index \(quoted(name)) on \(keys.extendedJSON(.relaxed))" }
}

extension Filter {
  /// Whether the filter asks of fields only, and not of whole documents.
  var isAboutFieldsOnly: Bool { Self.isAboutFieldsOnly(condition) }

  private static func isAboutFieldsOnly(_ condition: Condition) -> Bool {
    switch condition {
    case .and(let conditions), .or(let conditions), .nor(let conditions):
      conditions.allSatisfy(isAboutFieldsOnly)
    case .not(let condition): isAboutFieldsOnly(condition)
    case .field, .always, .never: true
    case .expression, .schema: false
    }
  }
}
