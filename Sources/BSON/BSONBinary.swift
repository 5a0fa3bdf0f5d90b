/// Bytes with a number that says what they mean.
public struct BSONBinary: Sendable, Hashable {
  /// What the bytes of a ``BSONBinary`` mean.
  public struct Subtype: RawRepresentable, Sendable, Hashable {
    /// The number, 0 to 255.
    public var rawValue: UInt8

    /// Takes a number; 128 to 255 are free for the user.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Any bytes (0).
    public static let generic = Subtype(rawValue: 0)
    /// A function (1).
    public static let function = Subtype(rawValue: 1)
    /// Any bytes in the old form, with a second length in front (2).
    public static let oldBinary = Subtype(rawValue: 2)
    /// A UUID in one of the old byte orders (3).
    public static let oldUUID = Subtype(rawValue: 3)
    /// A UUID of 16 bytes in network order (4).
    public static let uuid = Subtype(rawValue: 4)
    /// An MD5 sum (5).
    public static let md5 = Subtype(rawValue: 5)
    /// An encrypted value (6).
    public static let encrypted = Subtype(rawValue: 6)
    /// A compressed column (7).
    public static let column = Subtype(rawValue: 7)
    /// A sensitive value (8).
    public static let sensitive = Subtype(rawValue: 8)
    /// A vector of numbers (9).
    public static let vector = Subtype(rawValue: 9)
    /// The first of the user's own subtypes (128).
    public static let userDefined = Subtype(rawValue: 128)
  }

  /// What the bytes mean.
  public var subtype: Subtype
  /// The bytes; for ``Subtype/oldBinary`` without the second length.
  public var bytes: [UInt8]

  /// Takes bytes and what they mean.
  public init(_ bytes: [UInt8], subtype: Subtype = .generic) {
    self.bytes = bytes
    self.subtype = subtype
  }

  /// The length that BSON writes in front: 4 more than there are bytes for ``Subtype/oldBinary``.
  var encodedLength: Int { subtype == .oldBinary ? bytes.count &+ 4 : bytes.count }
}
