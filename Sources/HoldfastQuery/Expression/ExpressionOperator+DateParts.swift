import BSON

extension ExpressionOperator {
  /// Dates as texts and as documents of their parts.
  static let dateParts: [ExpressionOperator] = [
    ExpressionOperator(
      "$dateToString", named: ["date", "format", "timezone", "onNull"], required: 1, canGrow: true, text),
    ExpressionOperator("$dateToParts", named: ["date", "timezone", "iso8601"], required: 1, parts),
    ExpressionOperator(
      "$dateFromParts",
      named: [
        "year", "isoWeekYear", "month", "isoWeek", "day", "isoDayOfWeek", "hour", "minute", "second",
        "millisecond",
        "timezone",
      ], required: 0, date),
  ]

  // MARK: Texts

  @Sendable private static func text(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue? {
    var format: String?
    if arguments.isGiven(1) {
      if arguments.isNullish(1) { return .null }
      format = try arguments.string(1, "a string as 'format'")
    }
    guard let offset = try offsetMinutes(arguments, 2) else { return .null }
    if arguments.isNullish(0) { return arguments.isGiven(3) ? arguments[3] : .null }
    guard let moment = arguments[0]?.moment else {
      throw arguments.mismatch(0, "a date, a timestamp or an object ID")
    }
    guard let date = ExpressionDate(moment, offsetMinutes: offset) else {
      throw QueryError(.overflow, "$dateToString meets a date that its time zone moves beyond 64 bits.")
    }
    let pattern = format ?? (offset == 0 ? "%Y-%m-%dT%H:%M:%S.%LZ" : "%Y-%m-%dT%H:%M:%S.%L")
    return .string(try text(of: date, pattern, offset, arguments))
  }

  private static func text(
    of date: ExpressionDate, _ pattern: String, _ offset: Int64, _ arguments: ExpressionArguments
  ) throws(QueryError) -> String {
    var result = ""
    var scalars = pattern.unicodeScalars.makeIterator()
    while let scalar = scalars.next() {
      guard scalar == "%" else {
        result.unicodeScalars.append(scalar)
        continue
      }
      guard let letter = scalars.next(), let part = part(letter, of: date, offset) else {
        throw arguments.invalid("takes a 'format' whose '%' stands before one of bBdGHjLmMSuUVwYzZ%.")
      }
      let year = letter == "G" ? date.isoWeek.year : date.year
      if letter == "Y" || letter == "G", year < 0 || year > 9999 {
        throw arguments.invalid("writes only years from 0 to 9999.")
      }
      result += part
    }
    return result
  }

  private static let monthNames = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November",
    "December",
  ]

  private static func part(_ letter: Unicode.Scalar, of date: ExpressionDate, _ offset: Int64) -> String? {
    let sign = offset < 0 ? "-" : "+"
    let minutes = Int64(offset.magnitude)
    let padded = ExpressionDate.padded
    switch letter {
    case "b": return String(monthNames[Int(date.month - 1)].prefix(3))
    case "B": return monthNames[Int(date.month - 1)]
    case "d": return padded(date.day, 2)
    case "G": return padded(date.isoWeek.year, 4)
    case "H": return padded(date.hour, 2)
    case "j": return padded(date.dayOfYear, 3)
    case "L": return padded(date.millisecond, 3)
    case "m": return padded(date.month, 2)
    case "M": return padded(date.minute, 2)
    case "S": return padded(date.second, 2)
    case "u": return String(date.isoDayOfWeek)
    case "U": return padded(date.week, 2)
    case "V": return padded(date.isoWeek.week, 2)
    case "w": return String(date.dayOfWeek)
    case "Y": return padded(date.year, 4)
    case "z": return sign + padded(minutes / 60, 2) + padded(minutes % 60, 2)
    case "Z": return sign + padded(minutes, 3)
    case "%": return "%"
    default: return nil
    }
  }

  // MARK: Parts

  @Sendable private static func parts(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue? {
    guard let offset = try offsetMinutes(arguments, 1) else { return .null }
    var isISO = false
    if arguments.isGiven(2) {
      if arguments.isNullish(2) { return .null }
      guard case .bool(let value)? = arguments[2] else {
        throw arguments.mismatch(2, "true or false as 'iso8601'")
      }
      isISO = value
    }
    if arguments.isNullish(0) { return .null }
    guard let moment = arguments[0]?.moment else {
      throw arguments.mismatch(0, "a date, a timestamp or an object ID")
    }
    guard let date = ExpressionDate(moment, offsetMinutes: offset) else {
      throw QueryError(.overflow, "$dateToParts meets a date that its time zone moves beyond 64 bits.")
    }
    let day: [(String, Int64)] =
      isISO
      ? [
        ("isoWeekYear", date.isoWeek.year), ("isoWeek", date.isoWeek.week),
        ("isoDayOfWeek", date.isoDayOfWeek),
      ]
      : [("year", date.year), ("month", date.month), ("day", date.day)]
    let time = [
      ("hour", date.hour), ("minute", date.minute), ("second", date.second),
      ("millisecond", date.millisecond),
    ]
    return .document(Document((day + time).map { ($0.0, .int32(Int32(truncatingIfNeeded: $0.1))) }))
  }

  @Sendable private static func date(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue? {
    let isISO = arguments.isGiven(1)
    let others = isISO ? [0, 2, 4] : [3, 5]
    guard arguments.isGiven(isISO ? 1 : 0), !others.contains(where: arguments.isGiven) else {
      throw arguments.invalid(
        "takes 'year', 'month' and 'day', or 'isoWeekYear', 'isoWeek' and 'isoDayOfWeek'.")
    }
    if (0..<arguments.count).contains(where: { arguments.isGiven($0) && arguments.isNullish($0) }) {
      return .null
    }
    let offset = try offsetMinutes(arguments, 10) ?? 0
    let year = try datePart(arguments, isISO ? 1 : 0, 1...9999, 1)
    let wide: ClosedRange<Int64> = -32_768...32_767
    let long: ClosedRange<Int64> = -9_007_199_254_740_992...9_007_199_254_740_992
    let month = try datePart(arguments, isISO ? 3 : 2, wide, 1)
    let day = try datePart(arguments, isISO ? 5 : 4, wide, 1)
    let hour = try datePart(arguments, 6, wide, 0)
    let minute = try datePart(arguments, 7, wide, 0)
    let second = try datePart(arguments, 8, long, 0)
    let millisecond = try datePart(arguments, 9, long, 0)
    let (seconds, overflow) = second.multipliedReportingOverflow(by: 1000)
    let (time, isBeyond) = (hour * 3_600_000 + minute * 60_000 + millisecond).addingReportingOverflow(seconds)
    let moment =
      isISO
      ? ExpressionDate.moment(
        days: ExpressionDate.firstISODay(of: year) + (month - 1) * 7 + day - 1, time: time,
        offsetMinutes: offset)
      : ExpressionDate.moment(year: year, month: month, day: day, time: time, offsetMinutes: offset)
    guard !overflow, !isBeyond, let moment else {
      throw QueryError(.overflow, "$dateFromParts gives a date beyond those of 64 bits; use smaller numbers.")
    }
    return .dateTime(moment)
  }

  private static func datePart(
    _ arguments: ExpressionArguments, _ index: Int, _ range: ClosedRange<Int64>, _ fallback: Int64
  ) throws(QueryError) -> Int64 {
    guard arguments.isGiven(index) else { return fallback }
    guard let part = arguments[index]?.int64Value, range.contains(part) else {
      throw arguments.invalid(
        "takes as its parts whole numbers, years from 1 to 9999 and the others not far off.")
    }
    return part
  }
}

extension ExpressionDate {
  /// The Monday of the first ISO week of a year: that of the week with January 4.
  static func firstISODay(of year: Int64) -> Int64 {
    let fourth = days(year: year, month: 1, day: 4)
    // 1970-01-05 was a Monday.
    return fourth - (fourth - 4 - floorDivided(fourth - 4, 7) * 7)
  }
}
