import HoldfastIO

extension SimulatedDisk {
  public func open(_ path: String, _ mode: OpenMode) throws(IOError) -> any File {
    try withCore { core throws(IOError) in
      let inode = try core.open(path, mode)
      inode.handles += 1
      core.nextHandle += 1
      return SimulatedFile(
        disk: self, path: path, mode: mode, inode: inode, handle: core.nextHandle, boot: core.boot)
    }
  }

  public func information(at path: String) throws(IOError) -> FileInformation? {
    try withCore { core throws(IOError) in try core.information(path) }
  }

  public func list(_ directory: String) throws(IOError) -> [String] {
    try withCore { core throws(IOError) in try core.list(directory) }
  }

  public func createDirectory(_ path: String) throws(IOError) {
    try withCore { core throws(IOError) in try core.createDirectory(path) }
  }

  public func rename(_ source: String, to destination: String) throws(IOError) {
    try withCore { core throws(IOError) in try core.rename(source, destination) }
  }

  public func remove(_ path: String) throws(IOError) {
    try withCore { core throws(IOError) in try core.remove(path) }
  }

  public func syncDirectory(_ path: String) throws(IOError) {
    try withCore { core throws(IOError) in try core.syncDirectory(path) }
  }

  public func volume(at path: String) throws(IOError) -> VolumeInformation {
    try withCore { core throws(IOError) in try core.volume(path) }
  }
}
