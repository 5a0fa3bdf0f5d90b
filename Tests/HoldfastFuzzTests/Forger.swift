import HoldfastIO

@testable import HoldfastEngine

/// Makes a data file that was changed on purpose hold together again: each page gets the checksum of its new
/// bytes, each parent the new tag of its child, each slot the tag of its catalog. What is behind the checksums
/// is reached that way.
struct Forger {
  var file: [UInt8]
  private let pageSize: Int
  private let codec: PageCodec
  /// Pages whose new tags are known, and those that are being worked on.
  private var tags: [UInt64: PageTag] = [:]
  private var open: Set<UInt64> = []

  init(_ file: [UInt8]) {
    self.file = file
    var pageSize = FuzzTarget.pageSize
    var id = FuzzTarget.databaseID
    if case .valid(let block) = KeyBlock.decode(Array(file.prefix(HeaderFormat.blockSize))) {
      pageSize = block.pageSize
      id = block.databaseID
    }
    self.pageSize = pageSize
    codec = PageCodec(pageSize: pageSize, databaseID: id, key: nil, random: SystemRandom())
  }

  mutating func fix() throws {
    for offset in HeaderFormat.slotOffsets.map({ Int($0) }) {
      // Where the references are in a slot; see `docs/format.md`.
      try fix(referenceAt: offset + 64, runLength: 1)
      let length = Int(file.littleEndian(UInt32.self, at: offset + 60))
      try fix(referenceAt: offset + 144, runLength: length)
      let slot = FuzzTarget.withChecksum(Array(file[offset..<offset + MetaSlot.size]))
      file.replaceSubrange(offset..<offset + MetaSlot.size, with: slot)
    }
  }

  private mutating func fix(referenceAt offset: Int, runLength: Int) throws {
    let number = file.littleEndian(UInt64.self, at: offset)
    if let known = tags[number] { return store(known, at: offset + 8) }
    guard number > 0, number < UInt64(file.count / pageSize), runLength > 0, runLength <= 16,
      (Int(number) + runLength) * pageSize <= file.count, open.insert(number).inserted
    else { return }
    let start = Int(number) * pageSize
    try fixChildren(ofPageAt: start)
    file.storeLittleEndian(number, at: start + PageFormat.number)
    let tag = try file.withUnsafeMutableBytes { area in
      let bytes = UnsafeMutableRawBufferPointer(rebasing: area[start..<start + runLength * pageSize])
      let flags = bytes.loadUnaligned(fromByteOffset: PageFormat.flags, as: UInt16.self)
      return try codec.seal(bytes, kindFlags: UInt16(littleEndian: flags))
    }
    tags[number] = tag
    store(tag, at: offset + 8)
  }

  private mutating func store(_ tag: PageTag, at offset: Int) {
    file.storeLittleEndian(tag.low, at: offset)
    file.storeLittleEndian(tag.high, at: offset + 8)
  }

  private mutating func fixChildren(ofPageAt start: Int) throws {
    let kind = PageKind(rawValue: file[start + PageFormat.kind])
    guard kind == .leaf || kind == .internal else { return }
    let count = Int(file.littleEndian(UInt16.self, at: start + PageFormat.count))
    let isCatalog = file.littleEndian(UInt64.self, at: start + PageFormat.tree) == TreeRoot.catalogID
    for index in 0..<min(count, pageSize / 4) {
      let cell = Int(file.littleEndian(UInt16.self, at: start + PageFormat.slots + 2 * index))
      guard cell + 4 + PageReference.size <= pageSize else { continue }
      if kind == .internal {
        try fix(referenceAt: start + cell + 4, runLength: 1)
        continue
      }
      let keyLength = Int(file.littleEndian(UInt16.self, at: start + cell))
      let value = cell + Node.leafCellHeader + keyLength
      guard value + PageReference.size <= pageSize else { continue }
      let length = Int(file.littleEndian(UInt32.self, at: start + cell + 4))
      if file[start + cell + 2] & Node.cellFlagOverflow != 0 {
        try fix(
          referenceAt: start + value, runLength: Overflow.runLength(valueLength: length, pageSize: pageSize))
      } else if isCatalog, keyLength == TreeRecord.keySize, length == TreeRecord.valueSize {
        try fix(referenceAt: start + value, runLength: 1)
      }
    }
  }
}
