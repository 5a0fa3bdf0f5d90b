import BSON

extension ExpressionOperator {
  /// Steps, distances and beginnings in units of time.
  static let dateArithmetic: [ExpressionOperator] = [
    ExpressionOperator("$dateAdd", named: ["startDate", "unit", "amount", "timezone"], required: 3) {
      (arguments) throws(QueryError) in try step(arguments, 1)
    },
    ExpressionOperator("$dateSubtract", named: ["startDate", "unit", "amount", "timezone"], required: 3) {
      (arguments) throws(QueryError) in try step(arguments, -1)
    },
    ExpressionOperator(
      "$dateDiff", named: ["startDate", "endDate", "unit", "timezone", "startOfWeek"], required: 3, distance),
    ExpressionOperator(
      "$dateTrunc", named: ["date", "unit", "binSize", "timezone", "startOfWeek"], required: 2, beginning),
  ]

  /// Whether an argument that was written is null or missing.
  private static func hasNullish(_ arguments: ExpressionArguments) -> Bool {
    (0..<arguments.count).contains { arguments.isGiven($0) && arguments.isNullish($0) }
  }

  private static func date(
    _ arguments: ExpressionArguments, _ index: Int, _ offset: Int64
  ) throws(QueryError) -> ExpressionDate {
    guard let moment = arguments[index]?.moment else {
      throw arguments.mismatch(index, "dates, timestamps and object IDs")
    }
    guard let date = ExpressionDate(moment, offsetMinutes: offset) else { throw beyond(arguments) }
    return date
  }

  private static func beyond(_ arguments: ExpressionArguments) -> QueryError {
    QueryError(.overflow, "\(arguments.name) gives a date beyond those of 64 bits; use smaller numbers.")
  }

  private static func unit(
    _ arguments: ExpressionArguments, _ index: Int
  ) throws(QueryError) -> ExpressionDate.Unit {
    guard let unit = ExpressionDate.Unit(rawValue: try arguments.string(index, "a string as 'unit'")) else {
      let names = ExpressionDate.Unit.allCases.map(\.rawValue).joined(separator: ", ")
      throw arguments.invalid("takes as 'unit' one of \(names).")
    }
    return unit
  }

  /// The day on which weeks begin: 0 for Monday to 6 for Sunday, which is what it is when not given.
  private static func firstWeekday(
    _ arguments: ExpressionArguments, _ index: Int
  ) throws(QueryError) -> Int64 {
    guard arguments.isGiven(index) else { return 6 }
    let name = try arguments.string(index, "a string as 'startOfWeek'").lowercased()
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    guard let day = days.firstIndex(where: { $0 == name || String($0.prefix(3)) == name }) else {
      throw arguments.invalid("takes as 'startOfWeek' the name of a day.")
    }
    return Int64(day)
  }

  private static func step(_ arguments: ExpressionArguments, _ sign: Int64) throws(QueryError) -> BSONValue? {
    if hasNullish(arguments) { return .null }
    let offset = try offsetMinutes(arguments, 3) ?? 0
    let unit = try unit(arguments, 1)
    guard let amount = arguments[2]?.int64Value else {
      throw arguments.invalid("takes as 'amount' a whole number of 64 bits.")
    }
    let start = try date(arguments, 0, offset)
    let (count, overflow) = amount.multipliedReportingOverflow(
      by: sign * (unit.months ?? unit.milliseconds))
    if overflow { throw beyond(arguments) }
    guard unit.months != nil else {
      let moment = arguments[0]?.moment?.milliseconds ?? 0
      let (sum, overflow) = moment.addingReportingOverflow(count)
      if overflow { throw beyond(arguments) }
      return .dateTime(BSONDateTime(milliseconds: sum))
    }
    guard let (days, time) = start.adding(months: count),
      let moment = ExpressionDate.moment(days: days, time: time, offsetMinutes: offset)
    else { throw beyond(arguments) }
    return .dateTime(moment)
  }

  /// How many beginnings of the unit lie between two dates.
  @Sendable private static func distance(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue? {
    if hasNullish(arguments) { return .null }
    let offset = try offsetMinutes(arguments, 3) ?? 0
    let unit = try unit(arguments, 2)
    let firstDay = unit == .week ? try firstWeekday(arguments, 4) : 0
    let counts = (
      count(of: unit, in: try date(arguments, 0, offset), firstDay),
      count(of: unit, in: try date(arguments, 1, offset), firstDay)
    )
    let (difference, overflow) = counts.1.subtractingReportingOverflow(counts.0)
    if overflow {
      throw QueryError(.overflow, "$dateDiff gives a number beyond 64 bits; use a larger unit.")
    }
    return .int64(difference)
  }

  private static func count(
    of unit: ExpressionDate.Unit, in date: ExpressionDate, _ firstDay: Int64
  ) -> Int64 {
    if let months = unit.months { return ExpressionDate.floorDivided(date.monthCount, months) }
    switch unit {
    // 1970-01-05 was a Monday.
    case .week: return ExpressionDate.floorDivided(date.days - 4 - firstDay, 7)
    case .day: return date.days
    default: return ExpressionDate.floorDivided(date.localMilliseconds, unit.milliseconds)
    }
  }

  /// The beginning of the unit, or of the run of several units counted from 2000-01-01, that a date is in.
  @Sendable private static func beginning(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue? {
    if hasNullish(arguments) { return .null }
    let offset = try offsetMinutes(arguments, 3) ?? 0
    let unit = try unit(arguments, 1)
    let firstDay = unit == .week ? try firstWeekday(arguments, 4) : 0
    var size: Int64 = 1
    if arguments.isGiven(2) {
      guard let number = arguments[2]?.int64Value, number > 0 else {
        throw arguments.invalid("takes as 'binSize' a whole number above zero.")
      }
      size = number
    }
    let date = try date(arguments, 0, offset)
    let (length, overflow) = size.multipliedReportingOverflow(by: unit.months ?? unit.milliseconds)
    if overflow { throw beyond(arguments) }
    if unit.months != nil {
      let base: Int64 = 2000 * 12
      let (bin, isBeyond) = ExpressionDate.floorDivided(date.monthCount - base, length)
        .multipliedReportingOverflow(by: length)
      guard !isBeyond, bin.magnitude < 12_000_000_000,
        let moment = ExpressionDate.moment(
          days: ExpressionDate.firstDay(ofMonth: base + bin), time: 0, offsetMinutes: offset)
      else { throw beyond(arguments) }
      return .dateTime(moment)
    }
    // Weeks are counted from the first day of a week on or after that day, which was a Saturday.
    let base = ExpressionDate.days(year: 2000, month: 1, day: 1) + (unit == .week ? (firstDay + 2) % 7 : 0)
    return .dateTime(
      try bin(date.localMilliseconds, base * ExpressionDate.dayLength, length, offset, arguments))
  }

  private static func bin(
    _ local: Int64, _ base: Int64, _ length: Int64, _ offset: Int64, _ arguments: ExpressionArguments
  ) throws(QueryError) -> BSONDateTime {
    let (distance, overflow) = local.subtractingReportingOverflow(base)
    if overflow { throw beyond(arguments) }
    let (bin, isBeyond) = ExpressionDate.floorDivided(distance, length).multipliedReportingOverflow(
      by: length)
    let (start, isOut) = bin.addingReportingOverflow(base - offset * 60_000)
    if isBeyond || isOut { throw beyond(arguments) }
    return BSONDateTime(milliseconds: start)
  }
}
