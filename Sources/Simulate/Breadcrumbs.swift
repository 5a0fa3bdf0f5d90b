#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What each thread is trying, so that a trap, which ends the process at once, still says how to get there.
enum Breadcrumbs {
  private static let size = 512
  private static let most = 64

  // Safe to share: each thread writes its own part, and the signal handler, which must not wait for anybody,
  // at worst prints half a line.
  nonisolated(unsafe) private static let memory: UnsafeMutablePointer<UInt8> = {
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: size * most)
    memory.initialize(repeating: 0, count: size * most)
    for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT] {
      signal(number) { number in
        Breadcrumbs.tell()
        signal(number, SIG_DFL)
        raise(number)
      }
    }
    return memory
  }()

  static func note(_ job: Int, _ command: String) {
    guard job < most else { return }
    let line = memory + job * size
    var position = 0
    for byte in command.utf8 where position < size - 2 {
      line[position] = byte
      position += 1
    }
    line[position] = UInt8(ascii: "\n")
    line[position + 1] = 0
  }

  private static func tell() {
    for job in 0..<most where memory[job * size] != 0 {
      _ = write(STDERR_FILENO, memory + job * size, length(memory + job * size))
    }
  }

  private static func length(_ line: UnsafeMutablePointer<UInt8>) -> Int {
    var length = 0
    while line[length] != 0 { length += 1 }
    return length
  }
}
