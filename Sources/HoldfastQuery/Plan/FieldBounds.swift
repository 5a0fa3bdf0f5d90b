import BSON

/// What a filter says of the fields of one index: intervals for each.
struct IndexBounds: Sendable {
  /// For each field of the index.
  var fields: [IntervalSet]

  /// Finds the intervals.
  ///
  /// As long as a field never held an array, all conditions on it hold of the same value, and their intervals
  /// are intersected. When it did, each condition may be fulfilled by another element, so only one of them
  /// counts, except for the conditions of one `$elemMatch`, which one element fulfils. For the same reason two
  /// fields inside one array are not bounded both.
  init(_ conjuncts: [Condition], index: IndexDescription) {
    fields = []
    var chosen: [(field: IndexDescription.Field, group: Int?)] = []
    for field in index.fields {
      let claims = Claim.all(conjuncts, on: field.path, of: field)
      guard let (intervals, group) = Self.choose(claims, field, beside: chosen) else {
        fields.append(.all)
        continue
      }
      fields.append(intervals)
      chosen.append((field, group))
    }
  }

  private static func choose(
    _ claims: [Claim], _ field: IndexDescription.Field,
    beside chosen: [(field: IndexDescription.Field, group: Int?)]
  ) -> (IntervalSet, Int?)? {
    guard !claims.isEmpty else { return nil }
    if field.arrays == 0 {
      return (claims.dropFirst().reduce(claims[0].intervals) { $0.intersection($1.intervals) }, nil)
    }
    var allowed = claims
    for other in chosen where other.field.sharesArray(with: field) {
      // Only the same element may be asked of both.
      allowed = allowed.filter { claim in
        claim.group != nil && claim.group == other.group && claim.spans(field, other.field)
      }
    }
    guard let best = allowed.min(by: { $0.rank < $1.rank }) else { return nil }
    return (best.intervals, best.group)
  }
}

extension IndexDescription.Field {
  /// The intervals of a test of the field, or of a field inside; `nil` when something may pass that is not in the
  /// index within them.
  fileprivate func intervals(_ test: ValueTest) -> IntervalSet? {
    // A number can lead to an array as a whole, whose elements are not in the index.
    if !test.traversesArrays, hasNumber { return nil }
    // Where a number led to an element, the index does not have that other elements lack the field.
    if test.acceptsMissing, entersPlaces { return nil }
    return test.intervals
  }

  fileprivate var hasNumber: Bool { path.parts.contains { $0.index != nil } }

  /// Whether a number in the path may have led to an element of an array.
  private var entersPlaces: Bool {
    path.parts.indices.dropFirst().contains { part in
      path.parts[part].index != nil && arrays & (1 << UInt64(part - 1)) != 0
    }
  }

  /// Whether both paths lead through the same array.
  func sharesArray(with other: IndexDescription.Field) -> Bool {
    var shared: UInt64 = 0
    for part in 0..<min(path.parts.count, other.path.parts.count) {
      guard path.parts[part].name == other.path.parts[part].name else { break }
      shared |= 1 << UInt64(part)
    }
    return arrays & other.arrays & shared != 0
  }
}

/// One condition's intervals for a path.
private struct Claim {
  var intervals: IntervalSet
  /// Which conjunct it comes from, when that is an `$elemMatch` on documents; and on which path.
  var group: Int?
  var arrayPath: FieldPath?

  /// Fewer possible values are better: points, then bounded runs, then half-open ones.
  var rank: Int {
    if intervals.isPoints { return intervals.intervals.count }
    // An end of one byte is that of a whole group of types.
    let isOpen = intervals.intervals.contains { interval in
      [interval.lower.bytes, interval.upper.bytes].contains { ($0?.count ?? 0) <= 1 }
    }
    return isOpen ? 2_000_000 : 1_000_000
  }

  /// Whether the `$elemMatch` is on the innermost array that both fields share.
  func spans(_ a: IndexDescription.Field, _ b: IndexDescription.Field) -> Bool {
    guard let arrayPath else { return false }
    let depth = arrayPath.parts.count - 1
    let beyond: UInt64 = depth >= 63 ? 0 : ~((1 << UInt64(depth + 1)) - 1)
    return arrayPath.isPrefix(of: a.path) && arrayPath.isPrefix(of: b.path)
      && (a.arrays | b.arrays) & beyond == 0
  }

  /// What conditions say of a path, which is that of an index's field or the rest of it.
  static func all(
    _ conjuncts: [Condition], on path: FieldPath, of field: IndexDescription.Field
  ) -> [Claim] {
    var claims: [Claim] = []
    for (number, condition) in conjuncts.enumerated() {
      switch condition {
      case .field(let test) where test.path == path:
        if let intervals = field.intervals(test.test) { claims.append(Claim(intervals: intervals)) }
      case .field(let test):
        guard !field.hasNumber, case .elementMatches(let inner) = test.test, test.path.isPrefix(of: path),
          let rest = path.dropping(test.path.parts.count)
        else { continue }
        for claim in all(inner.conjuncts, on: rest, of: field) where claim.group == nil {
          claims.append(Claim(intervals: claim.intervals, group: number, arrayPath: test.path))
        }
      case .or(let branches):
        if let intervals = union(branches, on: path, of: field) { claims.append(Claim(intervals: intervals)) }
      default: continue
      }
    }
    return claims
  }

  /// The intervals of alternatives that all say something of the path.
  private static func union(
    _ branches: [Condition], on path: FieldPath, of field: IndexDescription.Field
  ) -> IntervalSet? {
    var intervals: [Interval] = []
    for branch in branches {
      var found: IntervalSet?
      for case .field(let test) in branch.conjuncts where test.path == path {
        found = found ?? field.intervals(test.test)
      }
      guard let found else { return nil }
      intervals += found.intervals
    }
    return IntervalSet(intervals)
  }
}

extension FieldPath {
  /// The path behind its first parts; `nil` when nothing is left.
  func dropping(_ count: Int) -> FieldPath? {
    guard count < parts.count else { return nil }
    return FieldPath(parts[count...].map(\.text).joined(separator: "."))
  }
}

extension Condition {
  /// The conditions that all have to hold.
  var conjuncts: [Condition] {
    switch self {
    case .and(let conditions): conditions.flatMap(\.conjuncts)
    case .always: []
    default: [self]
    }
  }

  /// Whether it can be seen that nothing matches.
  var isNever: Bool {
    switch self {
    case .never: true
    case .and(let conditions): conditions.contains(where: \.isNever)
    case .or(let conditions): conditions.allSatisfy(\.isNever)
    default: false
    }
  }
}
