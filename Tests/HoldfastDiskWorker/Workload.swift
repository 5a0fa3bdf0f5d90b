import Holdfast
import HoldfastTestSupport

/// What the worker writes. A step is one transaction, and what it changes follows from a seed, the lane and
/// the number of the step alone. So whoever knows the last step that survived knows every document.
package struct Workload: Sendable {
  /// How large the steps are.
  package enum Shape: String, Sendable {
    /// One document of a few hundred bytes.
    case small
    /// Mostly small documents; now and then a large one, a batch, or deletes.
    case mixed
    /// Mostly documents of many pages.
    case large
  }

  /// A document that a step writes or removes.
  package enum Change: Sendable {
    case put(id: Int, bytes: Int, fill: UInt64)
    case delete(id: Int)
  }

  package let seed: UInt64
  package let shape: Shape
  /// Ids are below this, so that documents are overwritten and the database stops growing at some time.
  package static let ids = 200

  package init(seed: UInt64, shape: Shape) {
    self.seed = seed
    self.shape = shape
  }

  /// What a step changes.
  package func changes(lane: Int, step: Int) -> [Change] {
    var random = SplitMix64(seed: seed ^ UInt64(lane) << 56 ^ UInt64(step) &* 0x9E37_79B9)
    let kind = random.below(100)
    var count = 1
    var bytes = 20...300
    switch shape {
    case .small: break
    case .mixed where kind < 10: count = 30
    case .mixed where kind < 20: bytes = 3_000...40_000
    case .mixed: count = 1 + random.below(3)
    case .large: bytes = 10_000...80_000
    }
    return (0..<count).map { _ in
      let id = random.below(Workload.ids)
      if shape != .small, random.chance(0.15) { return .delete(id: id) }
      return .put(id: id, bytes: bytes.lowerBound + random.below(bytes.count), fill: random.next())
    }
  }

  /// The document that a change puts.
  package static func document(id: Int, bytes: Int, fill: UInt64, step: Int) -> Document {
    var random = SplitMix64(seed: fill)
    var data: [UInt8] = []
    data.reserveCapacity(bytes + 8)
    while data.count < bytes { withUnsafeBytes(of: random.next().littleEndian) { data += $0 } }
    return [
      "_id": .int64(Int64(id)), "step": .int64(Int64(step)),
      "data": .binary(BSONBinary(Array(data.prefix(bytes)))),
    ]
  }

  // MARK: Names

  /// The collection of a lane.
  package static func collection(_ lane: Int) -> String { "lane\(lane)" }
  /// The id of the document in a lane's collection that says which step was its last.
  package static let head: Int64 = -1
  /// The collection that counts the steps of all lanes. It is in the weakest mode, so that it adds nothing to
  /// the mode of a lane's transactions.
  package static let order = "order"

  /// Writes a step.
  package func apply(lane: Int, step: Int, to database: Database) throws {
    let changes = changes(lane: lane, step: step)
    try database.write { transaction in
      let documents = transaction.collection(Workload.collection(lane))
      for change in changes {
        switch change {
        case .put(let id, let bytes, let fill):
          let document = Workload.document(id: id, bytes: bytes, fill: fill, step: step)
          try documents.replace(id: .int64(Int64(id)), with: document, upsert: true)
        case .delete(let id): try documents.delete(id: .int64(Int64(id)))
        }
      }
      let order = transaction.collection(Workload.order)
      let count = try order.fetch(id: .int64(0))?["count"]?.int64Value ?? 0
      try order.replace(id: .int64(0), with: ["count": .int64(count + 1)], upsert: true)
      try documents.replace(
        id: .int64(Workload.head), with: ["step": .int64(Int64(step))], upsert: true)
    }
  }
}
