/// One decoding of a value from a made-up document.
///
/// Wherever the value that decodes itself could find this or that, there is a choice: which of the probe
/// values a leaf has, whether a field is there, how many elements an array has. A plan says what is taken at
/// some of the choices; at all others it is the first, or what is preferred there.
final class ProbeRun {
  /// What a choice is about.
  struct Name: Hashable {
    enum Subject: Hashable {
      /// Which of the many values of a type.
      case value(ObjectIdentifier)
      /// Which of the few values of a type, such as the cases of an enumeration.
      case constant(ObjectIdentifier)
      /// Whether a field is there.
      case field
      /// Whether a value is null.
      case null
      /// How many elements an array has.
      case count
      /// Which field a dictionary has.
      case keys
    }

    /// The path in the document.
    let place: String
    let subject: Subject
    /// Whether it is in an element of an array.
    let isInElement: Bool

    /// Whether equal elements could come of it, which a type may trap over, as a dictionary made of an array
    /// does.
    var canRepeatElement: Bool {
      if case .constant = subject { isInElement } else { false }
    }
  }

  /// A choice that was made.
  struct Choice {
    let name: Name
    /// How many alternatives there were.
    let count: Int
    /// The one that was taken.
    let taken: Int
  }

  typealias Plan = [Name: Int]

  /// Why a decoding is given up.
  enum Failure: Error, CustomStringConvertible {
    case tooLarge
    case noValues(type: String, place: String)

    var description: String {
      switch self {
      case .tooLarge: "the type nests too deep, or asks for too many values"
      case .noValues(let type, let place): "no value of \(type) is known for \(quoted(place))"
      }
    }
  }

  static let maximumChoices = 1000
  static let maximumDepth = 60
  /// The most elements that are handed out to a type that does not ask how many there are.
  static let maximumElements = 256

  private let plan: Plan
  private let numbers: ProbeNumbers
  /// The choices in the order in which they were made.
  private(set) var choices: [Choice] = []
  private var taken: [Name: Int] = [:]
  /// How often each type is being decoded right now.
  private var types: [ObjectIdentifier: Int] = [:]
  /// How many types are being decoded inside themselves, each time counted.
  private(set) var recursions = 0

  init(plan: Plan, numbers: ProbeNumbers) {
    self.plan = plan
    self.numbers = numbers
  }

  /// The number of a leaf: the same one in all runs.
  func number(_ name: Name) -> Int { numbers.number(name) }

  /// Takes one of some alternatives; the same one again when the choice is a known one.
  func choose(_ name: Name, of count: Int, preferring preferred: Int = 0) -> Int {
    if let known = taken[name] { return min(known, count - 1) }
    let choice = min(plan[name] ?? preferred, count - 1)
    taken[name] = choice
    choices.append(Choice(name: name, count: count, taken: choice))
    return choice
  }

  /// Whether a choice has been made.
  func hasChosen(_ name: Name) -> Bool { taken[name] != nil }

  /// Lets a type decode itself.
  func decode<T: Decodable>(_ type: T.Type, from decoder: ProbeDecoder) throws -> T {
    guard choices.count < Self.maximumChoices, decoder.depth < Self.maximumDepth else {
      throw Failure.tooLarge
    }
    let outer = types[ObjectIdentifier(type), default: 0]
    let recursions = recursions
    types[ObjectIdentifier(type)] = outer + 1
    self.recursions += outer > 0 ? 1 : 0
    defer {
      types[ObjectIdentifier(type)] = outer
      self.recursions = recursions
    }
    return try T(from: decoder)
  }
}

/// The numbers of leaves, in the order in which they were first met.
final class ProbeNumbers {
  private var numbers: [ProbeRun.Name: Int] = [:]

  func number(_ name: ProbeRun.Name) -> Int {
    if let number = numbers[name] { return number }
    let number = numbers.count + 1
    numbers[name] = number
    return number
  }
}
