import HoldfastIO

/// A file in the folder of the log that only takes room: removed when the disk is full, so that what makes
/// room (deleting, a checkpoint, closing, recovering) still works.
///
/// It gets its name when it is whole and synced, so a file of that name has its blocks. Nothing else depends
/// on it, and no failure of it is anybody's.
struct Reserve: Sendable {
  let directory: String
  let byteCount: Int
  let fileSystem: any FileSystem

  static let name = "RESERVE"
  static let temporaryName = "RESERVE-new"

  private var path: String { directory + "/" + Reserve.name }
  private var temporaryPath: String { directory + "/" + Reserve.temporaryName }

  /// How large the file is; 0 when there is none.
  var size: UInt64 { ((try? fileSystem.information(at: path)) ?? nil)?.size ?? 0 }

  /// Whether it is there, as large as it should be.
  var isPresent: Bool { byteCount > 0 && size == UInt64(byteCount) }

  /// Makes it, filled with bytes that no file system can compress away, which follow from `seed`.
  func make(seed: UInt64) throws(IOError) {
    guard byteCount > 0 else { return }
    remove()
    let file = try fileSystem.open(temporaryPath, .create)
    do throws(IOError) {
      try Reserve.fill(file, byteCount: byteCount, seed: seed)
      try file.sync()
      file.close()
      try fileSystem.rename(temporaryPath, to: path)
    } catch {
      file.close()
      try? fileSystem.remove(temporaryPath)
      throw error
    }
  }

  /// Removes what there is of it. Returns whether that made room.
  @discardableResult
  func remove() -> Bool {
    var hasMadeRoom = false
    for path in [path, temporaryPath] where (try? fileSystem.remove(path)) != nil { hasMadeRoom = true }
    // Some file systems give the blocks back only when the removal is on the disk. If they do not, the caller
    // finds out.
    if hasMadeRoom { try? fileSystem.syncDirectory(directory) }
    return hasMadeRoom
  }

  /// Runs `body`, and when it found no room, removes what there is of the reserve and runs it again.
  func relieving<R>(_ body: () throws(StorageError) -> R) throws(StorageError) -> R {
    do {
      return try body()
    } catch {
      guard error.cause?.errorClass == .diskFull, remove() else { throw error }
      return try body()
    }
  }

  private static func fill(_ file: any File, byteCount: Int, seed: UInt64) throws(IOError) {
    var state = seed
    var chunk = [UInt64](repeating: 0, count: min(byteCount, 256 << 10) / 8 + 1)
    var offset = 0
    while offset < byteCount {
      for index in chunk.indices {
        // An odd multiplier and a shift: nothing secret, merely without a pattern.
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        chunk[index] = state ^ (state >> 29)
      }
      let count = min(byteCount - offset, chunk.count * 8)
      let place = UInt64(offset)
      let result: Result<Void, IOError> = chunk.withUnsafeBytes { bytes in
        do throws(IOError) {
          return .success(try file.writeFully(UnsafeRawBufferPointer(rebasing: bytes[..<count]), at: place))
        } catch { return .failure(error) }
      }
      try result.get()
      offset += count
    }
  }
}
