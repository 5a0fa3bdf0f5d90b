import HoldfastTestSupport

/// Changes inputs the way files get damaged and forged: by seed, so that a run repeats.
struct Mutator {
  var random: SplitMix64

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  /// Numbers at which something may change.
  private static let interesting: [UInt64] = [
    0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 31, 32, 63, 64, 79, 80, 96, 127, 128, 255, 256, 1023, 1024, 1025, 4095,
    4096,
    8192, 0x7FFF, 0x8000, 0xFFFF, 1 << 16, 1 << 20, 1 << 24, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32,
    1 << 48, (1 << 63) - 1, 1 << 63, .max - 1, .max,
  ]

  /// An input made from some of the seeds.
  mutating func input(from seeds: [[UInt8]]) -> [UInt8] {
    var bytes = seeds.isEmpty ? [] : seeds[random.below(seeds.count)]
    for _ in 0...random.below(6) { mutate(&bytes, seeds) }
    return bytes
  }

  private mutating func mutate(_ bytes: inout [UInt8], _ seeds: [[UInt8]]) {
    guard !bytes.isEmpty else {
      bytes = (0..<random.below(64)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      return
    }
    let place = random.below(bytes.count)
    switch random.below(10) {
    case 0, 1: bytes[place] ^= 1 << UInt8(random.below(8))
    case 2: bytes[place] = UInt8(truncatingIfNeeded: random.next())
    case 3, 4: tweakNumber(&bytes, at: place)
    case 5: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(16)))
    case 6: bytes.removeLast(min(bytes.count, 1 + random.below(random.chance(0.2) ? bytes.count : 8)))
    case 7: bytes.insert(contentsOf: (0...random.below(8)).map { _ in UInt8(random.below(256)) }, at: place)
    case 8:
      // A part of the input again at another place.
      let piece = Array(bytes[place..<min(bytes.count, place + 1 + random.below(64))])
      overwriteOrInsert(&bytes, piece)
    default:
      // A part of another input.
      let other = seeds[random.below(seeds.count)]
      guard !other.isEmpty else { return }
      let start = random.below(other.count)
      overwriteOrInsert(&bytes, Array(other[start..<min(other.count, start + 1 + random.below(64))]))
    }
  }

  private mutating func overwriteOrInsert(_ bytes: inout [UInt8], _ piece: [UInt8]) {
    let place = random.below(bytes.count + 1)
    if random.chance(0.5) {
      bytes.insert(contentsOf: piece, at: place)
    } else {
      for (index, byte) in piece.enumerated() where place + index < bytes.count {
        bytes[place + index] = byte
      }
    }
  }

  /// Sets or shifts a number of one to eight bytes, as lengths, counts and offsets are.
  private mutating func tweakNumber(_ bytes: inout [UInt8], at place: Int) {
    let width = [1, 2, 4, 8][random.below(4)]
    var value: UInt64 = 0
    for index in 0..<width where place + index < bytes.count {
      value |= UInt64(bytes[place + index]) << UInt64(index * 8)
    }
    switch random.below(3) {
    case 0: value = Mutator.interesting[random.below(Mutator.interesting.count)]
    case 1: value = value &+ UInt64(random.below(17)) &- 8
    default: value = value ^ 1 << UInt64(random.below(width * 8))
    }
    for index in 0..<width where place + index < bytes.count {
      bytes[place + index] = UInt8(truncatingIfNeeded: value >> UInt64(index * 8))
    }
  }
}
