import HoldfastIO

extension Log {
  /// Writes a group. Groups are written in the order in which they were closed, by one thread at a time.
  /// Nothing of it is durable before ``sync()`` has returned.
  ///
  /// - Throws: `.writeFailed` or `.diskFull`: some of the group may be in the file, so the caller calls
  ///   ``discard(from:)`` with the group's first LSN before it writes anything else. `.syncFailed` when a
  ///   full segment could not be made durable: the log is poisoned. `.poisoned`, `.closed`, `.invalid`.
  /// - Parameter makingRoom: whether ``LogConfiguration/makeRoom`` may be asked when there is none.
  public func write(_ group: LogGroup, makingRoom: Bool = false) throws(LogError) {
    io.lock()
    defer { io.unlock() }
    try checkUsable()
    guard !writer.mustDiscard else {
      throw LogError(.invalid, "a write failed before: discard from commit \(writer.lastLSN + 1) first")
    }
    guard group.firstLSN == writer.lastLSN + 1 else {
      throw LogError(
        .invalid, "commit \(group.firstLSN) cannot be written after commit \(writer.lastLSN): keep the order")
    }
    // The generation changes only with this latch held, so it cannot change while the group is written.
    guard appending.withLock({ group.generation == tail.generation }) else {
      throw LogError(.invalid, "commits \(group.firstLSN)…\(group.lastLSN) were discarded")
    }
    do {
      try write(group.pieces, lsns: group.firstLSN...group.lastLSN, makingRoom)
    } catch {
      if error.code == .syncFailed { poison(error) } else { writer.mustDiscard = true }
      throw error
    }
    writer.lastLSN = group.lastLSN
    recycle(group)
  }

  private func write(
    _ pieces: [GroupPiece], lsns: ClosedRange<UInt64>, _ makingRoom: Bool
  ) throws(LogError) {
    var chain = writer.chain
    let mark = durableLSN
    for (index, piece) in pieces.enumerated() {
      chain = stamp(piece, after: chain, durableLSN: mark)
      // A successor is completely there before the frame that names it is written, and that frame is durable
      // before anything is written behind it. Recovery relies on both.
      let successor = index + 1 < pieces.count ? pieces[index + 1].segment : nil
      if let successor { try activate(successor, chain: chain, lsns: lsns, makingRoom) }
      let before = piece.segment.highWater
      var written = 0
      piece.segment.highWater = max(before, piece.end)
      do throws(IOError) {
        try configuration.makingRoom(makingRoom) { () throws(IOError) in
          var now = 0
          defer { written = max(written, now) }
          try piece.segment.file.writeFully(piece.buffer.contents, at: piece.start, written: &now)
        }
      } catch {
        // A call that finds no room writes nothing. So what it was asked to write need not be overwritten,
        // for which a volume that copies on write would have no room either.
        if error.errorClass == .diskFull {
          piece.segment.highWater = max(before, written > 0 ? piece.start + UInt64(written) : 0)
        }
        throw .write(error, file: piece.segment.finalPath, lsns: lsns)
      }
      if let successor {
        try syncFile(piece.segment)
        writer.full.append(piece.segment)
        assert(successor.header.sequence == piece.segment.header.sequence + 1, "a segment was left out")
      }
    }
    guard let last = pieces.last else { return }
    writer.segment = last.segment
    writer.offset = last.end
    writer.chain = chain
  }

  /// Fills in what a frame says about the moment of its writing. Done as late as possible, so that the mark
  /// of what is durable protects as much as it can.
  private func stamp(_ piece: GroupPiece, after chain: UInt32, durableLSN: UInt64) -> UInt32 {
    var chain = chain
    var offset = 0
    while offset < piece.buffer.count {
      let bytes = piece.buffer.bytes + offset
      chain = FrameHeader.stamp(
        bytes, durableLSN: durableLSN, previousCRC: chain, seed: piece.segment.header.seed)
      offset += FrameHeader.frameLength(bytes)
    }
    assert(offset == piece.buffer.count, "a buffer holds whole frames")
    return chain
  }

  /// Writes a segment's header and gives it its final name, durably.
  private func activate(
    _ segment: Segment, chain: UInt32, lsns: ClosedRange<UInt64>, _ makingRoom: Bool
  ) throws(LogError) {
    segment.header.previousCRC = chain
    let block = segment.header.encoded()
    do throws(IOError) {
      try configuration.makingRoom(makingRoom) { () throws(IOError) in
        try segment.file.writeAll(block, count: block.count, at: 0)
      }
    } catch {
      throw .write(error, file: segment.sparePath, lsns: lsns)
    }
    try syncFile(segment)
    segment.mayHaveFinalName = true
    do throws(IOError) {
      try configuration.makingRoom(makingRoom) { () throws(IOError) in
        try configuration.fileSystem.rename(segment.sparePath, to: segment.finalPath)
      }
    } catch {
      throw .write(error, file: segment.finalPath, lsns: lsns)
    }
    do throws(IOError) {
      try configuration.fileSystem.syncDirectory(configuration.directory)
    } catch {
      // With no descriptor left the directory was not even opened: no sync has failed.
      if error.errorClass == .tooManyFiles {
        throw .write(error, file: configuration.directory, lsns: lsns)
      }
      throw .sync(error, file: configuration.directory)
    }
    state.withLock { segment.isActive = true }
  }

  /// Never tried twice: after a failed sync the kernel may have dropped what it could not write.
  func syncFile(_ segment: Segment) throws(LogError) {
    do throws(IOError) {
      try segment.file.sync()
    } catch {
      throw .sync(error, file: segment.path)
    }
  }

  private func recycle(_ group: LogGroup) {
    state.withLock {
      for piece in group.pieces
      where piece.buffer.capacity <= LogLimits.keptBuffer && buffers.count < LogLimits.keptBuffers {
        buffers.append(piece.buffer)
      }
    }
  }
}

extension Log {
  /// Makes durable what has been written, and raises ``durableLSN`` to the last LSN whose write had returned
  /// before the call. Costs one `fdatasync`, or nothing when everything written is durable already.
  /// - Throws: `.syncFailed`: the log is poisoned, and whether the commits since the last sync survive is
  ///   unknown. `.poisoned`, `.closed`.
  public func sync() throws(LogError) {
    io.lock()
    defer { io.unlock() }
    try checkUsable()
    guard !writer.mustDiscard else {
      throw LogError(.invalid, "a write failed before: discard from commit \(writer.lastLSN + 1) first")
    }
    let reached = writer.lastLSN
    guard reached > durableLSN else { return }
    // Full segments were synced when their successors began, so the current one is all there is to do.
    do {
      try syncFile(writer.segment)
    } catch {
      poison(error)
      throw error
    }
    durable.store(reached, ordering: .releasing)
    for segment in writer.full { segment.file.close() }
    writer.full = []
  }
}
