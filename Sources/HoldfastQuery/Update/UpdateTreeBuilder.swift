/// A tree of changes while its paths are still coming in, in any order.
final class UpdateTreeBuilder {
  private enum Kind {
    case nothing
    case leaf(UpdateLeaf)
    case fields
    case elements
  }

  private var kind = Kind.nothing
  // Not inside of the kind, so that they grow in their place.
  private var fields: [[UInt8]: UpdateTreeBuilder] = [:]
  private var positional: UpdateTreeBuilder?
  private var elements: [String: UpdateTreeBuilder] = [:]

  /// Adds a change at the end of a path.
  func add(_ leaf: UpdateLeaf, at parts: some Collection<UpdatePath.Part>) throws(QueryError) {
    var node = self
    for part in parts {
      guard let next = node.child(part) else { throw Self.conflict(leaf) }
      node = next
    }
    guard case .nothing = node.kind else { throw Self.conflict(leaf) }
    node.kind = .leaf(leaf)
  }

  /// The child for a part of a path, which is made when there is none; nil when this node cannot have it.
  private func child(_ part: UpdatePath.Part) -> UpdateTreeBuilder? {
    switch (part, kind) {
    case (.elements, .nothing), (.elements, .elements): kind = .elements
    case (.name, .nothing), (.name, .fields), (.position, .nothing), (.position, .fields): kind = .fields
    default: return nil
    }
    let new = UpdateTreeBuilder()
    switch part {
    case .name(let part):
      if let known = fields[part.name] { return known }
      fields[part.name] = new
    case .position:
      if let positional { return positional }
      positional = new
    case .elements(let identifier):
      if let known = elements[identifier] { return known }
      elements[identifier] = new
    }
    return new
  }

  private static func conflict(_ leaf: UpdateLeaf) -> QueryError {
    QueryError(
      .conflictingPaths,
      "\(leaf.place): another part of the update changes the same field, or one inside or around it; "
        + "name each place once.")
  }

  /// The tree at the top.
  func finish(_ filters: ArrayFilters) -> UpdateFields {
    if case .fields(let fields)? = finished(filters) { fields } else { UpdateFields([], positional: nil) }
  }

  private func finished(_ filters: ArrayFilters) -> UpdateNode? {
    switch kind {
    case .nothing:
      return nil
    case .leaf(let leaf):
      return .leaf(leaf)
    case .fields:
      let branches = fields.compactMap { name, child in
        child.finished(filters).map { UpdateFields.Branch(FieldPath.Part(name), $0) }
      }
      return .fields(UpdateFields(branches, positional: positional?.finished(filters)))
    case .elements:
      // In a fixed order, so that the same update always does the same.
      let branches = elements.sorted { $0.key < $1.key }.compactMap { identifier, child in
        child.finished(filters).map {
          UpdateElements.Branch(identifier: identifier, filter: filters[identifier], node: $0)
        }
      }
      return .elements(UpdateElements(branches: branches))
    }
  }
}
