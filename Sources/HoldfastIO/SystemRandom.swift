import CHoldfast

/// The cryptographic randomness of the operating system.
public struct SystemRandom: RandomSource {
  /// All of them are the same.
  public init() {}

  public func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    guard !buffer.isEmpty, holdfast_random(buffer.baseAddress, buffer.count) != 0 else { return }
    // Only kernels without the call end here. The standard library knows other ways, and stops the program
    // when there is none: better than a key that can be guessed.
    var generator = SystemRandomNumberGenerator()
    for index in buffer.indices { buffer[index] = UInt8.random(in: .min ... .max, using: &generator) }
  }
}
