import HoldfastIO

// From what programs see to what is on the medium.

extension DiskCore {
  /// Decides about pending changes of names, in the order they were made: `true` puts one on the medium,
  /// `false` forgets it, `nil` leaves it pending.
  func settle(_ decide: (DirectoryChange) -> Bool?) {
    var left: [DirectoryChange] = []
    var forgotten: Set<Int> = []
    for change in pending {
      // What builds on a change that is forgotten now is forgotten with it.
      if let after = change.after, forgotten.contains(after) {
        forgotten.insert(change.id)
        continue
      }
      switch decide(change) {
      case nil: left.append(change)
      case false?: forgotten.insert(change.id)
      case true?:
        // What it builds on goes first, whatever was decided about that.
        if let base = left.firstIndex(where: { $0.id == change.after }) { apply(left.remove(at: base)) }
        apply(change)
      }
    }
    pending = left
  }

  private func apply(_ change: DirectoryChange) {
    if let removed = change.removed, let directory = inodes[removed.directory],
      directory.durableEntries[removed.name] == change.inode
    {
      directory.durableEntries[removed.name] = nil
    }
    if let added = change.added { inodes[added.directory]?.durableEntries[added.name] = change.inode }
  }

  /// The power fails and comes back.
  func crash(_ survival: SimulatedDisk.Survival) {
    // Some crashes lose nearly everything and some nearly nothing; even odds everywhere would never show
    // either, so the odds themselves are drawn, for names and for each file.
    let odds: [Double] =
      switch survival {
      case .seeded: [0, 0.1, 0.5, 0.9, 1]
      case .nothing: [0]
      case .everything: [1]
      }
    var generator = crashRandom
    let nameOdds = odds[generator.below(odds.count)]
    settle { change in
      if let place = change.required, inodes[place.directory]?.durableEntries[place.name] != change.inode {
        return false
      }
      return generator.chance(nameOdds)
    }
    for id in inodes.keys.sorted() {
      guard let inode = inodes[id], inode.isDirty else { continue }
      let fileOdds = odds[generator.below(odds.count)]
      if survival == .everything {
        inode.sync()
      } else {
        inode.persistSome(fileOdds, random: &generator)
      }
    }
    crashRandom = generator
    for inode in inodes.values { inode.forgetCache() }
    restart()
    dropUnreachable()
    recount()
  }

  /// The process dies and the system lives on.
  func killProcess() {
    for inode in inodes.values { inode.handles = 0 }
    restart()
    dropUnreachable()
    recount()
  }

  /// No handle and no lock outlives a process.
  private func restart() {
    boot += 1
    locks.removeAll()
    isDown = false
  }

  /// Forgets files that no name leads to, neither one that programs see nor one that a crash could bring
  /// back, and that nobody has open.
  func dropUnreachable() {
    var reached: Set<Int> = []
    var next = [DiskCore.root]
    next += pending.map(\.inode)
    next += inodes.values.filter { $0.handles > 0 }.map(\.id)
    while let id = next.popLast() {
      guard reached.insert(id).inserted, let inode = inodes[id] else { continue }
      next += inode.entries.values
      next += inode.durableEntries.values
    }
    guard reached.count < inodes.count else { return }
    inodes = inodes.filter { reached.contains($0.key) }
  }

  func countLinks() {
    for inode in inodes.values { inode.links = 0 }
    for directory in inodes.values {
      for id in directory.entries.values { inodes[id]?.links += 1 }
    }
  }

  /// Counts names and space anew.
  func recount() {
    countLinks()
    usedBlocks = 0
    for inode in inodes.values where !inode.isDirectory {
      inode.blocks.removeAll()
      if inode.links > 0 { recountBlocks(inode) }
      usedBlocks += inode.blockCount
    }
  }

  /// What memory pressure does: clean parts of the cache are read from the medium again. Shows what a failed
  /// sync dropped.
  func evictCleanCache() {
    for inode in inodes.values where !inode.isDirectory {
      for chunk in 0..<max(inode.live.chunkCount, inode.durable.chunkCount) {
        let clean = ~inode.dirty[chunk, default: 0]
        inode.live.copySectors(clean, ofChunk: chunk, from: inode.durable)
      }
      inode.live.cut(at: inode.length)
    }
  }
}
