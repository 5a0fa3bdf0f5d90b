import BSON

/// What an update knows beside the document when it is applied.
struct UpdateContext {
  /// Whether the document is about to be inserted.
  let isInsert: Bool
  let now: BSONDateTime
  /// The values that move by renames, where there are any.
  let renamed: [RawValue?]

  /// The moment as a timestamp, whose counter begins at 1.
  var timestamp: BSONTimestamp {
    let seconds = now.milliseconds / 1000
    return BSONTimestamp(seconds: UInt32(clamping: seconds), increment: 1)
  }
}

extension UpdateNode {
  /// Whether a field comes into being where there is none.
  func creates(_ context: UpdateContext) -> Bool {
    switch self {
    case .leaf(let leaf): leaf.action.creates(context)
    case .fields(let fields): fields.branches.contains { $0.node.creates(context) }
    // It is an error, which comes up when it is tried.
    case .elements: true
    }
  }

  /// Checks that nothing has to be done inside of a value that can have nothing inside, or has no such place.
  func checkUnreachable(_ type: BSONType, _ context: UpdateContext) throws(QueryError) {
    switch self {
    case .leaf(let leaf):
      guard leaf.action.creates(context) || !leaf.action.acceptsUnreachable else { return }
      throw QueryError(
        .typeMismatch,
        type == .array
          ? "\(leaf.place): the path leads into an array by a name; elements are named by their places, by "
            + "'$', '$[]' or '$[name]'."
          : "\(leaf.place): the path leads through a value of type \(type.name), which has no fields.",
        .pathNotViable)
    case .fields(let fields):
      for branch in fields.branches { try branch.node.checkUnreachable(type, context) }
    case .elements(let elements):
      throw elements.missingArray("no array")
    }
  }
}

extension UpdateElements {
  /// The error for a value that is no array.
  func missingArray(_ found: String) -> QueryError {
    var place = "The update"
    var node = branches.first?.node
    while let current = node {
      switch current {
      case .leaf(let leaf):
        place = leaf.place
        node = nil
      case .fields(let fields):
        node = fields.branches.first?.node
      case .elements(let elements):
        node = elements.branches.first?.node
      }
    }
    return QueryError(
      .typeMismatch, "\(place): in front of '$[]' and '$[name]' must be an array; there is \(found).",
      .badValue)
  }
}
