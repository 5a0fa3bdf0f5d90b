import HoldfastIO

extension Log {
  /// Hands the commits from `lsn` on that are durable when the call begins to `body`, in order, until it
  /// returns `false`. For archives and replicas: a commit that might still be lost is never among them.
  ///
  /// May be called from any thread; the segments stay until it returns.
  /// - Throws: What `body` throws; `LogError` with `.notRetained` when `lsn` has been retired, `.ioFailed`,
  ///   `.damaged`, `.authenticationFailed`.
  public func read(from lsn: UInt64, _ body: (RecoveredFrame) throws -> Bool) throws {
    if let failure = state.withLock({ failure }), failure.code == .closed { throw failure }
    let last = durableLSN
    let wanted = max(lsn, firstLSN)
    let retention = try register("a reader", at: wanted - 1)
    defer { retention.release() }
    guard wanted >= firstRetainedLSN else {
      throw LogError(
        .notRetained,
        "commit \(wanted) is no longer in the log, which begins with \(firstRetainedLSN): "
          + "take it from the archive, or start from a newer snapshot",
        lsns: wanted...firstRetainedLSN)
    }
    guard wanted <= last else { return }
    let found = state.withLock {
      let active = segments.filter { $0.isActive }
      let start = active.lastIndex { $0.header.firstLSN < wanted } ?? active.startIndex
      return active[start...].map { FoundSegment(path: $0.finalPath, header: $0.header) }
    }
    try ChainReader(configuration: configuration, segments: found).read(
      after: wanted - 1, through: last, body)
  }
}
