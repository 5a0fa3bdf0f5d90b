import BSON
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

@testable import HoldfastQuery

@Suite("The documentation of queries")
struct ExpressionDocumentTests {
  /// A file of the package. Without Foundation, whose `contains` would change what other tests here say.
  private func read(_ name: String) throws -> String {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let file = try #require(fopen("/\(root)/\(name)", "r"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  /// The words between back quotes in a section.
  private func words(in section: String) throws -> Set<String> {
    let text = try read("docs/queries.md")
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex { $0 == "## \(section)" })
    let part = lines[(start + 1)...].prefix { !$0.hasPrefix("## ") }.joined(separator: "\n")
    let pieces = part.split(separator: "`", omittingEmptySubsequences: false)
    return Set(stride(from: 1, to: pieces.count, by: 2).map { String(pieces[$0]) })
  }

  @Test("it lists exactly the operators of expressions")
  func operators() throws {
    let documented = Set(
      try words(in: "Expressions").filter { name in
        name.utf8.first == UInt8(ascii: "$") && name.dropFirst().allSatisfy { $0.isLetter || $0.isNumber }
      })
    let missing = ExpressionOperator.byName.keys.filter { !documented.contains($0) }
    #expect(missing.isEmpty)
    for name in documented {
      let result = ExpressionTable.result(of: .document([name: .array([])]), over: [:])
      #expect(result != "unknownOperator", "\(name)")
    }
    for name in [
      "$eq", "$cmp", "$and", "$cond", "$convert", "$filter", "$ifNull", "$in", "$let", "$literal", "$map",
    ] {
      #expect(documented.contains(name), "\(name)")
    }
  }

  @Test("it lists exactly the keywords of schemas")
  func keywords() throws {
    let documented = try words(in: "Schemas")
    #expect(SchemaParser.keywords.union(SchemaParser.omissions).subtracting(documented).isEmpty)
  }
}
