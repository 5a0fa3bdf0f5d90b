import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  @preconcurrency import Glibc
#elseif canImport(Musl)
  @preconcurrency import Musl
#endif

/// A running program. Its standard streams are files or pipes that no other process inherits. It is killed
/// when it is released.
public final class Program {
  /// The process.
  public let id: pid_t
  private var status: Int32?
  /// Held while a program starts, and while descriptors exist that it must not inherit.
  fileprivate static let starting = Mutex<Void>(())

  /// Starts the program in the file `path` with these descriptors as its standard streams. Of the
  /// environment, `variables` are set, or removed where they are `nil`.
  public init(
    _ path: String, _ arguments: [String], variables: [String: String?] = [:], input: Int32, output: Int32,
    errors: Int32
  ) throws {
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #else
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #endif
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The threads that tests run on block signals, which the program must not inherit.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (descriptor, place) in [(input, Int32(0)), (output, 1), (errors, 2)] {
      posix_spawn_file_actions_adddup2(&actions, descriptor, place)
    }
    var strings = ([path] + arguments).map { strdup($0) } + [nil]
    var environment = Program.environment(variables).map { strdup($0) } + [nil]
    defer { for string in strings + environment { free(string) } }
    var process: pid_t = 0
    let result = Program.starting.withLock { _ in
      posix_spawnp(&process, path, &actions, &attributes, &strings, &environment)
    }
    guard result == 0 else {
      errno = result
      throw SystemFailure("starting \(path)")
    }
    id = process
  }

  deinit {
    if status == nil {
      signal(SIGKILL)
      wait()
    }
  }

  /// Sends it a signal, unless its end is known.
  public func signal(_ number: Int32) { if status == nil { kill(id, number) } }

  /// Waits for its end. Returns its exit code, or minus the signal that ended it.
  @discardableResult
  public func wait() -> Int32 {
    if let status { return status }
    var result: Int32 = 0
    while waitpid(id, &result, 0) < 0 && errno == EINTR {}
    let status = result & 0x7F == 0 ? (result >> 8) & 0xFF : -(result & 0x7F)
    self.status = status
    return status
  }

  /// Runs a program to its end. Returns its exit code, or minus the signal that ended it, and everything it
  /// printed.
  public static func run(_ path: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let ends = try PipeEnds()
    let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
    defer {
      close(ends.reading)
      close(nothing)
    }
    let program: Program
    do {
      defer { close(ends.writing) }
      program = try Program(path, arguments, input: nothing, output: ends.writing, errors: ends.writing)
    }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = read(ends.reading, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { break }
      output += buffer.prefix(count)
    }
    return (program.wait(), String(decoding: output, as: UTF8.self))
  }

  /// This process's environment with changes, as `name=value`.
  private static func environment(_ changes: [String: String?]) -> [String] {
    var result: [String] = []
    var next = environ
    while let entry = next.pointee {
      let text = String(cString: entry)
      if !changes.keys.contains(String(text.prefix { $0 != "=" })) { result.append(text) }
      next += 1
    }
    return result + changes.compactMap { name, value in value.map { "\(name)=\($0)" } }
  }
}

/// The two ends of a pipe, which no other process inherits.
public struct PipeEnds {
  /// Where to read.
  public let reading: Int32
  /// Where to write.
  public let writing: Int32

  /// Makes a pipe.
  public init() throws {
    var ends: [Int32] = [0, 0]
    // A program that another thread starts between the two steps would keep the pipe open.
    let isMade = Program.starting.withLock { _ in
      guard pipe(&ends) == 0 else { return false }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      return true
    }
    guard isMade else { throw SystemFailure("pipe") }
    (reading, writing) = (ends[0], ends[1])
  }
}
