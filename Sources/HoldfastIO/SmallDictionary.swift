/// A dictionary that usually has a few keys: as long as they are few they are compared one by one, since hashing, and
/// the memory of a hash table, take longer.
public struct SmallDictionary<Key: Hashable, Value> {
  @usableFromInline var few: [(key: Key, value: Value)] = []
  @usableFromInline var many: [Key: Value] = [:]

  @inlinable static var limit: Int { 8 }

  /// Without keys.
  @inlinable public init() {}

  /// The value of a key; `nil` removes it.
  @inlinable
  public subscript(key: Key) -> Value? {
    get {
      if many.isEmpty { return few.first { $0.key == key }?.value }
      return many[key]
    }
    set {
      guard many.isEmpty else {
        many[key] = newValue
        return
      }
      if let place = few.firstIndex(where: { $0.key == key }) {
        if let newValue { few[place].value = newValue } else { few.remove(at: place) }
      } else if let newValue {
        guard few.count == Self.limit else { return few.append((key, newValue)) }
        for (key, value) in few { many[key] = value }
        many[key] = newValue
        few = []
      }
    }
  }

  /// Whether a condition holds for all keys and their values.
  @inlinable
  public func allSatisfy(_ condition: (Key, Value) -> Bool) -> Bool {
    few.allSatisfy { condition($0.key, $0.value) } && many.allSatisfy { condition($0.key, $0.value) }
  }
}

extension SmallDictionary: Sendable where Key: Sendable, Value: Sendable {}
