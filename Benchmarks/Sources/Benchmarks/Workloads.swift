/// One thing that is measured: prepared outside the clock, then timed.
struct Workload {
  var name: String
  /// What one operation is, for the unit.
  var unit: String
  /// Runs against a fresh, empty database and returns operations and seconds.
  var run: (any Peer, [Record]) throws -> (operations: Int, seconds: Double)

  static func all(_ count: Int) -> [Workload] {
    [
      Workload(name: "single durable insert", unit: "documents/s") { peer, records in
        let part = records.prefix(max(1, count / 50))
        return (part.count, try seconds { for record in part { try peer.insert(record) } })
      },
      Workload(name: "durable batch of 100", unit: "documents/s") { peer, records in
        (records.count, try seconds { try batches(records, of: 100) { try peer.insert($0) } })
      },
      Workload(name: "durable batch of 1000", unit: "documents/s") { peer, records in
        (records.count, try seconds { try batches(records, of: 1000) { try peer.insert($0) } })
      },
      Workload(name: "sorted bulk load with checkpoint", unit: "documents/s") { peer, records in
        let sorted = records.sorted { $0.id < $1.id }
        let time = try seconds {
          try peer.load(sorted[...])
          try peer.checkpoint()
        }
        return (records.count, time)
      },
      Workload(name: "bulk load, random ids, with checkpoint", unit: "documents/s") { peer, records in
        let time = try seconds {
          try peer.load(records[...])
          try peer.checkpoint()
        }
        return (records.count, time)
      },
      Workload(name: "warm point read", unit: "reads/s") { peer, records in
        try peer.load(records[...])
        try peer.checkpoint()
        for record in records { _ = try peer.read(record) }
        var bytes = 0
        let time = try seconds { for record in records { bytes += try peer.read(record) } }
        guard bytes == records.reduce(0, { $0 + $1.bytes.count }) else {
          throw PeerError(description: "wrong data")
        }
        return (records.count, time)
      },
      Workload(name: "scan", unit: "documents/s") { peer, records in
        try peer.load(records[...])
        try peer.checkpoint()
        _ = try peer.scan()
        var bytes = 0
        let time = try seconds { bytes = try peer.scan() }
        guard bytes == records.reduce(0, { $0 + $1.bytes.count }) else {
          throw PeerError(description: "wrong data")
        }
        return (records.count, time)
      },
    ]
  }

  private static func batches(
    _ records: [Record], of size: Int, _ body: (ArraySlice<Record>) throws -> Void
  ) rethrows {
    for start in stride(from: 0, to: records.count, by: size) {
      try body(records[start..<min(start + size, records.count)])
    }
  }

  private static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let duration = try ContinuousClock().measure(body)
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
  }
}
