import HoldfastTestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The fuzz targets without libFuzzer: seeded inputs, a few seconds each. `HOLDFAST_FUZZ_ROUNDS=100` tries a
/// hundred times as many.
@Suite("Fuzz targets") struct FuzzTests {
  /// How many times the usual number of inputs are tried.
  private static let factor = getenv("HOLDFAST_FUZZ_ROUNDS").flatMap { Int(String(cString: $0)) } ?? 1
  /// No input may take longer than this, even in a debug build on a busy machine.
  private static let longest = Duration.seconds(20)

  @Test(
    "no bytes make a decoder trap or hang, and what it accepts it writes back the same",
    arguments: FuzzTarget.all.map(\.name), Seeds.first(2))
  func mutated(target name: String, seed: UInt64) throws {
    let target = try #require(FuzzTarget.named(name))
    let seeds = try target.seeds()
    // A trap ends the process, so what led to it has to be said before.
    print("fuzz target \(name), seed \(seed)")
    for input in seeds { try run(target, input, "an input that was not changed") }
    var mutator = Mutator(seed: seed)
    for round in 0..<target.rounds * FuzzTests.factor {
      try run(target, mutator.input(from: seeds), "seed \(seed), round \(round)")
    }
  }

  private func run(_ target: FuzzTarget, _ input: [UInt8], _ what: String) throws {
    let clock = ContinuousClock()
    let start = clock.now
    do {
      try target.run(input)
    } catch {
      Issue.record("\(target.name), \(what): \(error); input \(FuzzInput.hexadecimal(input))")
    }
    let time = clock.now - start
    #expect(
      time < FuzzTests.longest, "\(target.name), \(what), took \(time): \(FuzzInput.hexadecimal(input))")
  }

  @Test("an input that is printed as text can be read back")
  func inputs() {
    #expect(FuzzInput.bytes("00ff 7A\n") == [0, 255, 0x7A])
    #expect(FuzzInput.bytes(FuzzInput.hexadecimal([1, 2, 0xAB])) == [1, 2, 0xAB])
    #expect(FuzzInput.bytes("0") == nil && FuzzInput.bytes("zz") == nil)
  }
}
