import HoldfastIO
import HoldfastTestSupport
import Testing

@testable import Holdfast

@Suite("Sorting beyond memory")
struct ExternalSorterTests {
  @Test(
    "the result is that of a stable sort in memory, whatever the memory and the limit",
    arguments: Seeds.first(12))
  func stableSort(_ seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let place = try SortPlace(seed: seed)
    place.disk.shortTransferProbability = random.chance(0.3) ? 0.5 : 0
    for _ in 0..<3 {
      let pairs = randomPairs(random.below(random.chance(0.2) ? 1500 : 200), &random)
      let memory = 1 << random.below(17)
      let limit = random.chance(0.5) ? random.below(random.chance(0.5) ? 20 : 1000) : nil
      let sorter = ExternalSorter(place.folder, memory: memory, limit: limit)
      let result = try sorter.sort(pairs)
      #expect(
        result == sortedInMemory(pairs, limit: limit),
        "seed \(seed), \(pairs.count) records, memory \(memory), limit \(String(describing: limit))")
    }
    #expect(place.disk.openFiles == 0)
    #expect(place.disk.paths == ["/", "/data/"])
  }

  @Test("nothing is written while the records fit, or the first of them when there is a limit")
  func inMemory() throws {
    var random = SplitMix64(seed: 1)
    let place = try SortPlace()
    let operations = place.disk.operationCount
    let few = randomPairs(100, &random)
    #expect(try ExternalSorter(place.folder, memory: 1 << 20).sort(few) == sortedInMemory(few, limit: nil))
    let many = randomPairs(3000, &random)
    let first = try ExternalSorter(place.folder, memory: 40_000, limit: 10).sort(many)
    #expect(first == sortedInMemory(many, limit: 10))
    #expect(try ExternalSorter(place.folder, memory: 1, limit: 0).sort(many) == [])
    #expect(try ExternalSorter(place.folder, memory: 1).sort([]) == [])
    #expect(place.disk.operationCount == operations)
  }

  @Test("with a limit, what cannot be among the first is not written")
  func limitCutsOff() throws {
    let place = try SortPlace()
    let pairs = (0..<5000).map { number in
      Pair(
        key: withUnsafeBytes(of: UInt32(number).bigEndian, Array.init),
        payload: Array(repeating: 0, count: 100))
    }
    let sorter = ExternalSorter(place.folder, memory: 5_000, limit: 100)
    #expect(try sorter.sort(pairs) == Array(pairs.prefix(100)))
    // Without cutting off it would be half a megabyte.
    #expect(place.disk.counters.bytesWritten < 100_000)
  }

  @Test("many runs are merged with few files open")
  func manyRuns() throws {
    var random = SplitMix64(seed: 2)
    let place = try SortPlace()
    let pairs = randomPairs(1500, &random, largest: 100)
    for memory in [300, 6_000] {
      let sorter = ExternalSorter(place.folder, memory: memory)
      var mostOpen = 0
      for pair in pairs {
        try sorter.add(key: pair.key, payload: pair.payload)
        mostOpen = max(mostOpen, place.disk.openFiles)
      }
      let sorted = try sorter.finish()
      #expect(place.disk.openFiles <= ExternalSorter.maximumFanIn)
      var result: [Pair] = []
      while let record = try sorted.next() { result.append(Pair(key: record.key, payload: record.payload)) }
      #expect(result == sortedInMemory(pairs, limit: nil))
      #expect(mostOpen <= 3 * ExternalSorter.maximumFanIn)
      #expect(place.disk.openFiles == 0, "files are closed with the last record")
    }
  }

  @Test("a result that is not read to its end leaves nothing behind")
  func abandoned() throws {
    var random = SplitMix64(seed: 3)
    let place = try SortPlace()
    let pairs = randomPairs(500, &random)
    do {
      let sorter = ExternalSorter(place.folder, memory: 3000)
      for pair in pairs { try sorter.add(key: pair.key, payload: pair.payload) }
      #expect(place.disk.openFiles > 0)
    }
    #expect(place.disk.openFiles == 0)
    do {
      let sorter = ExternalSorter(place.folder, memory: 3000)
      for pair in pairs { try sorter.add(key: pair.key, payload: pair.payload) }
      let sorted = try sorter.finish()
      _ = try sorted.next()
      #expect(place.disk.openFiles > 0)
    }
    #expect(place.disk.openFiles == 0)
    #expect(place.disk.paths == ["/", "/data/"])
  }

  @Test("files have no names, so a process that dies leaves none")
  func noNames() throws {
    var random = SplitMix64(seed: 4)
    let place = try SortPlace()
    let sorter = ExternalSorter(place.folder, memory: 3000)
    for pair in randomPairs(500, &random) {
      try sorter.add(key: pair.key, payload: pair.payload)
      #expect(!place.disk.paths.contains { $0.contains("sort-") })
    }
    #expect(place.disk.openFiles > 0)
  }

  @Test("what is written says nothing about the records, and the same records never look the same")
  func sealed() throws {
    let place = try SortPlace()
    let written = WrittenBytes(place.disk)
    let random = SeededRandom(seed: 1)
    let folder = TemporaryFolder(database: "/data/app.holdfast", fileSystem: written, random: random)
    let text = Array("a secret that must not be on any disk".utf8)
    let pairs = (0..<2000).map { _ in Pair(key: text, payload: text) }
    for _ in 0..<2 { #expect(try ExternalSorter(folder, memory: 20_000).sort(pairs) == pairs) }
    let blocks = written.all
    #expect(blocks.count > 100)
    #expect(Set(blocks).count == blocks.count)
    // Every run of eight bytes of the text, so that none is missed where a block ends.
    let parts = Set((0...text.count - 8).map { Array(text[$0..<$0 + 8]) })
    for block in blocks where block.count >= 8 {
      let found = (0...block.count - 8).contains { parts.contains(Array(block[$0..<$0 + 8])) }
      #expect(!found)
    }
  }

  @Test("a sorter that is finished takes nothing more")
  func finished() throws {
    let place = try SortPlace()
    let sorter = ExternalSorter(place.folder)
    _ = try sorter.finish()
    #expect(code { try sorter.add(key: [1], payload: []) } == .invalidUse)
    #expect(code { _ = try sorter.finish() } == .invalidUse)
  }
}
