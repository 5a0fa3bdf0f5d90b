/// Memory for the keys that one owner has locked: they come one by one and go together.
///
/// What was copied here stays where it is until everything is let go.
struct KeyArena {
  /// The last chunk. Each begins with the address of the one before.
  private var last: UnsafeMutableRawPointer?
  private var free: UnsafeMutableRawPointer?
  private var left = 0
  private var nextSize = KeyArena.firstSize

  private static var firstSize: Int { 248 }
  private static var largestSize: Int { 64 * 1024 }

  /// Copies a key. The copy of an empty one is `nil`.
  mutating func copy(_ key: UnsafeRawBufferPointer) -> UnsafeRawPointer? {
    guard !key.isEmpty else { return nil }
    if left < key.count { addChunk(atLeast: key.count) }
    guard let place = free else { return nil }
    copyBytes(key, to: place)
    free = place + key.count
    left -= key.count
    return UnsafeRawPointer(place)
  }

  private mutating func addChunk(atLeast count: Int) {
    let size = max(nextSize, count)
    let link = MemoryLayout<UnsafeMutableRawPointer?>.size
    let chunk = UnsafeMutableRawPointer.allocate(
      byteCount: link + size, alignment: MemoryLayout<UnsafeMutableRawPointer?>.alignment)
    chunk.storeBytes(of: last, as: UnsafeMutableRawPointer?.self)
    last = chunk
    free = chunk + link
    left = size
    nextSize = min(nextSize * 2, KeyArena.largestSize)
  }

  /// Lets go of all memory.
  mutating func removeAll() {
    while let chunk = last {
      last = chunk.load(as: UnsafeMutableRawPointer?.self)
      chunk.deallocate()
    }
    self = KeyArena()
  }
}
