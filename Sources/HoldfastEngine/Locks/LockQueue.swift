/// Who holds a tree or a record, and who waits for it: for what more than one transaction has asked for.
final class LockQueue {
  struct Holder {
    let owner: LockOwner
    var mode: LockMode
  }

  let name: LockName
  private(set) var holders: [Holder] = []
  /// Sorted by ``LockRequest/isBefore(_:)``.
  private(set) var waiters: [LockRequest] = []

  /// With a copy of the name's key.
  init(_ name: LockName) {
    var key = UnsafeRawBufferPointer(start: nil, count: 0)
    if !name.key.isEmpty {
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: name.key.count, alignment: 1)
      copy.copyMemory(from: name.key)
      key = UnsafeRawBufferPointer(copy)
    }
    self.name = LockName(tree: name.tree, kind: name.kind, key: key, hash: name.hash)
  }

  deinit { name.key.deallocate() }

  var isEmpty: Bool { holders.isEmpty && waiters.isEmpty }

  /// The mode in which an owner holds it.
  func mode(of owner: LockOwner) -> LockMode? { holders.first { $0.owner === owner }?.mode }

  /// Whether no holder other than `owner` keeps it from holding `mode`.
  func admits(_ mode: LockMode, for owner: LockOwner) -> Bool {
    holders.allSatisfy { $0.owner === owner || $0.mode.isCompatible(with: mode) }
  }

  /// Makes `owner` a holder, or changes the mode in which it is one. Returns whether it was none before.
  func hold(_ owner: LockOwner, _ mode: LockMode) -> Bool {
    if let index = holders.firstIndex(where: { $0.owner === owner }) {
      holders[index].mode = mode
      return false
    }
    holders.append(Holder(owner: owner, mode: mode))
    return true
  }

  func removeHolder(_ owner: LockOwner) {
    if let index = holders.firstIndex(where: { $0.owner === owner }) { holders.remove(at: index) }
  }

  func enqueue(_ request: LockRequest) {
    var index = waiters.count
    while index > 0 && request.isBefore(waiters[index - 1]) { index -= 1 }
    waiters.insert(request, at: index)
  }

  func removeWaiter(_ request: LockRequest) {
    if let index = waiters.firstIndex(where: { $0 === request }) { waiters.remove(at: index) }
  }
}
