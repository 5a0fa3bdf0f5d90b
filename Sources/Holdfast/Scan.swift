internal import HoldfastEngine

/// Documents of a collection, read one by one as they are asked for: all in the order of their ids, or those that
/// a query finds.
///
/// MongoDB's order across types holds: numbers by value, then strings by bytes, and so on. The state that is
/// read is that of the moment at which an iteration begins, whatever is written meanwhile; its pages cannot
/// be used again until the iterator is released, so do not keep one for long. An element is a result because
/// reading may fail, for example over a damaged page; nothing comes after a failure.
///
///     for result in database.collection("users").scan(limit: 10) {
///       print(try result.get())
///     }
public struct Scan: Sequence {
  private let begin: () throws(HoldfastError) -> DocumentSource

  init(_ begin: @escaping () throws(HoldfastError) -> DocumentSource) { self.begin = begin }

  /// Gives the documents of one iteration.
  public struct Iterator: IteratorProtocol {
    private var source: DocumentSource?

    init(_ begin: () throws(HoldfastError) -> DocumentSource) {
      do throws(HoldfastError) {
        source = try begin()
      } catch {
        source = FailedSource(error)
      }
    }

    /// The next document, or why it could not be read; `nil` behind the last one or behind a failure.
    public mutating func next() -> Result<Document, HoldfastError>? {
      do throws(HoldfastError) {
        return try nextDocument().map { .success($0) }
      } catch {
        return .failure(error)
      }
    }

    /// The next document; `nil` behind the last one or behind a failure.
    public mutating func nextDocument() throws(HoldfastError) -> Document? {
      do throws(HoldfastError) {
        if let document = try source?.next() { return document }
        source = nil
        return nil
      } catch {
        source = nil
        throw error
      }
    }
  }

  /// Begins an iteration.
  public func makeIterator() -> Iterator {
    Iterator(begin)
  }

  /// All the documents in an array. For a collection that may be large, iterate instead.
  public func documents() throws(HoldfastError) -> [Document] {
    var iterator = makeIterator()
    var result: [Document] = []
    while let document = try iterator.nextDocument() { result.append(document) }
    return result
  }

  /// Calls `body` with each document; stops when it throws.
  func run(_ body: (Document) throws -> Void) throws {
    var iterator = makeIterator()
    while let document = try iterator.nextDocument() { try body(document) }
  }
}

/// Where a scan's documents come from: here, from one document at most.
class DocumentSource {
  private var document: Document?

  init(_ document: Document? = nil) { self.document = document }

  /// The next document; `nil` behind the last one.
  func next() throws(HoldfastError) -> Document? { document.take() }
}

/// What is left of an iteration that could not begin.
private final class FailedSource: DocumentSource {
  private let error: HoldfastError

  init(_ error: HoldfastError) { self.error = error }

  override func next() throws(HoldfastError) -> Document? { throw error }
}
