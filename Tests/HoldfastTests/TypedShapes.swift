import Foundation
import Holdfast

/// The types that the tests of key paths use: one of most kinds that people write.
enum Shapes {
  struct Address: Codable, Sendable, Equatable {
    var city: String
    var zip: Int?
  }

  enum Role: String, Codable, Sendable {
    case admin, guest
    case member = "m"
  }
  enum Level: Int, Codable, Sendable { case low = 10, high = 20 }
  enum Suit: String, Codable, Sendable, CaseIterable { case hearts, spades }
  enum Only: String, Codable, Sendable { case one }
  enum Figure: Codable, Sendable {
    case circle(radius: Double)
    case square(side: Double, Int)
    case nothing
  }

  struct User: Codable, Sendable {
    var id: String
    var name: String
    var age: Int
    var score: Double
    var city: String
    var active: Bool
    var verified: Bool
    var address: Address
    var home: Address?
    var nickname: String?
    var lucky: Int?
    var tags: [String]
    var role: Role
    var former: Role?
    var level: Level
    var suit: Suit
    let only: Only
    var figure: Figure
    var addresses: [Address]
    var scores: [String: Int]
    var other: [String]?

    enum CodingKeys: String, CodingKey {
      case id = "_id"
      case name, age, score, city, active
      case verified = "is_verified"
      case address = "addr"
      case home, nickname, lucky, tags, role, former, level, suit, only, figure, addresses, scores, other
    }

    var upper: String { name.uppercased() }
    var shown: String { nickname ?? name }
    var alias: String {
      get { name }
      set { name = newValue }
    }
    var first: String? { tags.first }
    var sorted: [String] { tags.sorted() }
    var long: [String] { tags.filter { $0.count > 3 } }
    var whole: String { name + city }
    var adult: Bool { age >= 18 }
    var magnitude: Int { abs(age) }
    var rounded: Double { score.rounded() }
    var constant: Role { .admin }
    var trimmed: String { name.trimmingCharacters(in: .whitespaces) }
    var initial: String { String(name.first!) }
  }

  /// The standard library's numbers, and BSON's own types.
  struct Values: Codable, Sendable {
    var int8: Int8
    var int16: Int16
    var int32: Int32
    var int64: Int64
    var uint8: UInt8
    var uint16: UInt16
    var uint32: UInt32
    var uint64: UInt64
    var uint: UInt
    var float: Float
    var id: ObjectID
    var decimal: Decimal128
    var moment: BSONDateTime
    var stamp: BSONTimestamp
    var binary: BSONBinary
    var regex: BSONRegex
    var code: BSONCodeWithScope
    var pointer: BSONDBPointer?
    var any: BSONValue
    var document: Document
    var maybe: ObjectID?
  }

  /// Foundation's types, as they encode themselves.
  struct Outside: Codable, Sendable {
    var date: Date
    var uuid: UUID
    var data: Data
    var url: URL
    var decimal: Decimal
    var range: ClosedRange<Int>
    var later: Date?
    var zone: TimeZone
    var locale: Locale
    var matrix: [[Double]]
    var set: Set<Int>
    var byRole: [Role: Int]
    var byNumber: [Int: String]
    var interval: DateInterval
    var measure: Duration
    var components: DateComponents
  }

  class Animal: Codable, @unchecked Sendable {
    var name: String
    final var legs: Int

    init(name: String, legs: Int) {
      self.name = name
      self.legs = legs
    }
  }

  final class Dog: Animal, @unchecked Sendable {
    var breed: String
    let age: Int

    private enum CodingKeys: String, CodingKey { case breed, age }

    required init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      breed = try container.decode(String.self, forKey: .breed)
      age = try container.decode(Int.self, forKey: .age)
      try super.init(from: container.superDecoder())
    }

    override func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(breed, forKey: .breed)
      try container.encode(age, forKey: .age)
      try super.encode(to: container.superEncoder())
    }
  }

  /// A type that contains itself.
  final class Node: Codable, Sendable {
    let value: Int
    let next: Node?
    let children: [Node]
    let named: [String: Node]
  }

  indirect enum Term: Codable, Sendable {
    case sum(Term, Term)
    case number(Int)
  }

  struct Wrapped: Codable, Sendable {
    struct Identifier: RawRepresentable, Codable, Sendable, Hashable { var rawValue: String }
    struct Single: Codable, Sendable {
      var inner: Int
      init(from decoder: any Decoder) throws { inner = try decoder.singleValueContainer().decode(Int.self) }
      func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(inner)
      }
    }
    @propertyWrapper struct Clamped: Codable, Sendable {
      var wrappedValue: Int
      init(from decoder: any Decoder) throws {
        wrappedValue = try decoder.singleValueContainer().decode(Int.self)
      }
      func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
      }
    }
    var _id: Identifier
    var single: Single
    @Clamped var level: Int
    var watched: Int { didSet {} }
    private(set) var sealed: Int
    var term: Term
    var generic: Pair<Int, [String]>
    var tuple: (Int, Int) { (watched, sealed) }
  }

  struct Pair<First: Codable & Sendable, Second: Codable & Sendable>: Codable, Sendable {
    var first: First
    var second: Second
  }

  /// Encodes itself with names, nesting and forms of its own.
  struct Custom: Codable, Sendable {
    var title: String
    var width: Int
    var height: Int
    var email: String
    var written: String
    var visits: Int
    var both: Int
    var legacy: String

    private enum Keys: String, CodingKey { case title, size, email, written, visits, both, both2, new, old }
    private enum SizeKeys: String, CodingKey { case w, h }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Keys.self)
      title = try container.decode(String.self, forKey: .title)
      let size = try container.nestedContainer(keyedBy: SizeKeys.self, forKey: .size)
      width = try size.decode(Int.self, forKey: .w)
      height = try size.decode(Int.self, forKey: .h)
      email = try container.decode(String.self, forKey: .email)
      written = try container.decode(String.self, forKey: .written)
      visits = try container.decodeIfPresent(Int.self, forKey: .visits) ?? 0
      both = try container.decode(Int.self, forKey: .both)
      legacy =
        try container.decodeIfPresent(String.self, forKey: .new)
        ?? container.decode(String.self, forKey: .old)
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(title, forKey: .title)
      var size = container.nestedContainer(keyedBy: SizeKeys.self, forKey: .size)
      try size.encode(width, forKey: .w)
      try size.encode(height, forKey: .h)
      try container.encode(email.lowercased(), forKey: .email)
      try container.encode("<" + written + ">", forKey: .written)
      if visits != 0 { try container.encode(visits, forKey: .visits) }
      try container.encode(both, forKey: .both)
      try container.encode(both, forKey: .both2)
      try container.encode(legacy, forKey: .new)
    }
  }

  /// Accepts only some values.
  struct Strict: Codable, Sendable {
    struct Refusal: Error {}
    struct Email: Codable, Sendable, Equatable {
      var text: String
      init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
        guard text.contains("@") else { throw Refusal() }
      }
      func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
      }
    }
    var email: Email
    var month: Int
    var latitude: Double
    var id: UUID
    var start: Int
    var end: Int
    var name: String
    var color: String

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      email = try container.decode(Email.self, forKey: .email)
      month = try container.decode(Int.self, forKey: .month)
      guard (1...12).contains(month) else { throw Refusal() }
      latitude = try container.decode(Double.self, forKey: .latitude)
      guard abs(latitude) <= 90 else { throw Refusal() }
      id = try container.decode(UUID.self, forKey: .id)
      start = try container.decode(Int.self, forKey: .start)
      end = try container.decode(Int.self, forKey: .end)
      name = try container.decode(String.self, forKey: .name)
      color = try container.decode(String.self, forKey: .color)
      guard start <= end, color.hasPrefix("#") else { throw Refusal() }
    }
  }

  struct Dotted: Codable, Sendable {
    var dotted: Int
    var dollar: Int
    var plain: Int
    enum CodingKeys: String, CodingKey {
      case dotted = "a.b"
      case dollar = "$a"
      case plain
    }
  }

  /// A text that nobody guesses.
  struct Code: Codable, Sendable, Equatable {
    struct Refusal: Error {}
    let text: String
    init(_ text: String) { self.text = text }
    init(from decoder: any Decoder) throws {
      text = try decoder.singleValueContainer().decode(String.self)
      guard text.hasPrefix("xyzzy") else { throw Refusal() }
    }
    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(text)
    }
  }

  struct Unguessable: Codable, Sendable {
    var name: String
    var code: Code
  }

  struct SampledCode: Codable, Sendable, FieldSampling {
    var code: Code
    static var fieldSamples: [SampledCode] {
      [SampledCode(code: Code("xyzzy1")), SampledCode(code: Code("xyzzy2"))]
    }
  }

  struct Sampled: Codable, Sendable {
    var name: String
    var code: SampledCode
  }

  struct Named: Codable, Sendable, FieldNaming {
    var name: String
    var code: Code
    static func fieldPath(for keyPath: PartialKeyPath<Named>) -> String? {
      keyPath == \Named.name ? "inner.name" : nil
    }
  }

  /// Contains itself in a way that no document can have.
  final class Endless: Codable, Sendable {
    let value: Int
    let other: Endless
  }

  /// Reads elements until there are no more.
  struct Greedy: Codable, Sendable {
    var value: [Int]
    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      value = []
      while true { value.append(try container.decode(Int.self)) }
    }
  }

  /// A type of somebody else's with a BSON form of its own.
  struct Moment: Codable, Sendable, BSONRepresentable {
    var milliseconds: Int64
    var bsonValue: BSONValue { .dateTime(BSONDateTime(milliseconds: milliseconds)) }
    init?(bsonValue: BSONValue) {
      guard case .dateTime(let value) = bsonValue else { return nil }
      milliseconds = value.milliseconds
    }
  }

  /// Traps where what it decodes is not as its author expects.
  struct Trusting: Codable, Sendable {
    struct Entry: Codable, Sendable {
      var suit: Suit
      var isOpen: Bool
    }
    var byte: UInt8
    var start: Int
    var bySuit: [Suit: Bool]
    var moment: Moment

    private enum CodingKeys: String, CodingKey { case byte, start, end, entries, moment }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      byte = UInt8(try container.decode(Int.self, forKey: .byte))
      start = try container.decode(Int.self, forKey: .start)
      let end = try container.decode(Int.self, forKey: .end)
      precondition(start < end)
      let entries = try container.decode([Entry].self, forKey: .entries)
      bySuit = Dictionary(uniqueKeysWithValues: entries.map { ($0.suit, $0.isOpen) })
      moment = try container.decode(Moment.self, forKey: .moment)
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(Int(byte), forKey: .byte)
      try container.encode(start, forKey: .start)
      try container.encode(start + 1, forKey: .end)
      try container.encode(bySuit.map { Entry(suit: $0.key, isOpen: $0.value) }, forKey: .entries)
      try container.encode(moment, forKey: .moment)
    }
  }
}
