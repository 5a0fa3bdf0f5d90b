import Foundation
import HoldfastTestSupport
import Testing

extension Folder {
  var url: URL { URL(fileURLWithPath: path) }

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

enum Tool {
  /// Starts the tool with these descriptors as its standard streams.
  static func start(
    _ arguments: [String], password: String? = nil, input: Int32, output: Int32, errors: Int32
  ) throws -> Program {
    try Program(
      url.path, arguments, variables: ["HOLDFAST_PASSWORD": password], input: input, output: output,
      errors: errors)
  }

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
    let process = try start(
      arguments, password: password, input: streams[0], output: streams[1], errors: streams[2])
    for stream in streams { close(stream) }
    let status = process.wait()
    return ToolRun(
      status: status, output: String(decoding: try folder.bytes("out"), as: UTF8.self),
      errors: String(decoding: try folder.bytes("err"), as: UTF8.self))
  }
}
