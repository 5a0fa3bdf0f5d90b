import Testing

@testable import HoldfastQuery

@Suite("Paths")
struct FieldPathTests {
  @Test("a path is split at its dots, and digits also mean an index")
  func parts() {
    let path = FieldPath("a.b.0.01.x")
    #expect(path.parts.map(\.text) == ["a", "b", "0", "01", "x"])
    #expect(path.parts.map(\.index) == [nil, nil, 0, nil, nil])
    #expect(!path.hasEmptyPart)
    for text in ["", "a.", ".a", "a..b"] { #expect(FieldPath(text).hasEmptyPart, "\(text)") }
  }

  @Test("a path is a prefix of itself and of what is inside it, by whole parts")
  func prefixes() {
    #expect(FieldPath("a.b").isPrefix(of: FieldPath("a.b")))
    #expect(FieldPath("a.b").isPrefix(of: FieldPath("a.b.c")))
    #expect(!FieldPath("a.b").isPrefix(of: FieldPath("a.bc")))
    #expect(!FieldPath("a.b").isPrefix(of: FieldPath("a")))
  }
}
