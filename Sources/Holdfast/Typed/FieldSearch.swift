/// The search for the place in documents where there always is the value of a key path, or one that compares as
/// equal to it.
struct FieldSearch {
  enum Outcome: Equatable {
    case found(String)
    /// There is one place, but its value never changed, so that may be chance.
    case constant(String)
    case none
    case several([String])
    /// There is one place, and no path in MongoDB's language leads to it.
    case unnameable
  }

  let result: Outcome

  /// Looks in samples of a type.
  /// - Throws: when the key path's value does not encode.
  init<Element, Value: Encodable>(
    _ keyPath: KeyPath<Element, Value>, _ samples: [ProbeSamples<Element>.Sample]
  ) throws(HoldfastError) {
    var places: [[String]]?
    var values: Set<BSONValue> = []
    var seen: [(value: BSONValue, document: Document)] = []
    for sample in samples {
      let value = try FieldValue.encoded(sample.element[keyPath: keyPath])
      values.insert(value)
      seen.append((value, sample.document))
      // A value that is nil is not stored anywhere, so the search begins where there is one. What comes later
      // is only applied when there is still a place, since a computed property may not be made for it.
      if places == nil, !value.isNull { places = Self.places(of: value, in: sample.document) }
      if let known = places {
        places = known.filter { Self.has(sample.document, value, at: $0) }
        if places?.isEmpty == true { break }
      }
    }
    let found = (places ?? []).filter { place in
      seen.allSatisfy { Self.has($0.document, $0.value, at: place) }
    }
    let paths = found.map { $0.joined(separator: ".") }
    switch found.count {
    case 0: result = .none
    case 1 where !found[0].allSatisfy(Self.isNameable): result = .unnameable
    case 1: result = values.count > 1 ? .found(paths[0]) : .constant(paths[0])
    default: result = .several(paths)
    }
  }

  private static func isNameable(_ name: String) -> Bool {
    !name.isEmpty && !name.contains(".") && !name.hasPrefix("$")
  }

  /// The places in a document, also in documents inside it, but not in arrays, that have a value.
  private static func places(of value: BSONValue, in document: Document) -> [[String]] {
    document.flatMap { name, stored -> [[String]] in
      var found: [[String]] = BSONOrdering.compare(stored, value) == 0 ? [[name]] : []
      if case .document(let inner) = stored {
        found += places(of: value, in: inner).map { [name] + $0 }
      }
      return found
    }
  }

  /// Whether a document has a value at a place; null may be missing.
  private static func has(_ document: Document, _ value: BSONValue, at place: [String]) -> Bool {
    var stored: BSONValue? = .document(document)
    for name in place {
      guard case .document(let inner)? = stored else {
        stored = nil
        break
      }
      stored = inner[name]
    }
    guard let stored else { return value.isNull }
    return value.isNull ? stored.isNull : BSONOrdering.compare(stored, value) == 0
  }
}
