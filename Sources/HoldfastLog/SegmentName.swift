/// The names of the files in a log's folder. A name is for people and for sorting; what counts is the header.
struct SegmentName: Equatable {
  static let suffix = ".segment"
  static let spareSuffix = ".spare"

  var epoch: UInt32
  var firstLSN: UInt64
  var sequence: UInt64
  /// The first four bytes of the log's id.
  var tag: String

  /// `<epoch>-<first LSN>-<sequence>-<log>.segment`, all hexadecimal. The sequence number is there because
  /// two segments begin with the same LSN when a commit spans three; the log because a log that was created
  /// just before a crash has the epoch and the first LSN of the one that is created after it.
  var text: String {
    Hexadecimal.text(UInt64(epoch), digits: 8) + "-" + Hexadecimal.text(firstLSN, digits: 16) + "-"
      + Hexadecimal.text(sequence, digits: 8) + "-" + tag + SegmentName.suffix
  }

  init(epoch: UInt32, firstLSN: UInt64, sequence: UInt64, tag: String) {
    self.epoch = epoch
    self.firstLSN = firstLSN
    self.sequence = sequence
    self.tag = tag
  }

  init?(_ text: String) {
    guard text.hasSuffix(SegmentName.suffix) else { return nil }
    let fields = text.dropLast(SegmentName.suffix.count).split(
      separator: "-", omittingEmptySubsequences: false)
    guard fields.count == 4, let epoch = Hexadecimal.value(fields[0], digits: 8),
      let firstLSN = Hexadecimal.value(fields[1], digits: 16),
      fields[2].count >= 8, let sequence = Hexadecimal.value(fields[2], digits: fields[2].utf8.count),
      Hexadecimal.value(fields[3], digits: 8) != nil
    else { return nil }
    self.init(
      epoch: UInt32(truncatingIfNeeded: epoch), firstLSN: firstLSN, sequence: sequence, tag: String(fields[3])
    )
  }

  /// A file that waits to become a segment, or was one.
  static func spare(_ id: LogID, _ number: UInt64) -> String {
    id.description + "-" + Hexadecimal.text(number, digits: 8) + spareSuffix
  }

  /// The log a spare file belongs to.
  static func spareOwner(_ text: String) -> LogID? {
    guard text.hasSuffix(spareSuffix) else { return nil }
    let fields = text.dropLast(spareSuffix.count).split(separator: "-", omittingEmptySubsequences: false)
    guard fields.count == 2, fields[0].utf8.count == 32 else { return nil }
    var bytes: [UInt8] = []
    var rest = fields[0]
    while !rest.isEmpty {
      guard let byte = Hexadecimal.value(rest.prefix(2), digits: 2) else { return nil }
      bytes.append(UInt8(truncatingIfNeeded: byte))
      rest = rest.dropFirst(2)
    }
    return LogID(bytes)
  }
}
