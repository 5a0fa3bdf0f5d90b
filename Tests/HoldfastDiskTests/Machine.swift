import Foundation
import HoldfastTestSupport

/// What this machine permits. Tests that need more are skipped and say what is missing.
enum Machine {
  static let isRoot = geteuid() == 0

  /// Whether this process may mount something where no other process sees it.
  static let mounts: Bool = isRoot && (try? Mounts()) != nil

  static let loops: Bool = mounts && works { try Volume(.ext4) }
  static let journalless: Bool = mounts && works { try Volume(.ext4WithoutJournal) }
  static let xfs: Bool = mounts && works { try Volume(.xfs) }

  /// Whether `strace` is there and may inject faults.
  static let strace: Bool = {
    let run = try? Program.run("strace", ["-qq", "-e", "inject=fdatasync:error=EIO", "true"])
    return run?.status == 0
  }()

  /// Whether the limits of a running process can be changed.
  static let limits: Bool = {
    let run = try? Program.run("prlimit", ["--pid", "\(getpid())", "--nofile"])
    return run?.status == 0
  }()

  static let needsLimits = "needs prlimit (util-linux)"
  static let needsMounts = "needs root and the right to mount (unshare -m, nsenter)"
  static let needsLoops = "needs root, loop devices and mkfs.ext4"
  static let needsXFS = "needs root, loop devices and mkfs.xfs (xfsprogs)"
  static let needsStrace = "needs strace and the right to trace"

  /// Whether to try everything, however long it takes.
  static let isExhaustive = ProcessInfo.processInfo.environment["HOLDFAST_EXHAUSTIVE"] != nil

  private static func works(_ make: () throws -> Volume) -> Bool { (try? make()) != nil }
}

/// A command that a test needed failed.
struct CommandFailure: Error, CustomStringConvertible {
  var description: String
}

/// A mount namespace of its own, and a folder in it that is in memory.
///
/// The namespace belongs to a process that ends when its input does: with this object, or with the process of
/// the tests, however that ends. With it go the mounts and the loop devices. The tests and the workers reach
/// what is mounted through `/proc/PID/root`.
final class Mounts {
  private let folder: Folder
  private let holder: Program
  private let input: Int32
  /// The folder for mount points and images, as the commands in the namespace see it.
  private let inner: String

  init() throws {
    folder = try Folder()
    inner = folder.path
    let toHolder = try PipeEnds()
    let fromHolder = try PipeEnds()
    let nothing = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer {
      close(toHolder.reading)
      close(fromHolder.reading)
      close(nothing)
    }
    do {
      defer { close(fromHolder.writing) }
      holder = try Program(
        "unshare", ["--mount", "--propagation", "private", "cat"], input: toHolder.reading,
        output: fromHolder.writing, errors: nothing)
    }
    input = toHolder.writing
    // Its first answer shows that it is in its namespace.
    var byte: UInt8 = 10
    guard write(input, &byte, 1) == 1, read(fromHolder.reading, &byte, 1) == 1 else {
      throw SystemFailure("unshare --mount")
    }
    try run("mount", "-t", "tmpfs", "-o", "size=2g", "tmpfs", inner)
  }

  deinit {
    // In order where it can be, so that nothing is left to do when the namespace goes.
    for name in Folder.names(in: path("")) { _ = try? command(["umount", "-l", inner + "/" + name]) }
    close(input)
    holder.wait()
  }

  /// The path, for this process and the workers, of something in the folder.
  func path(_ name: String) -> String { "/proc/\(holder.id)/root\(inner)/\(name)" }

  /// The path of the same for commands.
  func innerPath(_ name: String) -> String { inner + "/" + name }

  /// Runs a command in the namespace; throws when its exit code is not one of `accepted`.
  @discardableResult
  func run(_ arguments: String..., accepting accepted: ClosedRange<Int32> = 0...0) throws -> String {
    let (status, output) = try command(arguments)
    guard accepted.contains(status) else {
      throw CommandFailure(description: "\(arguments.joined(separator: " ")) failed (\(status)): \(output)")
    }
    return output
  }

  private func command(_ arguments: [String]) throws -> (status: Int32, output: String) {
    try Program.run("nsenter", ["--target", "\(holder.id)", "--mount", "--"] + arguments)
  }

  /// Mounts a file system in memory. Returns its path.
  func mountMemory(_ name: String, bytes: Int) throws -> String {
    try run("mkdir", innerPath(name))
    try run("mount", "-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", innerPath(name))
    return path(name)
  }

  /// Gives a file system in memory another size.
  func resize(_ name: String, bytes: Int) throws {
    try run("mount", "-o", "remount,size=\(bytes)", innerPath(name))
  }
}

/// A real file system in a file, on a loop device that goes with its mount.
final class Volume {
  enum Kind: String {
    case ext4, ext4WithoutJournal, xfs
  }

  let mounts: Mounts
  private let kind: Kind
  private let image: String
  private static let place = "volume"

  /// Makes and mounts one; the image lies in the folder `place` of the namespace, or in a file system there.
  convenience init(_ kind: Kind) throws { try self.init(kind, mounts: try Mounts(), image: "image") }

  init(_ kind: Kind, mounts: Mounts, image: String, megabytes: Int? = nil) throws {
    self.kind = kind
    self.mounts = mounts
    self.image = mounts.innerPath(image)
    // What mkfs.xfs takes at least.
    let size = megabytes ?? (kind == .xfs ? 320 : 96)
    try mounts.run("truncate", "-s", "\(size)M", self.image)
    switch kind {
    case .ext4: try mounts.run("mkfs.ext4", "-q", "-F", self.image)
    case .ext4WithoutJournal: try mounts.run("mkfs.ext4", "-q", "-F", "-O", "^has_journal", self.image)
    case .xfs: try mounts.run("mkfs.xfs", "-q", "-f", self.image)
    }
    try mounts.run("mkdir", mounts.innerPath(Volume.place))
    try mount()
  }

  /// The path of something on it.
  func path(_ name: String) -> String { mounts.path(Volume.place) + "/" + name }

  func mount() throws { try mounts.run("mount", "-o", "loop", image, mounts.innerPath(Volume.place)) }

  func remount(_ options: String) throws {
    try mounts.run("mount", "-o", "remount," + options, mounts.innerPath(Volume.place))
  }

  func unmount() throws { try mounts.run("umount", mounts.innerPath(Volume.place)) }

  /// Takes the power away: from now on nothing that is not on the disk yet gets there.
  func losePower() throws {
    let descriptor = open(path(""), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemFailure("opening \(path(""))") }
    defer { close(descriptor) }
    // _IOR('X', 125, __u32), without flushing what the journal holds in memory.
    var withoutFlushing: UInt32 = 2
    guard ioctl(descriptor, 0x8004_587D, &withoutFlushing) == 0 else { throw SystemFailure("shutting down") }
  }

  /// What the machine does when the power is back: looks for damage of the file system, and mounts it.
  func comeBack() throws {
    try unmount()
    // 1 and 2 say that something was repaired.
    if kind != .xfs { try mounts.run("e2fsck", "-f", "-y", image, accepting: 0...2) }
    try mount()
  }
}
