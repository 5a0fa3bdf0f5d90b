#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension [UInt8] {
  /// Runs `body` over the bytes, with the errors that it declares.
  @inline(__always)
  func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    try withUnsafeBufferPointer { (buffer) throws(E) -> R in try body(UnsafeRawBufferPointer(buffer)) }
  }

  /// Runs `body` over the bytes, which it may change, with the errors that it declares.
  @inline(__always)
  mutating func withMutableBytes<R, E: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try withUnsafeMutableBufferPointer { (buffer) throws(E) -> R in
      try body(UnsafeMutableRawBufferPointer(buffer))
    }
  }
}

/// Compares byte by byte, as unsigned numbers; what begins the other one is the lower.
@inline(__always)
func compareBytes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
  let count = min(a.count, b.count)
  if count > 0, let left = a.baseAddress, let right = b.baseAddress {
    let order = memcmp(left, right, count)
    if order != 0 { return Int(order) }
  }
  return a.count - b.count
}
