import HoldfastIO

/// One operation that a ``SimulatedDisk`` was asked for, and how it ended.
public struct TracedOperation: Sendable, Equatable, CustomStringConvertible {
  /// How an operation ended.
  public enum Outcome: Sendable, Equatable {
    /// It was done. For reads and writes, with this many bytes; for others the number means nothing.
    case done(Int)
    /// It failed with this error number.
    case failed(Int32)
  }

  /// Its number; the first operation on a disk has number 1.
  public var number: Int
  /// What was asked.
  public var operation: IOError.Operation
  /// The path it was about, starting with `/`.
  public var path: String
  /// For renames, the new path.
  public var destination: String?
  /// Where it began, or the new length for truncations; 0 for operations without a place.
  public var offset: UInt64
  /// How many bytes were asked for.
  public var length: Int
  /// What went wrong with it on purpose.
  public var faults: [Fault]
  /// How it ended.
  public var outcome: Outcome

  /// One line, such as `12 write /data/a 4096+200 = 100`: number, kind, path, offset + length, result.
  public var description: String {
    let place = length > 0 || offset > 0 ? " \(offset)+\(length)" : ""
    let result =
      switch outcome {
      case .done(let count): length > 0 && count != length ? " = \(count)" : ""
      case .failed(let code): " failed (\(code))"
      }
    let target = destination.map { " to \($0)" } ?? ""
    return
      "\(number) \(operation.rawValue) \(path)\(target)\(place)\(result)\(faults.isEmpty ? "" : " \(faults)")"
  }
}
