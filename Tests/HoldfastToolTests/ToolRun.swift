import Foundation
import Testing

/// A folder that is removed when it is released.
final class Folder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("holdfast-tool-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  func write(_ text: String, to name: String) throws -> String {
    try Data(text.utf8).write(to: url.appendingPathComponent(name))
    return path(name)
  }

  func bytes(_ name: String) throws -> Data { try Data(contentsOf: url.appendingPathComponent(name)) }
}

/// What a run of the tool came to.
struct ToolRun {
  /// The exit code, or minus the signal that ended it.
  var status: Int32
  var output: String
  var errors: String

  /// The lines of standard output.
  var lines: [Substring] { output.split(separator: "\n") }
}

/// A running tool. Its standard streams are files or pipes that no other process inherits.
final class ToolProcess {
  let id: pid_t
  private var status: Int32?

  /// Starts the tool with these descriptors as its standard streams.
  init(_ arguments: [String], password: String? = nil, input: Int32, output: Int32, errors: Int32) throws {
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #else
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #endif
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The threads that tests run on block signals, which the tool must not inherit.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (descriptor, place) in [(input, Int32(0)), (output, 1), (errors, 2)] {
      posix_spawn_file_actions_adddup2(&actions, descriptor, place)
    }
    var variables = ProcessInfo.processInfo.environment
    variables["HOLDFAST_PASSWORD"] = password
    var strings = ([Tool.url.path] + arguments).map { strdup($0) } + [nil]
    var environment = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for string in strings + environment { free(string) } }
    var process: pid_t = 0
    try #require(posix_spawn(&process, Tool.url.path, &actions, &attributes, &strings, &environment) == 0)
    id = process
  }

  deinit {
    if status == nil {
      signal(SIGKILL)
      wait()
    }
  }

  func signal(_ number: Int32) { kill(id, number) }

  /// Waits for its end. Returns its exit code, or minus the signal that ended it.
  @discardableResult
  func wait() -> Int32 {
    if let status { return status }
    var result: Int32 = 0
    while waitpid(id, &result, 0) < 0 && errno == EINTR {}
    let status = result & 0x7F == 0 ? (result >> 8) & 0xFF : -(result & 0x7F)
    self.status = status
    return status
  }
}

/// The two ends of a pipe, which no other process inherits.
struct PipeEnds {
  let reading: Int32
  let writing: Int32

  init() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (reading, writing) = (ends[0], ends[1])
  }
}

enum Tool {
  /// The executable, which is built beside the tests.
  static let url: URL = {
    if let path = ProcessInfo.processInfo.environment["HOLDFAST_TOOL"] { return URL(fileURLWithPath: path) }
    #if os(Linux)
      let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      return tests.deletingLastPathComponent().appendingPathComponent("holdfast")
    #else
      let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? Bundle.main
      return bundle.bundleURL.deletingLastPathComponent().appendingPathComponent("holdfast")
    #endif
  }()

  /// Opens a file that no other process inherits.
  static func open(_ path: String, forWriting: Bool = false) throws -> Int32 {
    let flags = forWriting ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY
    let descriptor = Foundation.open(path, flags | O_CLOEXEC, 0o600)
    try #require(descriptor >= 0)
    return descriptor
  }

  /// Runs the tool to its end.
  @discardableResult
  static func run(_ arguments: String..., input: String = "", password: String? = nil) throws -> ToolRun {
    try run(arguments, input: Data(input.utf8), password: password)
  }

  static func run(_ arguments: [String], input: Data, password: String? = nil) throws -> ToolRun {
    let folder = try Folder()
    // Files instead of pipes: nobody has to read while the other one writes.
    try input.write(to: folder.url.appendingPathComponent("in"))
    let streams = [
      try open(folder.path("in")), try open(folder.path("out"), forWriting: true),
      try open(folder.path("err"), forWriting: true),
    ]
    let process = try ToolProcess(
      arguments, password: password, input: streams[0], output: streams[1], errors: streams[2])
    for stream in streams { close(stream) }
    let status = process.wait()
    return ToolRun(
      status: status, output: String(decoding: try folder.bytes("out"), as: UTF8.self),
      errors: String(decoding: try folder.bytes("err"), as: UTF8.self))
  }
}
