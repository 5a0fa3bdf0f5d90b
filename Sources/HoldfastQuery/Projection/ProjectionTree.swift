/// What a projection does with one field.
indirect enum ProjectionNode: Sendable {
  /// The field is returned as it is.
  case include
  /// The field is left out.
  case exclude
  /// Of an array, only a part is returned.
  case slice(ArraySliceRange)
  /// Of an array, only the first element that the filter finds is returned. The filter looks at the whole
  /// document.
  case elementMatch(Filter)
  /// Of an array, only the element is returned that the query's filter found.
  case position
  /// The field is returned with the value of an expression over the whole document.
  case computed(Expression)
  /// The projection says something about fields inside this one.
  case fields(ProjectionFields)
}

/// What a projection says about the fields of one document.
struct ProjectionFields: Sendable {
  /// A field that the projection names.
  struct Child: Sendable {
    let name: [UInt8]
    var node: ProjectionNode

    /// The name as text.
    var text: String { String(decoding: name, as: UTF8.self) }
  }

  /// The fields in the order of the projection.
  private(set) var children: [Child] = []
  /// The indexes of the children in the order of their names, for finding them.
  private var order: [Int] = []
  /// Whether the positional operator stands on one of the fields or inside.
  private(set) var hasPosition = false
  /// Whether the projection computes one of the fields, or one inside.
  private(set) var hasComputed = false

  /// The child with a name, or nil.
  func child(named name: UnsafeRawBufferPointer) -> Child? {
    let place = place(of: name)
    guard place < order.count else { return nil }
    let child = children[order[place]]
    return child.name.elementsEqual(name) ? child : nil
  }

  /// Puts a node at the end of a path.
  /// - Returns: false when the path, or a part of its beginning, has a node already, or something inside it.
  mutating func insert(_ node: ProjectionNode, at path: ArraySlice<FieldPath.Part>) -> Bool {
    guard let part = path.first else { return false }
    let place = part.name.withUnsafeBytes { self.place(of: $0) }
    let exists = place < order.count && children[order[place]].name == part.name
    switch node {
    case .position: hasPosition = true
    case .computed: hasComputed = true
    default: break
    }
    if path.count == 1 {
      guard !exists else { return false }
      add(Child(name: part.name, node: node), at: place)
      return true
    }
    guard exists else {
      var inner = ProjectionFields()
      guard inner.insert(node, at: path.dropFirst()) else { return false }
      add(Child(name: part.name, node: .fields(inner)), at: place)
      return true
    }
    guard case .fields(var inner) = children[order[place]].node else { return false }
    guard inner.insert(node, at: path.dropFirst()) else { return false }
    children[order[place]].node = .fields(inner)
    return true
  }

  private mutating func add(_ child: Child, at place: Int) {
    order.insert(children.count, at: place)
    children.append(child)
  }

  /// Where in `order` a name is, or would have to be inserted.
  private func place(of name: UnsafeRawBufferPointer) -> Int {
    var low = 0
    var high = order.count
    while low < high {
      let middle = (low + high) / 2
      if children[order[middle]].name.lexicographicallyPrecedes(name) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }
}

/// The part of an array that `$slice` returns.
struct ArraySliceRange: Sendable, Hashable {
  /// Where it begins, counted from the front, or from the end when negative.
  let skip: Int
  /// How many elements it has at most.
  let limit: Int

  /// The indexes of the elements in an array of `count` elements.
  func range(in count: Int) -> Range<Int> {
    let start = skip >= 0 ? min(skip, count) : max(0, count + skip)
    return start..<start + min(limit, count - start)
  }
}
