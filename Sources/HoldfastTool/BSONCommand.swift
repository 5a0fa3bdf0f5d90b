import ArgumentParser
import BSON

/// `holdfast bson`.
struct BSONCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bson", abstract: "Convert one document on standard input between BSON and Extended JSON.",
    discussion: "Input that is malformed, or more than one document, is refused with exit code 7.")

  enum Source: String, ExpressibleByArgument, CaseIterable { case bson, json }
  enum Target: String, ExpressibleByArgument, CaseIterable { case bson, canonical, relaxed }

  @Option(help: "What is on standard input: bson or json.")
  var from: Source

  @Option(help: "What to write: bson, canonical or relaxed.")
  var to: Target

  @Flag(help: "Read and write BSON as hexadecimal text.")
  var hex = false

  @Flag(help: "Print a failure as JSON.")
  var json = false

  func run() throws {
    let input = try StandardInput.readAll()
    let document: Document
    switch from {
    case .json: document = try Document(extendedJSON: input)
    case .bson: document = try Document(validating: hex ? try BSONCommand.decodeHex(input) : input)
    }
    switch to {
    case .canonical: try StandardOutput.write(document.extendedJSON(.canonical) + "\n")
    case .relaxed: try StandardOutput.write(document.extendedJSON(.relaxed) + "\n")
    case .bson:
      try document.validate()
      if hex {
        try StandardOutput.write(BSONCommand.encodeHex(document.bytes) + "\n")
      } else {
        try document.withUnsafeBytes { try StandardOutput.write($0) }
      }
    }
  }

  private static func decodeHex(_ text: [UInt8]) throws -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count / 2)
    var high: UInt8?
    for (offset, byte) in text.enumerated() {
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): continue
      default:
        throw ToolFailure(.badInput, "invalidHex", "the input is not hexadecimal text (byte \(offset))")
      }
      if let first = high {
        result.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    guard high == nil else {
      throw ToolFailure(.badInput, "invalidHex", "the hexadecimal text has an odd number of digits")
    }
    return result
  }

  private static func encodeHex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
