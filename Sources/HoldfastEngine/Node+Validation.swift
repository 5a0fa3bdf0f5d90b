extension Node {
  /// Whether every offset and length in a page that came from a file stays inside it, so that whoever reads
  /// the page afterwards needs no checks. A page that a file's owner forged with right checksums must not
  /// trap us.
  ///
  /// The order of the keys is not checked here (``Storage/verify()`` does): a wrong order gives wrong answers
  /// about a forged file, never a wild read.
  func isWellFormed(pageSize: Int) -> Bool {
    let count = count
    guard page.size == pageSize, page.level < StorageLimits.maximumHeight else { return false }
    let slotsEnd = PageFormat.slots + 2 * count
    guard slotsEnd <= cellStart, cellStart <= pageSize, garbage <= pageSize - cellStart else { return false }
    if !isLeaf && count == 0 { return false }
    var total = 0
    var extents: [(start: Int, end: Int)] = []
    extents.reserveCapacity(count)
    for index in 0..<count {
      let offset = Int(bytes.loadLE(PageFormat.slots + 2 * index, as: UInt16.self))
      let header = isLeaf ? Node.leafCellHeader : Node.internalCellHeader
      guard offset >= cellStart, offset + header <= pageSize else { return false }
      let cell = bytes + offset
      let keyLength = Int(cell.loadLE(0, as: UInt16.self))
      guard keyLength <= StorageLimits.maximumKeyBytes else { return false }
      var size = header + keyLength
      var reference: PageReference?
      if isLeaf {
        let length = Int(cell.loadLE(4, as: UInt32.self))
        guard length <= StorageLimits.maximumValueBytes else { return false }
        let overflow = cell.load(fromByteOffset: 2, as: UInt8.self) & Node.cellFlagOverflow != 0
        size += overflow ? PageReference.size : length
        // Larger ones would not be sure to fit when a page is split.
        guard size <= Node.largestCell(pageSize: pageSize), offset + size <= pageSize else { return false }
        if overflow { reference = PageReference(at: cell + header + keyLength) }
      } else {
        reference = PageReference(at: cell + 4)
      }
      guard offset + size <= pageSize else { return false }
      if let reference, !reference.isPlausible { return false }
      total += size
      extents.append((offset, offset + size))
    }
    guard total + garbage == pageSize - cellStart else { return false }
    // Cells that share bytes would destroy each other when one is changed.
    extents.sort { $0.start < $1.start }
    return zip(extents, extents.dropFirst()).allSatisfy { $0.end <= $1.start }
  }
}
