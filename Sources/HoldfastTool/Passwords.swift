import Holdfast

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  @preconcurrency import Glibc
#elseif canImport(Musl)
  @preconcurrency import Musl
#endif

/// Where passwords come from: a file, the environment, or a prompt without echo. Never an argument.
enum Passwords {
  static let variable = "HOLDFAST_PASSWORD"

  /// The password that was given without a prompt, if one was.
  static func given(file: String?) throws -> String? {
    if let file { return try read(file: file) }
    guard let value = Platform.variable(variable), !value.isEmpty else { return nil }
    return value
  }

  /// A password file holds the password in its first line.
  private static func read(file: String) throws -> String {
    let descriptor = Platform.openForReading(file)
    guard descriptor >= 0 else {
      throw ToolFailure(
        Platform.lastErrorNumber == ENOENT ? .notFound : .notPermitted, "passwordFile",
        "the password file \(file) cannot be read: \(Platform.lastError)")
    }
    defer { Platform.close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: DatabaseLimits.maximumPasswordBytes + 2)
    while bytes.count <= DatabaseLimits.maximumPasswordBytes, !bytes.contains(UInt8(ascii: "\n")) {
      let count = buffer.withUnsafeMutableBytes { Platform.read(descriptor, into: $0) }
      guard count > 0 else { break }
      bytes.append(contentsOf: buffer.prefix(count))
    }
    var line = bytes.prefix { $0 != UInt8(ascii: "\n") }
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    guard !line.isEmpty, let password = String(validating: line, as: UTF8.self) else {
      throw ToolFailure(
        .authentication, "passwordFile",
        "the first line of the password file \(file) is empty or not UTF-8: write the password into it")
    }
    return password
  }

  /// Whether somebody can be asked.
  static var canAsk: Bool {
    let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
    if terminal >= 0 { Platform.close(terminal) }
    return terminal >= 0
  }

  /// Asks for the password of a database that is there.
  static func ask(for path: String) throws -> String { try ask("Password for \(path): ") }

  /// Asks twice for the password of a new database.
  static func askForNew(_ path: String) throws -> String {
    let password = try ask("New password for \(path): ")
    guard try ask("The same again: ") == password else {
      throw ToolFailure(.authentication, "passwordMismatch", "the two passwords differ: try again")
    }
    return password
  }

  private static func ask(_ prompt: String) throws -> String {
    let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard terminal >= 0 else {
      throw ToolFailure(
        .authentication, "noPassword",
        "a password is needed and there is no terminal to ask at: set \(variable) or use --password-file")
    }
    defer { Platform.close(terminal) }
    var settings = termios()
    guard tcgetattr(terminal, &settings) == 0 else {
      throw ToolFailure(.authentication, "noPassword", "the terminal does not let its echo be switched off")
    }
    var silent = settings
    silent.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(terminal, TCSAFLUSH, &silent)
    defer { tcsetattr(terminal, TCSAFLUSH, &settings) }
    _ = Array(prompt.utf8).withUnsafeBytes { Platform.write(terminal, $0) }
    var bytes: [UInt8] = []
    var byte: UInt8 = 0
    while withUnsafeMutableBytes(of: &byte, { Platform.read(terminal, into: $0) }) == 1,
      byte != UInt8(ascii: "\n")
    {
      bytes.append(byte)
      guard bytes.count <= DatabaseLimits.maximumPasswordBytes else { break }
    }
    _ = [UInt8(ascii: "\n")].withUnsafeBytes { Platform.write(terminal, $0) }
    guard !bytes.isEmpty, let password = String(validating: bytes, as: UTF8.self) else {
      throw ToolFailure(.authentication, "noPassword", "no password was typed: try again")
    }
    return password
  }
}
