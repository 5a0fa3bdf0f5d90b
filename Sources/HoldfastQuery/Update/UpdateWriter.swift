import BSON

/// Writes a document after an update: it goes through the document and the tree of changes side by side, and
/// copies the bytes of whatever the tree does not name.
struct UpdateWriter {
  /// The most null elements that one change may put into an array to reach a place behind its end.
  static let maximumPadding = 1_500_000

  let context: UpdateContext
  var builder: DocumentBuilder
  /// The documents and arrays that are open below the document at the top: whether they are arrays.
  private var open: [Bool] = []

  /// Whether what is written next is an element of an array.
  var isInArray: Bool { open.last ?? false }
  /// Whether an array is around what is written next.
  var isInsideArray: Bool { open.contains(true) }

  init(_ context: UpdateContext, reservingCapacity capacity: Int) {
    self.context = context
    builder = DocumentBuilder(reservingCapacity: capacity)
  }

  // MARK: Documents

  /// Writes the fields of a document with the changes to them, then the fields that are new.
  mutating func write(_ document: RawDocument, _ fields: UpdateFields) throws(QueryError) {
    // Of several fields with one name only the first is the one that the name means.
    var isDone = [Bool](repeating: false, count: fields.branches.count)
    var remaining = fields.branches.count
    var elements = document.makeIterator()
    while let element = elements.next() {
      if remaining > 0, let found = fields.branch(named: element.key), !isDone[found] {
        isDone[found] = true
        remaining -= 1
        try change(element.value, fields.branches[found].text, fields.branches[found].node)
      } else {
        builder.append(element)
      }
    }
    if elements.isMalformed { throw Self.malformed }
    guard remaining > 0 else { return }
    for (index, branch) in fields.branches.enumerated() where !isDone[index] {
      try create(branch.text, branch.node)
    }
  }

  /// Writes a value with the changes to it and inside it.
  mutating func change(_ value: RawValue, _ key: String, _ node: UpdateNode) throws(QueryError) {
    switch node {
    case .leaf(let leaf):
      try change(value, key, leaf)
      try checkSize()
    case .fields(let fields):
      switch value.type {
      case .document:
        guard let document = value.document else { throw Self.malformed }
        try begin(.document, key)
        try write(document, fields)
        end()
      case .array:
        guard let array = value.document else { throw Self.malformed }
        try begin(.array, key)
        try write(array: array, fields)
        end()
      default:
        try node.checkUnreachable(value.type, context)
        builder.append(key, raw: value)
      }
    case .elements(let elements):
      guard value.type == .array, let array = value.document else {
        throw elements.missingArray("a value of type \(value.type.name)")
      }
      try begin(.array, key)
      try write(array: array, elements)
      end()
    }
  }

  /// Writes a field that was not there, if the changes make it.
  mutating func create(_ key: String, _ node: UpdateNode) throws(QueryError) {
    guard node.creates(context) else { return }
    switch node {
    case .leaf(let leaf):
      try create(key, leaf)
      try checkSize()
    case .fields(let fields):
      try begin(.document, key)
      for branch in fields.branches { try create(branch.text, branch.node) }
      end()
    case .elements(let elements):
      throw elements.missingArray("nothing")
    }
  }

  // MARK: Arrays

  /// Writes an array with the changes to elements named by their places, and the elements that are new.
  private mutating func write(array: RawDocument, _ fields: UpdateFields) throws(QueryError) {
    var next = fields.indexed.lowerBound
    var count = 0
    var elements = array.makeIterator()
    while let element = elements.next() {
      if next < fields.indexed.upperBound, fields.branches[next].part.index == count {
        try change(element.value, "", fields.branches[next].node)
        next += 1
      } else {
        builder.append(element)
      }
      count += 1
    }
    if elements.isMalformed { throw Self.malformed }
    for branch in fields.branches[next..<fields.indexed.upperBound] where branch.node.creates(context) {
      guard let index = branch.part.index, index >= count else { continue }
      try pad(from: count, to: index)
      try create("", branch.node)
      count = index + 1
    }
    for (place, branch) in fields.branches.enumerated() where !fields.indexed.contains(place) {
      try branch.node.checkUnreachable(.array, context)
    }
  }

  private mutating func pad(from count: Int, to index: Int) throws(QueryError) {
    guard index - count <= Self.maximumPadding else {
      throw QueryError(
        .limitExceeded,
        "The update names a place in an array more than \(Self.maximumPadding) elements behind its end.")
    }
    for _ in count..<index { builder.append(.null) }
    try checkSize()
  }

  /// Writes an array with the changes to the elements that the branches choose.
  private mutating func write(array: RawDocument, _ changes: UpdateElements) throws(QueryError) {
    // Which branches are about an element, and what they do together.
    var merged: [[Int]: UpdateNode] = [:]
    var elements = array.makeIterator()
    while let element = elements.next() {
      let chosen = try changes.branches(for: element.value)
      guard let first = chosen.first else {
        builder.append(element)
        continue
      }
      if chosen.count == 1 {
        try change(element.value, "", changes.branches[first].node)
        continue
      }
      var node = changes.branches[first].node
      if let known = merged[chosen] {
        node = known
      } else {
        for other in chosen.dropFirst() { node = try node.merged(with: changes.branches[other].node) }
        merged[chosen] = node
      }
      try change(element.value, "", node)
    }
    if elements.isMalformed { throw Self.malformed }
  }

  // MARK: Nesting and sizes

  private mutating func begin(_ type: BSONType, _ key: String) throws(QueryError) {
    guard open.count + 1 < BSONLimits.maximumDepth else { throw Self.tooDeep("The update") }
    open.append(type == .array)
    if type == .array { builder.beginArray(key) } else { builder.beginDocument(key) }
  }

  private mutating func end() {
    open.removeLast()
    builder.end()
  }

  /// Checks that a value with so many levels may stand where the writer is.
  func checkNesting(_ levels: Int, _ leaf: UpdateLeaf) throws(QueryError) {
    if open.count + 1 + levels > BSONLimits.maximumDepth { throw Self.tooDeep(leaf.place) }
  }

  /// Stops an update whose result would be refused anyway, before it takes all memory.
  private func checkSize() throws(QueryError) {
    if builder.byteCount > BSONLimits.maximumDocumentSize {
      throw QueryError(
        .limitExceeded, "The document would be larger than 16 MiB after the update.", .bsonObjectTooLarge)
    }
  }

  static func tooDeep(_ place: String) -> QueryError {
    QueryError(
      .limitExceeded,
      "\(place): documents would be nested deeper than \(BSONLimits.maximumDepth) levels.")
  }

  static var malformed: QueryError {
    QueryError(
      .invalidArgument, "The document to update is not well-formed; see what Document.validate() says of it.")
  }
}

extension UpdateElements {
  /// The places of the branches that are about an element.
  func branches(for element: RawValue) throws(QueryError) -> [Int] {
    var chosen: [Int] = []
    for (place, branch) in branches.enumerated() {
      guard let filter = branch.filter else {
        chosen.append(place)
        continue
      }
      // The filter sees the element as a field with its name.
      var builder = DocumentBuilder(reservingCapacity: element.bytes.count + branch.identifier.utf8.count + 8)
      builder.append(branch.identifier, raw: element)
      let document = builder.finish()
      let matches = try document.withRawDocument { (raw) throws(QueryError) in try filter.matches(raw) }
      if matches ?? false { chosen.append(place) }
    }
    return chosen
  }
}
