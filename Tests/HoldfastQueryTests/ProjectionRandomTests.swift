import BSON
import Testing

@testable import HoldfastQuery

@Suite("Random projections")
struct ProjectionRandomTests {
  private static let names = ["a", "b", "c", "0"]

  private static func value(_ random: inout Draws, depth: Int) -> BSONValue {
    switch Int.random(in: 0..<(depth > 3 ? 2 : 6), using: &random) {
    case 0: return .int32(Int32.random(in: 0...9, using: &random))
    case 1: return Bool.random(using: &random) ? .null : .string("x")
    case 2, 3: return .document(document(&random, depth: depth + 1))
    default:
      return .array((0..<Int.random(in: 0...3, using: &random)).map { _ in value(&random, depth: depth + 1) })
    }
  }

  private static func document(_ random: inout Draws, depth: Int) -> Document {
    let names = names.shuffled(using: &random).prefix(Int.random(in: 0...4, using: &random))
    return Document(names.map { ($0, value(&random, depth: depth)) })
  }

  /// Paths none of which begins with another.
  private static func paths(_ random: inout Draws) -> [[String]] {
    var paths: [[String]] = []
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let path = (0..<Int.random(in: 1...3, using: &random)).map { _ in
        names.randomElement(using: &random) ?? "a"
      }
      if !paths.contains(where: { $0.starts(with: path) || path.starts(with: $0) }) { paths.append(path) }
    }
    return paths
  }

  /// What is left of a value when only the paths are kept, or all but them; nil when nothing is.
  private static func project(_ value: BSONValue, _ paths: [[String]], isInclusion: Bool) -> BSONValue? {
    switch value {
    case .array(let items):
      return .array(items.compactMap { project($0, paths, isInclusion: isInclusion) })
    case .document(let document):
      var result = Document()
      for (name, value) in document {
        let inner = paths.filter { $0.first == name }.map { Array($0.dropFirst()) }
        if inner.isEmpty {
          if !isInclusion { result.append(name, value) }
        } else if inner.contains([]) {
          if isInclusion { result.append(name, value) }
        } else if let value = project(value, inner, isInclusion: isInclusion) {
          result.append(name, value)
        }
      }
      return .document(result)
    default:
      if isInclusion { return Optional.none }
      return value
    }
  }

  @Test("they return what a simple interpreter over decoded values returns", arguments: 1...UInt64(10))
  func random(_ seed: UInt64) throws {
    var random = Draws(seed: seed)
    for _ in 0..<300 {
      let source = Self.document(&random, depth: 1)
      let paths = Self.paths(&random)
      let isInclusion = Bool.random(using: &random)
      let specification = Document(paths.map { ($0.joined(separator: "."), .int32(isInclusion ? 1 : 0)) })
      let projection = try Projection(specification)
      let result = try source.withRawDocument { try projection.applied(to: $0, position: nil) }
      let expected = Self.project(.document(source), paths, isInclusion: isInclusion)
      #expect(result.map(BSONValue.document) == expected, "\(specification) of \(source)")
      #expect(throws: Never.self) { try result?.validate() }
    }
  }
}
