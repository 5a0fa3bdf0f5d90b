/// The run of a program through a text: the set of places where the program may be, advanced by one symbol at
/// a time.
///
/// A place is in the set once, however many ways lead there. That is what bounds the steps.
struct RegexSimulation {
  private let newline: Int
  private let finalNewline: Int
  private let end: Int
  private let isAnchored: Bool
  private let members: UnsafeBufferPointer<UInt64>
  private let isWord: UnsafeBufferPointer<Bool>
  private var walk: RegexWalk
  /// The places before the next symbol.
  private(set) var places: RegexPlaces
  /// The places behind the symbol that was looked at.
  private(set) var nextPlaces: RegexPlaces

  /// Instructions looked at until now.
  var steps: Int { walk.steps }

  fileprivate init(
    _ program: RegexProgram, members: UnsafeBufferPointer<UInt64>, isWord: UnsafeBufferPointer<Bool>,
    walk: RegexWalk, places: RegexPlaces, nextPlaces: RegexPlaces
  ) {
    newline = program.alphabet.newline
    finalNewline = program.alphabet.finalNewline
    end = program.alphabet.end
    isAnchored = program.isAnchored
    self.members = members
    self.isWord = isWord
    self.walk = walk
    self.places = places
    self.nextPlaces = nextPlaces
  }

  /// Whether no match begins elsewhere than at the text's start: if not behind a newline, then nowhere.
  mutating func beginsAtStartOnly() -> Bool {
    walk.beginRound()
    nextPlaces.reset(RegexContext(isNewline: true, isWord: true))
    let matches = walk.follow(0, into: &nextPlaces)
    return !matches && nextPlaces.isEmpty
  }

  /// Goes to the text's start. True when every text matches.
  mutating func begin() -> Bool {
    walk.beginRound()
    places.reset(RegexContext(isStart: true))
    return walk.follow(0, into: &places)
  }

  /// Goes to places that were saved.
  mutating func resume(at saved: RegexState) {
    walk.beginRound()
    places.reset(saved.context)
    for place in saved.places { walk.restore(Int(place), into: &places) }
  }

  /// Finds the places behind the next symbol. True when the text matches, whatever follows.
  mutating func look(at symbol: Int) -> Bool {
    if places.isWaiting, settle(before: symbol) { return true }
    walk.beginRound()
    nextPlaces.reset(RegexContext(isNewline: symbol == newline, isWord: isWord[symbol]))
    let row = symbol / 64
    let bit = UInt64(1) << UInt64(symbol % 64)
    walk.steps += places.count
    for index in 0..<places.count {
      let place = Int(places[index])
      switch walk.instructions[place] {
      case .symbol(let only): if Int(only) != symbol { continue }
      case .set(let start): if members[Int(start) + row] & bit == 0 { continue }
      default: continue
      }
      if walk.follow(place + 1, into: &nextPlaces) { return true }
    }
    return isAnchored ? false : walk.follow(0, into: &nextPlaces)
  }

  /// Makes the places behind the symbol that was looked at the places.
  mutating func advance() { swap(&places, &nextPlaces) }

  /// Follows the assertions among the places that hold before a symbol. In the same round: what they lead to is
  /// at the same place in the text.
  private mutating func settle(before symbol: Int) -> Bool {
    var index = 0
    while index < places.count {
      let place = Int(places[index])
      index += 1
      walk.steps += 1
      guard case .assertion(let assertion) = walk.instructions[place], holds(assertion, before: symbol) else {
        continue
      }
      if walk.follow(place + 1, into: &places) { return true }
    }
    return false
  }

  private func holds(_ assertion: RegexAssertion, before symbol: Int) -> Bool {
    let isWordBefore = places.context.isWord
    switch assertion {
    case .textStart, .lineStart: return false
    case .textEnd: return symbol == end
    case .end: return symbol == end || symbol == finalNewline
    case .lineEnd:
      return symbol == end || symbol == finalNewline || symbol == newline
    case .wordBoundary: return isWordBefore != isWord[symbol]
    case .noWordBoundary: return isWordBefore == isWord[symbol]
    case .wordStart: return !isWordBefore && isWord[symbol]
    case .wordEnd: return isWordBefore && !isWord[symbol]
    case .notBeforeNewline: return symbol != newline && symbol != finalNewline
    }
  }
}

/// What assertions want to know of the symbol before them.
struct RegexContext: Hashable {
  var isStart = false
  /// A newline, and not the last character.
  var isNewline = false
  var isWord = false
}

/// A set of places in a program: instructions that take a symbol, and assertions that wait for the next one.
struct RegexPlaces {
  private let memory: UnsafeMutableBufferPointer<UInt32>
  private(set) var count = 0
  /// What is before the places.
  private(set) var context = RegexContext()
  /// Whether an assertion is among them.
  private(set) var isWaiting = false

  fileprivate init(_ memory: UnsafeMutableBufferPointer<UInt32>) { self.memory = memory }

  var isEmpty: Bool { count == 0 }
  /// A copy. What is before the places is in it only where it matters: when one of them waits.
  var saved: RegexState {
    RegexState(places: memory[..<count].sorted(), context: isWaiting ? context : RegexContext())
  }

  /// Whether a copy is one of these places. It may say no when they are in another order.
  func isSaved(in state: RegexState) -> Bool {
    state.places.count == count && state.places.elementsEqual(memory[..<count])
      && (!isWaiting || state.context == context)
  }

  subscript(index: Int) -> UInt32 { memory[index] }

  fileprivate mutating func reset(_ context: RegexContext) {
    count = 0
    isWaiting = false
    self.context = context
  }

  fileprivate mutating func append(_ place: Int, waits: Bool) {
    memory[count] = UInt32(place)
    count += 1
    if waits { isWaiting = true }
  }
}

/// A set of places that was saved. Equal ones go on equally.
struct RegexState: Hashable {
  fileprivate let places: [UInt32]
  fileprivate let context: RegexContext
}

/// The way from an instruction to the places that it leads to without a symbol.
struct RegexWalk {
  fileprivate let instructions: UnsafeBufferPointer<RegexInstruction>
  /// Instructions yet to be followed.
  private let pending: UnsafeMutableBufferPointer<UInt32>
  /// For each instruction the round in which it was reached last.
  private let reached: UnsafeMutableBufferPointer<UInt32>
  private var round: UInt32 = 0
  fileprivate var steps = 0

  fileprivate init(
    _ instructions: UnsafeBufferPointer<RegexInstruction>, pending: UnsafeMutableBufferPointer<UInt32>,
    reached: UnsafeMutableBufferPointer<UInt32>
  ) {
    self.instructions = instructions
    self.pending = pending
    self.reached = reached
  }

  /// Forgets what was reached.
  fileprivate mutating func beginRound() {
    round &+= 1
    if round == 0 {
      reached.update(repeating: 0)
      round = 1
    }
  }

  /// Adds the places that an instruction leads to and that were not reached in this round. True when it leads
  /// to a match.
  fileprivate mutating func follow(_ start: Int, into places: inout RegexPlaces) -> Bool {
    guard reach(start) else { return false }
    pending[0] = UInt32(start)
    var waiting = 1
    while waiting > 0 {
      waiting -= 1
      let place = Int(pending[waiting])
      steps += 1
      var next = place + 1
      switch instructions[place] {
      case .match: return true
      case .set, .symbol:
        places.append(place, waits: false)
        continue
      case .jump(let distance): next = place + Int(distance)
      case .split(let distance):
        let other = place + Int(distance)
        if reach(other) {
          pending[waiting] = UInt32(other)
          waiting += 1
        }
      case .assertion(.textStart):
        guard places.context.isStart else { continue }
      case .assertion(.lineStart):
        guard places.context.isStart || places.context.isNewline else { continue }
      case .assertion:
        places.append(place, waits: true)
        continue
      }
      if reach(next) {
        pending[waiting] = UInt32(next)
        waiting += 1
      }
    }
    return false
  }

  /// Puts back a place of an earlier round.
  fileprivate mutating func restore(_ place: Int, into places: inout RegexPlaces) {
    guard reach(place) else { return }
    if case .assertion = instructions[place] {
      places.append(place, waits: true)
    } else {
      places.append(place, waits: false)
    }
  }

  /// Marks an instruction as reached. False when it was.
  private func reach(_ place: Int) -> Bool {
    guard reached[place] != round else { return false }
    reached[place] = round
    return true
  }
}

extension RegexProgram {
  /// Calls the closure with a simulation of this program, in memory of its own.
  func withSimulation<Result>(_ body: (inout RegexSimulation) -> Result) -> Result {
    let length = instructions.count
    return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 4 * length) { scratch in
      func part(_ number: Int) -> UnsafeMutableBufferPointer<UInt32> {
        UnsafeMutableBufferPointer(rebasing: scratch[number * length..<(number + 1) * length])
      }
      // The other parts are written before they are read.
      part(1).initialize(repeating: 0)
      return instructions.withUnsafeBufferPointer { instructions in
        members.withUnsafeBufferPointer { members in
          isWord.withUnsafeBufferPointer { isWord in
            var simulation = RegexSimulation(
              self, members: members, isWord: isWord,
              walk: RegexWalk(instructions, pending: part(0), reached: part(1)),
              places: RegexPlaces(part(2)), nextPlaces: RegexPlaces(part(3)))
            return body(&simulation)
          }
        }
      }
    }
  }

  /// Whether the expression matches anywhere in the text, and how many instructions were looked at.
  func simulate(_ text: UnsafeRawBufferPointer) -> (matches: Bool, steps: Int) {
    withSimulation { simulation in
      if simulation.begin() { return (true, simulation.steps) }
      var reader = RegexReader(text)
      while true {
        let symbol = reader.next(alphabet)
        if simulation.look(at: symbol) { return (true, simulation.steps) }
        if symbol == alphabet.end || isAnchored && simulation.nextPlaces.isEmpty {
          return (false, simulation.steps)
        }
        simulation.advance()
      }
    }
  }
}
