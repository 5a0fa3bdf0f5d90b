import BSON
import Testing

private struct Everything: Codable, Equatable {
  var bool = true
  var string = "é\0"
  var int: Int = .min
  var int8: Int8 = .min
  var int16: Int16 = .max
  var int32: Int32 = .min
  var int64: Int64 = .max
  var uint: UInt = 5
  var uint8: UInt8 = .max
  var uint16: UInt16 = .max
  var uint32: UInt32 = .max
  var uint64: UInt64 = UInt64(Int64.max)
  var float: Float = 1.25
  var double = -0.0
  var some: Int? = 1
  var none: Int?
  var array = [1, 2]
  var nested = [["a": [1.5]], [:]]
  var optionals: [Int?] = [1, nil]
  var byInteger = [1: "one", -2: "two"]
  var bytes: [UInt8] = [1, 2]
  var id = ObjectID("56e1fc72e0c917e9c4714161")!
  var decimal = Decimal128("1.50")!
  var date = BSONDateTime(milliseconds: 5)
  var timestamp = BSONTimestamp(seconds: 1, increment: 2)
  var binary = BSONBinary([1], subtype: .uuid)
  var regex = BSONRegex("a", options: "i")
  var document: Document = ["x": 1]
  var value: BSONValue = .minKey
  var values: [BSONValue] = [nil, 1, .symbol("s")]
  var optionalID: ObjectID? = ObjectID("56e1fc72e0c917e9c4714161")
  var choice = Choice.both(1, named: "n")
  var plain = Plain.second
  var range = 1..<5
}

private enum Choice: Codable, Equatable {
  case none
  case both(Int, named: String)
}

private enum Plain: String, Codable { case first, second }

private class Base: Codable {
  var a = 1
}

private final class Derived: Base {
  var b = 2
  private enum Keys: String, CodingKey { case b }

  override init() { super.init() }

  required init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Keys.self)
    b = try container.decode(Int.self, forKey: .b)
    try super.init(from: container.superDecoder())
  }

  override func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(b, forKey: .b)
    try super.encode(to: container.superEncoder())
  }
}

/// A chain of values as deep as one wants.
private final class Chain: Codable {
  var next: Chain?

  init(length: Int) {
    next = length > 1 ? Chain(length: length - 1) : nil
  }
}

/// Uses nested containers directly.
private struct Manual: Codable, Equatable {
  var x = 1
  var list = [1, 2]
  private enum Keys: String, CodingKey { case inner, list, x }

  init() {}

  init(from decoder: any Decoder) throws {
    let outer = try decoder.container(keyedBy: Keys.self)
    x = try outer.nestedContainer(keyedBy: Keys.self, forKey: .inner).decode(Int.self, forKey: .x)
    var array = try outer.nestedUnkeyedContainer(forKey: .list)
    var inner = try array.nestedUnkeyedContainer()
    list = []
    while !inner.isAtEnd { list.append(try inner.decode(Int.self)) }
    _ = try array.nestedContainer(keyedBy: Keys.self).decode(Int.self, forKey: .x)
    _ = try Int(from: array.superDecoder())
    guard try array.decodeNil(), array.isAtEnd else { throw BSONError(.invalidKey, "There is more.") }
  }

  func encode(to encoder: any Encoder) throws {
    var outer = encoder.container(keyedBy: Keys.self)
    var inner = outer.nestedContainer(keyedBy: Keys.self, forKey: .inner)
    var array = outer.nestedUnkeyedContainer(forKey: .list)
    var elements = array.nestedUnkeyedContainer()
    // Filled in turn, which containers have to bear.
    try elements.encode(list[0])
    try inner.encode(x, forKey: .x)
    try elements.encode(list[1])
    var keyed = array.nestedContainer(keyedBy: Keys.self)
    try keyed.encode(7, forKey: .x)
    try 8.encode(to: array.superEncoder())
    try array.encodeNil()
  }
}

private struct Celsius: Codable, Equatable, BSONRepresentable {
  var degrees: Double
  init(degrees: Double) { self.degrees = degrees }
  var bsonValue: BSONValue { .string("\(degrees) C") }
  init?(bsonValue: BSONValue) {
    guard let text = bsonValue.stringValue, text.hasSuffix(" C"), let value = Double(text.dropLast(2)) else {
      return nil
    }
    degrees = value
  }
}

@Suite("Codable")
struct CodableTests {
  private let encoder = BSONEncoder()
  private let decoder = BSONDecoder()

  @Test("Values of every kind survive")
  func everything() throws {
    let value = Everything()
    let document = try encoder.encode(value)
    try document.validate()
    #expect(try decoder.decode(Everything.self, from: document) == value)
    #expect(try decoder.decode(Everything.self, from: Document(validating: document.bytes)) == value)
  }

  @Test("Each Swift type has its BSON type")
  func types() throws {
    let document = try encoder.encode(Everything())
    let expected: [String: BSONType] = [
      "bool": .bool, "string": .string, "int": .int64, "int8": .int32, "int16": .int32, "int32": .int32,
      "int64": .int64,
      "uint": .int64, "uint8": .int32, "uint16": .int32, "uint32": .int64, "uint64": .int64, "float": .double,
      "double": .double,
      "array": .array, "byInteger": .document, "bytes": .array, "id": .objectID, "decimal": .decimal128,
      "date": .dateTime,
      "timestamp": .timestamp, "binary": .binary, "regex": .regex, "document": .document, "value": .minKey,
      "optionalID": .objectID,
      "choice": .document, "plain": .string, "range": .array,
    ]
    for (key, type) in expected { #expect(document[key]?.type == type, "\(key)") }
    #expect(document["none"] == nil)
    #expect(document["byInteger"]?.documentValue?["-2"] == "two")
  }

  @Test("Super classes and nested containers survive, filled in any order")
  func containers() throws {
    let derived = Derived()
    derived.a = 10
    let document = try encoder.encode(derived)
    #expect(document == ["b": .int64(2), "super": ["a": .int64(10)]])
    #expect(try decoder.decode(Derived.self, from: document).a == 10)
    let manual = try encoder.encode(Manual())
    let one = BSONValue.int64(1)
    #expect(
      manual == ["inner": ["x": one], "list": [[one, .int64(2)], ["x": .int64(7)], .int64(8), nil]])
    #expect(try decoder.decode(Manual.self, from: manual) == Manual())
  }

  @Test("Top-level values other than documents need the call for values")
  func topLevel() throws {
    #expect(throws: EncodingError.self) { try encoder.encode([1, 2]) }
    #expect(throws: EncodingError.self) { try encoder.encode(1) }
    #expect(try encoder.encodeValue([1, 2] as [Int32]) == [1, 2])
    #expect(try encoder.encodeValue(Int?.none) == nil)
    #expect(try encoder.encodeValue(ObjectID?.none) == .null)
    #expect(try decoder.decode([Int].self, from: [1, 2.0, .int64(3)] as BSONValue) == [1, 2, 3])
    #expect(try decoder.decode(Document.self, from: ["a": 1] as Document) == ["a": 1])
    struct Empty: Codable {}
    #expect(try encoder.encode(Empty()) == [:])
  }

  @Test("Numbers convert where they fit exactly")
  func numbers() throws {
    #expect(try decoder.decode(Int8.self, from: .double(5) as BSONValue) == 5)
    #expect(try decoder.decode(UInt64.self, from: .decimal128(Decimal128("5.0")!) as BSONValue) == 5)
    #expect(try decoder.decode(Double.self, from: .int64(5) as BSONValue) == 5)
    #expect(try decoder.decode(Decimal128.self, from: 5 as BSONValue).description == "5")
    for value: BSONValue in [
      128, -129, 1.5, .double(.nan), .double(.infinity), .int64(.max), .decimal128(.infinity),
    ] {
      #expect(throws: DecodingError.self) { try decoder.decode(Int8.self, from: value) }
    }
    #expect(throws: DecodingError.self) { try decoder.decode(UInt.self, from: -1 as BSONValue) }
    #expect(throws: DecodingError.self) { try decoder.decode(Float.self, from: 1e300 as BSONValue) }
    #expect(throws: DecodingError.self) { try decoder.decode(Int.self, from: "1" as BSONValue) }
    #expect(throws: DecodingError.self) { try decoder.decode(String.self, from: 1 as BSONValue) }
    #expect(throws: DecodingError.self) { try decoder.decode(Bool.self, from: 1 as BSONValue) }
    #expect(throws: EncodingError.self) { try encoder.encodeValue(UInt64.max) }
  }

  @Test("Errors say where")
  func errors() {
    struct Inner: Codable { var list: [Int] }
    struct Outer: Codable { var inner: Inner }
    func path(_ document: Document) -> String {
      func joined(_ path: [any CodingKey]) -> String { path.map(\.stringValue).joined(separator: ".") }
      let result = Result { try decoder.decode(Outer.self, from: document) }
      guard case .failure(let error as DecodingError) = result else { return "none" }
      switch error {
      case .typeMismatch(_, let context): return "type " + joined(context.codingPath)
      case .keyNotFound(let key, let context): return "key " + joined(context.codingPath + [key])
      case .valueNotFound(_, let context): return "value " + joined(context.codingPath)
      case .dataCorrupted(let context): return "data " + joined(context.codingPath)
      @unknown default: return "\(error)"
      }
    }
    #expect(path(["inner": ["list": [1, "x"]]]) == "type inner.list.1")
    #expect(path(["inner": ["list": [1, 1.5]]]) == "data inner.list.1")
    #expect(path(["inner": ["list": [nil]]]) == "value inner.list.0")
    #expect(path(["inner": ["list": 5]]) == "type inner.list")
    #expect(path(["inner": [:]]) == "key inner.list")
    #expect(path(["inner": nil]) == "value inner")
    #expect(path([:]) == "key inner")
  }

  @Test("Keys with a zero character are refused, keys used twice are overwritten")
  func keys() throws {
    #expect(throws: EncodingError.self) { try encoder.encode(["a\0": 1]) }
    struct Twice: Encodable {
      enum Keys: String, CodingKey { case a, b }
      func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(1, forKey: .a)
        try container.encode(2, forKey: .b)
        try container.encode("x", forKey: .a)
      }
    }
    #expect(try encoder.encode(Twice()) == ["a": "x", "b": .int64(2)])
    let many = Dictionary(uniqueKeysWithValues: (0..<1000).map { ("k\($0)", $0) })
    #expect(try decoder.decode([String: Int].self, from: encoder.encode(many)) == many)
  }

  @Test("Depth is limited both ways")
  func depth() throws {
    let deepest = try encoder.encode(Chain(length: 200))
    try deepest.validate()
    _ = try decoder.decode(Chain.self, from: deepest)
    #expect(throws: EncodingError.self) { try encoder.encode(Chain(length: 201)) }
    #expect(throws: EncodingError.self) { try encoder.encode(Chain(length: 1000)) }
    var document = Document()
    for _ in 0..<1000 { document = ["next": .document(document)] }
    #expect(throws: DecodingError.self) { try decoder.decode(Chain.self, from: document) }
    struct Bottomless: Encodable {
      func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        for _ in 0..<10_000 { container = container.nestedUnkeyedContainer() }
      }
    }
    #expect(throws: EncodingError.self) { try encoder.encodeValue(Bottomless()) }
    struct Endless: Codable {
      func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self)
      }
      init() {}
      init(from decoder: any Decoder) throws {
        self = try decoder.singleValueContainer().decode(Endless.self)
      }
    }
    #expect(throws: EncodingError.self) { try encoder.encodeValue(Endless()) }
    #expect(throws: DecodingError.self) { try decoder.decode(Endless.self, from: nil as BSONValue) }
  }

  @Test("Types with a BSON form of their own use it everywhere")
  func representable() throws {
    struct Weather: Codable, Equatable {
      var now = Celsius(degrees: 1.5)
      var later: Celsius? = Celsius(degrees: 2)
      var never: Celsius?
      var all = [Celsius(degrees: 3)]
    }
    let document = try encoder.encode(Weather())
    #expect(document == ["now": "1.5 C", "later": "2.0 C", "all": ["3.0 C"]])
    #expect(try decoder.decode(Weather.self, from: document) == Weather())
    #expect(throws: DecodingError.self) { try decoder.decode(Celsius.self, from: "warm" as BSONValue) }
  }

  @Test("User info reaches the values")
  func userInfo() throws {
    struct Reader: Codable {
      static let key = CodingUserInfoKey(rawValue: "k")!
      var seen: String
      init() { seen = "" }
      init(from decoder: any Decoder) throws { seen = decoder.userInfo[Self.key] as? String ?? "" }
      func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(encoder.userInfo[Self.key] as? String ?? "")
      }
    }
    var encoder = BSONEncoder()
    encoder.userInfo[Reader.key] = "hello"
    #expect(try encoder.encodeValue(Reader()) == "hello")
    var decoder = BSONDecoder()
    decoder.userInfo[Reader.key] = "hello"
    #expect(try decoder.decode(Reader.self, from: "" as BSONValue).seen == "hello")
  }
}
