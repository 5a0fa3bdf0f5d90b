import Foundation
import HoldfastTestSupport
import Testing

/// The README is run, not believed.
@Suite("README")
struct ReadmeTests {
  /// The fenced blocks of the README.
  private func blocks() throws -> [String] {
    let readme = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../README.md")
    let parts = try String(contentsOf: readme, encoding: .utf8).components(separatedBy: "```")
    return stride(from: 1, to: parts.count, by: 2).map { parts[$0] }
  }

  @Test("the terminal session prints what the README shows")
  func session() throws {
    let block = try #require(try blocks().first { $0.contains("$ export HOLDFAST_PASSWORD") })
    var script = "set +e\nholdfast() { '\(Tool.url.path)' \"$@\"; }\n"
    var expected: [String] = []
    var isInput = false
    for line in block.split(separator: "\n", omittingEmptySubsequences: true) {
      if line.hasPrefix("$ ") {
        script += line.dropFirst(2) + "\n"
        isInput = line.hasSuffix("<<'END'")
      } else if isInput {
        script += line + "\n"
        isInput = line != "END"
      } else {
        expected.append(String(line))
      }
    }
    let folder = try Folder()
    let file = try folder.write(script, to: "session.sh")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", "cd '\(folder.url.path)' && . '\(file)' 2>&1"]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    // Only how long it took may differ.
    func timeless(_ line: some StringProtocol) -> String {
      String(line).replacingOccurrences(of: "in [0-9.]+ s", with: "in … s", options: .regularExpression)
    }
    #expect(output.split(separator: "\n").map { timeless($0) } == expected.map { timeless($0) })
  }

  @Test("the Swift snippets are those that the compiler has seen")
  func snippet() throws {
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../HoldfastTests/ReadmeSnippet.swift")
    let text = try String(contentsOf: source, encoding: .utf8)
    func lines(_ text: some StringProtocol) -> [String] {
      text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
    let shown = try blocks().filter { $0.hasPrefix("swift\n") }
      .map { block in lines(block.dropFirst(6)).filter { $0 != "import Holdfast" } }
    let compiled = text.components(separatedBy: "// README begins\n").dropFirst()
      .map { part in lines(part.components(separatedBy: "// README ends")[0]) }
    #expect(shown.count == 2)
    #expect(shown == compiled)
  }
}
