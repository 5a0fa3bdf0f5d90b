/// A dictionary that usually has a few keys: as long as they are few they are compared one by one, since hashing, and
/// the memory of a hash table, take longer. One key alone takes no memory of its own.
public struct SmallDictionary<Key: Hashable, Value> {
  // A tuple would be copied and destroyed by way of its metadata.
  @usableFromInline
  struct Entry {
    @usableFromInline let key: Key
    @usableFromInline var value: Value

    @inlinable
    init(key: Key, value: Value) {
      self.key = key
      self.value = value
    }
  }

  @usableFromInline var first: Entry?
  @usableFromInline var few: [Entry] = []
  @usableFromInline var many: [Key: Value] = [:]

  @inlinable static var limit: Int { 8 }

  /// Without keys.
  @inlinable public init() {}

  /// The value of a key; `nil` removes it.
  @inlinable
  public subscript(key: Key) -> Value? {
    get {
      if let first, first.key == key { return first.value }
      if many.isEmpty { return few.first { $0.key == key }?.value }
      return many[key]
    }
    set {
      if let first, first.key == key {
        self.first = newValue.map { Entry(key: key, value: $0) }
      } else if !many.isEmpty {
        many[key] = newValue
      } else if let place = few.firstIndex(where: { $0.key == key }) {
        if let newValue { few[place].value = newValue } else { few.remove(at: place) }
      } else if let newValue {
        add(key, newValue)
      }
    }
  }

  @inlinable
  mutating func add(_ key: Key, _ value: Value) {
    if first == nil {
      first = Entry(key: key, value: value)
    } else if few.count < Self.limit {
      few.append(Entry(key: key, value: value))
    } else {
      for entry in few { many[entry.key] = entry.value }
      many[key] = value
      few = []
    }
  }

  /// Whether a condition holds for all keys and their values.
  @inlinable
  public func allSatisfy(_ condition: (Key, Value) -> Bool) -> Bool {
    (first.map { condition($0.key, $0.value) } ?? true) && few.allSatisfy { condition($0.key, $0.value) }
      && many.allSatisfy { condition($0.key, $0.value) }
  }
}

extension SmallDictionary.Entry: Sendable where Key: Sendable, Value: Sendable {}
extension SmallDictionary: Sendable where Key: Sendable, Value: Sendable {}
