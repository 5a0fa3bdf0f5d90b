import BSON

/// One change at the end of a path.
struct UpdateLeaf: Sendable {
  /// The operator, such as `$set`.
  let name: String
  /// The path as it was given.
  let path: String
  let action: UpdateAction

  /// The operator and the path, for errors.
  var place: String { "\(name) of \(quoted(path))" }
}

/// What an update changes, arranged by its paths: for each field or element the changes at or inside it.
indirect enum UpdateNode: Sendable {
  case leaf(UpdateLeaf)
  case fields(UpdateFields)
  case elements(UpdateElements)
}

/// Changes inside a document, or an array whose elements are named by their places.
struct UpdateFields: Sendable {
  struct Branch: Sendable {
    let part: FieldPath.Part
    /// The name as text.
    let text: String
    let node: UpdateNode

    init(_ part: FieldPath.Part, _ node: UpdateNode) {
      self.part = part
      text = part.text
      self.node = node
    }
  }

  /// In the order of ``NameOrder``, in which new fields are created; no name occurs twice.
  let branches: [Branch]
  /// The branches that can mean an element of an array; their places rise.
  let indexed: Range<Int>
  /// What happens to the element that the filter found (`$`), which has a place only when a document comes.
  let positional: UpdateNode?

  init(_ branches: [Branch], positional: UpdateNode?) {
    self.branches = branches.sorted { NameOrder.compare($0.part.name, $1.part.name) < 0 }
    let first = self.branches.firstIndex { $0.part.index != nil } ?? 0
    let last = self.branches.lastIndex { $0.part.index != nil } ?? -1
    indexed = first..<max(first, last + 1)
    self.positional = positional
  }

  /// The branch for a field with a name, or nil.
  func branch(named name: UnsafeRawBufferPointer) -> Int? {
    if branches.count <= 4 {
      return branches.firstIndex { $0.part.name.count == name.count && $0.part.name.elementsEqual(name) }
    }
    var low = 0
    var high = branches.count
    while low < high {
      let middle = (low + high) / 2
      let result = branches[middle].part.name.withUnsafeBytes { NameOrder.compare($0, name) }
      if result == 0 { return middle }
      if result < 0 { low = middle + 1 } else { high = middle }
    }
    return nil
  }
}

/// Changes inside elements of an array that are chosen when a document comes.
struct UpdateElements: Sendable {
  struct Branch: Sendable {
    /// The name of the array filter; empty for all elements.
    let identifier: String
    let filter: Filter?
    let node: UpdateNode
  }

  let branches: [Branch]
}

/// The order in which an update creates fields: by the bytes of their names, but names that are numbers by
/// these. The numbers come together, where `0` does among the other names.
enum NameOrder {
  static func compare(_ left: [UInt8], _ right: [UInt8]) -> Int {
    left.withUnsafeBytes { a in right.withUnsafeBytes { b in compare(a, b) } }
  }

  static func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
    switch (isNumber(left), isNumber(right)) {
    case (true, true):
      // Without zeros in front the longer number is the larger one.
      left.count == right.count ? compareBytes(left, right) : (left.count < right.count ? -1 : 1)
    case (false, false): compareBytes(left, right)
    case (true, false): isBelowNumbers(right) ? 1 : -1
    case (false, true): isBelowNumbers(left) ? -1 : 1
    }
  }

  private static func isBelowNumbers(_ name: UnsafeRawBufferPointer) -> Bool {
    name.first.map { $0 < UInt8(ascii: "0") } ?? true
  }

  private static func isNumber(_ name: UnsafeRawBufferPointer) -> Bool {
    guard let first = name.first, first != UInt8(ascii: "0") || name.count == 1 else { return false }
    return name.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
  }

  private static func compareBytes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
    for (a, b) in zip(left, right) where a != b { return a < b ? -1 : 1 }
    return left.count == right.count ? 0 : (left.count < right.count ? -1 : 1)
  }
}
