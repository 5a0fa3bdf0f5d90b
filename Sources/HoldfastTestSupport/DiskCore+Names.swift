import HoldfastIO

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// Names as programs see them, and the list of changes that are not on the medium yet.

extension DiskCore {
  /// What a path leads to. Throws `ENOENT`, or `ENOTDIR` when it goes through a file.
  func resolve(_ parts: [String], _ operation: IOError.Operation, _ path: String) throws(IOError) -> Inode {
    var current = DiskCore.root
    for part in parts {
      guard let inode = inodes[current] else { break }
      guard inode.isDirectory else { throw IOError(operation: operation, path: path, code: ENOTDIR) }
      guard let next = inode.entries[part] else {
        throw IOError(operation: operation, path: path, code: ENOENT)
      }
      current = next
    }
    guard let inode = inodes[current] else { throw IOError(operation: operation, path: path, code: ENOENT) }
    return inode
  }

  /// The directory that a path's last part is or would be in, and that part.
  private func place(
    _ parts: [String], _ operation: IOError.Operation, _ path: String
  ) throws(IOError) -> (Inode, String) {
    guard let name = parts.last else { throw IOError(operation: operation, path: path, code: EBUSY) }
    let directory = try resolve(Array(parts.dropLast()), operation, path)
    guard directory.isDirectory else { throw IOError(operation: operation, path: path, code: ENOTDIR) }
    return (directory, name)
  }

  func open(_ path: String, _ mode: OpenMode) throws(IOError) -> Inode {
    let parts = DiskPath.parts(path)
    return try perform(.open, DiskPath.normalized(path)) { _ throws(IOError) in
      guard mode == .create else {
        let inode = try resolve(parts, .open, path)
        guard !inode.isDirectory else { throw IOError(operation: .open, path: path, code: EISDIR) }
        return inode
      }
      return try make(parts, isDirectory: false, .open, path)
    }
  }

  func createDirectory(_ path: String) throws(IOError) {
    let parts = DiskPath.parts(path)
    try perform(.createDirectory, DiskPath.normalized(path)) { _ throws(IOError) in
      _ = try make(parts, isDirectory: true, .createDirectory, path)
    }
  }

  private func make(
    _ parts: [String], isDirectory: Bool, _ operation: IOError.Operation, _ path: String
  ) throws(IOError) -> Inode {
    guard !parts.isEmpty else { throw IOError(operation: operation, path: path, code: EEXIST) }
    let (directory, name) = try place(parts, operation, path)
    guard directory.entries[name] == nil else {
      throw IOError(operation: operation, path: path, code: EEXIST)
    }
    guard availableBytes >= UInt64(DiskCore.blockSize) else {
      throw IOError(operation: operation, path: path, code: ENOSPC)
    }
    let inode = Inode(id: nextInode, isDirectory: isDirectory)
    nextInode += 1
    inodes[inode.id] = inode
    directory.entries[name] = inode.id
    inode.links = 1
    note(inode.id, added: EntryPlace(directory: directory.id, name: name))
    return inode
  }

  func information(_ path: String) throws(IOError) -> FileInformation? {
    try perform(.information, DiskPath.normalized(path)) { _ throws(IOError) in
      do throws(IOError) {
        let inode = try resolve(DiskPath.parts(path), .information, path)
        return FileInformation(
          kind: inode.isDirectory ? .directory : .file, size: inode.isDirectory ? 0 : UInt64(inode.length))
      } catch {
        guard error.code == ENOENT || error.code == ENOTDIR else { throw error }
        return nil
      }
    }
  }

  func list(_ path: String) throws(IOError) -> [String] {
    try perform(.list, DiskPath.normalized(path)) { _ throws(IOError) in
      let directory = try resolve(DiskPath.parts(path), .list, path)
      guard directory.isDirectory else { throw IOError(operation: .list, path: path, code: ENOTDIR) }
      return directory.entries.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
  }

  func volume(_ path: String) throws(IOError) -> VolumeInformation {
    try perform(.volume, DiskPath.normalized(path)) { _ throws(IOError) in
      _ = try resolve(DiskPath.parts(path), .volume, path)
      return VolumeInformation(isNetwork: isNetwork, availableBytes: availableBytes, totalBytes: capacity)
    }
  }

  func remove(_ path: String) throws(IOError) {
    let parts = DiskPath.parts(path)
    try perform(.remove, DiskPath.normalized(path)) { _ throws(IOError) in
      let (directory, name) = try place(parts, .remove, path)
      guard let id = directory.entries[name], let inode = inodes[id] else {
        throw IOError(operation: .remove, path: path, code: ENOENT)
      }
      guard inode.entries.isEmpty else { throw IOError(operation: .remove, path: path, code: ENOTEMPTY) }
      directory.entries[name] = nil
      inode.links -= 1
      note(id, removed: EntryPlace(directory: directory.id, name: name))
      collect(inode)
    }
  }

  func rename(_ source: String, _ destination: String) throws(IOError) {
    let from = DiskPath.parts(source)
    let to = DiskPath.parts(destination)
    try perform(.rename, DiskPath.normalized(source), to: DiskPath.normalized(destination)) {
      _ throws(IOError) in
      let (sourceDirectory, sourceName) = try place(from, .rename, source)
      guard let id = sourceDirectory.entries[sourceName], let inode = inodes[id] else {
        throw IOError(operation: .rename, path: source, code: ENOENT)
      }
      let (targetDirectory, targetName) = try place(to, .rename, destination)
      if inode.isDirectory, to.count > from.count, Array(to.prefix(from.count)) == from {
        throw IOError(operation: .rename, path: source, code: EINVAL)
      }
      if let replaced = targetDirectory.entries[targetName].flatMap({ inodes[$0] }) {
        // Two names of one file: nothing to do, says POSIX.
        guard replaced !== inode else { return }
        guard replaced.isDirectory == inode.isDirectory else {
          throw IOError(operation: .rename, path: source, code: replaced.isDirectory ? EISDIR : ENOTDIR)
        }
        guard replaced.entries.isEmpty else {
          throw IOError(operation: .rename, path: source, code: ENOTEMPTY)
        }
        replaced.links -= 1
        collect(replaced)
      }
      sourceDirectory.entries[sourceName] = nil
      targetDirectory.entries[targetName] = id
      let removed = EntryPlace(directory: sourceDirectory.id, name: sourceName)
      let added = EntryPlace(directory: targetDirectory.id, name: targetName)
      if sourceDirectory === targetDirectory {
        note(id, added: added, removed: removed, required: removed)
      } else {
        let first = note(id, added: added, required: removed)
        note(id, removed: removed, after: first)
      }
    }
  }

  func syncDirectory(_ path: String) throws(IOError) {
    try perform(.syncDirectory, DiskPath.normalized(path)) { disturbance throws(IOError) in
      let directory = try resolve(DiskPath.parts(path), .syncDirectory, path)
      guard directory.isDirectory else { throw IOError(operation: .syncDirectory, path: path, code: ENOTDIR) }
      if disturbance.contains(.failedSyncDroppingData) {
        var generator = crashRandom
        settle { $0.touches(directory.id) ? generator.chance(0.5) : nil }
        crashRandom = generator
        throw IOError(operation: .syncDirectory, path: path, code: EIO)
      }
      settle { $0.touches(directory.id) ? true : nil }
      dropUnreachable()
    }
  }

  @discardableResult
  private func note(
    _ inode: Int, added: EntryPlace? = nil, removed: EntryPlace? = nil, required: EntryPlace? = nil,
    after: Int? = nil
  ) -> Int {
    let id = nextChange
    nextChange += 1
    pending.append(
      DirectoryChange(id: id, inode: inode, added: added, removed: removed, required: required, after: after))
    return id
  }
}
