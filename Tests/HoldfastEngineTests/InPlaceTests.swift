import HoldfastIO
import HoldfastTestSupport
import Synchronization
import Testing

@testable import HoldfastEngine

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Small commits that are published at once change pages in place, but never one that somebody can see.
@Suite struct InPlaceTests {
  /// A tree of several levels, in a storage whose commits do not wait for syncs.
  private func makeStorage(_ disk: SimulatedDisk, cacheBytes: Int = 4 << 20) throws -> Storage {
    var options = try makeOptions(disk, cacheBytes: cacheBytes)
    options.durability = .unsafe
    let storage = try Storage.open(path, options)
    try storage.write { transaction in
      for number in 0..<600 as Range<UInt64> { try transaction.put(1, number.key16, value(0)) }
    }
    try storage.put(1, (0 as UInt64).key16, value(0))
    return storage
  }

  private func value(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: 100) }

  /// Changes a value, and says whether the root was copied.
  private func copiesRoot(_ storage: Storage, _ byte: UInt8, deletes: Bool = false) throws -> Bool {
    let before = storage.versions.current.tree(1).root.number
    try storage.write { transaction in
      try transaction.put(1, (300 as UInt64).key16, value(byte))
      if deletes { try transaction.delete(1, (301 as UInt64).key16) }
    }
    #expect(try storage.get(1, (300 as UInt64).key16) == value(byte))
    #expect(storage.checkInvariants() == [])
    return storage.versions.current.tree(1).root.number != before
  }

  @Test("pages that nobody can see are changed in place; a reader, a spill and a checkpoint keep theirs")
  func whatIsCopied() throws {
    let storage = try makeStorage(try makeDisk())
    #expect(try !copiesRoot(storage, 1))
    let reader = try storage.snapshot()
    #expect(try copiesRoot(storage, 2))
    // Now the copy is nobody else's, though the reader is still there.
    #expect(try !copiesRoot(storage, 3))
    #expect(try reader.get(1, (300 as UInt64).key16) == value(1))
    try storage.checkpoint()
    #expect(try copiesRoot(storage, 4))
    #expect(try !copiesRoot(storage, 5))
    try storage.spill()
    #expect(try copiesRoot(storage, 6))
    #expect(try !copiesRoot(storage, 7))
    #expect(try copiesRoot(storage, 8, deletes: true))
    #expect(try reader.get(1, (300 as UInt64).key16) == value(1))
  }

  @Test(
    "a cursor, a lookup and a transaction that are in the middle of a tree go on in the state they began in")
  func readersInTheMiddle() throws {
    let storage = try makeStorage(try makeDisk())
    var cursor = try storage.snapshot().cursor(1)
    try cursor.first()
    for _ in 0..<100 { try cursor.next() }
    let transaction = try storage.begin()
    let lookup = transaction.lookup(1)
    for number in 0..<600 as Range<UInt64> { try storage.put(1, number.key16, value(9)) }
    transaction.rollback()
    var isAnother = false
    var more = true
    while more {
      _ = try cursor.withEntry { isAnother = isAnother || [UInt8]($1) != value(0) }
      more = try cursor.next()
    }
    #expect(!isAnother)
    withExtendedLifetime(lookup) {}
    #expect(storage.checkInvariants() == [])
  }

  @Test("what was written by a checkpoint that failed on its way is copied, and the next one is complete")
  func failedCheckpoint() throws {
    for failing in 0..<12 {
      let disk = try makeDisk(seed: UInt64(failing))
      let storage = try makeStorage(disk)
      try storage.persist()
      disk.schedule(.error(EIO, .fromThenOn), at: disk.operationCount + failing, on: .write, under: path)
      _ = try? storage.checkpoint()
      disk.clearFaults()
      guard storage.failure == nil else { continue }
      for number in 0..<600 as Range<UInt64> where number % 7 == 0 {
        try storage.put(1, number.key16, value(5))
      }
      #expect(storage.checkInvariants() == [], "write \(failing)")
      try storage.checkpoint()
      #expect(try storage.verify().problems == [], "write \(failing)")
      try storage.close()
      let again = try Storage.open(path, try makeOptions(disk))
      #expect(try again.verify().problems == [], "write \(failing)")
      let contents = try again.snapshot().contents(1)
      #expect(contents.count == 600)
      #expect(contents.values.count { $0 == value(5) } == 86, "write \(failing)")
      try again.close()
    }
  }

  @Test("threads that read while others commit see every commit as a whole")
  func threads() throws {
    let disk = try makeDisk()
    let storage = try makeStorage(disk)
    let keys = [10, 200, 390, 580].map { (number: UInt64) in number.key16 }
    let isDone = Atomic<Bool>(false)
    let torn = Atomic<Int>(0)
    runThreads(4) { thread in
      do {
        if thread == 0 {
          for round in 0..<4000 {
            try storage.write { transaction in
              for key in keys { try transaction.put(1, key, value(UInt8(truncatingIfNeeded: round))) }
            }
            if round % 500 == 0 { try storage.checkpoint() }
            if round % 300 == 0 { try storage.spill() }
          }
          isDone.store(true, ordering: .releasing)
        } else {
          while !isDone.load(ordering: .acquiring) {
            let snapshot = try storage.snapshot()
            let values = try (0..<3).flatMap { _ in try keys.map { try snapshot.get(1, $0) } }
            if values.contains(where: { $0 != values[0] }) { torn.wrappingAdd(1, ordering: .relaxed) }
          }
        }
      } catch {
        isDone.store(true, ordering: .releasing)
        Issue.record("\(error)")
      }
    }
    #expect(torn.load(ordering: .relaxed) == 0)
    #expect(storage.checkInvariants() == [])
    #expect(try storage.verify().problems == [])
  }
}
