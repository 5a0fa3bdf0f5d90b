/// Which transaction must come before which, and why.
///
/// The nodes are the transactions by their numbers, and after them the moments of a timeline: every transaction
/// that was acknowledged leads to the moment when it was, every moment to the next, and the last moment before
/// a transaction began to that transaction. So real time costs four edges for a transaction instead of one for
/// every pair.
struct DependencyGraph {
  /// Kinds of edges, to select some. Each edge has one.
  struct Kinds: OptionSet {
    let rawValue: UInt8
    static let ww = Kinds(rawValue: 1)
    static let wr = Kinds(rawValue: 2)
    /// From a reader that is held to `snapshot`.
    static let rwOfSnapshot = Kinds(rawValue: 4)
    /// From a reader that is held to `serializable`.
    static let rwOfSerializable = Kinds(rawValue: 8)
    static let realTime = Kinds(rawValue: 16)

    static let rw: Kinds = [.rwOfSnapshot, .rwOfSerializable]
    static let all: Kinds = [.ww, .wr, .rw, .realTime]
  }

  struct Edge {
    var from, to: Int
    var kind: Kinds
    /// The key itself; without meaning for real time.
    var key: Int
  }

  let nodeCount: Int
  /// Sorted by the node that they leave.
  let edges: [Edge]
  /// Where a node's edges begin; one more than there are nodes.
  private let starts: [Int]

  init(nodeCount: Int, edges unsorted: [Edge]) {
    self.nodeCount = nodeCount
    var starts = Array(repeating: 0, count: nodeCount + 1)
    for edge in unsorted { starts[edge.from + 1] += 1 }
    for node in 0..<nodeCount { starts[node + 1] += starts[node] }
    var next = starts
    var edges = unsorted
    for edge in unsorted {
      edges[next[edge.from]] = edge
      next[edge.from] += 1
    }
    self.starts = starts
    self.edges = edges
  }

  /// The places in ``edges`` of those that leave a node.
  func edges(from node: Int) -> Range<Int> { starts[node]..<starts[node + 1] }
}

extension DependencyGraph {
  /// A graph whose cycles are the cycles of this one in which no two rw follow each other: the ones that
  /// snapshot isolation forbids. A. Cerone and A. Gotsman, "Analysing Snapshot Isolation", PODC 2016.
  ///
  /// It has every node twice. The second, whose number is greater by ``nodeCount``, is where an rw leads to,
  /// and no rw leaves it.
  func withoutAdjacentReads() -> DependencyGraph {
    var twice: [Edge] = []
    twice.reserveCapacity(edges.count * 2)
    for edge in edges {
      if Kinds.rw.contains(edge.kind) {
        twice.append(Edge(from: edge.from, to: edge.to + nodeCount, kind: edge.kind, key: edge.key))
      } else {
        twice.append(edge)
        twice.append(Edge(from: edge.from + nodeCount, to: edge.to, kind: edge.kind, key: edge.key))
      }
    }
    return DependencyGraph(nodeCount: nodeCount * 2, edges: twice)
  }

  /// An edge of the doubled graph as it is in this one.
  func original(_ edge: Edge) -> Edge {
    Edge(from: edge.from % nodeCount, to: edge.to % nodeCount, kind: edge.kind, key: edge.key)
  }
}

extension DependencyGraph {
  /// The components of more than one node, in each of which every node can be reached from every other.
  struct Components {
    /// By node; unique among all nodes.
    var component: [Int]
    /// The nodes of each component that has more than one.
    var cyclic: [[Int]]
  }

  /// The strongly connected components, as far as edges of these kinds connect.
  ///
  /// R. Tarjan, "Depth-First Search and Linear Graph Algorithms", SIAM Journal on Computing 1(2), 1972; with a
  /// stack of its own, as a path may visit all of a hundred thousand transactions.
  func components(of kinds: Kinds) -> Components {
    let unvisited = -1
    var result = Components(component: Array(repeating: unvisited, count: nodeCount), cyclic: [])
    var visit = Array(repeating: unvisited, count: nodeCount)
    var low = Array(repeating: 0, count: nodeCount)
    var nextEdge = Array(repeating: 0, count: nodeCount)
    var path: [Int] = []
    var open: [Int] = []
    var visits = 0
    var components = 0

    func enter(_ node: Int) {
      visit[node] = visits
      low[node] = visits
      visits += 1
      nextEdge[node] = starts[node]
      path.append(node)
      open.append(node)
    }
    func close(_ root: Int) {
      var members: [Int] = []
      while let node = open.popLast() {
        result.component[node] = components
        members.append(node)
        if node == root { break }
      }
      if members.count > 1 { result.cyclic.append(members) }
      components += 1
    }

    for root in 0..<nodeCount where visit[root] == unvisited {
      enter(root)
      while let node = path.last {
        guard nextEdge[node] < starts[node + 1] else {
          path.removeLast()
          if let parent = path.last { low[parent] = min(low[parent], low[node]) }
          if low[node] == visit[node] { close(node) }
          continue
        }
        let edge = edges[nextEdge[node]]
        nextEdge[node] += 1
        guard kinds.contains(edge.kind) else { continue }
        if visit[edge.to] == unvisited {
          enter(edge.to)
        } else if result.component[edge.to] == unvisited {
          low[node] = min(low[node], visit[edge.to])
        }
      }
    }
    return result
  }
}
