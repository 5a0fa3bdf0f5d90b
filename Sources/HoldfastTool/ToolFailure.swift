import BSON
import Holdfast

/// Why a command failed, as it is shown: a sentence that ends with what to do next.
struct ToolFailure: Error {
  var status: ExitStatus
  /// A word for programs.
  var code: String
  var message: String
  /// The line of the input, counted from 1, where one is to blame.
  var line: Int?

  init(_ status: ExitStatus, _ code: String, _ message: String, line: Int? = nil) {
    self.status = status
    self.code = code
    self.message = message
    self.line = line
  }

  /// `nil` for what is no failure of a command, such as a request for help.
  init?(_ error: any Error) {
    if let failure = error as? ToolFailure {
      self = failure
    } else if let error = error as? HoldfastError {
      self.init(ExitStatus(error.code), error.code.rawValue, error.message + ToolFailure.hint(error.code))
    } else if let error = error as? BSONError {
      self.init(.badInput, error.code.rawValue, error.description, line: error.line)
    } else {
      return nil
    }
  }

  /// What to type next, where the library cannot know that it is used from a shell.
  private static func hint(_ code: HoldfastError.Code) -> String {
    switch code {
    case .notFound: " ('holdfast create' makes one, and so does 'holdfast import')"
    case .authenticationFailed:
      " (with --password-file, in HOLDFAST_PASSWORD, or at the prompt of a terminal; see 'holdfast --help')"
    case .corrupted: " ('holdfast verify' lists all damage)"
    default: ""
    }
  }

  func print(asJSON: Bool) {
    guard asJSON else {
      StandardError.print("holdfast: " + message)
      return
    }
    var error: Document = [
      "code": .string(code), "message": .string(message), "exitCode": .int32(status.rawValue),
    ]
    if let line { error["line"] = .int64(Int64(line)) }
    StandardError.print((["error": .document(error)] as Document).extendedJSON(.relaxed))
  }
}
