/// The engine's limits. Each is there so that no input can make something grow without bound.
public enum StorageLimits {
  /// Page sizes, in bytes: powers of two between these.
  public static let pageSizes = [4096, 8192, 16384, 32768, 65536]
  /// The page size of a new database unless another is asked for. `docs/decisions/0002-page-size.md` says
  /// why.
  public static let defaultPageSize = 8192
  /// The longest key, in bytes.
  public static let maximumKeyBytes = 1024
  /// The longest value, in bytes: a 16 MiB document and room for what a layer above stores beside it.
  public static let maximumValueBytes = 16 * 1024 * 1024 + 4096
  /// The most bytes (keys and values) that one transaction may write unless the options say otherwise.
  public static let defaultTransactionBytes = 256 * 1024 * 1024
  /// The highest tree: 32 levels of at least two children hold more entries than a file has bytes.
  static let maximumHeight = 32
  /// The most trees of one database.
  public static let maximumTrees = 1_000_000
  /// The smallest page cache, in bytes; a smaller budget is raised to this.
  public static let minimumCacheBytes = 256 * 1024
}
