extension SimulatedDisk {
  /// The files and directories of a disk at one moment. Shares its bytes with the disk until one of them
  /// changes.
  public struct Image: Sendable, Equatable {
    /// A file or a directory.
    struct Node: Sendable {
      var isDirectory: Bool
      var entries: [String: Int]
      var bytes: SparseBytes
      var length: Int
      /// The blocks that take up space, where that is known.
      var blocks: [Int: UInt8]?
    }

    var nodes: [Int: Node] = [:]

    /// Every path, of files and directories, in the order of their bytes; directories end with `/`.
    public var paths: [String] { walk().map(\.path) }

    /// The bytes of a file, or `nil` when there is no file of that name.
    public func contents(of path: String) -> [UInt8]? {
      let wanted = DiskPath.normalized(path)
      guard let id = walk().first(where: { $0.path == wanted })?.id, let node = nodes[id] else { return nil }
      return node.isDirectory ? nil : node.bytes.bytes(node.length, at: 0)
    }

    /// Whether both have the same paths with the same bytes.
    public static func == (first: Image, second: Image) -> Bool {
      let ours = first.walk()
      let theirs = second.walk()
      guard ours.map(\.path) == theirs.map(\.path) else { return false }
      for (mine, other) in zip(ours, theirs) {
        guard let a = first.nodes[mine.id], let b = second.nodes[other.id] else { return false }
        guard a.length == b.length, a.bytes.isEqual(to: b.bytes, count: a.length) else { return false }
      }
      return true
    }

    private func walk() -> [(path: String, id: Int)] {
      var found: [(path: String, id: Int)] = []
      var next = [(path: "/", id: DiskCore.root)]
      // A crash can leave a directory with two names; each of them is followed, but no circle.
      var depth: [String: Int] = ["/": 0]
      while let (path, id) = next.popLast() {
        guard let node = nodes[id] else { continue }
        found.append((path, id))
        guard node.isDirectory, depth[path, default: 0] < 64 else { continue }
        for (name, child) in node.entries {
          let childPath = path + name + (nodes[child]?.isDirectory == true ? "/" : "")
          depth[childPath] = depth[path, default: 0] + 1
          next.append((childPath, child))
        }
      }
      return found.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }
  }

  /// What programs see now, as an image that is durable from the start on every disk that is made from it.
  public func snapshotImage() -> Image {
    withCore {
      $0.image {
        Image.Node(
          isDirectory: $0.isDirectory, entries: $0.entries, bytes: $0.live, length: $0.length,
          blocks: $0.blocks)
      }
    }
  }

  /// What is on the medium now, which is what a crash leaves when nothing unsynced survives.
  public func snapshotDurableImage() -> Image {
    withCore {
      $0.image {
        Image.Node(
          isDirectory: $0.isDirectory, entries: $0.durableEntries, bytes: $0.durable,
          length: $0.durableLength,
          blocks: nil)
      }
    }
  }
}

extension DiskCore {
  /// An image of everything that `node` leads to from the root.
  func image(_ node: (Inode) -> SimulatedDisk.Image.Node) -> SimulatedDisk.Image {
    var image = SimulatedDisk.Image()
    var next = [DiskCore.root]
    while let id = next.popLast() {
      guard image.nodes[id] == nil, let inode = inodes[id] else { continue }
      let copy = node(inode)
      image.nodes[id] = copy
      next += copy.entries.values
    }
    return image
  }

  /// Replaces everything by an image.
  func load(_ image: SimulatedDisk.Image) {
    inodes.removeAll()
    for (id, node) in image.nodes {
      let inode = Inode(id: id, isDirectory: node.isDirectory)
      inode.live = node.bytes
      inode.durable = node.bytes
      inode.length = node.length
      inode.durableLength = node.length
      inode.entries = node.entries
      inode.durableEntries = node.entries
      if let blocks = node.blocks { inode.blocks = blocks } else { recountBlocks(inode) }
      usedBlocks += inode.blockCount
      inodes[id] = inode
    }
    nextInode = (image.nodes.keys.max() ?? DiskCore.root) + 1
    countLinks()
  }
}
