import HoldfastIO

extension Log {
  /// Appends one commit to the group that is being filled. Nothing is written yet, but all the room it needs
  /// is reserved on the disk; a commit larger than ``LogLimits/largestPart`` is split into parts.
  ///
  /// The caller makes sure that one thread at a time appends and closes groups.
  /// - Parameters:
  ///   - timestamp: Milliseconds since 1970; raised to that of the commit before when it is smaller.
  ///   - payload: Copied (and sealed, when the log is encrypted) before the call returns.
  ///   - ext: Further bytes that stay readable without a key, at most ``LogLimits/largestExtension``.
  ///   - isScarce: Whether further segments are to take as little room as they can.
  /// - Returns: The commit's LSN.
  /// - Throws: `.diskFull`, `.ioFailed` (no room could be reserved), `.tooLarge`, `.poisoned`, `.closed`.
  ///   Nothing is changed then.
  public func append(
    kind: FrameKind, transaction: UInt64, timestamp: Int64, payload: UnsafeRawBufferPointer,
    extension ext: UnsafeRawBufferPointer? = nil, isScarce: Bool = false
  ) throws(LogError) -> UInt64 {
    appending.lock()
    defer { appending.unlock() }
    try checkUsable()
    let area = ext ?? UnsafeRawBufferPointer(start: nil, count: 0)
    try checkLimits(kind, payload: payload.count, area: area.count)

    var commit = Commit(
      kind: kind, lsn: tail.nextLSN, transaction: transaction, timestamp: max(timestamp, tail.timestamp),
      payload: payload, area: area)
    let head = UInt64(paddedToEight(FrameHeader.size + area.count + payload.count + tagSize))
    // Usually there is room for it, and nothing to plan.
    if payload.count > LogLimits.largestPart || tail.offset + head > tail.segment.limit {
      commit.parts = try plan(payload: payload.count, area: area.count, isScarce)
    }
    try place(commit)

    tail.timestamp = commit.timestamp
    if tail.firstPending == nil { tail.firstPending = commit.lsn }
    tail.nextLSN = commit.lsn + 1
    appended.store(commit.lsn, ordering: .releasing)
    return commit.lsn
  }

  /// Takes everything appended since the last call, in order; `nil` when there is nothing. To be written with
  /// ``write(_:)`` before any later group.
  public func closeGroup() -> LogGroup? {
    appending.lock()
    defer { appending.unlock() }
    guard let first = tail.firstPending else { return nil }
    let group = LogGroup(
      firstLSN: first, lastLSN: tail.nextLSN - 1, pieces: tail.pieces, generation: tail.generation)
    tail.pieces = []
    tail.pendingBytes = 0
    tail.firstPending = nil
    return group
  }

  var tagSize: Int { configuration.key == nil ? 0 : Sealer.tagSize }

  private func checkLimits(_ kind: FrameKind, payload: Int, area: Int) throws(LogError) {
    guard kind != .segmentEnd else {
      throw LogError(.invalid, "frames that end a segment are written by the log itself")
    }
    guard tail.nextLSN < UInt64.max - 1 else { throw LogError(.tooLarge, "the LSNs are used up") }
    let room = Int(configuration.sizes.smallest) - SegmentHeader.size - FrameHeader.endReserve
    guard area <= min(LogLimits.largestExtension, room / 2) else {
      throw LogError(
        .tooLarge, "the frame's extension of \(area) bytes is over the limit of \(LogLimits.largestExtension)"
      )
    }
    guard payload <= LogLimits.largestCommit else {
      throw LogError(
        .tooLarge,
        "the commit has \(payload) bytes, the limit is \(LogLimits.largestCommit): split the transaction")
    }
    guard tail.pendingBytes + payload <= LogLimits.largestBacklog else {
      throw LogError(.tooLarge, "\(tail.pendingBytes) bytes wait to be written already: try again later")
    }
  }
}

extension Log {
  /// A commit on its way into the buffers.
  struct Commit {
    var kind: FrameKind
    var lsn: UInt64
    var transaction: UInt64
    var timestamp: Int64
    var payload: UnsafeRawBufferPointer
    var area: UnsafeRawBufferPointer
    /// Empty when all of it goes into the current segment.
    var parts: [Part] = []
  }

  /// One part: how many segments after the current one, and which bytes of the payload.
  struct Part {
    var segment: Int
    var range: Range<Int>
  }

  /// Decides which part goes where, and makes the segments that needs. Changes nothing else.
  private func plan(payload: Int, area: Int, _ isScarce: Bool) throws(LogError) -> [Part] {
    var parts: [Part] = []
    var done = 0
    var segment = 0
    var offset = tail.offset
    var size = tail.segment.header.size
    let ready = state.withLock { prepared.count }
    repeat {
      let fixed = FrameHeader.size + (parts.isEmpty ? area : 0) + tagSize
      let capacity = Int(size) - SegmentHeader.size - FrameHeader.endReserve
      let room = Int(size) - FrameHeader.endReserve - Int(offset) - fixed
      let rest = payload - done
      let fits = room >= 0 ? min(rest, LogLimits.largestPart, room) : -1
      // A small commit is not torn apart for the last bytes of a segment; a large one fills them.
      let worthSplitting = min(LogLimits.smallestSplit, capacity / 4)
      if fits == rest || fits >= worthSplitting {
        parts.append(Part(segment: segment, range: done..<done + fits))
        done += fits
        offset += UInt64(paddedToEight(fixed + fits))
      } else {
        size = try successorSize(segment, after: size, isScarce, keeping: ready)
        segment += 1
        offset = UInt64(SegmentHeader.size)
      }
    } while done < payload || parts.isEmpty
    return parts
  }

  /// Copies and seals the parts into the pending pieces. When sealing fails, everything is as before, except
  /// that the nonces are spent.
  private func place(_ commit: Commit) throws(LogError) {
    let before = tail
    let kept = before.pieces.last?.buffer.count ?? 0
    do {
      if commit.parts.isEmpty { try put(commit, 0..<commit.payload.count, part: 0, of: 1) }
      var segment = 0
      for (index, part) in commit.parts.enumerated() {
        if part.segment > segment {
          try rotate(lsn: commit.lsn, continuing: index > 0, timestamp: commit.timestamp)
          segment += 1
          assert(part.segment == segment, "the plan skips a segment")
        }
        try put(commit, part.range, part: index, of: commit.parts.count)
      }
    } catch {
      tail = before
      tail.pieces.last?.buffer.cut(to: kept)
      putBack(after: before.segment)
      throw error
    }
  }

  /// Puts some of a commit's bytes behind the last frame.
  private func put(_ commit: Commit, _ range: Range<Int>, part: Int, of parts: Int) throws(LogError) {
    let area = part == 0 ? commit.area : UnsafeRawBufferPointer(start: nil, count: 0)
    let header = FrameHeader(
      kind: commit.kind, flags: tail.segment.sealer == nil ? 0 : FrameHeader.sealedFlag,
      extensionLength: area.count, payloadLength: range.count, lsn: commit.lsn,
      transaction: commit.transaction, timestamp: commit.timestamp, nonce: 0, epoch: epoch, offset: 0,
      part: UInt32(truncatingIfNeeded: part), parts: UInt32(truncatingIfNeeded: parts))
    try put(header, area: area, payload: UnsafeRawBufferPointer(rebasing: commit.payload[range]))
  }

  /// Ends the current segment with a frame that names its successor, and goes on in that.
  private func rotate(lsn: UInt64, continuing: Bool, timestamp: Int64) throws(LogError) {
    let next = try takePrepared(firstLSN: lsn, startsInside: continuing)
    var name = [UInt8](repeating: 0, count: FrameHeader.endExtension)
    name.withUnsafeMutableBytes { bytes in
      bytes.baseAddress?.store(next.header.sequence, littleEndianAt: 0)
      bytes[8...].copyBytes(from: next.header.salt)
    }
    let header = FrameHeader(
      kind: .segmentEnd, flags: tail.segment.sealer == nil ? 0 : FrameHeader.sealedFlag,
      extensionLength: name.count, payloadLength: 0, lsn: lsn, transaction: 0, timestamp: timestamp, nonce: 0,
      epoch: epoch, offset: 0, part: 0, parts: 1)
    let result = name.withUnsafeBytes { bytes -> Result<Void, LogError> in
      do throws(LogError) {
        return .success(try put(header, area: bytes, payload: UnsafeRawBufferPointer(start: nil, count: 0)))
      } catch {
        return .failure(error)
      }
    }
    try result.get()
    state.withLock { tail.segment.lastLSN = continuing ? lsn : lsn - 1 }
    tail.segment = next
    tail.offset = UInt64(SegmentHeader.size)
  }

  /// Puts one frame behind the last one of the current segment.
  private func put(
    _ fields: FrameHeader, area: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer
  ) throws(LogError) {
    let segment = tail.segment
    var header = fields
    header.nonce = segment.nonce
    header.offset = UInt32(truncatingIfNeeded: tail.offset)
    let length = header.frameLength
    assert(tail.offset + UInt64(length) <= segment.header.size, "the frame was planned to fit")

    let buffer = pieceBuffer(for: segment)
    let bytes = buffer.reserve(length)
    header.encode(into: bytes)
    let body = bytes + FrameHeader.size
    if let start = area.baseAddress { body.copyMemory(from: start, byteCount: area.count) }
    let text = UnsafeMutableRawBufferPointer(start: body + area.count, count: payload.count)
    if let sealer = segment.sealer {
      // Spent before it is used, so that no failure can lead to a second use.
      segment.nonce += 1
      do {
        try sealer.seal(
          payload, nonce: Nonce(counter: header.nonce),
          authenticating: UnsafeRawBufferPointer(start: bytes, count: FrameHeader.size + area.count),
          into: text, tag: body + area.count + payload.count)
      } catch {
        throw LogError(.ioFailed, "could not encrypt commit \(header.lsn): \(error)", file: segment.finalPath)
      }
    } else if let start = payload.baseAddress {
      text.baseAddress?.copyMemory(from: start, byteCount: payload.count)
    }
    let end = FrameHeader.size + header.bodyLength
    (bytes + end).initializeMemory(as: UInt8.self, repeating: 0, count: length - end)
    let crc = CRC32C.checksum(
      UnsafeRawBufferPointer(start: body, count: header.bodyLength), seed: segment.header.seed)
    bytes.store(crc, littleEndianAt: FrameHeader.Field.bodyCRC)
    buffer.keep(length)
    tail.offset += UInt64(length)
    tail.pendingBytes += length
  }

  /// The buffer of the piece that grows in `segment`.
  private func pieceBuffer(for segment: Segment) -> GroupBuffer {
    if let last = tail.pieces.last, last.segment === segment { return last.buffer }
    let buffer = state.withLock { buffers.popLast() } ?? GroupBuffer(capacity: 64 << 10)
    buffer.cut(to: 0)
    tail.pieces.append(GroupPiece(segment: segment, start: tail.offset, buffer: buffer))
    return buffer
  }
}
