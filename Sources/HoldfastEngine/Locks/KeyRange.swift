/// The keys from `lower` up to, but not including, `upper`.
struct KeyRange: Sendable, Equatable {
  var lower: [UInt8]
  /// `nil`: there is no end.
  var upper: [UInt8]?

  func contains(_ key: UnsafeRawBufferPointer) -> Bool {
    guard lower.withUnsafeBytes({ compareBytes($0, key) }) <= 0 else { return false }
    guard let upper else { return true }
    return upper.withUnsafeBytes { compareBytes(key, $0) } < 0
  }

  /// Whether there is a key in it. (After a key comes the same with a zero byte, so two different bounds
  /// always have one between them.)
  var isEmpty: Bool {
    guard let upper else { return false }
    return !KeyRange.isLess(lower, upper)
  }

  func contains(_ other: KeyRange) -> Bool {
    !KeyRange.isLess(other.lower, lower) && KeyRange.endsNoLater(other, self)
  }

  /// Whether both together are one range without a gap.
  func touches(_ other: KeyRange) -> Bool {
    KeyRange.reaches(upper, other.lower) && KeyRange.reaches(other.upper, lower)
  }

  /// Both together, when they touch.
  func union(_ other: KeyRange) -> KeyRange {
    KeyRange(
      lower: KeyRange.isLess(other.lower, lower) ? other.lower : lower,
      upper: KeyRange.endsNoLater(self, other) ? other.upper : upper)
  }

  private static func endsNoLater(_ a: KeyRange, _ b: KeyRange) -> Bool {
    guard let end = b.upper else { return true }
    guard let own = a.upper else { return false }
    return !isLess(end, own)
  }

  private static func reaches(_ upper: [UInt8]?, _ lower: [UInt8]) -> Bool {
    upper.map { !isLess($0, lower) } ?? true
  }

  private static func isLess(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    a.withUnsafeBytes { a in b.withUnsafeBytes { compareBytes(a, $0) } } < 0
  }
}

/// The key ranges of one tree: those that are held and those that are waited for. It is there only while
/// there are some.
final class RangeSpace {
  struct Held {
    let owner: LockOwner
    var range: KeyRange
  }

  var held: [Held] = []
  var waiting: [LockRequest] = []

  var isEmpty: Bool { held.isEmpty && waiting.isEmpty }

  /// Whether an owner's ranges have a key.
  func covers(_ key: UnsafeRawBufferPointer, for owner: LockOwner) -> Bool {
    held.contains { $0.owner === owner && $0.range.contains(key) }
  }

  /// Whether a range is in the way of a writer of that key, or would be told of one.
  func concerns(_ key: UnsafeRawBufferPointer, writer: LockOwner) -> Bool {
    if held.contains(where: { $0.owner !== writer && $0.range.contains(key) }) { return true }
    return waiting.contains {
      guard case .range(let range) = $0.target else { return false }
      return range.contains(key)
    }
  }

  /// Adds a range to those of an owner. What touches it becomes one with it, so that a scan that locks piece
  /// after piece holds one range. Returns by how many the owner's ranges have grown.
  func hold(_ owner: LockOwner, _ range: KeyRange) -> Int {
    var whole = range
    let before = held.count
    // A piece that touches only the union of others touches it after they were joined: look again until
    // nothing is joined.
    while let index = held.firstIndex(where: { $0.owner === owner && $0.range.touches(whole) }) {
      whole = whole.union(held[index].range)
      held.remove(at: index)
    }
    held.append(Held(owner: owner, range: whole))
    return held.count - before
  }
}
