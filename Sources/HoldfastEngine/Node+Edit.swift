extension Node {
  /// Makes room for a cell of `size` bytes at slot `index`. Returns where to write it, or `nil` when it does
  /// not fit even after compaction.
  private func openCell(at index: Int, size: Int) -> UnsafeMutableRawPointer? {
    let count = count
    assert(index >= 0 && index <= count)
    if cellStart - (PageFormat.slots + 2 * count) < size + 2 {
      guard freeBytes >= size + 2 else { return nil }
      compact()
    }
    let start = cellStart - size
    let slot = bytes + PageFormat.slots + 2 * index
    (slot + 2).copyMemory(from: slot, byteCount: 2 * (count - index))
    slot.storeLE(UInt16(start), 0)
    cellStart = start
    self.count = count + 1
    return bytes + start
  }

  /// Inserts a leaf cell. Returns `false`, with nothing changed, when it does not fit.
  func insertLeaf(
    at index: Int, key: UnsafeRawBufferPointer, valueLength: Int, stored: UnsafeRawBufferPointer,
    overflow: Bool
  ) -> Bool {
    guard let cell = openCell(at: index, size: Node.leafCellHeader + key.count + stored.count) else {
      return false
    }
    cell.storeLE(UInt16(key.count), 0)
    cell.storeBytes(of: overflow ? Node.cellFlagOverflow : 0, toByteOffset: 2, as: UInt8.self)
    cell.storeBytes(of: 0, toByteOffset: 3, as: UInt8.self)
    cell.storeLE(UInt32(valueLength), 4)
    copyBytes(key, to: cell + Node.leafCellHeader)
    copyBytes(stored, to: cell + Node.leafCellHeader + key.count)
    if overflow { page.flags |= PageFormat.flagReferences }
    return true
  }

  /// Inserts an internal cell. Returns `false`, with nothing changed, when it does not fit.
  func insertChild(at index: Int, key: UnsafeRawBufferPointer, child: PageReference) -> Bool {
    guard let cell = openCell(at: index, size: Node.internalCellHeader + key.count) else { return false }
    cell.storeLE(UInt16(key.count), 0)
    cell.storeLE(UInt16(0), 2)
    child.store(at: cell + 4)
    copyBytes(key, to: cell + Node.internalCellHeader)
    return true
  }

  /// Copies a cell of another node of the same kind to the end of this one. It must fit.
  func appendCell(_ cell: UnsafeRawBufferPointer, flags: UInt16) {
    guard let place = openCell(at: count, size: cell.count) else {
      assertionFailure("a cell was moved into a page without room")
      return
    }
    copyBytes(cell, to: place)
    page.flags |= flags & PageFormat.flagReferences
  }

  /// Removes the cell at slot `index`.
  func remove(at index: Int) {
    let size = cellSize(index)
    let offset = cell(index) - bytes
    let count = count
    assert(index >= 0 && index < count)
    let slot = bytes + PageFormat.slots + 2 * index
    slot.copyMemory(from: slot + 2, byteCount: 2 * (count - index - 1))
    self.count = count - 1
    if offset == cellStart {
      cellStart = offset + size
    } else {
      garbage += size
    }
  }

  /// Moves the cells from slot `index` on to the end of another, empty or lower-keyed, node.
  func moveCells(from index: Int, to other: Node) {
    let end = count
    for slot in index..<end { other.appendCell(cellBytes(slot), flags: page.flags) }
    for slot in stride(from: end - 1, through: index, by: -1) { remove(at: slot) }
    if index == 0 { formatEmpty() }
  }

  /// Gathers the garbage: the cells are laid out anew from the end of the page.
  func compact() {
    let size = page.size
    let copy = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    defer { copy.deallocate() }
    copy.copyMemory(from: bytes, byteCount: size)
    var end = size
    for index in 0..<count {
      let length = cellSize(index, in: copy)
      let from = Int(copy.loadLE(PageFormat.slots + 2 * index, as: UInt16.self))
      end -= length
      (bytes + end).copyMemory(from: copy + from, byteCount: length)
      bytes.storeLE(UInt16(end), PageFormat.slots + 2 * index)
    }
    cellStart = end
    garbage = 0
  }

  private func cellSize(_ index: Int, in copy: UnsafeMutableRawPointer) -> Int {
    let cell = copy + Int(copy.loadLE(PageFormat.slots + 2 * index, as: UInt16.self))
    let keyLength = Int(cell.loadLE(0, as: UInt16.self))
    guard isLeaf else { return Node.internalCellHeader + keyLength }
    let overflow = cell.load(fromByteOffset: 2, as: UInt8.self) & Node.cellFlagOverflow != 0
    return Node.leafCellHeader + keyLength
      + (overflow ? PageReference.size : Int(cell.loadLE(4, as: UInt32.self)))
  }
}
