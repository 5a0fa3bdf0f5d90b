import Synchronization

/// Documents of a collection in the order of their ids, for `for try await`: the async form of ``Scan``.
///
///     for try await user in database.collection("users").stream(limit: 10) { print(user) }
///
/// The documents are read in portions on a thread of the database's own. All come from one state, that of the
/// moment at which the iteration begins; it is held until the iterator is released.
public struct DocumentStream: AsyncSequence, Sendable {
  private let collection: DocumentCollection
  private let options: ScanOptions

  init(_ collection: DocumentCollection, _ options: ScanOptions) {
    self.collection = collection
    self.options = options
  }

  /// Gives the documents of one iteration.
  public struct AsyncIterator: AsyncIteratorProtocol {
    private let database: Database
    private let reader: PortionReader
    private var portion: [Document] = []
    private var position = 0
    private var isAtEnd = false

    init(_ collection: DocumentCollection, _ options: ScanOptions) {
      database = collection.database
      reader = PortionReader(collection, options)
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
        portion = try await database.perform { () throws(HoldfastError) in try reader.read() }
        position = 0
        guard !portion.isEmpty else { return nil }
        isAtEnd = false
      }
      defer { position += 1 }
      return portion[position]
    }
  }

  /// Begins an iteration.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(collection, options) }
}

/// Reads the documents of one iteration, portion by portion.
private final class PortionReader: Sendable {
  private let collection: DocumentCollection
  private let options: ScanOptions
  private let iterator = Mutex<Scan.Iterator?>(nil)

  init(_ collection: DocumentCollection, _ options: ScanOptions) {
    self.collection = collection
    self.options = options
  }

  func read() throws(HoldfastError) -> [Document] {
    try iterator.withLock { (iterator) throws(HoldfastError) -> [Document] in
      var current = iterator ?? collection.scan(options).makeIterator()
      var portion: [Document] = []
      var bytes = 0
      while portion.count < DatabaseLimits.streamDocuments, bytes < DatabaseLimits.streamBytes,
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
