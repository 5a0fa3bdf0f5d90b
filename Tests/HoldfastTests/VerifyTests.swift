import HoldfastEngine
import Testing

@testable import Holdfast

/// What a verification says of documents that are not what they should be, though every page holds.
@Suite struct VerifyTests {
  @Test("documents that are malformed, or not under the key of their id, are reported one by one")
  func documents() throws {
    let place = try SimulatedPlace()
    let database = try place.open()
    let users = database.collection("users")
    try users.insertMany((1...5).map { ["_id": .int32($0), "name": "somebody"] })
    #expect(try database.verify().isIntact)
    let snapshot = try database.storage.snapshot()
    let tree = try #require(try Catalog.all(snapshot.cursor(Catalog.tree)).first).record.tree
    var entries: [(key: [UInt8], value: [UInt8])] = []
    var cursor = try snapshot.cursor(tree)
    var more = try cursor.first()
    while more {
      _ = try cursor.withEntry { entries.append(([UInt8]($0), [UInt8]($1))) }
      more = try cursor.next()
    }
    #expect(entries.count == 5)

    /// What is reported when the third document has these bytes.
    func problems(_ value: [UInt8]) throws -> [String] {
      func put(_ value: [UInt8]) throws {
        try database.storage.write { transaction in
          try entries[2].key.withUnsafeBytes { key in
            try value.withUnsafeBytes { try transaction.put(tree, key: key, value: $0) }
          }
        }
      }
      try put(value)
      let report = try database.verify()
      #expect(report.documents == (report.isIntact ? 5 : 4))
      try put(entries[2].value)
      return report.problems
    }
    #expect(try problems(entries[2].value) == [])
    // Another's document; one that ends too early; one without an id, which is an empty one.
    let cases: [(value: [UInt8], says: String)] = [
      (entries[3].value, "not under the key of its id"),
      (entries[2].value.dropLast(), "malformed"),
      ([5, 0, 0, 0, 0], "not under the key of its id"),
    ]
    for (value, says) in cases {
      let found = try problems(value)
      #expect(found.count == 1 && found[0].contains(says), "\(found)")
      #expect(found.allSatisfy { !$0.contains("somebody") })
    }
    #expect(try database.verify().isIntact)
    try database.close()
  }
}
