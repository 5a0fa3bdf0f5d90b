/// The limits every part of this module keeps, for bytes and for text alike.
public enum BSONLimits {
  /// The deepest nesting of documents and arrays a validated document may have. The document itself is
  /// level 1, so a value inside 199 further documents or arrays is still accepted.
  public static let maximumDepth = 200

  /// The largest validated document, in bytes (16 MiB).
  public static let maximumDocumentSize = 16 * 1024 * 1024

  /// The longest key that an index should store, in bytes. ``BSONKey`` does not enforce it.
  public static let maximumKeyBytes = 1024

  /// The longest Extended JSON text of one document, in bytes (64 MiB).
  public static let maximumTextSize = 64 * 1024 * 1024

  /// The smallest document: a length and a terminator.
  static let minimumDocumentSize = 5

  /// How many more levels Extended JSON text may have than the BSON it stands for: `$dbPointer` needs
  /// three objects for one value.
  static let wrapperDepth = 3
}
