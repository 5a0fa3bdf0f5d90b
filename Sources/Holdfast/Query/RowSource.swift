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

/// A stage of a query that gives rows. It belongs to one thread, and is not asked for a row while it makes one.
class RowSource {
  @exclusivity(unchecked) var counts = StageCounts()

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

/// A stage that reads trees. What it does is a closure, because a closure is compiled for the reader that it was
/// made with, and the methods of a generic class are not.
class ScanSource: RowSource {
  private let step: (inout StageCounts) throws(HoldfastError) -> Row?

  init(_ step: @escaping (inout StageCounts) throws(HoldfastError) -> Row?) { self.step = step }

  final override func produce() throws(HoldfastError) -> Row? { try step(&counts) }
}

/// What became of a document that was looked at.
struct Verdict {
  /// The row that was made of it, when it matches.
  var row = Row()
  var isMatch = false
  /// Behind a reference, because it is large and hardly ever there.
  private(set) var failure: Failure?

  final class Failure {
    let error: HoldfastError
    init(_ error: HoldfastError) { self.error = error }
  }

  mutating func fail(_ error: HoldfastError) { failure = Failure(error) }
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

  /// Looks at a document.
  func judge(
    _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ verdict: inout Verdict
  ) {
    guard let raw = RawDocument(value) else {
      verdict.fail(malformed)
      return
    }
    do throws(QueryError) {
      if needsPosition {
        let found = try filter.match(raw)
        guard found.matches else { return }
        verdict.row.position = found.arrayIndex
      } else if !isTrivial {
        guard try filter.matches(raw) else { return }
      }
    } catch {
      verdict.fail(HoldfastError(error, collection: name.text))
      return
    }
    if contents != .nothing { verdict.row.document = Document(trusted: [UInt8](value)) }
    if contents == .documentAndKey { verdict.row.key = [UInt8](key) }
    verdict.isMatch = true
  }

  private var malformed: HoldfastError {
    HoldfastError(
      .corrupted, "a document of collection \(quoted(name.text)) is malformed: run 'holdfast verify'",
      collection: name.text)
  }
}
