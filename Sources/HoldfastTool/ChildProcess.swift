#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  @preconcurrency import Glibc
#elseif canImport(Musl)
  @preconcurrency import Musl
#endif

/// Another process of this tool, whose standard output comes here.
final class ChildProcess {
  let id: pid_t
  /// What it prints.
  let output: Int32
  private var isOver = false

  /// Starts this tool again with other arguments.
  init(_ arguments: [String]) throws {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else {
      throw ToolFailure(.failure, "ioFailed", "no pipe could be made: \(Platform.lastError)")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let path = try ChildProcess.ownPath()
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
    #else
      var actions = posix_spawn_file_actions_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    var strings: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
    strings.append(nil)
    defer { for string in strings { free(string) } }
    var process: pid_t = 0
    let result = posix_spawn(&process, path, &actions, nil, strings, environ)
    close(ends[1])
    guard result == 0 else {
      close(ends[0])
      throw ToolFailure(
        .failure, "ioFailed", "\(path) could not be started: \(String(cString: strerror(result)))")
    }
    id = process
    output = ends[0]
  }

  deinit {
    if !isOver { kill() }
    close(output)
  }

  /// Ends it with SIGKILL, which no process can handle or delay. Returns whether that, and nothing else,
  /// ended it.
  @discardableResult
  func kill() -> Bool {
    guard !isOver else { return false }
    isOver = true
    #if canImport(Darwin)
      Darwin.kill(id, SIGKILL)
    #elseif canImport(Glibc)
      Glibc.kill(id, SIGKILL)
    #else
      Musl.kill(id, SIGKILL)
    #endif
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0 && errno == EINTR {}
    return status & 0x7F == SIGKILL
  }

  /// Where this program is.
  private static func ownPath() throws -> String {
    var buffer = [CChar](repeating: 0, count: 4096)
    #if canImport(Darwin)
      var size = UInt32(buffer.count)
      let isFound = _NSGetExecutablePath(&buffer, &size) == 0
    #else
      let isFound = readlink("/proc/self/exe", &buffer, buffer.count - 1) > 0
    #endif
    guard isFound else {
      throw ToolFailure(
        .failure, "ioFailed", "this program does not find its own file: \(Platform.lastError)")
    }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// A folder for a while.
struct TemporaryFolder {
  let path: String

  init() throws {
    let base = Platform.variable("TMPDIR") ?? "/tmp"
    var template = Array((base + "/holdfast-demo-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else {
      throw ToolFailure(
        .notPermitted, "ioFailed", "no folder could be made in \(base): \(Platform.lastError)")
    }
    path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The files in it and in its folders.
  func files() -> [String] { TemporaryFolder.entries(of: path).filter { Platform.kind(of: $0) == .file } }

  /// Removes it with everything in it.
  func remove() {
    for entry in TemporaryFolder.entries(of: path) {
      _ = Platform.kind(of: entry) == .folder ? rmdir(entry) : unlink(entry)
    }
    rmdir(path)
  }

  /// Everything below a folder, what is in folders before the folders themselves.
  private static func entries(of folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var result: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name != ".", name != ".." else { continue }
      let path = folder + "/" + name
      if Platform.kind(of: path) == .folder { result += entries(of: path) }
      result.append(path)
    }
    return result
  }

  /// Whether a file contains these bytes.
  static func file(_ path: String, contains text: [UInt8]) -> Bool {
    let descriptor = Platform.openForReading(path)
    guard descriptor >= 0, !text.isEmpty else { return false }
    defer { Platform.close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var kept = 0
    while true {
      let count = buffer.withUnsafeMutableBytes { area in
        Platform.read(descriptor, into: UnsafeMutableRawBufferPointer(rebasing: area[kept...]))
      }
      guard count > 0 else { return false }
      let filled = kept + count
      let isFound = buffer.withUnsafeBytes { area -> Bool in
        TemporaryFolder.area(UnsafeRawBufferPointer(rebasing: area[..<filled]), contains: text)
      }
      if isFound { return true }
      // What is looked for may lie across two pieces.
      kept = min(text.count - 1, filled)
      buffer.replaceSubrange(0..<kept, with: Array(buffer[filled - kept..<filled]))
    }
  }

  private static func area(_ area: UnsafeRawBufferPointer, contains text: [UInt8]) -> Bool {
    guard let base = area.baseAddress else { return false }
    var start = 0
    while start + text.count <= area.count,
      let found = memchr(base + start, Int32(text[0]), area.count - text.count + 1 - start)
    {
      if memcmp(found, text, text.count) == 0 { return true }
      start = UnsafeRawPointer(found) - base + 1
    }
    return false
  }

  /// Writes a small file.
  static func write(_ text: String, to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0, Array(text.utf8).withUnsafeBytes({ Platform.write(descriptor, $0) }) == 0 else {
      throw ToolFailure(.failure, "ioFailed", "\(path) cannot be written: \(Platform.lastError)")
    }
    Platform.close(descriptor)
  }
}
