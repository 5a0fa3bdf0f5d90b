import Foundation
import HoldfastIO
import HoldfastTestSupport
import Testing

@testable import Holdfast

@Suite("Sorting on disks that fail")
struct SortingFailureTests {
  /// A sort of several levels of merging, and how many operations it takes.
  private static func workload() throws -> (pairs: [Pair], memory: Int, operations: Int) {
    var random = SplitMix64(seed: 11)
    let pairs = randomPairs(60, &random, largest: 2000)
    let place = try SortPlace()
    let memory = 1800
    let before = place.disk.operationCount
    _ = try ExternalSorter(place.folder, memory: memory).sort(pairs)
    return (pairs, memory, place.disk.operationCount - before)
  }

  /// Sorts with a fault at one operation.
  private static func sort(
    _ pairs: [Pair], _ memory: Int, _ fault: Fault, at operation: Int
  ) throws -> (place: SortPlace, result: Result<[Pair], HoldfastError>) {
    let place = try SortPlace()
    place.disk.schedule(fault, at: place.disk.operationCount + operation)
    let result = Result { () throws(HoldfastError) in
      try ExternalSorter(place.folder, memory: memory).sort(pairs)
    }
    return (place, result)
  }

  @Test(
    "an error at any operation is told with advice, closes all files, and does not last",
    arguments: [
      (ENOSPC, HoldfastError.Code.diskFull), (EIO, .ioFailed), (EMFILE, .tooManyOpenFiles),
      (EACCES, .notPermitted),
    ])
  func everyOperation(_ number: Int32, _ code: HoldfastError.Code) throws {
    let (pairs, memory, operations) = try Self.workload()
    let expected = sortedInMemory(pairs, limit: nil)
    var failures = 0
    for operation in 1...operations {
      // Every second disk does not get well before the faults are cleared.
      let persistence = operation % 2 == 0 ? Fault.Persistence.once : .fromThenOn
      let (place, result) = try Self.sort(pairs, memory, .error(number, persistence), at: operation)
      switch result {
      case .success(let sorted):
        #expect(sorted == expected, "operation \(operation)")
      case .failure(let error):
        failures += 1
        #expect(error.code == code, "operation \(operation): \(error)")
        #expect(error.message.contains("Nothing was changed: "))
        #expect(error.message.contains("/data/app.holdfast-temp"))
        #expect((error.underlying as? IOError)?.code == number)
      }
      #expect(place.disk.openFiles == 0, "operation \(operation)")
      place.disk.clearFaults()
      if persistence == .once {
        #expect(!place.disk.paths.contains { $0.contains("sort-") }, "operation \(operation)")
      }
      place.folder.removeLeftovers()
      #expect(place.disk.paths == ["/", "/data/"], "operation \(operation)")
      let few = Array(pairs.prefix(10))
      #expect(try ExternalSorter(place.folder, memory: 300).sort(few) == sortedInMemory(few, limit: nil))
    }
    // Only removing the folder at the end may fail without harm.
    #expect(failures >= operations - 4)
  }

  @Test(
    "damage is told, and never returned as a record",
    arguments: [Fault.bitRot, .lostWrite, .misdirectedWrite])
  func damage(_ fault: Fault) throws {
    let (pairs, memory, operations) = try Self.workload()
    let expected = sortedInMemory(pairs, limit: nil)
    var found = 0
    for operation in 1...operations {
      let (place, result) = try Self.sort(pairs, memory, fault, at: operation)
      switch result {
      case .success(let sorted): #expect(sorted == expected, "operation \(operation)")
      case .failure(let error):
        found += 1
        #expect(error.code == .corrupted, "operation \(operation): \(error)")
        #expect(error.damage == nil)
      }
      #expect(place.disk.openFiles == 0)
      #expect(place.disk.paths == ["/", "/data/"])
    }
    #expect(found > operations / 4)
  }

  @Test("a power loss at any operation leaves nothing but a file to remove", arguments: Seeds.first(3))
  func powerLoss(_ seed: UInt64) throws {
    let (pairs, memory, operations) = try Self.workload()
    let expected = sortedInMemory(pairs, limit: nil)
    for operation in 1...operations {
      let (place, result) = try Self.sort(pairs, memory, .crash, at: operation)
      // Only the folder's end comes behind the last record.
      if case .success(let sorted) = result { #expect(sorted == expected, "operation \(operation)") }
      place.disk.reseedCrashes(seed)
      place.disk.crash()
      place.folder.removeLeftovers()
      #expect(place.disk.paths.allSatisfy { ["/", "/data/"].contains($0) }, "operation \(operation)")
    }
  }

  @Test("a file in the place of the folder is an error, and stays")
  func fileInTheWay() throws {
    var random = SplitMix64(seed: 1)
    let place = try SortPlace()
    place.disk.setContents([1, 2, 3], of: "/data/app.holdfast-temp")
    let pairs = randomPairs(100, &random)
    #expect(code { _ = try ExternalSorter(place.folder, memory: 100).sort(pairs) } == .ioFailed)
    place.folder.removeLeftovers()
    #expect(place.disk.contents(of: "/data/app.holdfast-temp") == [1, 2, 3])
  }
}

@Suite("Sorting beside a database")
struct DatabaseSortingTests {
  private func pairs(_ count: Int) -> [Pair] {
    var random = SplitMix64(seed: 5)
    return randomPairs(count, &random)
  }

  private func leftovers(_ place: SimulatedPlace) throws {
    try place.disk.createDirectory(place.path + "-temp")
    for name in ["sort-0123456789abcdef", "sort-x"] {
      place.disk.setContents([7], of: place.path + "-temp/" + name)
    }
  }

  @Test("opening for writing removes what a crash left, opening for reading changes nothing")
  func leftoversAreRemoved() throws {
    let place = try SimulatedPlace()
    try place.open().close()
    try leftovers(place)
    var options = place.options()
    options.isReadOnly = true
    try place.open(options).close()
    #expect(place.disk.paths.contains(place.path + "-temp/sort-x"))
    try place.open().close()
    #expect(!place.disk.paths.contains { $0.contains("-temp") })
  }

  @Test("what is not ours in the folder stays")
  func foreignFilesStay() throws {
    let place = try SimulatedPlace()
    try leftovers(place)
    place.disk.setContents([9], of: place.path + "-temp/letter.txt")
    try place.open().close()
    #expect(
      place.disk.paths.filter { $0.contains("-temp") } == [
        place.path + "-temp/", place.path + "-temp/letter.txt",
      ])
  }

  @Test("leftovers that cannot be removed keep nobody from opening")
  func leftoversThatStay() throws {
    let place = try SimulatedPlace()
    try place.open().close()
    try leftovers(place)
    place.disk.schedule(.error(EIO, .fromThenOn), at: 1, under: place.path + "-temp")
    try place.open().close()
    #expect(place.disk.paths.contains(place.path + "-temp/sort-x"))
  }

  @Test("sorts use the memory that the options allow, also where the database is open for reading only")
  func options() throws {
    let place = try SimulatedPlace()
    try place.open().close()
    for isReadOnly in [false, true] {
      var options = place.options()
      options.isReadOnly = isReadOnly
      options.sortMemoryBytes = 2000
      let database = try place.open(options)
      let open = place.disk.openFiles
      let sorter = database.context.sorter(limit: nil)
      let pairs = pairs(300)
      for pair in pairs { try sorter.add(key: pair.key, payload: pair.payload) }
      #expect(place.disk.openFiles > open)
      #expect(try sorter.sort([]) == sortedInMemory(pairs, limit: nil))
      #expect(try database.context.sorter(limit: 5).sort(pairs) == sortedInMemory(pairs, limit: 5))
      try database.close()
    }
    #expect(!place.disk.paths.contains { $0.contains("-temp") })
  }

  @Test("on a real disk the files have no names, and all is gone afterwards")
  func realDisk() throws {
    let folder = try Folder()
    var options = DatabaseOptions()
    options.sortMemoryBytes = 2000
    options.reserveBytes = 0
    let database = try Database.open(at: folder.path("app.holdfast"), options)
    let before = Set(try folder.contents().keys)
    let sorter = database.context.sorter(limit: nil)
    let pairs = pairs(300)
    for pair in pairs { try sorter.add(key: pair.key, payload: pair.payload) }
    #expect(Set(try folder.contents().keys) == before)
    #expect(try sorter.sort([]) == sortedInMemory(pairs, limit: nil))
    try database.close()
    #expect(Set(try folder.contents().keys) == ["app.holdfast"])
  }

  @Test("a sort that fills the disk fails, gives the room back, and the database goes on")
  func fullDisk() throws {
    let place = try SimulatedPlace()
    var options = place.options()
    options.sortMemoryBytes = 2000
    let database = try place.open(options)
    let users = database.collection("users")
    try users.insert(["_id": 1])
    let room = place.disk.availableBytes
    place.disk.capacity -= room - 256 * 1024
    let available = place.disk.availableBytes
    let many = (0..<3000).map { Pair(key: [UInt8($0 % 7)], payload: Array(repeating: 1, count: 300)) }
    #expect(code { _ = try database.context.sorter(limit: nil).sort(many) } == .diskFull)
    #expect(place.disk.availableBytes == available)
    try users.insert(["_id": 2])
    #expect(try users.scan().documents().count == 2)
    #expect(database.failure == nil)
    try database.close()
  }
}
