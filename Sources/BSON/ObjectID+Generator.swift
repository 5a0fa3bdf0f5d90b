import Synchronization

extension ObjectID {
  /// Makes object IDs that differ from each other, from any thread.
  ///
  /// Each has the time of the moment, five random bytes that the generator chose when it was made, and a
  /// counter that starts at a random number and wraps around after 2^24.
  public final class Generator: Sendable {
    /// The generator ``ObjectID/init()`` uses.
    public static let shared = Generator()

    private let random: UInt64
    private let counter: Atomic<UInt32>
    private let now: @Sendable () -> UInt32

    /// Makes a generator with the system's random numbers and clock.
    public convenience init() {
      var random = SystemRandomNumberGenerator()
      self.init(using: &random) { UInt32(truncatingIfNeeded: wallClock().seconds) }
    }

    /// Makes a generator for tests.
    /// - Parameters:
    ///   - random: gives the five bytes and the counter's start.
    ///   - now: gives the time in seconds since 1970-01-01T00:00:00Z, each time an ID is made.
    public init(using random: inout some RandomNumberGenerator, now: @escaping @Sendable () -> UInt32) {
      self.random = random.next() & 0xFF_FFFF_FFFF
      counter = Atomic(UInt32.random(in: 0...0xFF_FFFF, using: &random))
      self.now = now
    }

    /// The next ID.
    public func next() -> ObjectID {
      let number = counter.wrappingAdd(1, ordering: .relaxed).newValue & 0xFF_FFFF
      return ObjectID(
        high: UInt64(now()) << 32 | random >> 8,
        low: UInt32(truncatingIfNeeded: random & 0xFF) << 24 | number)
    }
  }
}
