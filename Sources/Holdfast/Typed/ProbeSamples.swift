/// Made-up values of a type, each with the document that it is stored as.
///
/// The first is as full as can be: every optional has a value, every array elements, and all leaves differ as
/// far as they can. Each of the others differs from it at one choice.
struct ProbeSamples<Element: Codable & Sendable>: Sendable {
  struct Sample: Sendable {
    let element: Element
    let document: Document
  }

  /// One or two for each choice.
  let samples: [Sample]
  /// What the first one was made from.
  private let plan: ProbeRun.Plan

  /// The most attempts at a first value.
  private static var maximumAttempts: Int { 500 }

  /// Makes up values of the type.
  /// - Throws: why the last attempt failed, when there is no value that the type accepts.
  init() throws {
    let numbers = ProbeNumbers()
    let (first, choices, plan) = try Self.first(numbers)
    self.plan = plan
    samples = [first] + Self.variations(of: choices, plan, numbers, each: 1)
  }

  /// The samples for key paths through computed properties, which may be the same as a stored one for many
  /// values and not for others: each choice in all ways.
  func thorough() -> [Sample] {
    let numbers = ProbeNumbers()
    guard case .success(let first, let choices) = Self.attempt(plan, numbers) else { return samples }
    return [first] + Self.variations(of: choices, plan, numbers, each: .max)
  }

  private enum Outcome {
    case success(Sample, [ProbeRun.Choice])
    case failure(any Error, [ProbeRun.Choice])
  }

  private static func attempt(_ plan: ProbeRun.Plan, _ numbers: ProbeNumbers) -> Outcome {
    let run = ProbeRun(plan: plan, numbers: numbers)
    do {
      let element = try ProbeDecoder(run: run).value(Element.self)
      return .success(Sample(element: element, document: try BSONEncoder().encode(element)), run.choices)
    } catch {
      return .failure(error, run.choices)
    }
  }

  /// Looks for a plan that the type accepts. What a failed attempt chose last was probably what it failed for,
  /// so that is changed first; and a change after which the type gets further is kept.
  private static func first(
    _ numbers: ProbeNumbers
  ) throws -> (Sample, [ProbeRun.Choice], plan: ProbeRun.Plan) {
    var plan: ProbeRun.Plan = [:]
    var attempts = 0
    search: while true {
      let failed: [ProbeRun.Choice]
      let failure: any Error
      switch attempt(plan, numbers) {
      case .success(let sample, let choices): return (sample, choices, plan)
      case .failure(let error, let choices): (failure, failed) = (error, choices)
      }
      for choice in failed.reversed() {
        for alternative in 0..<choice.count where alternative != choice.taken {
          guard attempts < maximumAttempts else { throw failure }
          attempts += 1
          var changed = plan
          changed[choice.name] = alternative
          switch attempt(changed, numbers) {
          case .success(let sample, let choices): return (sample, choices, changed)
          case .failure(_, let choices):
            guard choices.count > failed.count else { continue }
            plan = changed
            continue search
          }
        }
      }
      throw failure
    }
  }

  /// Values that differ at one choice each; those that the type refuses are left out.
  private static func variations(
    of choices: [ProbeRun.Choice], _ plan: ProbeRun.Plan, _ numbers: ProbeNumbers, each limit: Int
  ) -> [Sample] {
    choices.filter { !$0.name.canRepeatElement }.flatMap { choice in
      var found: [Sample] = []
      // The other value of the same form is the likeliest to be accepted, too.
      let others = (0..<choice.count).filter { $0 != choice.taken }
        .sorted { ($0 ^ choice.taken, $0) < ($1 ^ choice.taken, $1) }
      for alternative in others where found.count < limit {
        var changed = plan
        changed[choice.name] = alternative
        if case .success(let sample, _) = attempt(changed, numbers) { found.append(sample) }
      }
      return found
    }
  }
}
