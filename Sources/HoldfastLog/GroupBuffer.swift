/// Memory in which frames wait to be written. Grows by doubling and is used again for later groups.
///
/// `@unchecked Sendable`: it has one owner at a time; it is filled under the log's append latch, then handed
/// over with its group to the one thread that writes it.
final class GroupBuffer: @unchecked Sendable {
  private(set) var bytes: UnsafeMutableRawPointer
  private(set) var capacity: Int
  private(set) var count = 0

  init(capacity: Int) {
    self.capacity = max(capacity, 4096)
    bytes = UnsafeMutableRawPointer.allocate(byteCount: self.capacity, alignment: 16)
  }

  deinit { bytes.deallocate() }

  var contents: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: bytes, count: count) }

  /// Makes room for `length` further bytes and returns where they begin. They count only after ``keep(_:)``.
  func reserve(_ length: Int) -> UnsafeMutableRawPointer {
    if count + length > capacity {
      var larger = capacity
      while larger < count + length { larger *= 2 }
      let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
      moved.copyMemory(from: bytes, byteCount: count)
      bytes.deallocate()
      bytes = moved
      capacity = larger
    }
    return bytes + count
  }

  func keep(_ length: Int) {
    assert(count + length <= capacity, "kept more than was reserved")
    count += length
  }

  func cut(to length: Int) {
    assert(length <= count, "a cut cannot lengthen")
    count = length
  }
}
