internal import HoldfastIO

/// Documents of a collection, in the order of their ids or those that a query finds, for `for try await`: the
/// async form of ``Scan``.
///
///     for try await user in database.collection("users").stream(["age": ["$gt": 30]]) { print(user) }
///
/// The documents are read in portions on a thread of the database's own. All come from one state, that of the
/// moment at which the iteration begins; it is held until the iterator is released.
public struct DocumentStream: AsyncSequence, Sendable {
  private let database: Database
  private let batchSize: Int
  private let scan: @Sendable () -> Scan

  init(_ database: Database, batchSize: Int? = nil, _ scan: @escaping @Sendable () -> Scan) {
    self.database = database
    self.batchSize = Swift.max(1, batchSize ?? DatabaseLimits.streamDocuments)
    self.scan = scan
  }

  /// Gives the documents of one iteration.
  public struct AsyncIterator: AsyncIteratorProtocol {
    private let database: Database
    private let reader: PortionReader
    private var portion: [Document] = []
    private var position = 0
    private var isAtEnd = false

    init(_ database: Database, _ batchSize: Int, _ scan: @escaping @Sendable () -> Scan) {
      self.database = database
      reader = PortionReader(batchSize, scan)
    }

    /// The next document; `nil` behind the last one. Nothing comes after an error.
    public mutating func next() async throws(HoldfastError) -> Document? {
      try await next(isolation: nil)
    }

    /// The next document; `nil` behind the last one. Nothing comes after an error.
    public mutating func next(isolation actor: isolated (any Actor)?) async throws(HoldfastError) -> Document?
    {
      if position == portion.count {
        guard !isAtEnd else { return nil }
        isAtEnd = true
        let reader = reader
        portion = try await database.look { () throws(HoldfastError) in try reader.read() }
        position = 0
        guard !portion.isEmpty else { return nil }
        isAtEnd = false
      }
      defer { position += 1 }
      return portion[position]
    }
  }

  /// Begins an iteration.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(database, batchSize, scan) }
}

/// Reads the documents of one iteration, portion by portion.
private final class PortionReader: Sendable {
  private let batchSize: Int
  private let scan: @Sendable () -> Scan
  private let iterator = Guarded<Scan.Iterator?>(nil)

  init(_ batchSize: Int, _ scan: @escaping @Sendable () -> Scan) {
    self.batchSize = batchSize
    self.scan = scan
  }

  func read() throws(HoldfastError) -> [Document] {
    try iterator.withLock { (iterator) throws(HoldfastError) -> [Document] in
      var current = iterator ?? scan().makeIterator()
      var portion: [Document] = []
      var bytes = 0
      while portion.count < batchSize, bytes < DatabaseLimits.streamBytes,
        let document = try current.nextDocument()
      {
        bytes += document.byteCount
        portion.append(document)
      }
      iterator = current
      return portion
    }
  }
}
