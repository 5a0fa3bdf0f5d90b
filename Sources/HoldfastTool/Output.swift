/// Nobody reads the output any more.
struct BrokenPipe: Error {}

/// Standard output, in few large writes.
struct StandardOutput: ~Copyable {
  private var buffer: [UInt8] = []
  private static let limit = 64 * 1024

  init() { buffer.reserveCapacity(Self.limit + 4096) }

  mutating func append(_ body: (inout [UInt8]) -> Void) throws {
    body(&buffer)
    if buffer.count >= Self.limit { try flush() }
  }

  mutating func line(_ text: String) throws {
    try append {
      $0.append(contentsOf: text.utf8)
      $0.append(UInt8(ascii: "\n"))
    }
  }

  mutating func flush() throws {
    defer { buffer.removeAll(keepingCapacity: true) }
    try buffer.withUnsafeBytes { try StandardOutput.write($0) }
  }

  static func write(_ text: String) throws {
    try Array(text.utf8).withUnsafeBytes { try write($0) }
  }

  static func write(_ bytes: UnsafeRawBufferPointer) throws {
    switch Platform.write(1, bytes) {
    case 0: break
    case Platform.brokenPipe: throw BrokenPipe()
    default:
      throw ToolFailure(.failure, "ioFailed", "standard output cannot be written: \(Platform.lastError)")
    }
  }
}

/// Standard error: for people, so nothing is done about what cannot be written.
enum StandardError {
  static func print(_ line: String) { write(line + "\n") }

  static func write(_ text: String) {
    _ = Array(text.utf8).withUnsafeBytes { Platform.write(2, $0) }
  }
}

/// A line on a terminal that says how far something is: shown from the first second on, and gone at the end.
struct Progress {
  private let phase: String
  private let isShown: Bool
  private let start = Platform.monotonic
  private var last: UInt64 = 0
  private var hasShown = false

  init(_ phase: String, isShown: Bool) {
    self.phase = phase
    self.isShown = isShown && Platform.isTerminal(2)
  }

  var seconds: Double { Double(Platform.monotonic - start) / 1e9 }

  mutating func update(_ status: @autoclosure () -> String) {
    guard isShown else { return }
    let now = Platform.monotonic
    guard now - start > 1_000_000_000, now - last > 200_000_000 else { return }
    last = now
    hasShown = true
    StandardError.write("\r\u{1B}[K\(phase): \(status())")
  }

  mutating func end() {
    if hasShown { StandardError.write("\r\u{1B}[K") }
    hasShown = false
  }
}

/// Numbers for people.
enum Format {
  /// 1234567 as `1 234 567`.
  static func count(_ value: some BinaryInteger) -> String {
    let digits = String(value.magnitude)
    var result = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { result += " " }
      result.append(digit)
    }
    return value < 0 ? "-" + result : result
  }

  static func documents(_ count: Int) -> String {
    Format.count(count) + (count == 1 ? " document" : " documents")
  }

  static func bytes(_ value: some BinaryInteger) -> String {
    var amount = Double(value)
    for unit in ["bytes", "KiB", "MiB", "GiB"] {
      if amount < 1024 { return unit == "bytes" ? "\(Int(amount)) bytes" : "\(decimal(amount)) \(unit)" }
      amount /= 1024
    }
    return "\(decimal(amount)) TiB"
  }

  /// With one digit behind the point.
  static func decimal(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  static func duration(_ value: Duration) -> String {
    let (seconds, attoseconds) = value.components
    let milliseconds = Double(seconds) * 1000 + Double(attoseconds) / 1e15
    return milliseconds < 1000 ? "\(decimal(milliseconds)) ms" : "\(decimal(milliseconds / 1000)) s"
  }
}
