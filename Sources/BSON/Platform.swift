// The few things that come from the C library: the clock and comparing memory.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#elseif canImport(Darwin)
  import Darwin
#endif

/// Wall-clock time since 1970-01-01T00:00:00Z; zeros when the clock cannot be read.
func wallClock() -> (seconds: Int64, nanoseconds: Int64) {
  #if canImport(Glibc) || canImport(Musl) || canImport(Android) || canImport(Darwin)
    var time = timespec()
    guard clock_gettime(CLOCK_REALTIME, &time) == 0 else { return (0, 0) }
    return (Int64(time.tv_sec), Int64(time.tv_nsec))
  #else
    return (0, 0)
  #endif
}

/// Compares two runs of bytes as unsigned numbers; a prefix comes before the longer run.
@inline(__always)
func compareBytes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
  let shared = min(left.count, right.count)
  if shared > 0, let a = left.baseAddress, let b = right.baseAddress {
    let order = memcmp(a, b, shared)
    if order != 0 { return order < 0 ? -1 : 1 }
  }
  return left.count == right.count ? 0 : (left.count < right.count ? -1 : 1)
}

/// Whether two runs of bytes are the same.
@inline(__always)
func equalBytes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
  guard left.count == right.count else { return false }
  guard let a = left.baseAddress, let b = right.baseAddress else { return true }
  return memcmp(a, b, left.count) == 0
}

extension String {
  /// Runs `body` over the string's UTF-8 bytes, without copying them where the string is native.
  @inline(__always)
  func withUTF8Bytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    let direct = utf8.withContiguousStorageIfAvailable { buffer -> Result<R, E> in
      do throws(E) {
        return .success(try body(UnsafeRawBufferPointer(buffer)))
      } catch {
        return .failure(error)
      }
    }
    if let direct { return try direct.get() }
    let copy = Array(utf8)
    let copied = copy.withUnsafeBytes { buffer -> Result<R, E> in
      do throws(E) {
        return .success(try body(buffer))
      } catch {
        return .failure(error)
      }
    }
    return try copied.get()
  }

  /// Compares the UTF-8 bytes of two strings. Swift's own order and equality look at characters, which
  /// would treat differently composed letters as the same.
  func compareUTF8(_ other: String) -> Int {
    withUTF8Bytes { left in other.withUTF8Bytes { right in compareBytes(left, right) } }
  }

  /// Whether two strings have the same UTF-8 bytes.
  func equalsUTF8(_ other: String) -> Bool {
    withUTF8Bytes { left in other.withUTF8Bytes { right in equalBytes(left, right) } }
  }
}
