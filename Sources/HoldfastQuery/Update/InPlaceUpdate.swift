import BSON

/// Updates that only put values over others of the same type and size, which is what counters and dates need:
/// the document's bytes are copied in one go, and the values written over.
struct InPlaceUpdate {
  /// More branches than these are sought field by field.
  private static let maximumBranches = 8

  private let context: UpdateContext
  private let document: RawDocument
  private var changes: [(offset: Int, value: Constant)] = []

  /// The document after the changes, or nil when something does not fit, or is an error.
  static func document(
    _ document: RawDocument, _ fields: UpdateFields, _ context: UpdateContext
  ) -> Document? {
    var update = InPlaceUpdate(context: context, document: document)
    guard update.collect(fields, in: document) else { return nil }
    var bytes = [UInt8](document.bytes)
    for (offset, value) in update.changes {
      bytes.withUnsafeMutableBytes { buffer in
        UnsafeMutableRawBufferPointer(rebasing: buffer[offset..<offset + value.raw.bytes.count])
          .copyMemory(from: value.raw.bytes)
      }
    }
    return Document(trusted: bytes)
  }

  private init(context: UpdateContext, document: RawDocument) {
    self.context = context
    self.document = document
  }

  /// Collects what is to be written over in a document; false when that is not all.
  private mutating func collect(_ fields: UpdateFields, in container: RawDocument) -> Bool {
    guard fields.branches.count <= Self.maximumBranches else { return false }
    for branch in fields.branches {
      guard let value = branch.part.name.withUnsafeBytes({ container.value(forKey: $0) }) else {
        return false
      }
      switch branch.node {
      case .leaf(let leaf):
        guard collect(leaf, over: value) else { return false }
      case .fields(let fields):
        guard value.type == .document, let inner = value.document, collect(fields, in: inner) else {
          return false
        }
      case .elements:
        return false
      }
    }
    return true
  }

  private mutating func collect(_ leaf: UpdateLeaf, over value: RawValue) -> Bool {
    let constant: Constant
    // An error comes up again when the document is written as a whole.
    switch try? leaf.change(value, context) {
    case .unchanged: return true
    case .literal(let literal) where literal.nesting == 0: constant = literal.constant
    case .computed(let computed): constant = Constant(computed)
    default: return false
    }
    guard constant.raw.type == value.type, constant.raw.bytes.count == value.bytes.count,
      let base = document.bytes.baseAddress, let start = value.bytes.baseAddress
    else { return false }
    changes.append((start - base, constant))
    return true
  }
}
