/// What is sorted: a payload, and the key whose bytes say where it belongs.
struct SortRecord {
  let key: [UInt8]
  let payload: [UInt8]
  /// Of records with the same key, the one with the lower number comes first.
  var sequence: UInt64

  /// About how much memory it takes: the bytes, two headers of arrays, and its place in a list.
  var memory: Int { key.count + payload.count + 104 }

  /// Whether it comes before another one.
  func comesBefore(_ other: SortRecord) -> Bool {
    let order = SortRecord.compare(key, other.key)
    return order != 0 ? order < 0 : sequence < other.sequence
  }

  /// Compares two keys.
  static func compare(_ left: [UInt8], _ right: [UInt8]) -> Int {
    left.withBytes { left in right.withBytes { right in compareBytes(left, right) } }
  }
}

/// The records of a sort that are in memory: all of them, or the first of them when there is a limit.
struct SortBuffer {
  /// How many records are wanted at most.
  private let limit: Int
  private var all: [SortRecord] = []
  /// With a limit: the wanted records, the last of them on top.
  private var best = BinaryHeap<SortRecord> { $1.comesBefore($0) }
  /// About how much memory the records take.
  private(set) var memory = 0

  init(limit: Int?) { self.limit = limit ?? .max }

  var isEmpty: Bool { all.isEmpty && best.elements.isEmpty }

  /// Adds a record; forgets the last one when there are more than wanted.
  mutating func insert(_ record: SortRecord) {
    guard limit < .max else {
      all.append(record)
      memory += record.memory
      return
    }
    if best.elements.count < limit {
      best.insert(record)
    } else {
      guard let last = best.first, record.comesBefore(last) else { return }
      best.replaceFirst(with: record)
      memory -= last.memory
    }
    memory += record.memory
  }

  /// Takes all records out, in order.
  mutating func removeAll() -> [SortRecord] {
    var records = limit < .max ? best.removeAll() : all
    all = []
    memory = 0
    records.sort { $0.comesBefore($1) }
    return records
  }
}
