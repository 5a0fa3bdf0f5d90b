import HoldfastIO

// Direct access for tests: not counted, not traced, never disturbed.

extension SimulatedDisk {
  /// Every path that programs see, of files and directories, in the order of their bytes; directories end
  /// with `/`.
  public var paths: [String] { snapshotImage().paths }

  /// The paths of the files that have changes a crash could lose, and of the directories that have such
  /// names.
  public var unsyncedPaths: [String] {
    let image = snapshotImage()
    return withCore { core in
      let directories = Set(
        core.pending.flatMap { [$0.added?.directory, $0.removed?.directory] }.compactMap { $0 })
      return image.paths.filter { path in
        guard let inode = core.find(path) else { return false }
        return inode.isDirty || directories.contains(inode.id)
      }
    }
  }

  /// How many files are open: 0 when a test has closed all it opened.
  public var openFiles: Int { withCore { $0.inodes.values.reduce(0) { $0 + $1.handles } } }

  /// The bytes of a file as programs see them, or `nil` when there is no file of that name.
  public func contents(of path: String) -> [UInt8]? {
    withCore { core in
      guard let inode = core.find(path), !inode.isDirectory else { return nil }
      return inode.live.bytes(inode.length, at: 0)
    }
  }

  /// The bytes of a file as they are on the medium under that name, or `nil` when no such name is there.
  public func durableContents(of path: String) -> [UInt8]? {
    snapshotDurableImage().contents(of: path)
  }

  /// Makes a file with these bytes, or replaces the bytes of the one there is; durable at once, with its name
  /// and the directories on the way.
  public func setContents(_ bytes: [UInt8], of path: String) {
    withCore { core in
      let inode = core.findOrMake(DiskPath.parts(path))
      var content = SparseBytes()
      bytes.withUnsafeBytes { content.write($0, at: 0) }
      inode.live = content
      inode.durable = content
      inode.length = bytes.count
      inode.durableLength = bytes.count
      inode.markClean()
      core.recount()
    }
  }

  /// Changes one bit of a file (0 is the lowest of a byte), as programs see it and on the medium. Returns
  /// `false` when there is no such byte.
  @discardableResult
  public func flipBit(_ path: String, offset: Int, bit: Int) -> Bool {
    withCore { core in
      guard let inode = core.find(path), (0..<inode.length).contains(offset) else { return false }
      core.flip(inode, bit: bit, at: offset)
      return true
    }
  }

  /// Replaces bytes of a file from `offset` on, as programs see them and on the medium, without changing its
  /// length. Returns `false` when it does not have them all.
  @discardableResult
  public func overwrite(_ path: String, offset: Int, with bytes: [UInt8]) -> Bool {
    withCore { core in
      guard let inode = core.find(path), offset >= 0, offset + bytes.count <= inode.length else {
        return false
      }
      bytes.withUnsafeBytes { inode.live.write($0, at: offset) }
      let durableCount = min(bytes.count, inode.durableLength - offset)
      if durableCount > 0 { bytes[..<durableCount].withUnsafeBytes { inode.durable.write($0, at: offset) } }
      return true
    }
  }
}

extension DiskCore {
  func find(_ path: String) -> Inode? {
    var inode = inodes[DiskCore.root]
    for part in DiskPath.parts(path) {
      guard let next = inode?.entries[part] else { return nil }
      inode = inodes[next]
    }
    return inode
  }

  /// The file of that name. Makes it, and the directories on the way, where they are missing.
  func findOrMake(_ parts: [String]) -> Inode {
    var current = inodes[DiskCore.root] ?? Inode(id: DiskCore.root, isDirectory: true)
    for (position, part) in parts.enumerated() {
      if let next = current.entries[part].flatMap({ inodes[$0] }) {
        current.durableEntries[part] = next.id
        current = next
        continue
      }
      let inode = Inode(id: nextInode, isDirectory: position < parts.count - 1)
      nextInode += 1
      inodes[inode.id] = inode
      current.entries[part] = inode.id
      current.durableEntries[part] = inode.id
      current = inode
    }
    return current
  }
}
