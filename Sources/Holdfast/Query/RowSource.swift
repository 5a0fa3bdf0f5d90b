internal import HoldfastEngine
internal import HoldfastQuery

/// A document on its way through a query.
struct Row {
  /// The key that it is stored under; empty unless it was asked for.
  var key: [UInt8] = []
  /// Empty when only the number of rows matters.
  var document = Document()
  /// The place of the array element that made the filter true, for the positional operator.
  var position: Int?
}

/// What is wanted of each row.
enum RowContents {
  /// Nothing but that it is there.
  case nothing
  /// The document.
  case document
  /// The document and its key.
  case documentAndKey
}

/// What a stage of a query did.
struct StageCounts {
  var keysExamined = 0
  var documentsExamined = 0
  var returned = 0
  /// Time in this stage and those that feed it.
  var nanoseconds: UInt64 = 0
}

/// A stage of a query that gives rows.
class RowSource {
  var counts = StageCounts()

  /// The next row; `nil` behind the last one.
  final func next() throws(HoldfastError) -> Row? {
    guard let clock else {
      let row = try produce()
      if row != nil { counts.returned += 1 }
      return row
    }
    let begin = clock()
    defer { counts.nanoseconds += clock() &- begin }
    let row = try produce()
    if row != nil { counts.returned += 1 }
    return row
  }

  /// Set when time is to be measured.
  var clock: (() -> UInt64)?

  /// Finds the next row.
  func produce() throws(HoldfastError) -> Row? { nil }

  /// The stages that feed this one.
  var inputs: [RowSource] { [] }

  /// What `explain` says of the stage.
  func describe() -> (stage: String, details: Document) { ("NOTHING", [:]) }

  /// Measures time in this stage and those that feed it.
  final func measure(_ clock: @escaping () -> UInt64) {
    self.clock = clock
    for input in inputs { input.measure(clock) }
  }
}

/// What became of a document that was looked at.
enum Verdict {
  case match(Row)
  case noMatch
  case failure(HoldfastError)
}

/// Decides about one document and makes a row of it.
struct RowFilter {
  let filter: Filter
  /// A filter that lets everything pass need not be asked.
  private(set) var isTrivial: Bool
  let contents: RowContents
  let needsPosition: Bool
  let name: CollectionName

  init(_ query: Query, _ contents: RowContents, needsPosition: Bool, _ name: CollectionName) {
    filter = query.filter
    isTrivial = query.filter.document.isEmpty
    self.contents = contents
    self.needsPosition = needsPosition
    self.name = name
  }

  /// The same for documents that are known to match.
  var withoutFilter: RowFilter {
    var result = self
    result.isTrivial = true
    return result
  }

  func verdict(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Verdict {
    guard let raw = RawDocument(value) else { return .failure(malformed) }
    var row = Row()
    do throws(QueryError) {
      if needsPosition {
        let found = try filter.match(raw)
        guard found.matches else { return .noMatch }
        row.position = found.arrayIndex
      } else if !isTrivial {
        guard try filter.matches(raw) else { return .noMatch }
      }
    } catch {
      return .failure(HoldfastError(error, collection: name.text))
    }
    switch contents {
    case .nothing: break
    case .document: row.document = Document(trusted: [UInt8](value))
    case .documentAndKey:
      row.document = Document(trusted: [UInt8](value))
      row.key = [UInt8](key)
    }
    return .match(row)
  }

  private var malformed: HoldfastError {
    HoldfastError(
      .corrupted, "a document of collection \(quoted(name.text)) is malformed: run 'holdfast verify'",
      collection: name.text)
  }
}
