import HoldfastTestSupport
import Testing

@testable import HoldfastIO

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What error numbers mean, and which calls are tried again.
@Suite("Failures of the system") struct FailureTests {
  @Test("what is done about an error follows from its number")
  func kinds() {
    let table: [(Int32, IOError.Class, IOError.Kind)] = [
      (EINTR, .transient, .transient), (EAGAIN, .transient, .transient),
      (EWOULDBLOCK, .transient, .transient),
      (EBUSY, .transient, .transient), (ETIMEDOUT, .transient, .transient),
      (ENOSPC, .diskFull, .exhausted), (EDQUOT, .diskFull, .exhausted), (EFBIG, .diskFull, .exhausted),
      (EMFILE, .tooManyFiles, .exhausted), (ENFILE, .tooManyFiles, .exhausted),
      (ENOMEM, .outOfMemory, .exhausted),
      (ENOENT, .notFound, .permanent), (EEXIST, .exists, .permanent),
      (EACCES, .notPermitted, .permanent), (EPERM, .notPermitted, .permanent),
      (EROFS, .notPermitted, .permanent),
      (EIO, .permanent, .permanent), (EBADF, .permanent, .permanent), (ENXIO, .permanent, .permanent),
      (ENODEV, .permanent, .permanent), (EINVAL, .permanent, .permanent), (ENOTDIR, .permanent, .permanent),
      (SimulatedDisk.powerLossCode, .permanent, .permanent), (0, .permanent, .permanent),
    ]
    for (code, errorClass, kind) in table {
      for operation in [IOError.Operation.open, .read, .write, .sync] {
        let error = IOError(operation: operation, path: "/a", code: code)
        #expect(error.errorClass == errorClass && error.kind == kind, "errno \(code)")
      }
    }
  }

  /// A disk with one file, seen through retries.
  private func world() throws -> (disk: SimulatedDisk, clock: SimulatedClock, fileSystem: RetryingFileSystem)
  {
    let (disk, clock) = (SimulatedDisk(seed: 1), SimulatedClock())
    try disk.createDirectory("/d")
    disk.setContents([1, 2, 3], of: "/d/a")
    let retrying = RetryingFileSystem(
      disk, policy: RetryPolicy(), clock: clock, random: SeededRandom(seed: 1))
    return (disk, clock, retrying)
  }

  private static func read(_ file: any File) throws -> Int {
    var bytes = [UInt8](repeating: 0, count: 3)
    return try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
  }

  private static func write(_ file: any File) throws -> Int {
    try [UInt8](repeating: 7, count: 3).withUnsafeBytes { try file.write($0, at: 0) }
  }

  /// Every call there is: its name, whether it is tried again, and itself.
  private static let calls: [(String, Bool, @Sendable (RetryingFileSystem, any File) throws -> Void)] = [
    ("open", true, { fileSystem, _ in _ = try fileSystem.open("/d/a", .readWrite) }),
    ("create", true, { fileSystem, _ in _ = try fileSystem.open("/d/b", .create) }),
    ("information", true, { fileSystem, _ in _ = try fileSystem.information(at: "/d/a") }),
    ("list", true, { fileSystem, _ in _ = try fileSystem.list("/d") }),
    ("createDirectory", true, { fileSystem, _ in try fileSystem.createDirectory("/e") }),
    ("rename", true, { fileSystem, _ in try fileSystem.rename("/d/a", to: "/d/c") }),
    ("remove", true, { fileSystem, _ in try fileSystem.remove("/d/a") }),
    ("volume", true, { fileSystem, _ in _ = try fileSystem.volume(at: "/d") }),
    ("syncDirectory", false, { fileSystem, _ in try fileSystem.syncDirectory("/d") }),
    ("read", true, { _, file in _ = try FailureTests.read(file) }),
    ("write", true, { _, file in _ = try FailureTests.write(file) }),
    ("size", true, { _, file in _ = try file.size() }),
    ("truncate", true, { _, file in try file.truncate(to: 2) }),
    ("sync", false, { _, file in try file.sync() }),
    ("lock", false, { _, file in _ = try file.lock(.exclusive) }),
  ]

  @Test("a transient error of any call but a sync or a lock is tried again, with pauses that double")
  func retried() throws {
    for (name, isRetried, call) in FailureTests.calls {
      let (disk, clock, fileSystem) = try world()
      let file = try fileSystem.open("/d/a", .readWrite)
      let before = disk.operationCount
      for attempt in 1...5 { disk.schedule(.error(EAGAIN, .once), at: before + attempt) }
      let succeeded: Bool
      do {
        try call(fileSystem, file)
        succeeded = true
      } catch { succeeded = false }
      #expect(succeeded == isRetried, "\(name)")
      #expect(disk.operationCount - before == (isRetried ? 6 : 1), "\(name)")
      let sleeps = clock.sleeps.map { $0 / 1_000_000 }
      #expect(sleeps.count == (isRetried ? 5 : 0), "\(name)")
      for (index, sleep) in sleeps.enumerated() {
        let full = UInt64(100 << index)
        #expect(sleep >= full / 2 && sleep <= full, "\(name)")
      }
    }
  }

  @Test("after five further attempts a transient error is passed on; any other is at once")
  func givenUp() throws {
    for (code, attempts) in [(EBUSY, 6), (EIO, 1), (ENOSPC, 1), (EMFILE, 1), (ENOMEM, 1)] {
      let (disk, _, fileSystem) = try world()
      let before = disk.operationCount
      disk.schedule(.error(code, .fromThenOn), at: before + 1)
      #expect { _ = try fileSystem.open("/d/a", .readOnly) } throws: { ($0 as? IOError)?.code == code }
      #expect(disk.operationCount - before == attempts)
    }
  }

  @Test("a pause is never longer than the policy's longest, however many attempts there are")
  func longestPause() {
    var policy = RetryPolicy()
    policy.attempts = 100
    let random = SeededRandom(seed: 3)
    for attempt in 1...100 {
      let pause = policy.pause(attempt, random: random)
      #expect(pause <= 30_000_000_000)
      if attempt > 9 { #expect(pause >= 15_000_000_000) }
    }
  }
}

/// Shortage of memory, as Linux tells it, on files of a simulated disk.
@Suite("Memory") struct MemoryMonitorTests {
  private func monitor(_ files: [String: String]) throws -> SystemMemoryMonitor {
    let disk = SimulatedDisk(seed: 1)
    for (path, text) in files {
      var folder = ""
      for part in path.split(separator: "/").dropLast() {
        folder += "/" + part
        if try disk.information(at: folder) == nil { try disk.createDirectory(folder) }
      }
      disk.setContents(Array(text.utf8), of: path)
    }
    return SystemMemoryMonitor(fileSystem: disk)
  }

  @Test("the machine is short of memory when a sixteenth is left, and never while 512 MiB are")
  func machine() throws {
    func isShort(total: Int, available: Int) throws -> Bool {
      let text = "MemTotal:       \(total) kB\nMemFree: 1 kB\nMemAvailable:   \(available) kB\n"
      return try monitor(["/proc/meminfo": text]).isMachineUnderPressure()
    }
    #expect(try isShort(total: 4 << 20, available: 3 << 20) == false)
    #expect(try isShort(total: 4 << 20, available: 257 << 10) == false)
    #expect(try isShort(total: 4 << 20, available: 255 << 10))
    #expect(try isShort(total: 64 << 20, available: 513 << 10) == false)
    #expect(try isShort(total: 64 << 20, available: 511 << 10))
  }

  @Test("a cgroup's limit counts, and that of each above; files that can be dropped do not")
  func group() throws {
    let group = "/sys/fs/cgroup/a/b"
    func isShort(_ max: String, _ current: Int, droppable: Int = 0, above: String = "max") throws -> Bool {
      try monitor([
        "/proc/self/cgroup": "1:name=systemd:/other\n0::/a/b\n", group + "/memory.max": max + "\n",
        group + "/memory.current": "\(current)\n",
        group + "/memory.stat": "anon 1\ninactive_file \(droppable)\nfile 7\n",
        "/sys/fs/cgroup/a/memory.max": above + "\n", "/sys/fs/cgroup/a/memory.current": "\(current)\n",
      ]).isGroupUnderPressure()
    }
    #expect(try isShort("max", 1 << 40) == false)
    #expect(try isShort("1600", 1499) == false)
    #expect(try isShort("1600", 1501))
    #expect(try isShort("1600", 1501, droppable: 2) == false)
    #expect(try isShort("1600", 2000))
    #expect(try isShort("max", 1501, above: "1600"))
  }

  @Test("where nothing can be found out there is no pressure")
  func unknown() throws {
    #expect(try monitor([:]).isUnderPressure() == false)
    let odd = ["/proc/meminfo": "rubbish", "/proc/self/cgroup": "0::\n", "/sys/fs/cgroup/memory.max": "x"]
    #expect(try monitor(odd).isUnderPressure() == false)
  }
}
