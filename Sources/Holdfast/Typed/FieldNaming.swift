/// A type that says itself under which names its properties are stored.
///
/// Nobody has to: Holdfast finds the names out by decoding values of the type from made-up ones and looking
/// where they are encoded. A type whose `init(from:)` refuses all that is made up, or which encodes a property
/// in another form than the property's own, conforms to this for its key paths to be usable.
///
///     extension User: FieldNaming {
///       static func fieldPath(for keyPath: PartialKeyPath<User>) -> String? {
///         switch keyPath {
///         case \.email: "mail"
///         case \.address.city: "address.city"
///         default: nil
///         }
///       }
///     }
public protocol FieldNaming {
  /// The path of the field, with dots where it is inside another; `nil` for it to be found out. What is said
  /// here is not checked.
  static func fieldPath(for keyPath: PartialKeyPath<Self>) -> String?
}

/// A type that gives examples of its values, because none that is made up is valid: an e-mail address, a
/// colour in hexadecimal digits. Documents with such a property can then be made up with them.
///
///     extension Email: FieldSampling {
///       static var fieldSamples: [Email] { [Email("a@example.com"), Email("b@example.com")] }
///     }
public protocol FieldSampling {
  /// At least two values, which differ in all their properties.
  static var fieldSamples: [Self] { get }
}
