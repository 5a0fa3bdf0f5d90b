import HoldfastIO
import HoldfastTestSupport

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension File {
  func write(_ bytes: [UInt8], at offset: UInt64 = 0) throws {
    try bytes.withUnsafeBytes { try writeFully($0, at: offset) }
  }

  func write(_ text: String, at offset: UInt64 = 0) throws {
    try write(Array(text.utf8), at: offset)
  }

  /// Up to `count` bytes, in as many reads as that takes.
  func read(_ count: Int, at offset: UInt64 = 0) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0xEE, count: count)
    let done = try bytes.withUnsafeMutableBytes { try readFully(into: $0, at: offset) }
    return Array(bytes[..<done])
  }
}

/// The bytes that hexadecimal text stands for.
func hex(_ text: String) -> [UInt8] {
  let digits = text.filter { !$0.isWhitespace }.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
}

/// The error number that `body` fails with, or `nil` when it does not.
func code(_ body: () throws -> Void) -> Int32? {
  do {
    try body()
    return nil
  } catch {
    return (error as? IOError)?.code ?? -1
  }
}

/// Runs `body` with the path of a new, empty folder, and removes the folder afterwards.
func withTemporaryFolder(_ body: (String) throws -> Void) throws {
  let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
  var template = Array((parent + "/holdfast-XXXXXX").utf8CString)
  guard mkdtemp(&template) != nil else {
    throw IOError(operation: .createDirectory, path: parent, code: errno)
  }
  let path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  defer { removeTree(path) }
  try body(path)
}

private func removeTree(_ path: String) {
  let system = POSIXFileSystem()
  if (try? system.information(at: path))?.kind == .directory {
    for name in (try? system.list(path)) ?? [] { removeTree(path + "/" + name) }
  }
  try? system.remove(path)
}

/// Starts a thread that runs `body`, and returns a function that waits for its end.
func startThread(_ body: @escaping @Sendable () -> Void) -> () -> Void {
  final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  let box = Unmanaged.passRetained(Box(body))
  #if canImport(Darwin)
    var thread: pthread_t?
    pthread_create(
      &thread, nil,
      { argument in
        Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, box.toOpaque())
    return { if let thread { pthread_join(thread, nil) } }
  #else
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, box.toOpaque())
    return { pthread_join(thread, nil) }
  #endif
}
