import Foundation
import Holdfast
@testable import HoldfastC
import HoldfastTestSupport
import Testing

@Suite struct ProgramTests {
  /// A folder that is removed again.
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("holdfast-c-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.path)
  }

  /// The program, which is built beside the tests.
  private var program: String {
    #if os(Linux)
      let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      return tests.deletingLastPathComponent().appendingPathComponent("HoldfastCProgram").path
    #else
      let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? Bundle.main
      return bundle.bundleURL.deletingLastPathComponent().appendingPathComponent("HoldfastCProgram").path
    #endif
  }

  /// Everything that Tests/HoldfastCProgram/main.c checks.
  @Test func everyFunctionFromC() throws {
    try withFolder { folder in
      let (status, output) = try Program.run(program, [folder])
      #expect(status == 0, "\(output)")
      #expect(output.contains(" passed, 0 failed"), "\(output)")
    }
  }

  /// What the program wrote is there for Swift.
  @Test func sameDatabaseInSwift() throws {
    try withFolder { folder in
      #expect(try Program.run(program, [folder]).status == 0)
      let database = try Database.open(at: folder + "/main.holdfast")
      #expect(try database.collections() == ["bulk", "divided", "items", "t"])
      #expect(try database.collection("items").fetch(id: 3)?["n"] == 35)
      #expect(try database.verify().isIntact)
      try database.close()
    }
  }

  /// Numbers of codes are part of the interface: each code has one of its own.
  @Test func codesAreDistinct() {
    let numbers = HoldfastError.Code.allCases.map(\.number.rawValue)
    #expect(Set(numbers).count == numbers.count)
    #expect(numbers.sorted() == Array(1...UInt32(numbers.count)))
  }
}
