import HashTreeCollections

/// The roots of all trees, by their numbers: what a version is.
///
/// A few are an array, which is copied when a version's are changed: that takes less time than a change of a persistent
/// hash table. More than a few are one of those, of which most is shared.
struct TreeMap: Sendable {
  private var few: [TreeRoot] = []
  private var many: TreeDictionary<UInt64, TreeRoot> = [:]

  private static let limit = 24

  var count: Int { few.count + many.count }
  var values: [TreeRoot] { few + many.values }

  subscript(id: UInt64) -> TreeRoot? {
    get {
      for tree in few where tree.id == id { return tree }
      return many.isEmpty ? nil : many[id]
    }
    set {
      guard many.isEmpty else {
        many[id] = newValue
        return
      }
      if let place = few.firstIndex(where: { $0.id == id }) {
        if let newValue { few[place] = newValue } else { few.remove(at: place) }
      } else if let newValue {
        few.append(newValue)
        if few.count > TreeMap.limit {
          for tree in few { many[tree.id] = tree }
          few = []
        }
      }
    }
  }
}
