/// A decoder that makes up what it is asked for.
struct ProbeDecoder: Decoder {
  let run: ProbeRun
  let codingPath: [any CodingKey]
  /// The coding path as one text.
  private let place: String
  /// How many values are around this one, also of those that decode as another and add no name.
  let depth: Int
  /// The index of the array element that this is in, if it is. Where there are few values, elements begin with
  /// different ones, for types that want them to differ.
  private let element: Int?

  var userInfo: [CodingUserInfoKey: Any] { [:] }

  init(run: ProbeRun) {
    self.init(run: run, codingPath: [], place: "", depth: 0, element: nil)
  }

  private init(run: ProbeRun, codingPath: [any CodingKey], place: String, depth: Int, element: Int?) {
    self.run = run
    self.codingPath = codingPath
    self.place = place
    self.depth = depth
    self.element = element
  }

  /// A decoder for a value inside this one, in an array for its element with an index.
  func child(_ key: any CodingKey, element: Int? = nil) -> ProbeDecoder {
    let name = key.stringValue
    return ProbeDecoder(
      run: run, codingPath: codingPath + [key], place: place.isEmpty ? name : place + "." + name,
      depth: depth + 1, element: element ?? self.element)
  }

  /// A decoder for the same place, one value further inside.
  var inner: ProbeDecoder {
    ProbeDecoder(run: run, codingPath: codingPath, place: place, depth: depth + 1, element: element)
  }

  /// The name of a choice here.
  func name(_ subject: ProbeRun.Name.Subject) -> ProbeRun.Name {
    ProbeRun.Name(place: place, subject: subject, isInElement: element != nil)
  }

  /// Whether a type is being decoded inside itself: then what may be left out should be.
  var isRecursive: Bool { run.recursions > 0 }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(ProbeFields(decoder: self))
  }

  func unkeyedContainer() -> any UnkeyedDecodingContainer { ProbeElements(decoder: self) }

  func singleValueContainer() -> any SingleValueDecodingContainer { ProbeSingleValue(decoder: self) }

  /// Makes up a value of a type.
  func value<T: Decodable>(_ type: T.Type) throws -> T {
    let name = name(.value(ObjectIdentifier(type)))
    if let known = type as? any FieldSampling.Type { return try constant(known.fieldSamples) }
    if let leaf = type as? any ProbeValue.Type {
      let choice = run.choose(name, of: leaf.probeCount)
      return try known(leaf.probe(choice, leaf: run.number(name)))
    }
    if type == Bool.self { return try constant([true, false]) }
    if let cases = type as? any CaseIterable.Type, case let values = Self.cases(of: cases), !values.isEmpty {
      return try constant(values)
    }
    let constants = ConstantEnum.values(of: type)
    if !constants.isEmpty { return try constant(constants) }
    if let native = type as? any BSONRepresentable.Type {
      let values = Self.values(of: native, leaf: run.number(name))
      guard !values.isEmpty else { return try known(()) }
      return try known(values[run.choose(name, of: values.count)])
    }
    return try run.decode(type, from: self)
  }

  /// One of the few values of a type.
  private func constant<T>(_ values: [Any]) throws -> T {
    guard !values.isEmpty else { return try known(()) }
    let name = name(.constant(ObjectIdentifier(T.self)))
    return try known(
      values[run.choose(name, of: values.count, preferring: (element ?? 0) % values.count)])
  }

  private func known<T>(_ value: Any) throws -> T {
    guard let value = value as? T else { throw ProbeRun.Failure.noValues(type: "\(T.self)", place: place) }
    return value
  }

  private static func cases<T: CaseIterable>(of type: T.Type) -> [Any] {
    type.allCases.prefix(256).map { $0 }
  }

  private static func values<T: BSONRepresentable>(of type: T.Type, leaf: Int) -> [Any] {
    (0..<BSONValue.probeCount).compactMap { T(bsonValue: BSONValue.probe($0, leaf: leaf)) }
  }
}

/// A value that decodes as another one.
private struct ProbeSingleValue: SingleValueDecodingContainer {
  let decoder: ProbeDecoder

  var codingPath: [any CodingKey] { decoder.codingPath }

  func decodeNil() -> Bool { decoder.run.choose(decoder.name(.null), of: 2) == 1 }

  func decode<T: Decodable>(_ type: T.Type) throws -> T { try decoder.inner.value(type) }
}
