/// Sorts any number of records by their keys within a limit of memory. Records with the same key keep the order
/// in which they came.
///
/// What does not fit goes in sorted runs into temporary files, which are then merged. With a limit, only the
/// first records are kept, and nothing is written as long as those fit. The files are sealed, also when the
/// database is not encrypted, and are gone when the sorter and its result are released, or the process ends.
///
///     let sorter = context.sorter(limit: nil)
///     try sorter.add(key: key, payload: bytes)
///     let sorted = try sorter.finish()
///     while let record = try sorted.next() { … }
///
/// After an error there is nothing left to do but to release it.
final class ExternalSorter {
  /// The memory that a sort may use unless the options say otherwise, in bytes (100 MiB, as in MongoDB).
  static let defaultMemory = 100 << 20
  /// The most runs that are merged at a time; each has a file open.
  static let maximumFanIn = 32
  /// The bytes that are sealed at a time: a part of the memory, within bounds.
  private static let blockSizes = 256...64 * 1024

  private let folder: TemporaryFolder
  private let memory: Int
  private let limit: Int?
  private var buffer: SortBuffer
  private var count: UInt64 = 0
  /// With a limit: a key that as many written records as are wanted do not exceed.
  private var bound: [UInt8]?
  /// Records written since the bound was found, and the highest key of them: the next bound, when they are as
  /// many as are wanted.
  private var written: (count: Int, highest: [UInt8]) = (0, [])
  private var space: SortSpace?
  /// The runs. Those of a level were written, one after the other, after all those of the next; a full level
  /// is merged into one run of the next.
  private var levels: [[SortRun]] = []
  private var isFinished = false
  /// How many times what was in memory has been written because there was too much of it.
  private(set) var spilledRuns = 0

  /// - Parameters:
  ///   - memory: about how many bytes the records in memory may take.
  ///   - limit: how many records are wanted at most; `nil` for all.
  init(_ folder: TemporaryFolder, memory: Int = defaultMemory, limit: Int? = nil) {
    self.folder = folder
    self.memory = max(memory, 1)
    self.limit = limit
    buffer = SortBuffer(limit: limit)
  }

  /// Adds a record.
  func add(key: [UInt8], payload: [UInt8]) throws(HoldfastError) {
    guard !isFinished else {
      throw HoldfastError(
        .invalidUse, "a sort that is finished or has failed takes no more records: begin another")
    }
    guard limit.map({ $0 > 0 }) ?? true else { return }
    if let bound, SortRecord.compare(key, bound) >= 0 { return }
    buffer.insert(SortRecord(key: key, payload: payload, sequence: count))
    count += 1
    if buffer.memory > memory { try releasingOnError { () throws(HoldfastError) in try spill() } }
  }

  /// Ends the adding, and gives the records in order.
  func finish() throws(HoldfastError) -> SortedRecords {
    guard !isFinished else {
      throw HoldfastError(.invalidUse, "a sort is finished already, or has failed: begin another")
    }
    isFinished = true
    if levels.isEmpty { return SortedRecords(buffer.removeAll()) }
    return try releasingOnError { () throws(HoldfastError) in
      if !buffer.isEmpty { try spill() }
      var runs = Array(levels.reversed().joined())
      levels = []
      while runs.count > fanIn(runs) {
        // The last runs are the smallest.
        let group = runs.suffix(min(fanIn(runs), runs.count - fanIn(runs) + 1))
        runs.replaceSubrange(group.indices, with: [try merge(group)])
      }
      return SortedRecords(try SortMerge(runs), limit: limit)
    }
  }

  /// Writes what is in memory as a run, and merges levels that are full.
  private func spill() throws(HoldfastError) {
    let records = buffer.removeAll()
    noteWritten(records)
    var writer = try SortRunWriter(try usedSpace())
    for record in records { try writer.append(record) }
    try place(try writer.finish(), level: 0)
    spilledRuns += 1
  }

  private func noteWritten(_ records: [SortRecord]) {
    guard let limit, let last = records.last else { return }
    written.count += records.count
    if SortRecord.compare(written.highest, last.key) < 0 { written.highest = last.key }
    guard written.count >= limit else { return }
    bound = written.highest
    written = (0, [])
  }

  private func place(_ run: SortRun, level: Int) throws(HoldfastError) {
    if level == levels.count { levels.append([]) }
    levels[level].append(run)
    guard levels[level].count >= fanIn(levels[level]) else { return }
    let merged = try merge(levels[level])
    levels[level] = []
    try place(merged, level: level + 1)
  }

  private func merge(_ runs: some Collection<SortRun>) throws(HoldfastError) -> SortRun {
    var merge = try SortMerge(runs)
    var writer = try SortRunWriter(try usedSpace())
    var remaining = limit ?? .max
    while remaining > 0, let record = try merge.next() {
      try writer.append(record)
      remaining -= 1
    }
    return try writer.finish()
  }

  /// How many runs can be merged at a time: each needs a block, as it is and sealed, and a record.
  private func fanIn(_ runs: [SortRun]) -> Int {
    let largest = runs.reduce(0) { max($0, $1.largestRecord) }
    return min(max(memory / (2 * blockSize + largest), 2), Self.maximumFanIn)
  }

  private var blockSize: Int {
    min(max(memory / (4 * Self.maximumFanIn), Self.blockSizes.lowerBound), Self.blockSizes.upperBound)
  }

  private func usedSpace() throws(HoldfastError) -> SortSpace {
    if let space { return space }
    let made = SortSpace(folder, blockSize: blockSize)
    space = made
    return made
  }

  /// Runs `body`; when it fails, nothing is kept.
  private func releasingOnError<R>(_ body: () throws(HoldfastError) -> R) throws(HoldfastError) -> R {
    do throws(HoldfastError) {
      return try body()
    } catch {
      isFinished = true
      levels = []
      _ = buffer.removeAll()
      space = nil
      throw error
    }
  }
}

/// The result of a sort: records in order, each read when it is asked for.
final class SortedRecords {
  /// Records in memory, the first one at the end, where it is cheapest to take.
  private var records: [SortRecord] = []
  private var merge: SortMerge?
  private var remaining: Int

  /// Takes records that are in order.
  init(_ records: [SortRecord]) {
    self.records = records.reversed()
    remaining = records.count
  }

  /// Gives the first records of a merge.
  init(_ merge: SortMerge, limit: Int?) {
    self.merge = merge
    remaining = limit ?? .max
  }

  /// The next record; `nil` behind the last one or behind a failure.
  func next() throws(HoldfastError) -> SortRecord? {
    if let record = records.popLast() { return record }
    do throws(HoldfastError) {
      if remaining > 0, let record = try merge?.next() {
        remaining -= 1
        return record
      }
    } catch {
      merge = nil
      throw error
    }
    merge = nil
    return nil
  }
}
