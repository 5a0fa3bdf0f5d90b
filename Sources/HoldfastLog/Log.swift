import HoldfastIO
import Synchronization

/// An append-only log of frames: one per commit, in segment files, made durable group by group.
///
/// One caller appends at a time (under a lock of its own), one leader at a time writes and syncs; both may go
/// on together. Whatever ``sync()`` has made durable is found again by ``LogScan`` after any crash, and what
/// ``discard(from:)`` has taken back is not.
///
/// `@unchecked Sendable`: every mutable field is guarded by the latch named beside it. Latches are taken in
/// the order io, append, maintenance, state.
public final class Log: @unchecked Sendable {
  /// The log's name.
  public let id: LogID
  /// The epoch of every frame in it.
  public let epoch: UInt32
  /// The first LSN that this log can hold.
  public let firstLSN: UInt64

  let configuration: LogConfiguration

  // The latches see to it that nobody else looks while these change, so that need not be checked at run time.

  /// Guards `writer` and everything that writes frames.
  let io = Latch()
  var writer: Writer

  /// Guards `tail`.
  let appending = Latch()
  @exclusivity(unchecked) var tail: Tail

  /// Held while segments are prepared or retired; guards `spares`, `keepsSpares` and `spareNumber`.
  let maintenance = Latch()
  var keepsSpares = true
  var spares: [Spare] = []
  var spareNumber: UInt64

  /// Guards what follows; never held during a disk operation.
  let state = Latch()
  @exclusivity(unchecked) var segments: [Segment]
  @exclusivity(unchecked) var prepared: [Spare] = []
  var retentions: [UInt64: Registration] = [:]
  var retentionNumber: UInt64 = 0
  @exclusivity(unchecked) var buffers: [GroupBuffer] = []
  @exclusivity(unchecked) var failure: LogError?

  /// Set together with `failure`, so that the hot paths need no latch to see that there is none.
  let hasFailed = Atomic<Bool>(false)
  let durable: Atomic<UInt64>
  let appended: Atomic<UInt64>

  init(
    configuration: LogConfiguration, id: LogID, epoch: UInt32, firstLSN: UInt64, timestamp: Int64,
    segment: Segment, spareNumber: UInt64
  ) {
    self.configuration = configuration
    self.id = id
    self.epoch = epoch
    self.firstLSN = firstLSN
    self.spareNumber = spareNumber
    let start = UInt64(SegmentHeader.size)
    segments = [segment]
    writer = Writer(
      segment: segment, offset: start, chain: segment.header.previousCRC, lastLSN: firstLSN - 1)
    tail = Tail(segment: segment, offset: start, nextLSN: firstLSN, timestamp: timestamp)
    durable = Atomic(firstLSN - 1)
    appended = Atomic(firstLSN - 1)
  }

  /// The LSN of the last commit appended, or the one before ``firstLSN`` when there is none.
  public var lastLSN: UInt64 { appended.load(ordering: .acquiring) }

  /// The LSN up to which everything is known to be on the disk.
  public var durableLSN: UInt64 { durable.load(ordering: .acquiring) }

  /// The timestamp of the last commit appended; no later commit gets a smaller one.
  public var lastTimestamp: Int64 { appending.withLock { tail.timestamp } }
}

/// Where the next frame goes.
struct Tail {
  var segment: Segment
  var offset: UInt64
  var nextLSN: UInt64
  var timestamp: Int64
  /// Appended, not yet taken as a group.
  var pieces: [GroupPiece] = []
  var pendingBytes = 0
  var firstPending: UInt64?
  var generation: UInt64 = 0
}

/// Up to where frames are written.
struct Writer {
  var segment: Segment
  var offset: UInt64
  /// The checksum of the last frame.
  var chain: UInt32
  var lastLSN: UInt64
  /// Set when a write failed: nothing may follow a hole before the rest is discarded.
  var mustDiscard = false
  /// Full segments whose last frames are not yet below the durable LSN; their files are still open.
  var full: [Segment] = []
}

extension Log {
  /// Throws when the log was poisoned or closed.
  func checkUsable() throws(LogError) {
    guard hasFailed.load(ordering: .acquiring) else { return }
    let failure = state.withLock { self.failure }
    guard let failure else { return }
    if failure.code == .closed { throw failure }
    throw LogError(
      .poisoned,
      "the log takes nothing more since an earlier failure (\(failure.message)). "
        + "Close the database and open it again, which recovers it",
      file: failure.file, underlying: failure.underlying)
  }

  /// Refuses everything from now on. The first failure stays the reason.
  func poison(_ error: LogError) {
    state.withLock { if failure == nil { failure = error } }
    hasFailed.store(true, ordering: .releasing)
  }

  /// The failure that poisoned the log, if any.
  public var poisonedBy: LogError? {
    state.withLock { failure?.code == .closed ? nil : failure }
  }

  /// Closes the files. What was not synced may be lost; every further call fails. Closing twice does nothing.
  public func close() {
    poison(LogError(.closed, "the log is closed"))
    io.lock()
    appending.lock()
    maintenance.lock()
    let (open, ready) = state.withLock { (segments, prepared) }
    for segment in open { segment.file.close() }
    for spare in ready { spare.file?.close() }
    maintenance.unlock()
    appending.unlock()
    io.unlock()
  }
}
