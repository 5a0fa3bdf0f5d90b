import BSON

/// The file or the pipe that is imported.
final class Input {
  let name: String
  private let descriptor: Int32
  /// Bytes of the file; `nil` for a pipe.
  let size: Int?
  private var buffer = [UInt8](repeating: 0, count: 256 * 1024)

  enum Piece {
    case bytes(ArraySlice<UInt8>)
    /// Nothing came in the time that was given.
    case nothing
    case end
  }

  init(_ path: String) throws {
    guard path != "-" else {
      (name, descriptor, size) = ("standard input", 0, nil)
      return
    }
    name = path
    switch Platform.kind(of: path) {
    case nil:
      throw ToolFailure(
        .notFound, "inputNotFound", "there is no file \(path): check the path, or use - for a pipe")
    case .folder: throw ToolFailure(.notFound, "inputNotFound", "\(path) is a folder: give a file")
    case .file, .other: break
    }
    size = Platform.kind(of: path) == .file ? Platform.fileSize(path) : nil
    descriptor = Platform.openForReading(path)
    guard descriptor >= 0 else {
      throw ToolFailure(.notPermitted, "notPermitted", "\(path) cannot be read: \(Platform.lastError)")
    }
  }

  /// Waits for the next bytes, but no longer than this.
  func read(waiting milliseconds: Int) throws -> Piece {
    guard Platform.waitForInput(descriptor, milliseconds: milliseconds) else { return .nothing }
    let count = buffer.withUnsafeMutableBytes { Platform.read(descriptor, into: $0) }
    guard count >= 0 else {
      throw ToolFailure(.failure, "ioFailed", "\(name) cannot be read: \(Platform.lastError)")
    }
    return count == 0 ? .end : .bytes(buffer.prefix(count))
  }

  func close() { if descriptor > 0 { Platform.close(descriptor) } }
}

/// Standard input as a whole, for a single document.
enum StandardInput {
  /// Text takes more room than the document that it stands for.
  private static let limit = BSONLimits.maximumTextSize

  static func readAll() throws -> [UInt8] {
    var input: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 256 * 1024)
    while true {
      let count = buffer.withUnsafeMutableBytes { Platform.read(0, into: $0) }
      guard count >= 0 else {
        throw ToolFailure(.failure, "ioFailed", "standard input cannot be read: \(Platform.lastError)")
      }
      if count == 0 { return input }
      input.append(contentsOf: buffer.prefix(count))
      guard input.count <= limit else {
        throw ToolFailure(
          .badInput, "sizeExceeded", "the input is over the limit of \(Format.bytes(limit))")
      }
    }
  }
}
