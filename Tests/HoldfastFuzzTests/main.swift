// The fuzz targets under libFuzzer; see `Fuzzing/run`, which builds and starts this.

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// libFuzzer's main function: `FuzzerDriver.cpp` of compiler-rt, made for programs with a `main` of their own.
@_silgen_name("LLVMFuzzerRunDriver")
func runFuzzer(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Runs one input. The name is the one that libFuzzer's own `main`, which is linked but not used, asks for.
@c(LLVMFuzzerTestOneInput)
public func runTarget(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = [UInt8](UnsafeBufferPointer(start: bytes, count: count))
  do { try target.run(input) } catch { fatalError("\(target.name): \(error)") }
  return 0
}

/// The target of this run. Set once, before anything else begins.
nonisolated(unsafe) var target = FuzzTarget.bson

func usage() -> Never {
  print(
    """
    usage: HoldfastFuzz list
           HoldfastFuzz seeds TARGET FOLDER        writes the inputs to begin with
           HoldfastFuzz replay TARGET HEX          runs one input
           HoldfastFuzz TARGET [libFuzzer's arguments]
    """)
  exit(2)
}

func write(_ bytes: [UInt8], to path: String) {
  guard let file = fopen(path, "w") else {
    print("cannot write \(path)")
    exit(1)
  }
  fwrite(bytes, 1, bytes.count, file)
  fclose(file)
}

var words = CommandLine.arguments
guard words.count >= 2 else { usage() }
if words[1] == "list" {
  for target in FuzzTarget.all { print(target.name) }
  exit(0)
}
let isCommand = words[1] == "seeds" || words[1] == "replay"
guard !isCommand || words.count == 4, let chosen = FuzzTarget.named(words[isCommand ? 2 : 1]) else { usage() }
target = chosen
if words[1] == "seeds" {
  for (index, seed) in try target.seeds().enumerated() { write(seed, to: "\(words[3])/seed-\(index)") }
  exit(0)
}
if words[1] == "replay" {
  guard let input = FuzzInput.bytes(words[3]) else { usage() }
  try target.run(input)
  print("nothing is wrong with this input")
  exit(0)
}

words.remove(at: 1)
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = .allocate(capacity: words.count + 1)
for (index, word) in words.enumerated() { arguments?[index] = strdup(word) }
arguments?[words.count] = nil
var count = CInt(words.count)
exit(runFuzzer(&count, &arguments, runTarget))
