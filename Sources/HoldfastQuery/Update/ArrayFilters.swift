import BSON

/// The filters behind `$[name]`, by their names.
struct ArrayFilters: Sendable {
  private var filters: [String: Filter] = [:]

  /// Reads the filters; each is about one name, that of its fields' first part.
  init(_ documents: [Document]) throws(QueryError) {
    for document in documents {
      do {
        try document.validate()
      } catch {
        throw QueryError(.invalidArgument, "The array filter is no well-formed document: \(error.message)")
      }
      var names: Set<String> = []
      try Self.collectNames(document, into: &names, depth: 1)
      guard let name = names.first, names.count == 1 else {
        let found = names.isEmpty ? "none" : names.sorted().map(quoted).joined(separator: ", ")
        throw QueryError(
          .invalidArgument,
          "An array filter must be about one name, the one inside '$[…]'; this one has \(found).")
      }
      guard Self.isIdentifier(name) else {
        throw QueryError(
          .invalidArgument,
          "An array filter's name must begin with a small letter and go on with letters and digits; "
            + "\(quoted(name)) does not.")
      }
      if filters.updateValue(try Filter(document), forKey: name) != nil {
        throw QueryError(
          .invalidArgument, "There are several array filters for \(quoted(name)); combine them with $and.")
      }
    }
  }

  /// The filter of a name, or nil.
  subscript(_ identifier: String) -> Filter? { filters[identifier] }

  /// A name that is not among those, or nil.
  func unused(_ used: Set<String>) -> String? {
    filters.keys.sorted().first { !used.contains($0) }
  }

  /// Collects the first parts of all paths in a filter.
  private static func collectNames(
    _ filter: Document, into names: inout Set<String>, depth: Int
  ) throws(QueryError) {
    guard depth <= QueryLimits.maximumDepth else {
      throw QueryError(
        .limitExceeded, "An array filter nests deeper than \(QueryLimits.maximumDepth) operators.")
    }
    for (key, value) in filter {
      switch key {
      case "$and", "$or", "$nor":
        for inner in value.arrayValue ?? [] {
          guard let inner = inner.documentValue else { continue }
          try collectNames(inner, into: &names, depth: depth + 1)
        }
      case "$comment":
        break
      default:
        if key.utf8.first == UInt8(ascii: "$") {
          throw QueryError(
            .unknownOperator, "An array filter cannot use \(quoted(key)) in front of a field's name.")
        }
        names.insert(FieldPath(key).parts[0].text)
      }
    }
  }

  private static func isIdentifier(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    let small = UInt8(ascii: "a")...UInt8(ascii: "z")
    guard let first = bytes.first, small.contains(first) else { return false }
    return bytes.allSatisfy {
      small.contains($0) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
    }
  }
}
