/// Whether the system is short of memory. Injected, so that tests can be short of it.
public protocol MemoryMonitor: Sendable {
  /// Whether there is so little memory left that caches should shrink. `false` when nothing can be found out.
  func isUnderPressure() -> Bool
}

/// The memory of the operating system.
///
/// On Linux: of the process's cgroup (version 2) and each above it that has a limit, and of the machine
/// (`MemAvailable`). Memory is short when less than a sixteenth of any of them is left, but never while
/// ``comfortableBytes`` are. Pages of files that the kernel can drop at once do not count as used. On Darwin
/// the kernel's own judgement is taken.
public struct SystemMemoryMonitor: MemoryMonitor {
  /// With this much left there is no pressure, however small a part of the whole it is (512 MiB).
  public static let comfortableBytes: UInt64 = 512 << 20

  /// Below one part in so many left there is pressure.
  static let scarcePart: UInt64 = 16

  private let fileSystem: any FileSystem

  /// Looks at the files of the system's own through `fileSystem`.
  public init(fileSystem: any FileSystem = POSIXFileSystem()) { self.fileSystem = fileSystem }

  public func isUnderPressure() -> Bool {
    #if canImport(Darwin)
      darwinPressureLevel() > 1
    #else
      isGroupUnderPressure() || isMachineUnderPressure()
    #endif
  }

  // MARK: Linux

  /// Whether the cgroup of this process, or one above it, is near its limit.
  func isGroupUnderPressure() -> Bool {
    guard let line = text("/proc/self/cgroup")?.split(separator: "\n").first(where: { $0.hasPrefix("0::") })
    else { return false }
    var group = line.dropFirst(3)
    while true {
      while group.hasSuffix("/") { group = group.dropLast() }
      if isUnderPressure(inGroup: "/sys/fs/cgroup" + group) { return true }
      guard let slash = group.lastIndex(of: "/") else { return false }
      group = group[..<slash]
    }
  }

  private func isUnderPressure(inGroup folder: String) -> Bool {
    // "max" is no number: there is no limit then.
    guard let limit = number(folder + "/memory.max"), let current = number(folder + "/memory.current") else {
      return false
    }
    let droppable = field("inactive_file", in: text(folder + "/memory.stat") ?? "") ?? 0
    let used = current > droppable ? current - droppable : 0
    return isScarce(available: limit > used ? limit - used : 0, of: limit)
  }

  /// Whether the machine has little memory left.
  func isMachineUnderPressure() -> Bool {
    guard let text = text("/proc/meminfo"), let total = field("MemTotal:", in: text),
      let available = field("MemAvailable:", in: text)
    else { return false }
    return isScarce(available: available << 10, of: total << 10)
  }

  private func isScarce(available: UInt64, of total: UInt64) -> Bool {
    available < min(total / SystemMemoryMonitor.scarcePart, SystemMemoryMonitor.comfortableBytes)
  }

  private func number(_ path: String) -> UInt64? {
    text(path).flatMap { $0.split(whereSeparator: \.isWhitespace).first.flatMap { UInt64($0) } }
  }

  /// The number behind a name at the beginning of a line.
  private func field(_ name: String, in text: String) -> UInt64? {
    for line in text.split(separator: "\n") {
      let words = line.split(whereSeparator: \.isWhitespace)
      if words.count > 1, words[0] == name { return UInt64(words[1]) }
    }
    return nil
  }

  private func text(_ path: String) -> String? {
    guard let file = try? fileSystem.open(path, .readOnly) else { return nil }
    defer { file.close() }
    var bytes = [UInt8](repeating: 0, count: 16384)
    let count = bytes.withUnsafeMutableBytes { try? file.readFully(into: $0, at: 0) }
    return count.map { String(decoding: bytes.prefix($0), as: UTF8.self) }
  }
}

#if canImport(Darwin)
  import Darwin

  /// 1 is normal, 2 a warning, 4 critical.
  private func darwinPressureLevel() -> Int32 {
    var level: Int32 = 1
    var size = MemoryLayout<Int32>.size
    return sysctlbyname("kern.memorystatus_vm_pressure_level", &level, &size, nil, 0) == 0 ? level : 1
  }
#endif
