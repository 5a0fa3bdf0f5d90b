import HoldfastIO

extension Log {
  /// Whether ``prepareNextSegment()`` has something to do soon: no successor is ready and the current segment
  /// is more than half full.
  public var wantsNextSegment: Bool {
    guard !hasFailed.load(ordering: .acquiring) else { return false }
    let (offset, size) = appending.withLock { (tail.offset, tail.segment.header.size) }
    return offset > size / 2 && state.withLock { prepared.isEmpty }
  }

  /// Makes the next segment ahead of time, so that no commit has to wait for it. Does nothing when one is
  /// ready.
  ///
  /// May be called from any thread, also while others append.
  /// - Throws: `.diskFull`, `.ioFailed`; nothing is changed then.
  public func prepareNextSegment() throws(LogError) {
    try checkUsable()
    let size = appending.withLock { tail.segment.header.size }
    maintenance.lock()
    defer { maintenance.unlock() }
    guard state.withLock({ prepared.isEmpty }) else { return }
    try prepareOne(size: grown(size), isScarce: false)
  }

  /// The size of the segment that follows one of `size` bytes.
  func grown(_ size: UInt64) -> UInt64 { min(size * 2, configuration.sizes.largest) }

  /// The size of the segment `index` places after the current one has been followed `index` times, made when
  /// it is not there yet. When that fails only `count` of those made ahead are kept. Called with the append
  /// latch held.
  func successorSize(_ index: Int, after size: UInt64, _ isScarce: Bool, keeping count: Int) throws(LogError)
    -> UInt64
  {
    if let ready = state.withLock({ prepared.count > index ? prepared[index].size : nil }) { return ready }
    maintenance.lock()
    defer { maintenance.unlock() }
    while true {
      if let ready = state.withLock({ prepared.count > index ? prepared[index].size : nil }) { return ready }
      do {
        try prepareOne(size: grown(size), isScarce: isScarce)
      } catch {
        // What was made for a commit that does not come to be would only keep the volume full.
        dropPrepared(beyond: count)
        throw error
      }
    }
  }

  /// Makes one segment file ready: an old one of the right size, or a new one full of zeros. When there is no
  /// room for `size` bytes, or it `isScarce`, smaller ones are tried. Called with the maintenance latch held.
  private func prepareOne(size wanted: UInt64, isScarce: Bool) throws(LogError) {
    let c = configuration
    var size = isScarce ? c.sizes.smallest : wanted
    do throws(IOError) {
      while let spare = spares.popLast() {
        guard spare.size >= size, spare.size <= c.sizes.largest else {
          try? c.fileSystem.remove(spare.path)
          continue
        }
        guard let file = try? c.fileSystem.open(spare.path, .readWrite) else { continue }
        state.withLock {
          prepared.append(Spare(path: spare.path, size: spare.size, isRecycled: true, file: file))
        }
        return
      }
      // Filling a file only to find out that it does not fit takes time. What the volume says is not the last
      // word, though: a quota may leave less.
      if size > c.sizes.smallest, let room = try? c.fileSystem.volume(at: c.directory).availableBytes {
        while size > room, size > c.sizes.smallest { size = smaller(size) }
      }
      while true {
        do throws(IOError) {
          try makeFile(size: size)
          return
        } catch {
          guard error.errorClass == .diskFull, size > c.sizes.smallest else { throw error }
          size = smaller(size)
        }
      }
    } catch {
      throw .io(error, doing: "could not prepare a further segment of the log in \(c.directory)")
    }
  }

  private func smaller(_ size: UInt64) -> UInt64 { max((size / 2) & ~4095, configuration.sizes.smallest) }

  private func makeFile(size: UInt64) throws(IOError) {
    let c = configuration
    let path = c.path(SegmentName.spare(id, spareNumber))
    spareNumber += 1
    let file = try c.fileSystem.open(path, .create)
    do throws(IOError) {
      try Log.zeroFill(file, size: size, header: [], c)
      try file.sync()
    } catch {
      file.close()
      try? c.fileSystem.remove(path)
      throw error
    }
    state.withLock { prepared.append(Spare(path: path, size: size, isRecycled: false, file: file)) }
  }

  /// Says whether retired segments wait for another use. When not, those that do are removed: room is more
  /// precious now than the time to make new ones.
  public func keepSpares(_ wanted: Bool) {
    maintenance.lock()
    defer { maintenance.unlock() }
    keepsSpares = wanted
    guard !wanted else { return }
    for spare in spares { try? configuration.fileSystem.remove(spare.path) }
    spares = []
  }

  /// Removes segments that were made ready beyond the first `count`. Called with the maintenance latch held.
  private func dropPrepared(beyond count: Int) {
    let dropped = state.withLock {
      let rest = Array(prepared.dropFirst(count))
      prepared.removeLast(rest.count)
      return rest
    }
    for spare in dropped {
      spare.file?.close()
      try? configuration.fileSystem.remove(spare.path)
    }
  }
}

extension Log {
  /// Turns the first prepared file into the successor of the current segment, under a new salt. Its header is
  /// not written before the first group that needs it. Called with the append latch held.
  func takePrepared(firstLSN: UInt64, startsInside: Bool) throws(LogError) -> Segment {
    let c = configuration
    let spare = state.withLock { prepared.isEmpty ? nil : prepared.removeFirst() }
    guard let spare, let file = spare.file else {
      throw LogError(.invalid, "no segment was prepared for commit \(firstLSN)")
    }
    let sequence = tail.segment.header.sequence + 1
    let name = SegmentName(epoch: epoch, firstLSN: firstLSN, sequence: sequence, tag: id.tag)
    let sealed = c.key == nil ? 0 : SegmentHeader.sealedFlag
    let header = SegmentHeader(
      databaseID: c.identity, logID: id, epoch: epoch,
      flags: sealed | (spare.isRecycled ? SegmentHeader.recycledFlag : 0), sequence: sequence,
      firstLSN: firstLSN, size: spare.size, salt: c.random.bytes(SegmentHeader.saltSize),
      created: c.clock.now())
    let segment = Segment(
      header: header, file: file, key: c.key, sparePath: spare.path, finalPath: c.path(name.text),
      startsInside: startsInside)
    state.withLock { segments.append(segment) }
    return segment
  }

  /// Makes `segment` the last one again. Those behind it wait for another use, in which they get another
  /// salt. Their final names, where they had one, are gone by now.
  func putBack(after segment: Segment) {
    state.withLock {
      var back: [Spare] = []
      while let last = segments.last, last !== segment {
        back.append(Spare(path: last.sparePath, size: last.header.size, isRecycled: true, file: last.file))
        segments.removeLast()
      }
      segment.lastLSN = nil
      prepared.insert(contentsOf: back.reversed(), at: 0)
    }
  }
}
