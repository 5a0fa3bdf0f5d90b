import BSON

/// A value of a query, kept as a ``BSONValue`` and as the bytes that raw values of documents are compared
/// with.
final class Constant: @unchecked Sendable {
  // Unchecked because of the pointer inside `raw`: its memory is written once, in `init`, and belongs to this
  // object alone.
  let value: BSONValue
  let raw: RawValue
  private let memory: UnsafeMutableRawBufferPointer

  init(_ value: BSONValue) {
    self.value = value
    let document: Document = ["": value]
    // A document of one field with an empty name: length, type, the name's end, the value, the end.
    let bytes = document.bytes
    let content = bytes[6..<bytes.count - 1]
    memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(content.count, 1), alignment: 8)
    memory.copyBytes(from: content)
    raw = RawValue(type: value.type, bytes: UnsafeRawBufferPointer(rebasing: memory[0..<content.count]))
  }

  deinit { memory.deallocate() }
}
