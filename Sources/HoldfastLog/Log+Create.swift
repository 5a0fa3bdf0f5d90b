import HoldfastIO

extension Log {
  /// Creates a log. When it returns, the log is durably there: the folder, its first segment, and the names
  /// of both.
  ///
  /// Other files of the folder are left alone.
  /// - Parameters:
  ///   - id: A name never used before, see ``LogID/random(from:)``.
  ///   - epoch: One more than that of the database's previous log.
  ///   - firstLSN: The LSN of the first commit that will be appended; at least 1.
  ///   - lastTimestamp: The highest timestamp of any commit before; no frame gets a smaller one.
  /// - Throws: ``LogError/Code/exists`` when the id is in use, `.diskFull`, `.ioFailed`.
  public static func create(
    _ c: LogConfiguration, id: LogID, epoch: UInt32, firstLSN: UInt64, lastTimestamp: Int64 = .min
  ) throws(LogError) -> Log {
    guard firstLSN >= 1, firstLSN < UInt64.max else {
      throw LogError(.invalid, "a log cannot begin with commit \(firstLSN): LSNs begin at 1")
    }
    let name = SegmentName(epoch: epoch, firstLSN: firstLSN, sequence: 1, tag: id.tag)
    let sparePath = c.path(SegmentName.spare(id, 0))
    let finalPath = c.path(name.text)
    let size = c.sizes.smallest
    let header = SegmentHeader(
      databaseID: c.identity, logID: id, epoch: epoch, flags: c.key == nil ? 0 : SegmentHeader.sealedFlag,
      sequence: 1, firstLSN: firstLSN, size: size, salt: c.random.bytes(SegmentHeader.saltSize),
      created: c.clock.now())
    do throws(IOError) {
      let file = try createFile(c, header: header, sparePath: sparePath, finalPath: finalPath)
      let segment = Segment(
        header: header, file: file, key: c.key, sparePath: sparePath, finalPath: finalPath,
        startsInside: false)
      segment.isActive = true
      segment.mayHaveFinalName = true
      return Log(
        configuration: c, id: id, epoch: epoch, firstLSN: firstLSN, timestamp: lastTimestamp,
        segment: segment, spareNumber: 1)
    } catch {
      if error.errorClass == .exists {
        throw LogError(
          .exists, "a log \(id) is in \(c.directory) already: draw a new id for every log",
          file: error.path, underlying: error)
      }
      throw .io(error, doing: "could not create a log in \(c.directory)")
    }
  }

  private static func createFile(
    _ c: LogConfiguration, header: SegmentHeader, sparePath: String, finalPath: String
  ) throws(IOError) -> any File {
    let isNewFolder = try makeFolder(c)
    // A rename would replace what has the final name already. Opening that name for a moment says so in the
    // words of the system.
    if try c.fileSystem.information(at: finalPath) != nil {
      _ = try c.fileSystem.open(finalPath, .create)
    }
    let file = try c.fileSystem.open(sparePath, .create)
    do {
      try zeroFill(file, size: header.size, header: header.encoded(), c)
      try file.sync()
      try c.fileSystem.rename(sparePath, to: finalPath)
      try c.fileSystem.syncDirectory(c.directory)
      try c.fileSystem.syncDirectory(parent(of: c.directory))
      return file
    } catch {
      // What is left of the attempt is in nobody's way: no slot names this log. Removing it is a courtesy.
      file.close()
      try? c.fileSystem.remove(sparePath)
      try? c.fileSystem.remove(finalPath)
      // A name whose sync failed may never reach the disk, whatever is synced later: the next attempt has to
      // make it anew.
      if isNewFolder { try? c.fileSystem.remove(c.directory) }
      throw error
    }
  }

  /// Returns whether the folder was not there.
  private static func makeFolder(_ c: LogConfiguration) throws(IOError) -> Bool {
    if try c.fileSystem.information(at: c.directory) != nil { return false }
    do {
      try c.fileSystem.createDirectory(c.directory)
      return true
    } catch  where error.errorClass == .exists {
      // Made by someone else in between: just as good.
      return false
    }
  }

  /// The folder that holds `path`.
  static func parent(of path: String) -> String {
    var text = Substring(path)
    while text.count > 1, text.hasSuffix("/") { text = text.dropLast() }
    guard let slash = text.lastIndex(of: "/") else { return "." }
    return slash == text.startIndex ? "/" : String(text[..<slash])
  }

  /// Writes `header` (may be empty) and zeros up to `size`, so that no later sync has a length or an
  /// allocation to record.
  static func zeroFill(
    _ file: any File, size: UInt64, header: [UInt8], _ c: LogConfiguration
  ) throws(IOError) {
    var chunk = [UInt8](repeating: 0, count: LogLimits.zeroChunk)
    for (index, byte) in header.enumerated() { chunk[index] = byte }
    var offset: UInt64 = 0
    while offset < size {
      let count = Int(min(UInt64(chunk.count), size - offset))
      try file.writeAll(chunk, count: count, at: offset)
      if offset == 0 {
        for index in header.indices { chunk[index] = 0 }
      }
      offset += UInt64(count)
    }
  }
}

extension File {
  /// Writes the first `count` bytes of an array.
  func writeAll(_ bytes: [UInt8], count: Int, at offset: UInt64) throws(IOError) {
    let result = bytes.withUnsafeBytes { buffer -> Result<Void, IOError> in
      do throws(IOError) {
        return .success(try writeFully(UnsafeRawBufferPointer(rebasing: buffer[..<count]), at: offset))
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }
}
