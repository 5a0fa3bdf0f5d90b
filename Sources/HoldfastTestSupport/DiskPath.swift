/// Paths on a simulated disk. The working directory is the root, so `a/b` and `/a/b` are the same.
enum DiskPath {
  /// The parts of a path, without empty ones, `.` and `..`.
  static func parts(_ path: String) -> [String] {
    var parts: [String] = []
    for part in path.split(separator: "/") {
      switch part {
      case ".": continue
      case "..": _ = parts.popLast()
      default: parts.append(String(part))
      }
    }
    return parts
  }

  /// The one way to write a path.
  static func normalized(_ path: String) -> String {
    "/" + parts(path).joined(separator: "/")
  }
}
