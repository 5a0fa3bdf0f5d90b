/// The fields of a made-up document: all that are asked for.
struct ProbeFields<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let decoder: ProbeDecoder

  var codingPath: [any CodingKey] { decoder.codingPath }

  /// One key, since a type that asks for them is a dictionary or an enumeration with associated values; or
  /// none. The dictionary's is a number, which is a name as well. In an enumeration inside itself it is
  /// another one each time, so that there is an end.
  var allKeys: [Key] {
    let known = ConstantEnum.values(of: Key.self)
    let keys = known.isEmpty ? [Key(stringValue: "7")].compactMap { $0 } : known
    let preferred = known.isEmpty ? min(decoder.run.recursions, 1) : decoder.run.recursions % known.count
    let choice = decoder.run.choose(decoder.name(.keys), of: keys.count + 1, preferring: preferred)
    return choice < keys.count ? [keys[choice]] : []
  }

  func contains(_ key: Key) -> Bool {
    let child = decoder.child(key)
    return child.run.choose(child.name(.field), of: 2, preferring: decoder.isRecursive ? 1 : 0) == 0
  }

  func decodeNil(forKey key: Key) -> Bool {
    let child = decoder.child(key)
    // Whether there is a value was decided when the type asked for the field first.
    if child.run.hasChosen(child.name(.field)) { return false }
    return child.run.choose(child.name(.null), of: 2) == 1
  }

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    try decoder.child(key).value(type)
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) -> KeyedDecodingContainer<NestedKey> {
    decoder.child(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedDecodingContainer {
    decoder.child(key).unkeyedContainer()
  }

  func superDecoder() -> any Decoder { decoder.child(ProbeKey(stringValue: "super")) }

  func superDecoder(forKey key: Key) -> any Decoder { decoder.child(key) }
}

/// The elements of a made-up array: two, or as many as are taken without asking.
struct ProbeElements: UnkeyedDecodingContainer {
  let decoder: ProbeDecoder
  private(set) var currentIndex = 0

  init(decoder: ProbeDecoder) { self.decoder = decoder }

  var codingPath: [any CodingKey] { decoder.codingPath }

  private var size: Int {
    let sizes = [2, 0, 1, 3]
    return sizes[
      decoder.run.choose(
        decoder.name(.count), of: sizes.count, preferring: decoder.isRecursive ? 1 : 0)]
  }

  var count: Int? { size }
  var isAtEnd: Bool { currentIndex >= size }

  private mutating func next() throws -> ProbeDecoder {
    guard currentIndex < ProbeRun.maximumElements else { throw ProbeRun.Failure.tooLarge }
    defer { currentIndex += 1 }
    return decoder.child(ProbeKey(intValue: currentIndex), element: currentIndex)
  }

  mutating func decodeNil() -> Bool {
    let child = decoder.child(ProbeKey(intValue: currentIndex))
    guard child.run.choose(child.name(.null), of: 2) == 1 else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next().value(type) }

  mutating func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type
  ) throws -> KeyedDecodingContainer<NestedKey> { try next().container(keyedBy: type) }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try next().unkeyedContainer()
  }

  mutating func superDecoder() throws -> any Decoder { try next() }
}

/// A name or an index in the path to a made-up value.
struct ProbeKey: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(stringValue: String) {
    self.stringValue = stringValue
    intValue = nil
  }

  init(intValue: Int) {
    stringValue = String(intValue)
    self.intValue = intValue
  }
}
