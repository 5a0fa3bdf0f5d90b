import BSON

extension ExpressionDate {
  /// A unit of time.
  enum Unit: String, CaseIterable {
    case year, quarter, month, week, day, hour, minute, second, millisecond

    /// How many months it has; nil for units of a fixed length.
    var months: Int64? {
      switch self {
      case .year: 12
      case .quarter: 3
      case .month: 1
      default: nil
      }
    }

    /// How many milliseconds it has; 0 for months and longer ones.
    var milliseconds: Int64 {
      switch self {
      case .week: 7 * dayLength
      case .day: dayLength
      case .hour: 3_600_000
      case .minute: 60_000
      case .second: 1000
      case .millisecond: 1
      case .year, .quarter, .month: 0
      }
    }
  }

  static let dayLength: Int64 = 86_400_000

  /// The days from 1970-01-01 to a day of the Gregorian calendar; the month is 1 to 12, and the year at most
  /// some 10^9 from 1970.
  static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    // Years that begin in March, in eras of 400 years of 146097 days.
    let shifted = month <= 2 ? year - 1 : year
    let era = floorDivided(shifted, 400)
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  static func floorDivided(_ a: Int64, _ b: Int64) -> Int64 { a / b - (a % b < 0 ? 1 : 0) }

  /// The moment of the parts; months may be any number, the other parts count on from it. Nil beyond 64 bits.
  static func moment(
    year: Int64, month: Int64, day: Int64, time: Int64, offsetMinutes: Int64
  ) -> BSONDateTime? {
    let years = floorDivided(month - 1, 12)
    let first = days(year: year + years, month: month - years * 12, day: 1)
    return moment(days: first + day - 1, time: time, offsetMinutes: offsetMinutes)
  }

  /// The moment of a day and a time at an offset from UTC; nil beyond 64 bits.
  static func moment(days: Int64, time: Int64, offsetMinutes: Int64) -> BSONDateTime? {
    let (midnight, overflow) = days.multipliedReportingOverflow(by: dayLength)
    let (local, isBeyond) = midnight.addingReportingOverflow(time)
    let (milliseconds, isOut) = local.subtractingReportingOverflow(offsetMinutes * 60_000)
    return overflow || isBeyond || isOut ? nil : BSONDateTime(milliseconds: milliseconds)
  }

  /// The months from January of the year 0.
  var monthCount: Int64 { year * 12 + month - 1 }

  /// The first day of a month counted from January of the year 0.
  static func firstDay(ofMonth count: Int64) -> Int64 {
    let year = floorDivided(count, 12)
    return days(year: year, month: count - year * 12 + 1, day: 1)
  }

  /// The milliseconds since 1970 by the clocks at the offset; exact, as it came from 64 bits.
  var localMilliseconds: Int64 { days &* Self.dayLength &+ time }

  /// The day and the time after a number of months; a day that the month does not have becomes its last one.
  func adding(months: Int64) -> (days: Int64, time: Int64)? {
    let (count, overflow) = monthCount.addingReportingOverflow(months)
    // Far beyond the dates of 64 bits.
    guard !overflow, count.magnitude < 12_000_000_000 else { return nil }
    let first = Self.firstDay(ofMonth: count)
    let length = Self.firstDay(ofMonth: count + 1) - first
    return (first + min(day, length) - 1, time)
  }
}
