import Foundation
import Holdfast
import Testing

@Suite("Names of the fields that key paths stand for")
struct TypedFieldNameTests {
  private typealias User = Shapes.User
  private typealias Custom = Shapes.Custom

  /// The name of a key path's field, or what is thrown.
  private func name<Element: Codable & Sendable, Value: Encodable>(
    _ keyPath: KeyPath<Element, Value>
  ) -> String {
    do throws(HoldfastError) {
      return try TypedField(keyPath).name()
    } catch {
      return "\(error.code): \(error.message)"
    }
  }

  /// The end of the message with which a key path is refused; `nil` when it is not.
  private func refusal<Element: Codable & Sendable, Value: Encodable>(
    _ keyPath: KeyPath<Element, Value>
  ) -> String? {
    do throws(HoldfastError) {
      _ = try TypedField(keyPath).name()
      return nil
    } catch {
      #expect(error.code == .invalidUse)
      #expect(error.message.contains(".field(\"…\", of: \(Value.self).self)"))
      #expect(error.message.contains("\(Element.self)"))
      return error.message
    }
  }

  @Test("properties of all kinds have the names of their coding keys")
  func names() {
    #expect(
      [name(\User.id), name(\User.name), name(\User.age), name(\User.score), name(\User.city)]
        == ["_id", "name", "age", "score", "city"])
    #expect([name(\User.active), name(\User.verified)] == ["active", "is_verified"])
    #expect([name(\User.nickname), name(\User.lucky), name(\User.other)] == ["nickname", "lucky", "other"])
    #expect(
      [name(\User.tags), name(\User.addresses), name(\User.scores)] == ["tags", "addresses", "scores"])
  }

  @Test("properties of properties have paths, also through optionals")
  func nested() {
    #expect(
      [name(\User.address), name(\User.address.city), name(\User.address.zip)]
        == ["addr", "addr.city", "addr.zip"])
    #expect(
      [name(\User.home), name(\User.home?.city), name(\User.home?.zip)] == ["home", "home.city", "home.zip"])
    #expect(
      [name(\Shapes.Pair<User, Int>.first.address.city), name(\Shapes.Pair<User, Int>.second)]
        == ["first.addr.city", "second"])
    #expect(name((\User.address).appending(path: \.city)) == "addr.city")
  }

  @Test("enumerations need not be CaseIterable, and may have one case or associated values")
  func enumerations() {
    #expect([name(\User.role), name(\User.role.rawValue), name(\User.former)] == ["role", "role", "former"])
    #expect(
      [name(\User.level), name(\User.suit), name(\User.only), name(\User.figure)]
        == ["level", "suit", "only", "figure"])
  }

  @Test("numbers of all widths, and BSON's own types")
  func values() {
    typealias Values = Shapes.Values
    #expect(
      [
        name(\Values.int8), name(\Values.int16), name(\Values.int32), name(\Values.int64),
        name(\Values.uint8),
      ]
        == ["int8", "int16", "int32", "int64", "uint8"])
    #expect(
      [
        name(\Values.uint16), name(\Values.uint32), name(\Values.uint64), name(\Values.uint),
        name(\Values.float),
      ]
        == ["uint16", "uint32", "uint64", "uint", "float"])
    #expect(
      [
        name(\Values.id), name(\Values.decimal), name(\Values.moment), name(\Values.stamp),
        name(\Values.binary),
      ]
        == ["id", "decimal", "moment", "stamp", "binary"])
    #expect(
      [
        name(\Values.regex), name(\Values.code), name(\Values.pointer), name(\Values.any),
        name(\Values.document),
      ]
        == ["regex", "code", "pointer", "any", "document"])
    #expect(name(\Values.maybe) == "maybe")
  }

  @Test("Foundation's types, collections in collections, dictionaries with keys of any type")
  func outside() {
    typealias Outside = Shapes.Outside
    #expect(
      [
        name(\Outside.date), name(\Outside.uuid), name(\Outside.data), name(\Outside.url),
        name(\Outside.decimal),
      ]
        == ["date", "uuid", "data", "url", "decimal"])
    #expect(
      [name(\Outside.range), name(\Outside.later), name(\Outside.zone), name(\Outside.locale)]
        == ["range", "later", "zone", "locale"])
    #expect(
      [name(\Outside.matrix), name(\Outside.set), name(\Outside.byRole), name(\Outside.byNumber)]
        == ["matrix", "set", "byRole", "byNumber"])
    #expect(
      [
        name(\Outside.interval), name(\Outside.interval.start), name(\Outside.measure),
        name(\Outside.components),
      ]
        == ["interval", "interval.start", "measure", "components"])
  }

  @Test("classes, what they inherit, and types that contain themselves")
  func classes() {
    #expect(
      [name(\Shapes.Dog.breed), name(\Shapes.Dog.age), name(\Shapes.Dog.name), name(\Shapes.Dog.legs)]
        == ["breed", "age", "super.name", "super.legs"])
    #expect(
      [name(\Shapes.Node.value), name(\Shapes.Node.next), name(\Shapes.Node.next?.value)]
        == ["value", "next", "next.value"])
    #expect([name(\Shapes.Node.children), name(\Shapes.Node.named)] == ["children", "named"])
  }

  @Test("types that encode as one value, wrappers, observers, and properties that stand for another")
  func wrappers() {
    typealias Wrapped = Shapes.Wrapped
    #expect([name(\Wrapped._id), name(\Wrapped._id.rawValue)] == ["_id", "_id"])
    #expect([name(\Wrapped.single), name(\Wrapped.single.inner)] == ["single", "single"])
    #expect(
      [name(\Wrapped.level), name(\Wrapped.watched), name(\Wrapped.sealed)] == ["level", "watched", "sealed"])
    #expect([name(\Wrapped.term), name(\Wrapped.generic.second)] == ["term", "generic.second"])
    #expect(name(\User.alias) == "name")
  }

  @Test("names and nesting that a type's own encode(to:) gives")
  func custom() {
    #expect(
      [name(\Custom.title), name(\Custom.width), name(\Custom.height)] == ["title", "size.w", "size.h"])
    #expect(name(\Custom.legacy) == "new")
  }

  @Test("types that accept only some values, when such values can be guessed")
  func strict() {
    typealias Strict = Shapes.Strict
    #expect(
      [
        name(\Strict.email), name(\Strict.email.text), name(\Strict.month), name(\Strict.latitude),
        name(\Strict.id),
      ]
        == ["email", "email", "month", "latitude", "id"])
    #expect(
      [name(\Strict.start), name(\Strict.end), name(\Strict.name), name(\Strict.color)]
        == ["start", "end", "name", "color"])
  }

  @Test("made-up values are such that types seldom trap over them")
  func trusting() {
    typealias Trusting = Shapes.Trusting
    // One is stored as a number of another width, which compares as equal.
    #expect(
      [name(\Trusting.byte), name(\Trusting.start), name(\Trusting.moment)] == ["byte", "start", "moment"])
    #expect(refusal(\Trusting.bySuit) != nil)
  }

  @Test("what is computed is refused, however much it is like a field")
  func computed() {
    for message in [
      refusal(\User.upper), refusal(\User.shown), refusal(\User.first), refusal(\User.sorted),
      refusal(\User.long), refusal(\User.whole), refusal(\User.adult), refusal(\User.magnitude),
      refusal(\User.rounded), refusal(\User.constant), refusal(\User.trimmed), refusal(\User.initial),
      refusal(\User.name.count), refusal(\User.self),
    ] { #expect(message?.contains("no field always has its value") == true) }
  }

  @Test("what is stored in another form, or left out, or stored twice is refused")
  func otherForms() {
    for message in [refusal(\Custom.email), refusal(\Custom.written), refusal(\Custom.visits)] {
      #expect(message?.contains("stored in another form, or left out") == true)
    }
    #expect(refusal(\Custom.both)?.contains("several fields: \"both\", \"both2\"") == true)
    #expect(refusal(\Shapes.Dotted.dotted)?.contains("contains a dot") == true)
    #expect(refusal(\Shapes.Dotted.dollar)?.contains("begins with a dollar sign") == true)
    #expect(name(\Shapes.Dotted.plain) == "plain")
  }

  @Test("elements of arrays and dictionaries are refused, and nothing traps for ones that are missing")
  func elements() {
    for message in [
      refusal(\User.tags[5]), refusal(\User.tags.count), refusal(\User.scores["a"]),
      refusal(\User.addresses[3].city), refusal(\User.tags[7].count), refusal(\[String: Int].["a"]),
      refusal(\User.other?[9]),
    ] { #expect(message?.contains("leads into an array or a dictionary") == true) }
    #expect(refusal(\User.home!.city)?.contains("write ? instead") == true)
    #expect(refusal(\User.other![9])?.contains("write ? instead") == true)
  }

  @Test("a type that refuses all made-up values can give samples, or names; else it is told so")
  func helpers() {
    let message = refusal(\Shapes.Unguessable.name)
    #expect(message?.contains("no value of Unguessable could be made up") == true)
    #expect(message?.contains("FieldSampling") == true)
    #expect([name(\Shapes.Sampled.code), name(\Shapes.Sampled.name)] == ["code", "name"])
    #expect(name(\Shapes.Named.name) == "inner.name")
    #expect(refusal(\Shapes.Named.code) != nil)
  }

  @Test("types that would decode for ever are refused in time")
  func endless() {
    #expect(refusal(\Shapes.Endless.value)?.contains("could be made up") == true)
    #expect(refusal(\Shapes.Greedy.value)?.contains("could be made up") == true)
  }

  @Test("names are found out once, by many threads at the same time")
  func threads() async {
    await withTaskGroup(of: [String].self) { group in
      for _ in 0..<8 {
        group.addTask {
          [
            try? TypedField(\Shapes.Pair<Int, Shapes.Address>.second.city).name(),
            try? TypedField(\Shapes.Pair<Int, Shapes.Address>.first).name(),
          ].map { $0 ?? "none" }
        }
      }
      for await names in group { #expect(names == ["second.city", "first"]) }
    }
  }
}
