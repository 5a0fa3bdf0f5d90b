import BSON

/// The values that MongoDB's `distinct` finds in a document.
public enum Distinct {
  /// The values at the end of a path, in the order of the document and with repetitions. An array there counts
  /// as its elements, and one on the way as each of the documents in it; behind an array, digits in the path
  /// mean the element at that place.
  public static func values(at path: FieldPath, in document: RawDocument) -> [BSONValue] {
    var values: [BSONValue] = []
    collect(path.parts[...], in: RawValue(type: .document, bytes: document.bytes), into: &values, depth: 1)
    return values
  }

  private static func collect(
    _ path: ArraySlice<FieldPath.Part>, in value: RawValue, into values: inout [BSONValue], depth: Int
  ) {
    guard let part = path.first else { return append(value, to: &values) }
    guard depth <= BSONLimits.maximumDepth, let content = value.document else { return }
    func goOn(_ next: RawValue?) {
      guard let next else { return }
      collect(path.dropFirst(), in: next, into: &values, depth: depth + 1)
    }
    if value.type == .document {
      goOn(part.name.withUnsafeBytes { content.value(forKey: $0) })
    } else if !part.name.isEmpty, part.name.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) {
      goOn(part.index.flatMap { content.value(at: $0) })
    } else {
      for element in content where element.value.type == .document {
        guard let document = element.value.document else { continue }
        goOn(part.name.withUnsafeBytes { document.value(forKey: $0) })
      }
    }
  }

  /// Appends a value, or the elements of an array.
  private static func append(_ value: RawValue, to values: inout [BSONValue]) {
    guard value.type == .array, let array = value.document else {
      if let value = BSONValue(value) { values.append(value) }
      return
    }
    for element in array {
      if let value = BSONValue(element.value) { values.append(value) }
    }
  }
}
