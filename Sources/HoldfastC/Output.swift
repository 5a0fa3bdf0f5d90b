import BSON
public import CHoldfastInterface
import Holdfast

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Bytes for the caller, in memory of `malloc`'s, which grows.
struct OutputBuffer: ~Copyable {
  private var data: UnsafeMutableRawPointer?
  private var capacity = 0
  private(set) var count = 0

  deinit { free(data) }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    if capacity - count < bytes.count {
      // What fits tightly is right for one document, and doubling for many.
      capacity = count == 0 ? bytes.count : max(2 * capacity, count + bytes.count)
      guard let grown = realloc(data, capacity) else { fatalError("out of memory: \(capacity) bytes") }
      data = grown
    }
    (data! + count).copyMemory(from: source, byteCount: bytes.count)
    count += bytes.count
  }

  /// Hands the memory to the caller.
  consuming func take() -> holdfast_buffer {
    let buffer = holdfast_buffer(data: data?.assumingMemoryBound(to: UInt8.self), count: count)
    data = nil
    return buffer
  }
}

extension Document {
  /// A copy for the caller.
  var output: holdfast_buffer {
    var buffer = OutputBuffer()
    withUnsafeBytes { buffer.append($0) }
    return buffer.take()
  }
}

@c @implementation
public func holdfast_buffer_free(_ buffer: UnsafeMutablePointer<holdfast_buffer>) {
  free(buffer.pointee.data)
  buffer.pointee = holdfast_buffer()
}

extension UpdateResult {
  var document: Document {
    [
      "matched": .int64(Int64(matched)), "modified": .int64(Int64(modified)),
      "upserted": .array(upsertedID.map { [["operation": .int64(0), "id": $0]] } ?? []),
    ]
  }
}

extension BulkWriteResult {
  var document: Document {
    [
      "inserted": .int64(Int64(insertedIDs.count)),
      "ids": .array(insertedIDs.sorted { $0.key < $1.key }.map(\.value)), "matched": .int64(Int64(matched)),
      "modified": .int64(Int64(modified)), "deleted": .int64(Int64(deleted)),
      "upserted": .array(
        upsertedIDs.sorted { $0.key < $1.key }.map { ["operation": .int64(Int64($0.key)), "id": $0.value] }),
    ]
  }
}

extension Durability {
  /// As the interface has it.
  var bson: BSONValue {
    switch self {
    case .safe: "safe"
    case .unsafe: "unsafe"
    case .batch(let operations, let interval):
      [
        "operations": .int64(Int64(operations)), "milliseconds": .int64(Int64(interval / .milliseconds(1))),
      ]
    }
  }
}
