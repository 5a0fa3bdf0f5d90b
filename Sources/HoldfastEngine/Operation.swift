/// One resolved change, as the log has it: replaying it needs nothing but itself.
///
///     u8 code, tree (varint)                          createTree, dropTree, clearTree
///     … key length (varint), key                      delete
///     … value length (varint), value                  put
enum Operation {
  case put(tree: UInt64, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)
  case delete(tree: UInt64, key: UnsafeRawBufferPointer)
  case createTree(UInt64)
  case dropTree(UInt64)
  case clearTree(UInt64)

  /// Numbers of trees are lower: they count up from 1.
  static let treeLimit: UInt64 = 1 << 62

  enum Code {
    static let put: UInt8 = 1, delete: UInt8 = 2, createTree: UInt8 = 3, dropTree: UInt8 = 4,
      clearTree: UInt8 = 5
  }

  /// Adds the operation as the log has it.
  func append(to bytes: inout [UInt8]) {
    switch self {
    case .put(let tree, let key, let value): Operation.append(tree: tree, key: key, value: value, to: &bytes)
    case .delete(let tree, let key): Operation.append(tree: tree, key: key, value: nil, to: &bytes)
    case .createTree(let tree): Operation.appendTree(Code.createTree, tree, to: &bytes)
    case .dropTree(let tree): Operation.appendTree(Code.dropTree, tree, to: &bytes)
    case .clearTree(let tree): Operation.appendTree(Code.clearTree, tree, to: &bytes)
    }
  }

  static func appendTree(_ code: UInt8, _ tree: UInt64, to bytes: inout [UInt8]) {
    bytes.append(code)
    appendVarint(tree, to: &bytes)
  }

  static func append(
    tree: UInt64, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?, to bytes: inout [UInt8]
  ) {
    appendTree(value == nil ? Code.delete : Code.put, tree, to: &bytes)
    appendVarint(UInt64(key.count), to: &bytes)
    bytes.append(contentsOf: key)
    if let value {
      appendVarint(UInt64(value.count), to: &bytes)
      bytes.append(contentsOf: value)
    }
  }

  /// Little-endian groups of seven bits, the high bit set in all but the last.
  static func appendVarint(_ value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

/// Reads the operations of a frame, one after another.
struct OperationReader {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The bytes are no operations: they were written by something else.
  struct Malformed: Error {}

  mutating func next() throws(Malformed) -> Operation? {
    guard position < bytes.count else { return nil }
    let code = bytes[position]
    position += 1
    let tree = try varint()
    guard tree < Operation.treeLimit else { throw Malformed() }
    switch code {
    case Operation.Code.put:
      let key = try field(limit: StorageLimits.maximumKeyBytes)
      return .put(tree: tree, key: key, value: try field(limit: StorageLimits.maximumValueBytes))
    case Operation.Code.delete:
      return .delete(tree: tree, key: try field(limit: StorageLimits.maximumKeyBytes))
    case Operation.Code.createTree: return .createTree(tree)
    case Operation.Code.dropTree: return .dropTree(tree)
    case Operation.Code.clearTree: return .clearTree(tree)
    default: throw Malformed()
    }
  }

  private mutating func field(limit: Int) throws(Malformed) -> UnsafeRawBufferPointer {
    let length = try varint()
    guard length <= UInt64(limit), position + Int(length) <= bytes.count else { throw Malformed() }
    defer { position += Int(length) }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + Int(length)])
  }

  private mutating func varint() throws(Malformed) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < bytes.count && shift < 63 {
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw Malformed()
  }
}
