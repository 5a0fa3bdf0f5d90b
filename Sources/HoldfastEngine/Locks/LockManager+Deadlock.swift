import Synchronization

// Everything here is called under all latches.
extension LockManager {
  /// Ends one member of each cycle that a request has closed, until there is none or the request itself was
  /// decided.
  ///
  /// **Every cycle is found in the moment in which it closes**, so that outside of this there are none. The
  /// nodes of the graph are the owners that wait, each with one request; its edges are those of
  /// ``forEachBlocker(of:_:)``. A cycle can only close when an edge is added, and edges are added only so:
  ///
  /// 1. An owner begins to wait: all edges from it, and, when it is put in line before others (an upgrade),
  ///    edges from those to it. Every new edge has this owner at one end, so every new cycle goes through it:
  ///    the search from it, which is this one, finds it.
  /// 2. An owner gets a lock which others wait for: edges from those to it. It does not wait then, no edge
  ///    leaves it, and no cycle goes through it. When it waits later, that is the first case.
  ///
  /// When a request leaves a queue, edges only go: the edges to one that was granted stay, now as edges to a
  /// holder. And the exception for requests that wait for the same owner depends on what that owner holds,
  /// which does not change while it waits.
  func breakCycles(through request: LockRequest) {
    while request.outcome == nil, let cycle = findCycle(through: request) {
      guard let victim = chooseVictim(cycle) else { return }
      deadlocks.add(1, ordering: .relaxed)
      withdraw(victim, with: deadlockError(cycle, victim))
    }
  }

  /// A shortest cycle of the wait-for graph through a request, which is its first member; each waits for the
  /// next, and the last for the first. Breadth first, so that nobody is ended who is not needed for it.
  private func findCycle(through request: LockRequest) -> [LockRequest]? {
    lastVisit += 1
    var reached: [(request: LockRequest, from: Int)] = [(request, -1)]
    var next = 0
    var isClosed = false
    while next < reached.count {
      forEachBlocker(of: reached[next].request) { owner in
        if owner === request.owner {
          isClosed = true
          return false
        }
        if owner.visit != lastVisit {
          owner.visit = lastVisit
          if let other = owner.request { reached.append((other, next)) }
        }
        return true
      }
      if isClosed {
        var cycle: [LockRequest] = []
        while next >= 0 {
          cycle.append(reached[next].request)
          next = reached[next].from
        }
        return cycle.reversed()
      }
      next += 1
    }
    return nil
  }

  private func chooseVictim(_ cycle: [LockRequest]) -> LockRequest? {
    cycle.min { a, b in
      let (a, b) = (a.owner, b.owner)
      switch options.victim {
      case .youngest: return a.age > b.age
      case .oldest: return a.age < b.age
      case .fewestLocks: return (a.lockCount, b.age) < (b.lockCount, a.age)
      case .mostLocks: return (b.lockCount, b.age) < (a.lockCount, a.age)
      }
    }
  }

  private func deadlockError(_ cycle: [LockRequest], _ victim: LockRequest) -> StorageError {
    let edges = cycle.indices.map { index in
      let request = cycle[index]
      return LockCycleEdge(
        transaction: request.owner.transaction, tree: request.tree, kind: request.kind, mode: request.mode,
        blocker: cycle[(index + 1) % cycle.count].owner.transaction)
    }
    let shown = edges.prefix(LockManager.describedEdges).map(\.description).joined(separator: ", ")
    let others = edges.count - LockManager.describedEdges
    var error = StorageError(
      .deadlock,
      """
      transaction \(victim.owner.transaction) was chosen to end a deadlock of \(edges.count): \(shown)\
      \(others > 0 ? " and \(others) others" : ""); roll it back and try it again
      """)
    error.cycle = edges
    return error
  }

  /// How many members of a cycle a message describes at most.
  private static var describedEdges: Int { 10 }
}
