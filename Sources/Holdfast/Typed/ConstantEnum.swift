/// The values of enumerations whose cases have no associated values, found without the help of the type.
///
/// Such an enumeration that is not `CaseIterable` gives nobody a list of its cases, and its `init(from:)`
/// refuses what is not the raw value of one. Its values are the numbers of its cases in one byte, though, and
/// how many there are is in the type's descriptor (`TargetEnumDescriptor` in the Swift runtime's Metadata.h).
enum ConstantEnum {
  private enum Known: CaseIterable { case first, second, third }

  /// Whether descriptors look as expected here; else no values are found, rather than wrong ones.
  private static let isUnderstood: Bool =
    Known.allCases.count == caseCount(of: Known.self) && caseCount(of: Bool.self) == nil
    && caseCount(of: UInt8.self) == nil && caseCount(of: Bool?.self) == nil

  /// The values of an enumeration without associated values, in the order of its cases; none for any other
  /// type.
  static func values<T>(of type: T.Type) -> [T] {
    guard isUnderstood, let count = caseCount(of: type) else { return [] }
    return (0..<count).map { number in
      withUnsafeBytes(of: UInt8(truncatingIfNeeded: number)) { $0.load(as: T.self) }
    }
  }

  private static func caseCount<T>(of type: T.Type) -> Int? {
    #if _ptrauth(_arm64e)
      return nil  // Pointers in descriptors are signed.
    #else
      guard MemoryLayout<T>.size <= 1, MemoryLayout<Any.Type>.size == MemoryLayout<UnsafeRawPointer>.size
      else { return nil }
      let metadata = unsafeBitCast(type as Any.Type, to: UnsafeRawPointer.self)
      // The kind "enumeration", then the descriptor: flags, parent, name, accessor, fields, the number of
      // cases with associated values (in 24 bits), the number of those without.
      guard metadata.load(as: UInt.self) == 0x201,
        let descriptor = metadata.load(
          fromByteOffset: MemoryLayout<UInt>.size, as: UnsafeRawPointer?.self)
      else { return nil }
      let payloadCases = descriptor.load(fromByteOffset: 20, as: UInt32.self) & 0xFF_FFFF
      let count = descriptor.load(fromByteOffset: 24, as: UInt32.self)
      guard payloadCases == 0, count >= 1, count <= 256 else { return nil }
      guard MemoryLayout<T>.size == (count == 1 ? 0 : 1) else { return nil }
      return Int(count)
    #endif
  }
}
