import HoldfastIO
import HoldfastTestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite("The file system of the operating system")
struct POSIXFileSystemTests {
  let system = POSIXFileSystem()

  @Test("what was written is read, and a read at the end returns fewer bytes, behind it none")
  func readAndWrite() throws {
    try withTemporaryFolder { folder in
      let file = try system.open(folder + "/a", .create)
      try file.write("hello world")
      #expect(try file.read(5, at: 6) == Array("world".utf8))
      #expect(try file.read(100, at: 6) == Array("world".utf8))
      #expect(try file.read(100, at: 11).isEmpty)
      #expect(try file.read(100, at: 1 << 40).isEmpty)
      #expect(try file.size() == 11)
      try file.write("!", at: 20)
      #expect(try file.read(100, at: 11) == [UInt8](repeating: 0, count: 9) + Array("!".utf8))
      try file.sync()
    }
  }

  @Test("truncating cuts, and extends with zeros")
  func truncate() throws {
    try withTemporaryFolder { folder in
      let file = try system.open(folder + "/a", .create)
      try file.write("hello")
      try file.truncate(to: 2)
      try file.truncate(to: 4)
      #expect(try file.read(10) == Array("he\0\0".utf8))
    }
  }

  @Test("creating makes a file that only its owner can use, and fails when the name is taken")
  func create() throws {
    try withTemporaryFolder { folder in
      _ = try system.open(folder + "/a", .create)
      try system.createDirectory(folder + "/d")
      #expect(mode(folder + "/a") == 0o600)
      #expect(mode(folder + "/d") == 0o700)
      #expect(code { _ = try system.open(folder + "/a", .create) } == EEXIST)
      #expect(code { _ = try system.open(folder + "/d", .create) } == EEXIST)
      #expect(code { try system.createDirectory(folder + "/d") } == EEXIST)
      #expect(code { try system.createDirectory(folder + "/a") } == EEXIST)
    }
  }

  @Test("opening what is not there fails with ENOENT, and a directory with EISDIR")
  func openErrors() throws {
    try withTemporaryFolder { folder in
      for mode in [OpenMode.readOnly, .readWrite] {
        #expect(code { _ = try system.open(folder + "/missing", mode) } == ENOENT)
        #expect(code { _ = try system.open(folder, mode) } == EISDIR)
      }
      #expect(code { _ = try system.open(folder + "/missing/a", .create) } == ENOENT)
      #expect(code { _ = try system.list(folder + "/missing") } == ENOENT)
      #expect(code { try system.remove(folder + "/missing") } == ENOENT)
      #expect(code { try system.rename(folder + "/missing", to: folder + "/b") } == ENOENT)
      #expect(code { try system.syncDirectory(folder + "/missing") } == ENOENT)
      #expect(code { _ = try system.volume(at: folder + "/missing") } == ENOENT)
    }
  }

  @Test("an error says what was asked, of which file, and the number")
  func errorContents() throws {
    try withTemporaryFolder { folder in
      #expect(throws: IOError(operation: .open, path: folder + "/x", code: ENOENT)) {
        try system.open(folder + "/x", .readOnly)
      }
    }
  }

  #if os(Linux)
    @Test("syncs are asked of the system: what it cannot sync is an error")
    func syncReachesTheSystem() throws {
      try withTemporaryFolder { folder in
        let file = try system.open(folder + "/a", .create)
        try file.sync()
        try system.syncDirectory(folder)
        #expect(mkfifo(folder + "/pipe", 0o600) == 0)
        let pipe = try system.open(folder + "/pipe", .readWrite)
        #expect(code { try pipe.sync() } == EINVAL)
        #expect(code { try system.syncDirectory("/proc") } == EINVAL)
      }
    }
  #endif

  @Test("a file that was opened for reading cannot be written")
  func readOnly() throws {
    try withTemporaryFolder { folder in
      try system.open(folder + "/a", .create).write("x")
      let file = try system.open(folder + "/a", .readOnly)
      #expect(code { try file.write("y") } == EBADF)
      #expect(code { try file.truncate(to: 0) } != nil)
      #expect(try file.read(5) == Array("x".utf8))
    }
  }

  @Test("information tells files from directories and from nothing, through symbolic links too")
  func information() throws {
    try withTemporaryFolder { folder in
      try system.open(folder + "/a", .create).write("12345")
      #expect(symlink(folder + "/a", folder + "/link") == 0)
      #expect(mkfifo(folder + "/pipe", 0o600) == 0)
      #expect(try system.information(at: folder + "/a") == FileInformation(kind: .file, size: 5))
      #expect(try system.information(at: folder + "/link") == FileInformation(kind: .file, size: 5))
      #expect(try system.information(at: folder) == FileInformation(kind: .directory, size: 0))
      #expect(try system.information(at: folder + "/pipe")?.kind == .other)
      #expect(try system.information(at: folder + "/none") == nil)
      #expect(try system.information(at: folder + "/a/none") == nil)
      #expect(try system.open(folder + "/link", .readOnly).read(5) == Array("12345".utf8))
    }
  }

  @Test("opening a pipe that nobody writes to does not hang")
  func pipe() throws {
    try withTemporaryFolder { folder in
      #expect(mkfifo(folder + "/pipe", 0o600) == 0)
      let file = try system.open(folder + "/pipe", .readOnly)
      #expect(code { _ = try file.read(1) } != nil)
    }
  }

  @Test("a list has every name once, in the order of their bytes")
  func list() throws {
    try withTemporaryFolder { folder in
      for name in ["b", "a", "ä", "Z", "10", "9", ".hidden"] {
        _ = try system.open(folder + "/" + name, .create)
      }
      #expect(try system.list(folder) == [".hidden", "10", "9", "Z", "a", "b", "ä"])
      try system.createDirectory(folder + "/empty")
      #expect(try system.list(folder + "/empty").isEmpty)
    }
  }

  @Test("renaming replaces the destination; the old file stays readable through an open handle")
  func rename() throws {
    try withTemporaryFolder { folder in
      let old = try system.open(folder + "/b", .create)
      try old.write("old")
      try system.open(folder + "/a", .create).write("new")
      try system.rename(folder + "/a", to: folder + "/b")
      #expect(try system.list(folder) == ["b"])
      #expect(try system.open(folder + "/b", .readOnly).read(9) == Array("new".utf8))
      #expect(try old.read(9) == Array("old".utf8))
      try system.syncDirectory(folder)
    }
  }

  @Test("removing takes files and empty directories, and refuses full ones")
  func remove() throws {
    try withTemporaryFolder { folder in
      try system.createDirectory(folder + "/d")
      _ = try system.open(folder + "/d/a", .create)
      #expect([ENOTEMPTY, EEXIST].contains(code { try system.remove(folder + "/d") }))
      try system.remove(folder + "/d/a")
      try system.remove(folder + "/d")
      #expect(try system.list(folder).isEmpty)
    }
  }

  @Test("an exclusive lock excludes every other handle until it is closed")
  func exclusiveLock() throws {
    try withTemporaryFolder { folder in
      let first = try system.open(folder + "/a", .create)
      let second = try system.open(folder + "/a", .readWrite)
      #expect(try first.lock(.exclusive))
      #expect(try first.lock(.exclusive))
      #expect(try !second.lock(.exclusive))
      #expect(try !second.lock(.shared))
      first.close()
      #expect(try second.lock(.exclusive))
    }
  }

  @Test("shared locks go together, and keep an exclusive one out")
  func sharedLock() throws {
    try withTemporaryFolder { folder in
      let files =
        try [system.open(folder + "/a", .create)]
        + (0..<2).map { _ in try system.open(folder + "/a", .readWrite) }
      #expect(try files[0].lock(.shared))
      #expect(try files[1].lock(.shared))
      #expect(try !files[2].lock(.exclusive))
      files[0].close()
      files[1].close()
      #expect(try files[2].lock(.exclusive))
    }
  }

  @Test("closing another handle of the same file does not give up the lock")
  func lockSurvivesOtherClose() throws {
    try withTemporaryFolder { folder in
      let owner = try system.open(folder + "/a", .create)
      #expect(try owner.lock(.exclusive))
      try system.open(folder + "/a", .readWrite).close()
      #expect(try !system.open(folder + "/a", .readWrite).lock(.exclusive))
    }
  }

  @Test("after closing, every call fails with EBADF, and closing again does nothing")
  func closed() throws {
    try withTemporaryFolder { folder in
      let file = try system.open(folder + "/a", .create)
      file.close()
      file.close()
      #expect(code { _ = try file.read(1) } == EBADF)
      #expect(code { try file.write("x") } == EBADF)
      #expect(code { try file.sync() } == EBADF)
      #expect(code { _ = try file.size() } == EBADF)
      #expect(code { try file.truncate(to: 1) } == EBADF)
      #expect(code { _ = try file.lock(.shared) } == EBADF)
    }
  }

  @Test("a call that races with close never reads another file")
  func closeRace() throws {
    try withTemporaryFolder { folder in
      try system.open(folder + "/right", .create).write([UInt8](repeating: 1, count: 64))
      try system.open(folder + "/wrong", .create).write([UInt8](repeating: 2, count: 64))
      let wrongReads = SharedCounter()
      for _ in 0..<100 {
        let file = try system.open(folder + "/right", .readOnly)
        let joins = (0..<2).map { _ in
          startThread {
            while true {
              guard let bytes = try? file.read(64) else { return }
              if bytes.contains(2) { wrongReads.increment() }
            }
          }
        }
        file.close()
        // Takes the number of the descriptor that was just closed, if it was.
        let others = try (0..<4).map { _ in try system.open(folder + "/wrong", .readOnly) }
        for join in joins { join() }
        withExtendedLifetime(others) {}
      }
      #expect(wrongReads.value == 0)
    }
  }

  @Test("offsets that the system cannot express are refused")
  func hugeOffsets() throws {
    try withTemporaryFolder { folder in
      let file = try system.open(folder + "/a", .create)
      #expect(code { _ = try file.read(1, at: .max) } == EFBIG)
      #expect(code { try file.write("x", at: .max) } == EFBIG)
      #expect(code { try file.truncate(to: .max) } == EFBIG)
    }
  }

  @Test("a volume has a size and free space within it")
  func volume() throws {
    try withTemporaryFolder { folder in
      let volume = try system.volume(at: folder)
      #expect(volume.totalBytes > 0)
      #expect(volume.availableBytes <= volume.totalBytes)
    }
  }

  private func mode(_ path: String) -> Int? {
    var facts = stat()
    return stat(path, &facts) == 0 ? Int(facts.st_mode & 0o777) : nil
  }
}

/// A number that several threads count up.
final class SharedCounter: Sendable {
  private let latch = Latch()
  // Safe to share: only touched while holding `latch`.
  nonisolated(unsafe) private var count = 0

  func increment() { latch.withLock { count += 1 } }
  var value: Int { latch.withLock { count } }
}
