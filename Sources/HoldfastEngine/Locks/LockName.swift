/// A tree or a record, as the lock table knows it. The key's bytes are borrowed from the caller.
struct LockName {
  let tree: UInt64
  let kind: LockKind
  let key: UnsafeRawBufferPointer
  let hash: UInt64

  /// A tree.
  @inline(__always)
  init(tree: UInt64, seed: UInt64) {
    self.tree = tree
    kind = .tree
    key = UnsafeRawBufferPointer(start: nil, count: 0)
    hash = LockName.fold(tree ^ seed, LockName.treeFactor)
  }

  /// A record.
  @inline(__always)
  init(tree: UInt64, key: UnsafeRawBufferPointer, seed: UInt64) {
    self.tree = tree
    kind = .record
    self.key = key
    hash = LockName.hash(key, LockName.fold(tree ^ seed, LockName.recordFactor))
  }

  /// The same as before, found again by its parts.
  @inline(__always)
  init(tree: UInt64, kind: LockKind, key: UnsafeRawBufferPointer, hash: UInt64) {
    self.tree = tree
    self.kind = kind
    self.key = key
    self.hash = hash
  }

  /// Eight bytes at a time through a folded multiplication, as wyhash (Wang Yi) does. The seed is a secret of
  /// this process: whoever may choose keys cannot choose them so that they collide.
  @inline(__always)
  private static func hash(_ key: UnsafeRawBufferPointer, _ start: UInt64) -> UInt64 {
    var state = start
    var position = 0
    while position + 8 <= key.count {
      state = fold(state ^ key.loadUnaligned(fromByteOffset: position, as: UInt64.self), keyFactor)
      position += 8
    }
    var rest = UInt64(key.count)
    while position < key.count {
      rest = rest << 8 | UInt64(key[position])
      position += 1
    }
    return fold(state ^ rest, endFactor)
  }

  /// Both halves of the product, so that every bit of `a` has a part in every bit of the result.
  @inline(__always)
  private static func fold(_ a: UInt64, _ factor: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: factor)
    return product.high ^ product.low
  }

  // Odd numbers with as many ones as zeros, which have no other meaning: digits of 2^64 divided by the golden
  // ratio, and of the square roots of 3, 5 and 7.
  private static var treeFactor: UInt64 { 0x9E37_79B9_7F4A_7C15 }
  private static var recordFactor: UInt64 { 0xBB67_AE85_84CA_A73B }
  private static var keyFactor: UInt64 { 0x3C6E_F372_FE94_F82B }
  private static var endFactor: UInt64 { 0xA54F_F53A_5F1D_36F1 }
}
