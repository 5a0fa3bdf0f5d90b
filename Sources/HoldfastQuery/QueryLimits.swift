/// The limits of queries. What goes beyond one is refused with an error that names it.
public enum QueryLimits {
  /// The deepest nesting of a filter, an expression or a schema, in operators.
  public static let maximumDepth = 100
  /// The most parts of a path: `a.b.c` has three.
  public static let maximumPathParts = 100
}
