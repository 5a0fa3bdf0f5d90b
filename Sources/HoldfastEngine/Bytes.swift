#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The order of keys: byte by byte, a prefix before what it begins.
/// Negative, zero or positive, as `memcmp`.
@inline(__always)
func compareBytes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
  let common = min(a.count, b.count)
  if common > 0, let x = a.baseAddress, let y = b.baseAddress {
    if common >= 8 {
      // Most keys differ in their first bytes, and then no call is needed.
      let p = UInt64(bigEndian: x.loadUnaligned(as: UInt64.self))
      let q = UInt64(bigEndian: y.loadUnaligned(as: UInt64.self))
      if p != q { return p < q ? -1 : 1 }
    }
    let order = memcmp(x, y, common)
    if order != 0 { return Int(order) }
  }
  return a.count - b.count
}

/// Copies without the checks of `copyMemory` on empty buffers.
@inline(__always)
func copyBytes(_ source: UnsafeRawBufferPointer, to destination: UnsafeMutableRawPointer) {
  if let base = source.baseAddress, source.count > 0 {
    memcpy(destination, base, source.count)
  }
}

extension UInt64 {
  /// Eight bytes, most significant first, so that byte order is numeric order.
  var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { [UInt8]($0) } }

  init(bigEndianBytes bytes: UnsafeRawBufferPointer) {
    var value: UInt64 = 0
    for byte in bytes.prefix(8) { value = value << 8 | UInt64(byte) }
    self = value
  }
}
