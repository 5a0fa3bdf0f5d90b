// Trees of which two parts turn out to be about the same place, once it is known where the places are.

extension UpdateNode {
  /// The tree with the branches of `$` at a place in the arrays.
  func placed(at position: FieldPath.Part) throws(QueryError) -> UpdateNode {
    switch self {
    case .leaf:
      return self
    case .fields(let fields):
      return .fields(try fields.placed(at: position))
    case .elements(let elements):
      var branches: [UpdateElements.Branch] = []
      for branch in elements.branches {
        branches.append(
          UpdateElements.Branch(
            identifier: branch.identifier, filter: branch.filter, node: try branch.node.placed(at: position)))
      }
      return .elements(UpdateElements(branches: branches))
    }
  }

  /// Both trees in one, unless they would change the same field or one inside the other.
  func merged(with other: UpdateNode) throws(QueryError) -> UpdateNode {
    switch (self, other) {
    case (.fields(let a), .fields(let b)):
      return .fields(try a.merged(with: b))
    case (.elements(let a), .elements(let b)):
      return .elements(try a.merged(with: b))
    default:
      throw QueryError(
        .conflictingPaths,
        "\(firstLeaf) and \(other.firstLeaf) change the same place in this document, or one inside the other; "
          + "do it in two updates.")
    }
  }

  /// The place of some leaf, for errors.
  private var firstLeaf: String {
    switch self {
    case .leaf(let leaf): leaf.place
    case .fields(let fields): (fields.branches.first?.node ?? fields.positional)?.firstLeaf ?? ""
    case .elements(let elements): elements.branches.first?.node.firstLeaf ?? ""
    }
  }
}

extension UpdateFields {
  func placed(at position: FieldPath.Part) throws(QueryError) -> UpdateFields {
    var placed: [Branch] = []
    for branch in branches { placed.append(Branch(branch.part, try branch.node.placed(at: position))) }
    guard let positional else { return UpdateFields(placed, positional: nil) }
    let node = try positional.placed(at: position)
    if let index = placed.firstIndex(where: { $0.part == position }) {
      placed[index] = Branch(position, try placed[index].node.merged(with: node))
    } else {
      placed.append(Branch(position, node))
    }
    return UpdateFields(placed, positional: nil)
  }

  func merged(with other: UpdateFields) throws(QueryError) -> UpdateFields {
    var merged = branches
    for branch in other.branches {
      let found = branch.part.name.withUnsafeBytes { self.branch(named: $0) }
      if let found {
        merged[found] = Branch(branch.part, try merged[found].node.merged(with: branch.node))
      } else {
        merged.append(branch)
      }
    }
    guard let both = positional, let second = other.positional else {
      return UpdateFields(merged, positional: positional ?? other.positional)
    }
    return UpdateFields(merged, positional: try both.merged(with: second))
  }
}

extension UpdateElements {
  func merged(with other: UpdateElements) throws(QueryError) -> UpdateElements {
    var merged = branches
    for branch in other.branches {
      if let found = merged.firstIndex(where: { $0.identifier == branch.identifier }) {
        merged[found] = Branch(
          identifier: branch.identifier, filter: branch.filter,
          node: try merged[found].node.merged(with: branch.node))
      } else {
        merged.append(branch)
      }
    }
    return UpdateElements(branches: merged)
  }
}
