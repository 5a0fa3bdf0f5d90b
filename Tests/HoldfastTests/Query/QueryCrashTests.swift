import Foundation
import HoldfastTestSupport
import Testing

@testable import Holdfast

/// What a disk does at some operation of a workload.
private let faults: [(name: String, fault: Fault)] = [
  ("power loss", .crash), ("torn write", .tornWrite), ("EIO", .error(EIO, .fromThenOn)),
  ("ENOSPC", .error(ENOSPC, .fromThenOn)), ("EIO once", .error(EIO, .once)),
  ("ENOSPC once", .error(ENOSPC, .once)),
  ("failed sync", .failedSyncDroppingData),
]

/// Plain, unique, multikey, and unique over arrays.
private let built: [(Document, IndexOptions)] = [
  (["group": 1], IndexOptions()), (["own": 1], IndexOptions(isUnique: true)),
  (["tags": -1], IndexOptions()), (["tags": 1], IndexOptions(isUnique: true)),
]

@Suite("Writes with indexes on disks that fail")
struct QueryCrashTests {
  /// Tries every fault at operations of the workload.
  private func tryAll(
    _ steps: [CrashStep], count: Int = 40, setup: (Database) throws -> Void = { _ in }
  ) throws {
    let beginning = try CrashCourse.reference(
      { database in
        try database.collection("c").insertMany((0..<count).map { QueryCrashTests.document($0) })
        try setup(database)
      }, steps)
    for (kind, (name, fault)) in faults.enumerated() {
      var failures = 0
      for operation in CrashCourse.operations(of: beginning, budget: 4, from: kind * 3) {
        do {
          if try CrashCourse.trial(beginning, fault, at: operation) != nil { failures += 1 }
        } catch {
          Issue.record("\(name) at operation \(operation): \(error)")
        }
      }
      if fault == .crash { #expect(failures > 2, "\(name)") }
    }
  }

  /// A document with a value of its own, one that others have, an array, and some weight.
  private static func document(_ number: Int) -> Document {
    [
      "_id": .int32(Int32(number)), "own": .string("own \(number)"), "group": .int32(Int32(number % 4)),
      "tags": [.int32(Int32(number * 2)), .int32(Int32(number * 2 + 1))],
      "text": .string(String(repeating: "x", count: 50 + (number & 7) * 100)),
    ]
  }

  private static func insert(_ number: Int) -> CrashWrite {
    { try $0.collection("c").insert(document(number)) }
  }

  private static func update(_ filter: Document, _ update: Document) -> CrashWrite {
    { try $0.collection("c").updateMany(filter, update) }
  }

  private static func delete(_ filter: Document) -> CrashWrite {
    { try $0.collection("c").deleteMany(filter) }
  }

  private static let checkpoint = CrashStep.write { try $0.checkpoint() }

  /// Writes before and behind the place that a build has come to.
  private static let during: [CrashWrite] = [
    insert(1000), update(["_id": 1], ["$set": ["group": 7, "own": "changed 1", "tags": [2000, 2001]]]),
    delete(["_id": 2]), insert(-5), update(["_id": 38], ["$set": ["group": 8, "own": "changed 38"]]),
  ]

  @Test(
    "an index that is built while others write is ready and complete, or not there, or can be completed",
    arguments: built)
  func building(_ keys: Document, _ options: IndexOptions) throws {
    try tryAll([
      .createIndex(keys, options, during: QueryCrashTests.during),
      .write(QueryCrashTests.insert(1001)), QueryCrashTests.checkpoint,
      .write(QueryCrashTests.delete(["group": 3])),
    ])
  }

  @Test("a unique index over documents that are alike is refused, and so again")
  func refusedBuild() throws {
    try tryAll([
      .write(QueryCrashTests.update(["_id": 30], ["$set": ["own": "own 3"]])),
      .createIndex(["own": 1], IndexOptions(isUnique: true), during: Array(QueryCrashTests.during.prefix(4))),
      .write(QueryCrashTests.insert(1001)), QueryCrashTests.checkpoint,
      .createIndex(["own": 1], IndexOptions(name: "plain")),
    ])
  }

  @Test("what a unique index refuses leaves nothing, and what it accepts stays")
  func unique() throws {
    let insert = QueryCrashTests.insert
    let update = QueryCrashTests.update
    try tryAll(
      [
        .write(insert(100)),
        .write { try $0.collection("c").insert(["_id": 101, "own": "own 1", "tags": [5000]]) },
        .write(update(["_id": 3], ["$set": ["own": "own 4"]])),
        .write(update(["_id": 3], ["$set": ["own": "other 3"]])), QueryCrashTests.checkpoint,
        .write { try $0.collection("c").insert(["_id": 101, "own": "own 3", "tags": [5000, 5001]]) },
        .write(update(["group": 1], ["$set": ["own": "same"]])),
        .write { try $0.collection("c").insertMany([200, 201, 3].map(QueryCrashTests.document)) },
        .write { try $0.collection("c").replace(id: 5, with: ["own": "own 6", "tags": [1]]) },
        .write { try $0.collection("c").replace(id: 5, with: ["own": "own 50", "tags": [11, 10, 10]]) },
        .write(update(["_id": 6], ["$push": ["tags": 10]])),
        .write(update(["_id": 6], ["$push": ["tags": 6000]])),
      ]
    ) { database in
      try database.collection("c").createIndex(["own": 1], IndexOptions(isUnique: true))
      try database.collection("c").createIndex(["tags": 1], IndexOptions(isUnique: true))
    }
  }

  private func twoIndexes(_ database: Database) throws {
    try database.collection("c").createIndex(["group": 1, "own": -1])
    try database.collection("c").createIndex(["tags": 1])
  }

  @Test("a call that changes several documents and their indexes does so wholly or not at all")
  func manyDocuments() throws {
    try tryAll(
      [
        .write(QueryCrashTests.update(["group": 1], ["$inc": ["group": 10], "$push": ["tags": 9]])),
        .write(QueryCrashTests.delete(["group": 2])),
        .write {
          try $0.collection("c").bulkWrite([
            .insert(QueryCrashTests.document(300)), .updateMany(["group": 11], ["$set": ["tags": []]]),
            .replaceOne(["_id": 3], ["group": "text", "tags": [[1, 2], 3]]),
            .deleteMany(["_id": ["$gt": 30, "$lt": 36]]),
            .updateOne(["_id": 999], ["$set": ["group": nil]], UpdateOptions(upsert: true)),
          ])
        },
        QueryCrashTests.checkpoint,
        .write(QueryCrashTests.update(["tags": ["$gt": 40]], ["$unset": ["tags": 1], "$mul": ["group": 2]])),
        .write {
          try $0.collection("c").bulkWrite(
            [
              .insert(QueryCrashTests.document(301)), .insert(QueryCrashTests.document(301)),
              .deleteOne(["_id": 0]),
            ],
            ordered: false)
        },
        .write { _ = try $0.collection("c").findOneAndUpdate(["group": 0], ["$set": ["own": 1]]) },
      ], setup: twoIndexes)
  }

  @Test("an index, a collection and all documents go wholly or not at all")
  func dropping() throws {
    try tryAll(
      [
        .write { try $0.collection("c").dropIndex("group_1_own_-1") }, .write(QueryCrashTests.insert(400)),
        .createIndex(["group": 1]), .write { try $0.collection("c").deleteAll() },
        .write(QueryCrashTests.insert(401)), QueryCrashTests.checkpoint,
        .write { try $0.dropCollection("c") }, .write(QueryCrashTests.insert(402)),
        .createIndex(["tags": 1]),
        .write { try $0.collection("c").insertMany((0..<20).map(QueryCrashTests.document)) },
        .write { try $0.dropCollection("c") },
      ], setup: twoIndexes)
  }

  @Test("documents whose time is over go wholly or not at all")
  func expiry() throws {
    let expired = BSONValue.dateTime(BSONDateTime(milliseconds: 1000))
    let expire: CrashWrite = { try $0.deleteExpired() }
    try tryAll(
      [
        .write(QueryCrashTests.update(["group": 1], ["$set": ["end": expired]])), .write(expire),
        .write(QueryCrashTests.update(["group": 2], ["$set": ["end": [expired, 3]]])),
        QueryCrashTests.checkpoint,
        .write(expire), .write(expire), .write(QueryCrashTests.insert(500)),
      ]
    ) { database in
      try self.twoIndexes(database)
      try database.collection("c").createIndex(["end": 1], IndexOptions(expireAfterSeconds: 60))
    }
  }
}
