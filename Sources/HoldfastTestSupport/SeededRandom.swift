import HoldfastIO

/// A source of randomness that gives the same bytes for the same seed and the same calls.
public final class SeededRandom: RandomSource {
  private let latch = Latch()
  // Safe to share: only touched while holding `latch`.
  nonisolated(unsafe) private var generator: SplitMix64

  /// A source at the start of the sequence that belongs to `seed`.
  public init(seed: UInt64) {
    generator = SplitMix64(seed: seed)
  }

  public func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    latch.withLock {
      var position = 0
      while position < buffer.count {
        withUnsafeBytes(of: generator.next().littleEndian) { word in
          let count = min(8, buffer.count - position)
          let part = UnsafeMutableRawBufferPointer(rebasing: buffer[position..<position + count])
          part.copyMemory(from: UnsafeRawBufferPointer(rebasing: word[..<count]))
          position += count
        }
      }
    }
  }
}
