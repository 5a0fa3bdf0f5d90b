#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  @preconcurrency import Glibc
#elseif canImport(Musl)
  @preconcurrency import Musl
#endif

/// A folder on a real disk, removed with everything in it when it is released.
public final class Folder: Sendable {
  /// Where it is.
  public let path: String

  /// Makes one in `TMPDIR`, or else in `/tmp`.
  public init() throws {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array((base + "/holdfast-test-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemFailure("mkdtemp in \(base)") }
    path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Folder.remove(path) }

  /// The path of something in it.
  public func path(_ name: String) -> String { path + "/" + name }

  /// Removes a file, or a folder with everything in it. A folder that something is mounted on stays, and so
  /// does what cannot be removed for another reason.
  public static func remove(_ path: String) {
    if unlink(path) == 0 || errno == ENOENT { return }
    for name in names(in: path) { remove(path + "/" + name) }
    rmdir(path)
  }

  /// What is in a folder, in no particular order.
  public static func names(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var result: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
          String(cString: $0)
        }
      }
      if name != ".", name != ".." { result.append(name) }
    }
    return result
  }
}

/// A call to the operating system that a test needed and did not get.
public struct SystemFailure: Error, CustomStringConvertible {
  /// What was wanted, and the system's reason.
  public let description: String

  /// Notes the reason of the call that failed last.
  public init(_ what: String) { description = "\(what): \(String(cString: strerror(errno)))" }
}
