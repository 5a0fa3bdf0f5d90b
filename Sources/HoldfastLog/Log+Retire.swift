import HoldfastIO

/// Someone who still needs frames above a position.
struct Registration {
  var name: String
  var lsn: UInt64
}

/// Keeps the segments that hold frames above a position, until it is advanced or released. Released at the
/// latest when it goes out of use.
public final class LogRetention: Sendable {
  /// Who needs them, for messages.
  public let name: String
  private let log: Log
  private let number: UInt64

  init(name: String, log: Log, number: UInt64) {
    self.name = name
    self.log = log
    self.number = number
  }

  /// The position: frames above it are kept.
  public var lsn: UInt64? { log.state.withLock { log.retentions[number]?.lsn } }

  /// Frames up to `lsn` are no longer needed. Never goes back.
  public func advance(to lsn: UInt64) {
    log.state.withLock {
      if let registration = log.retentions[number], registration.lsn < lsn {
        log.retentions[number]?.lsn = lsn
      }
    }
  }

  /// Nothing is needed any more.
  public func release() {
    log.state.withLock { _ = log.retentions.removeValue(forKey: number) }
  }

  deinit { release() }
}

extension Log {
  /// Keeps every segment that holds frames above `lsn` for as long as the result is neither advanced past
  /// them nor released. Frames that were retired before do not come back: see ``firstRetainedLSN``.
  /// - Throws: `.tooLarge` when there are ``LogLimits/registrations`` already.
  public func register(_ name: String, at lsn: UInt64) throws(LogError) -> LogRetention {
    let number = state.withLock { () -> UInt64? in
      guard retentions.count < LogLimits.registrations else { return nil }
      retentionNumber += 1
      retentions[retentionNumber] = Registration(name: name, lsn: lsn)
      return retentionNumber
    }
    guard let number else {
      throw LogError(
        .tooLarge, "\(LogLimits.registrations) readers of the log are registered already: release some")
    }
    return LogRetention(name: name, log: self, number: number)
  }

  /// Who is registered, and from where they need frames.
  public var registrations: [(name: String, lsn: UInt64)] {
    state.withLock { retentions.values.map { ($0.name, $0.lsn) } }.sorted { $0.lsn < $1.lsn }
  }

  /// Gives up segments all of whose frames are at or below `lsn` and every registered position. A few files
  /// are kept to be used again, the others removed. Never gives up the current segment, nor the one before it
  /// while nothing behind it is durable.
  ///
  /// May be called from any thread.
  /// - Throws: `.ioFailed`: some segments may be gone and others not; calling again is safe.
  public func retire(through lsn: UInt64) throws(LogError) {
    try checkUsable()
    maintenance.lock()
    defer { maintenance.unlock() }
    let mark = durableLSN
    var renamed: [Spare] = []
    var wasTouched = false
    let c = configuration
    do throws(IOError) {
      while let segment = takeRetired(through: lsn, durable: mark) {
        segment.file.close()
        wasTouched = true
        let wanted = keepsSpares && spares.count + renamed.count < LogLimits.spareSegments
        if wanted, segment.header.size == c.sizes.largest {
          // A new number, because the old one may be in use by a segment that took its place.
          let path = c.path(SegmentName.spare(id, spareNumber))
          spareNumber += 1
          try c.fileSystem.rename(segment.finalPath, to: path)
          renamed.append(Spare(path: path, size: segment.header.size, isRecycled: true))
        } else {
          try c.fileSystem.remove(segment.finalPath)
        }
      }
      guard wasTouched else { return }
      // Before a file is used again its old name must be gone for good: after a crash a new segment under an
      // old name would look like damage.
      try c.fileSystem.syncDirectory(c.directory)
      spares += renamed
    } catch {
      throw .io(error, doing: "could not retire segments of the log through commit \(lsn)")
    }
  }

  /// The oldest segment, taken out of the list, when nothing needs it.
  private func takeRetired(through lsn: UInt64, durable: UInt64) -> Segment? {
    state.withLock {
      let needed = retentions.values.reduce(lsn) { min($0, $1.lsn) }
      guard segments.count > 1, let first = segments.first, segments[1].isActive, let last = first.lastLSN,
        last <= needed, last < durable
      else { return nil }
      return segments.removeFirst()
    }
  }
}

extension Log {
  /// The LSN from which on every frame is still there.
  public var firstRetainedLSN: UInt64 {
    state.withLock {
      guard let first = segments.first else { return firstLSN }
      // A later segment may begin in the middle of a commit, whose first parts are gone then.
      return first.header.firstLSN + (first.startsInside ? 1 : 0)
    }
  }

  /// The bytes that the log's segments take on the disk, without those that wait for another use.
  public var retainedBytes: UInt64 {
    state.withLock { segments.reduce(0) { $0 + ($1.isActive ? $1.header.size : 0) } }
  }

  /// How many segments hold the log.
  public var segmentCount: Int { state.withLock { segments.reduce(0) { $0 + ($1.isActive ? 1 : 0) } } }

  /// The bytes of files that are ready to be used, or used again, as segments.
  public var spareBytes: UInt64 {
    let waiting = maintenance.withLock { spares.reduce(0) { $0 + $1.size } }
    return waiting + state.withLock { prepared.reduce(0) { $0 + $1.size } }
  }
}
