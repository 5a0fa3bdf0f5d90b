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
      let names = try FilterNames.firstParts(of: document, at: "An array filter")
      guard let name = names.first, names.count == 1 else {
        let found = names.isEmpty ? "none" : names.sorted().map(quoted).joined(separator: ", ")
        throw QueryError(
          .invalidArgument,
          "An array filter must be about one name, the one inside '$[…]'; this one has \(found).",
          .failedToParse)
      }
      guard Self.isIdentifier(name) else {
        throw QueryError(
          .invalidArgument,
          "An array filter's name must begin with a small letter and go on with letters and digits; "
            + "\(quoted(name)) does not.")
      }
      if filters.updateValue(try Filter(document), forKey: name) != nil {
        throw QueryError(
          .invalidArgument, "There are several array filters for \(quoted(name)); combine them with $and.",
          .failedToParse)
      }
    }
  }

  /// The filter of a name, or nil.
  subscript(_ identifier: String) -> Filter? { filters[identifier] }

  /// A name that is not among those, or nil.
  func unused(_ used: Set<String>) -> String? {
    filters.keys.sorted().first { !used.contains($0) }
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

/// The fields that a filter is about, where only filters about fields make sense.
enum FilterNames {
  /// The first parts of all paths in a filter.
  /// - Parameter place: where the filter stands, for errors.
  static func firstParts(of filter: Document, at place: String) throws(QueryError) -> Set<String> {
    var names: Set<String> = []
    try collect(filter, into: &names, place, depth: 1)
    return names
  }

  private static func collect(
    _ filter: Document, into names: inout Set<String>, _ place: String, depth: Int
  ) throws(QueryError) {
    guard depth <= QueryLimits.maximumDepth else {
      throw QueryError(.limitExceeded, "\(place) nests deeper than \(QueryLimits.maximumDepth) operators.")
    }
    for (key, value) in filter {
      switch key {
      case "$and", "$or", "$nor":
        for case .document(let inner) in value.arrayValue ?? [] {
          try collect(inner, into: &names, place, depth: depth + 1)
        }
      case "$comment":
        break
      default:
        if key.utf8.first == UInt8(ascii: "$") {
          throw QueryError(
            .unknownOperator, "\(place) cannot use \(quoted(key)) where the name of a field stands.")
        }
        names.insert(FieldPath(key).parts[0].text)
      }
    }
  }
}
