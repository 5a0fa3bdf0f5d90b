internal import HoldfastIO

/// The names that stored fields have, for key paths.
///
/// Swift has no names for key paths, and what a property is stored as is up to the type's `encode(to:)`. So
/// values are made up (see ``ProbeSamples``), and the field that a key path names is the one place where, in
/// the documents of all of them, there is what the key path's value encodes as. A property that is computed
/// from others or stored in another form has no such place, and is refused.
enum FieldNames {
  /// A key path as a key.
  ///
  /// Unchecked, because a key path is not `Sendable` when it has captured arguments of a subscript that are
  /// not; those are never looked at but to compare them.
  private struct Key: @unchecked Sendable, Hashable {
    let keyPath: AnyKeyPath
  }

  /// The most key paths that are remembered; a program has as many as it writes down, unless it makes them
  /// with subscripts.
  private static let maximumRemembered = 10_000

  private static let remembered = Guarded<[Key: Result<String, HoldfastError>]>([:])
  private static let samples = Guarded<[ObjectIdentifier: any Sendable]>([:])

  /// The path of the field that a key path names.
  static func path<Element: Codable & Sendable, Value: Encodable>(
    of keyPath: KeyPath<Element, Value>
  ) -> Result<String, HoldfastError> {
    let key = Key(keyPath: keyPath)
    if let known = remembered.withLock({ $0[key] }) { return known }
    let result = Result { () throws(HoldfastError) in try find(keyPath) }
    remembered.withLock {
      if $0.count >= maximumRemembered { $0.removeAll() }
      $0[key] = result
    }
    return result
  }

  private static func find<Element: Codable & Sendable, Value: Encodable>(
    _ keyPath: KeyPath<Element, Value>
  ) throws(HoldfastError) -> String {
    if let naming = Element.self as? any FieldNaming.Type, let path = named(keyPath, by: naming) {
      return path
    }
    let shape = KeyPathShape(keyPath)
    func refusal(_ why: String, _ error: (any Error)? = nil) -> HoldfastError {
      HoldfastError(
        .invalidUse,
        "the key path \(shape.description) cannot be used: \(why); name the field with "
          + ".field(\"…\", of: \(Value.self).self), or conform \(Element.self) to FieldNaming",
        underlying: error)
    }
    guard !shape.forcesOptional else { throw refusal("it unwraps with ! what may be nil: write ? instead") }
    let probes: ProbeSamples<Element>
    do {
      probes = try samplesOf(Element.self)
    } catch {
      throw refusal(
        "no value of \(Element.self) could be made up to find the field with, which the error's `underlying` "
          + "explains (a type of which only some values are valid can conform to FieldSampling)", error)
    }
    guard let first = probes.samples.first, !shape.entersCollection(in: first.element) else {
      throw refusal("it leads into an array or a dictionary")
    }
    var places = try FieldSearch(keyPath, probes.samples).result
    let isStored = shape.isStored(in: first.element)
    if !isStored, case .found = places { places = try FieldSearch(keyPath, probes.thorough()).result }
    switch places {
    case .found(let path): return path
    case .constant(let path) where isStored: return path
    case .constant: throw refusal("its value is the same for all values of the type")
    case .none:
      throw refusal(
        "no field always has its value: it is computed, stored in another form, or left out at times")
    case .several(let paths):
      throw refusal(
        "its value is stored in several fields: " + paths.map { quoted($0) }.joined(separator: ", "))
    case .unnameable:
      throw refusal("the name of the field is empty, contains a dot or begins with a dollar sign")
    }
  }

  private static func named<Naming: FieldNaming>(_ keyPath: AnyKeyPath, by type: Naming.Type) -> String? {
    (keyPath as? PartialKeyPath<Naming>).flatMap { Naming.fieldPath(for: $0) }
  }

  private static func samplesOf<Element: Codable & Sendable>(
    _ type: Element.Type
  ) throws -> ProbeSamples<Element> {
    let key = ObjectIdentifier(type)
    if let known = samples.withLock({ $0[key] }) as? Result<ProbeSamples<Element>, any Error> {
      return try known.get()
    }
    // Not under the lock: the type's own code runs here.
    let made = Result { try ProbeSamples<Element>() }
    samples.withLock { $0[key] = made }
    return try made.get()
  }
}
