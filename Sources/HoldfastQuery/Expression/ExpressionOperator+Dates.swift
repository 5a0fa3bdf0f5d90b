import BSON

extension ExpressionOperator {
  /// The parts of dates. A timestamp and an object ID stand for their moments.
  static let dates: [ExpressionOperator] = [
    part("$year") { $0.year }, part("$month") { $0.month }, part("$dayOfMonth") { $0.day },
    part("$hour") { $0.hour }, part("$minute") { $0.minute }, part("$second") { $0.second },
    part("$millisecond") { $0.millisecond }, part("$dayOfYear") { $0.dayOfYear },
    part("$dayOfWeek") { $0.dayOfWeek }, part("$week") { $0.week },
    part("$isoDayOfWeek") { $0.isoDayOfWeek }, part("$isoWeek") { $0.isoWeek.week },
    part("$isoWeekYear", isLong: true) { $0.isoWeek.year },
  ]

  private static func part(
    _ name: String, isLong: Bool = false, _ part: @escaping @Sendable (ExpressionDate) -> Int64
  ) -> ExpressionOperator {
    ExpressionOperator(name, namedOrSingle: ["date", "timezone"]) { (arguments) throws(QueryError) in
      if arguments.isNullish(0) { return .null }
      guard let moment = arguments[0]?.moment else {
        throw arguments.mismatch(0, "a date, a timestamp or an object ID")
      }
      guard let offset = try offsetMinutes(arguments, 1) else { return .null }
      guard let date = ExpressionDate(moment, offsetMinutes: offset) else {
        throw QueryError(.overflow, "\(name) meets a date that its time zone moves beyond 64 bits.")
      }
      return isLong ? .int64(part(date)) : .int32(Int32(truncatingIfNeeded: part(date)))
    }
  }

  /// The minutes that a time zone is east of UTC; nil when the argument is null or missing.
  static func offsetMinutes(_ arguments: ExpressionArguments, _ index: Int) throws(QueryError) -> Int64? {
    guard arguments.isGiven(index) else { return 0 }
    if arguments.isNullish(index) { return nil }
    let zone = try arguments.string(index, "a string as 'timezone'")
    guard let minutes = offsetMinutes(zone) else {
      throw arguments.invalid("takes as 'timezone' UTC, GMT or an offset such as +01:30.")
    }
    return minutes
  }

  private static func offsetMinutes(_ zone: String) -> Int64? {
    if zone == "UTC" || zone == "GMT" || zone == "Z" { return 0 }
    let text = Array(zone.utf8)
    guard text.count >= 3, text[0] == UInt8(ascii: "+") || text[0] == UInt8(ascii: "-") else { return nil }
    var digits = Array(text[1...])
    if digits.count == 5, digits[2] == UInt8(ascii: ":") { digits.remove(at: 2) }
    guard digits.count == 2 || digits.count == 4, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
      return nil
    }
    let numbers = digits.map { Int64($0 - 0x30) } + [0, 0]
    let minutes = (numbers[0] * 10 + numbers[1]) * 60 + numbers[2] * 10 + numbers[3]
    return text[0] == UInt8(ascii: "-") ? -minutes : minutes
  }
}

extension BSONValue {
  /// The moment of a date, a timestamp or an object ID.
  var moment: BSONDateTime? {
    switch self {
    case .dateTime(let date): date
    case .timestamp(let timestamp): BSONDateTime(milliseconds: Int64(timestamp.seconds) * 1000)
    case .objectID(let id): BSONDateTime(milliseconds: Int64(id.timestamp) * 1000)
    default: nil
    }
  }
}
