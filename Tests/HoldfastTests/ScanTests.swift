import Holdfast
import HoldfastTestSupport
import Testing

@Suite("Scans")
struct ScanTests {
  let database: Database
  let numbers: DocumentCollection

  init() throws {
    database = try SimulatedPlace().open()
    numbers = database.collection("numbers")
    try numbers.insertMany(
      (0..<500).shuffled().map {
        ["_id": .int32($0 * 2), "pad": .string(String(repeating: "p", count: 100))]
      })
  }

  func ids(_ documents: [Document]) -> [Int] { documents.compactMap { $0["_id"]?.intValue } }

  @Test("documents come in the order of their ids, in both directions")
  func order() throws {
    let all = (0..<500).map { $0 * 2 }
    #expect(ids(try numbers.scan().documents()) == all)
    #expect(ids(try numbers.scan(descending: true).documents()) == all.reversed())
    #expect(try numbers.scan().map { try $0.get() }.count == 500)
  }

  @Test(
    "bounds are included, whether there is a document at them or not",
    arguments: [(10, 20), (9, 21), (-5, 3), (990, 2000), (20, 10), (11, 11)])
  func bounds(lower: Int, upper: Int) throws {
    let expected = (0..<500).map { $0 * 2 }.filter { $0 >= lower && $0 <= upper }
    let (from, through) = (BSONValue.int64(Int64(lower)), BSONValue.double(Double(upper)))
    #expect(ids(try numbers.scan(from: from, through: through).documents()) == expected)
    #expect(
      ids(try numbers.scan(from: from, through: through, descending: true).documents()) == expected.reversed()
    )
    let inTransaction = try database.write { transaction in
      let numbers = transaction.collection("numbers")
      return (
        ids(try numbers.scan(from: from, through: through).documents()),
        ids(try numbers.scan(from: from, through: through, descending: true).documents())
      )
    }
    #expect(inTransaction.0 == expected)
    #expect(inTransaction.1 == expected.reversed())
  }

  @Test("a limit ends a scan")
  func limit() throws {
    #expect(ids(try numbers.scan(limit: 3).documents()) == [0, 2, 4])
    #expect(ids(try numbers.scan(from: 10, descending: true, limit: 2).documents()) == [998, 996])
    #expect(try numbers.scan(limit: 0).documents().isEmpty)
    #expect(code { _ = try numbers.scan(limit: -1).documents() } == .invalidUse)
  }

  @Test("values of different types come in MongoDB's order")
  func types() throws {
    let mixed = database.collection("mixed")
    let order: [BSONValue] = [
      .minKey, nil, -5, 1.5, 2, "a", "b", ["d": 1], .binary(BSONBinary([1])), .objectID(ObjectID()), false,
      true,
      .dateTime(BSONDateTime(milliseconds: 0)), .maxKey,
    ]
    for id in order.shuffled() { try mixed.insert(["_id": id]) }
    #expect(try mixed.scan().documents().map { $0["_id"] } == order)
  }

  @Test("a scan sees the state of its beginning, whatever is written meanwhile")
  func stable() throws {
    var scan = numbers.scan().makeIterator()
    #expect(try scan.nextDocument()?["_id"] == 0)
    try numbers.deleteAll()
    try numbers.insert(["_id": 1])
    var count = 1
    while try scan.nextDocument() != nil { count += 1 }
    #expect(count == 500)
    #expect(try scan.nextDocument() == nil)
    #expect(try numbers.count() == 1)
  }

  @Test("a failure is in the results, once, and ends the scan")
  func failure() throws {
    var iterator = numbers.scan(from: [1, 2]).makeIterator()
    #expect(code { _ = try iterator.next()?.get() } == .invalidID)
    #expect(iterator.next() == nil)
  }

  @Test("forEach stops when its closure throws, and passes that on")
  func forEach() throws {
    struct Enough: Error {}
    var seen = 0
    #expect(throws: Enough.self) {
      try numbers.forEach { _ in
        seen += 1
        if seen == 7 { throw Enough() }
      }
    }
    #expect(seen == 7)
  }
}
