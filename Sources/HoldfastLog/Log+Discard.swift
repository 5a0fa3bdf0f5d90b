import HoldfastIO

extension Log {
  /// Takes back every frame with an LSN of `lsn` or more, written or not: their place is overwritten with
  /// zeros and synced, so that no recovery can ever find them. The next append gets `lsn` again; its nonces
  /// are new.
  ///
  /// For use after a failed ``write(_:)``, with the first LSN of that group. Groups that were closed but not
  /// written are void afterwards. Not possible at or below ``durableLSN``, nor after a failed sync.
  /// - Throws: Any error poisons the log, except `.invalid`: the call did not fit.
  public func discard(from lsn: UInt64) throws(LogError) {
    io.lock()
    defer { io.unlock() }
    appending.lock()
    defer { appending.unlock() }
    try checkUsable()
    guard lsn > durableLSN, lsn <= writer.lastLSN + 1 else {
      throw LogError(
        .invalid,
        "commits from \(lsn) on cannot be discarded: \(durableLSN) is durable, "
          + "\(writer.lastLSN) is written")
    }
    do {
      let place = lsn <= writer.lastLSN ? try find(lsn) : writer
      try erase(from: place)
      putBack(after: place.segment)
      reset(to: place, lsn: lsn)
    } catch {
      poison(error)
      throw error
    }
  }

  private func reset(to place: Writer, lsn: UInt64) {
    // Not replaced as a whole: the timestamp does not go back, nor does any nonce.
    tail.segment = place.segment
    tail.offset = place.offset
    tail.nextLSN = lsn
    tail.pieces = []
    tail.pendingBytes = 0
    tail.firstPending = nil
    tail.generation += 1
    appended.store(lsn - 1, ordering: .releasing)
    writer = place
    writer.lastLSN = lsn - 1
    writer.mustDiscard = false
    writer.full.removeAll { $0.header.sequence >= place.segment.header.sequence }
  }

  /// Overwrites everything from `place` on. The last segment comes first and each is synced before the one
  /// before it: whenever the power fails, a frame that is still there still has everything before it.
  private func erase(from place: Writer) throws(LogError) {
    let behind = state.withLock {
      segments.filter { $0.header.sequence > place.segment.header.sequence }
    }
    for segment in behind.reversed() { try zero(segment, from: UInt64(SegmentHeader.size)) }
    try zero(place.segment, from: place.offset)
    // Only now may the names go: until its end frame was overwritten, the segment before claimed that they
    // exist.
    let named = behind.filter { $0.mayHaveFinalName }
    guard !named.isEmpty else { return }
    for segment in named.reversed() {
      do throws(IOError) {
        try configuration.makingRoom(true) { () throws(IOError) in
          try configuration.fileSystem.rename(segment.finalPath, to: segment.sparePath)
        }
      } catch  where error.errorClass == .notFound {
        // The rename that failed had not happened.
      } catch {
        throw .io(error, doing: "could not take back a segment of the log")
      }
    }
    do throws(IOError) {
      try configuration.fileSystem.syncDirectory(configuration.directory)
    } catch  where error.errorClass == .tooManyFiles {
      // The directory was not even opened. Should names come back after a crash, they lead to segments
      // without frames, as after a crash before their first one; the next segment's sync of the directory
      // covers this one's as well.
    } catch {
      throw .sync(error, file: configuration.directory)
    }
  }

  private func zero(_ segment: Segment, from start: UInt64) throws(LogError) {
    guard segment.highWater > start else { return }
    let zeros = [UInt8](repeating: 0, count: LogLimits.zeroChunk)
    var offset = start
    do throws(IOError) {
      while offset < segment.highWater {
        let count = Int(min(UInt64(zeros.count), segment.highWater - offset))
        try configuration.makingRoom(true) { () throws(IOError) in
          try segment.file.writeAll(zeros, count: count, at: offset)
        }
        offset += UInt64(count)
      }
    } catch {
      throw .io(error, doing: "could not take back commits that failed to be written")
    }
    try syncFile(segment)
    segment.highWater = start
  }

  /// Where the first frame with an LSN of `lsn` or more begins, which is written but not durable.
  private func find(_ lsn: UInt64) throws(LogError) -> Writer {
    let open = writer.full + [writer.segment]
    guard let segment = open.last(where: { $0.header.firstLSN < lsn }) ?? open.first else { return writer }
    let reader = SegmentReader(
      file: segment.file, path: segment.path, header: segment.header, end: segment.header.size, configuration)
    var place = writer
    place.segment = segment
    place.chain = segment.header.previousCRC
    while true {
      let offset = reader.offset
      switch try reader.next() {
      case .frame(let frame) where frame.header.lsn < lsn:
        place.chain = frame.header.crc
      case .frame:
        place.offset = offset
        return place
      case .bad(let reason):
        throw .damaged("while looking for commit \(lsn): \(reason)", file: segment.path, offset: offset)
      }
    }
  }
}
