import HoldfastTestSupport

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What goes wrong in one run of a workload, and when.
public struct Plan: Sendable, Equatable, CustomStringConvertible {
  /// What goes wrong.
  public enum Kind: Sendable, Equatable, CaseIterable {
    /// Nothing, but the power fails at the end.
    case nothing
    /// The power fails before an operation.
    case power
    /// The power fails in the middle of a write.
    case torn
    /// The process dies before an operation.
    case kill
    /// A sync fails, and what it should have made durable is lost although reads show it.
    case sync
    /// An operation fails with this error.
    case inputOutput, noSpace, tryAgain, tooManyFiles
    /// Every operation from one on fails with this error.
    case inputOutputFromThenOn, noSpaceFromThenOn, tryAgainFromThenOn, tooManyFilesFromThenOn
  }

  public var kind: Kind
  /// The number of the operation of the workload that it happens at, or the first that it can happen to.
  public var operation: Int
  /// Power failures in the openings that follow, each before this operation of its opening.
  public var recovery: [Int]

  public init(_ kind: Kind, at operation: Int, recovery: [Int] = []) {
    self.kind = kind
    self.operation = operation
    self.recovery = recovery
  }

  /// What the disk is told.
  var fault: Fault? {
    switch kind {
    case .nothing: nil
    case .power, .kill: .crash
    case .torn: .tornWrite
    case .sync: .failedSyncDroppingData
    case .inputOutput: .error(EIO, .once)
    case .noSpace: .error(ENOSPC, .once)
    case .tryAgain: .error(EAGAIN, .once)
    case .tooManyFiles: .error(EMFILE, .once)
    case .inputOutputFromThenOn: .error(EIO, .fromThenOn)
    case .noSpaceFromThenOn: .error(ENOSPC, .fromThenOn)
    case .tryAgainFromThenOn: .error(EAGAIN, .fromThenOn)
    case .tooManyFilesFromThenOn: .error(EMFILE, .fromThenOn)
    }
  }

  /// Whether what goes wrong goes on until the end of the workload.
  var isLasting: Bool {
    if case .error(_, .fromThenOn) = fault { return true }
    return false
  }

  /// Whether the process survives what goes wrong. Then what ends the run is drawn: a kill or a power
  /// failure.
  var leavesProcess: Bool { kind != .power && kind != .torn && kind != .kill }

  /// `torn@57`, or with failures in the openings after it `power@57,12,5`.
  public var description: String {
    "\(kind)@" + ([operation] + recovery).map(String.init).joined(separator: ",")
  }

  public init(_ text: String) throws(UnreadableText) {
    let fields = text.split(separator: "@")
    let numbers = fields.dropFirst().first?.split(separator: ",").compactMap { Int($0) } ?? []
    guard fields.count == 2, let kind = Kind.allCases.first(where: { "\($0)" == fields[0] }),
      let operation = numbers.first
    else { throw UnreadableText(description: "\"\(text)\" is no plan") }
    self.init(kind, at: operation, recovery: Array(numbers.dropFirst()))
  }
}
