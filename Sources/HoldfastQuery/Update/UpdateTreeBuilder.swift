/// A tree of changes while its paths are still coming in, in any order.
final class UpdateTreeBuilder {
  private enum Content {
    case nothing
    case leaf(UpdateLeaf)
    case fields([[UInt8]: UpdateTreeBuilder], positional: UpdateTreeBuilder?)
    case elements([String: UpdateTreeBuilder])
  }

  private var content = Content.nothing

  /// Adds a change at the end of a path.
  func add(_ leaf: UpdateLeaf, at parts: some Collection<UpdatePath.Part>) throws(QueryError) {
    var node = self
    for part in parts {
      guard let next = node.child(part) else { throw Self.conflict(leaf) }
      node = next
    }
    guard case .nothing = node.content else { throw Self.conflict(leaf) }
    node.content = .leaf(leaf)
  }

  /// The child for a part of a path, which is made when there is none; nil when this node cannot have it.
  private func child(_ part: UpdatePath.Part) -> UpdateTreeBuilder? {
    switch (part, content) {
    case (.name, .nothing), (.position, .nothing):
      content = .fields([:], positional: nil)
      return child(part)
    case (.elements, .nothing):
      content = .elements([:])
      return child(part)
    case (.name(let part), .fields(var fields, let positional)):
      if let known = fields[part.name] { return known }
      let child = UpdateTreeBuilder()
      // Without this the dictionary would be copied.
      content = .nothing
      fields[part.name] = child
      content = .fields(fields, positional: positional)
      return child
    case (.position, .fields(let fields, let positional)):
      let child = positional ?? UpdateTreeBuilder()
      content = .fields(fields, positional: child)
      return child
    case (.elements(let identifier), .elements(var branches)):
      if let known = branches[identifier] { return known }
      let child = UpdateTreeBuilder()
      content = .nothing
      branches[identifier] = child
      content = .elements(branches)
      return child
    default:
      return nil
    }
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
    switch content {
    case .nothing:
      return nil
    case .leaf(let leaf):
      return .leaf(leaf)
    case .fields(let fields, let positional):
      let branches = fields.compactMap { name, child in
        child.finished(filters).map { UpdateFields.Branch(FieldPath.Part(name), $0) }
      }
      return .fields(UpdateFields(branches, positional: positional?.finished(filters)))
    case .elements(let elements):
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
