internal import HoldfastEngine

/// The limits of a database. What goes beyond one is refused with an error that names it.
public enum DatabaseLimits {
  /// The largest document, in bytes of BSON, its id included (16 MiB).
  public static let maximumDocumentBytes = BSONLimits.maximumDocumentSize
  /// The deepest nesting of documents and arrays in a document; the document itself is level 1.
  public static let maximumDepth = BSONLimits.maximumDepth
  /// The longest id, in bytes of its key: a string of `n` ASCII characters takes `n` and two or three more.
  public static let maximumIDBytes = BSONLimits.maximumKeyBytes
  /// The longest name of a collection, in bytes of UTF-8.
  public static let maximumCollectionNameBytes = 255
  /// The most collections of a database.
  public static let maximumCollections = StorageLimits.maximumTrees - 1
  /// The most indexes of a collection, beside that of the ids.
  public static let maximumIndexes = 64
  /// The longest key of an index, in bytes: the values of its fields and the id of the document.
  public static let maximumIndexKeyBytes = BSONLimits.maximumKeyBytes
  /// The most bytes that one transaction may write, documents and ids together (256 MiB), unless
  /// ``DatabaseOptions/maximumTransactionBytes`` says otherwise.
  public static let maximumTransactionBytes = StorageLimits.defaultTransactionBytes
  /// The page sizes that a new database can have, in bytes.
  public static let pageSizes = StorageLimits.pageSizes
  /// The longest password, in bytes of UTF-8.
  public static let maximumPasswordBytes = 4096
  /// The most threads that run the async calls of one database that write, and as many that read; further calls wait
  /// for one of them.
  public static let maximumWorkerThreads = 16
  /// How many documents a ``DocumentStream`` reads ahead, at most.
  static let streamDocuments = 256
  /// How many bytes of documents a ``DocumentStream`` reads ahead before it stops early.
  static let streamBytes = 256 * 1024
}
