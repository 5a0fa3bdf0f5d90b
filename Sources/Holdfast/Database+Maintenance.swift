internal import HoldfastEngine

extension Database {
  /// Makes everything that was acknowledged so far durable, in every mode.
  /// - Throws: ``HoldfastError/Code/outcomeUnknown``, ``HoldfastError/Code/diskFull``,
  ///   ``HoldfastError/Code/readOnly``, ``HoldfastError/Code/closed``, ``HoldfastError/Code/ioFailed``.
  public func persist() throws(HoldfastError) {
    try refuseInsideWrite("persist()")
    try translating { () throws(StorageError) in try storage.persist() }
  }

  /// Writes the newest state to the data file, so that recovery would have nothing to replay, and lets the
  /// log shrink. Happens by itself, too, as often as ``DatabaseOptions/logBudget`` asks. Everything
  /// acknowledged before is durable afterwards, in every mode. Others read and write meanwhile.
  /// - Throws: as ``persist()``.
  public func checkpoint() throws(HoldfastError) {
    try refuseInsideWrite("checkpoint()")
    try translating { () throws(StorageError) in try storage.checkpoint() }
  }

  /// Closes the database: everything is durable in one file, the folder beside it is gone, the lock is free.
  /// Waits for transactions that are running; whatever is called later fails with
  /// ``HoldfastError/Code/closed``. When it throws, the lock is free all the same, and the next opening
  /// recovers what was acknowledged. It throws ``HoldfastError/Code/outcomeUnknown`` after a failed sync: see
  /// ``failure``. Closing twice does nothing.
  public func close() throws(HoldfastError) {
    try refuseInsideWrite("close()")
    try translating { () throws(StorageError) in try storage.close() }
  }
}
