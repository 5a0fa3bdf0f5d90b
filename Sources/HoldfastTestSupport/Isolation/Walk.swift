/// Shortest cycles within components of a graph, found with memory that is used again and again.
struct Walk {
  /// How many edges a search follows before it is content with the best so far.
  private static let budget = 1_000_000

  private let graph: DependencyGraph
  /// By node, the last search that came by, the edge by which it came, and how many edges that took.
  private var visit: [Int]
  private var arrival: [Int]
  private var depth: [Int]
  private var searches = 0
  private var queue: [Int] = []

  init(_ graph: DependencyGraph) {
    self.graph = graph
    visit = Array(repeating: 0, count: graph.nodeCount)
    arrival = visit
    depth = visit
  }

  /// A shortest cycle of edges of these kinds in a component that they connect. In a very large component it
  /// may be a short cycle, but not the shortest.
  mutating func shortestCycle(
    _ members: [Int], _ kinds: DependencyGraph.Kinds, _ component: [Int]
  ) -> [DependencyGraph.Edge] {
    var best: [DependencyGraph.Edge] = []
    var followed = 0
    // Two transactions that depend on each other are as short as it gets.
    for start in members where best.count != 2 && followed < Walk.budget {
      let limit = best.isEmpty ? Int.max : best.count
      if let cycle = cycle(through: start, kinds, component, shorterThan: limit, &followed) { best = cycle }
    }
    return best
  }

  /// The shortest cycle through a node, if it has fewer edges than `limit`: by breadth-first search.
  private mutating func cycle(
    through start: Int, _ kinds: DependencyGraph.Kinds, _ component: [Int], shorterThan limit: Int,
    _ followed: inout Int
  ) -> [DependencyGraph.Edge]? {
    searches += 1
    queue.removeAll(keepingCapacity: true)
    queue.append(start)
    visit[start] = searches
    depth[start] = 0
    var head = 0
    while head < queue.count, depth[queue[head]] + 1 < limit {
      let node = queue[head]
      head += 1
      for place in graph.edges(from: node) {
        let edge = graph.edges[place]
        guard kinds.contains(edge.kind), component[edge.to] == component[start] else { continue }
        followed += 1
        if edge.to == start { return path(to: node) + [edge] }
        guard visit[edge.to] != searches else { continue }
        visit[edge.to] = searches
        arrival[edge.to] = place
        depth[edge.to] = depth[node] + 1
        queue.append(edge.to)
      }
    }
    return nil
  }

  /// The edges by which the search came to a node.
  private func path(to node: Int) -> [DependencyGraph.Edge] {
    var edges: [DependencyGraph.Edge] = []
    var node = node
    while depth[node] > 0 {
      let edge = graph.edges[arrival[node]]
      edges.append(edge)
      node = edge.from
    }
    return edges.reversed()
  }
}
