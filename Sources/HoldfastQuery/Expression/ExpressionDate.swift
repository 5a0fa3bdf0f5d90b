import BSON

/// The parts of a moment in UTC or at an offset from it.
struct ExpressionDate {
  let year: Int64
  let month: Int64
  let day: Int64
  /// The milliseconds since midnight.
  let time: Int64
  /// The days since 1970-01-01.
  let days: Int64

  /// Takes a moment; nil when the offset moves it out of 64 bits.
  init?(_ date: BSONDateTime, offsetMinutes: Int64 = 0) {
    let (milliseconds, overflow) = date.milliseconds.addingReportingOverflow(offsetMinutes * 60_000)
    if overflow { return nil }
    let rest = milliseconds % Self.dayLength
    time = rest < 0 ? rest + Self.dayLength : rest
    days = milliseconds / Self.dayLength - (rest < 0 ? 1 : 0)
    // Years that begin in March, in eras of 400 years of 146097 days; 719468 days lie before 1970.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  var hour: Int64 { time / 3_600_000 }
  var minute: Int64 { time / 60_000 % 60 }
  var second: Int64 { time / 1000 % 60 }
  var millisecond: Int64 { time % 1000 }

  var isLeapYear: Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  /// 1 for the first of January.
  var dayOfYear: Int64 {
    let before: [Int64] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
    return before[Int(month - 1)] + day + (month > 2 && isLeapYear ? 1 : 0)
  }

  /// 1 for Sunday to 7 for Saturday; 1970 began on a Thursday.
  var dayOfWeek: Int64 { ((days % 7) + 11) % 7 + 1 }

  /// 1 for Monday to 7 for Sunday.
  var isoDayOfWeek: Int64 { (dayOfWeek + 5) % 7 + 1 }

  /// The number of the week that begins on Sunday; days before the year's first Sunday are in week 0.
  var week: Int64 { (dayOfYear - dayOfWeek + 7) / 7 }

  /// The year and number of the week in ISO 8601: weeks begin on Monday, and the first one of a year is that
  /// with its first Thursday.
  var isoWeek: (year: Int64, week: Int64) {
    let week = (dayOfYear - isoDayOfWeek + 10) / 7
    if week < 1 { return (year - 1, Self.isoWeeks(in: year - 1)) }
    if week > Self.isoWeeks(in: year) { return (year + 1, 1) }
    return (year, week)
  }

  private static func isoWeeks(in year: Int64) -> Int64 {
    // The day of the week on which a year ends: 0 for Sunday.
    func lastDay(_ year: Int64) -> Int64 {
      let day = (year + floorDivided(year, 4) - floorDivided(year, 100) + floorDivided(year, 400)) % 7
      return day < 0 ? day + 7 : day
    }
    return lastDay(year) == 4 || lastDay(year - 1) == 3 ? 53 : 52
  }

  /// `2018-03-27T16:58:51.538Z`; nil outside the years 0 to 9999.
  var iso8601: String? {
    guard year >= 0, year <= 9999 else { return nil }
    let date = Self.padded(year, 4) + "-" + Self.padded(month, 2) + "-" + Self.padded(day, 2)
    let clock = Self.padded(hour, 2) + ":" + Self.padded(minute, 2) + ":" + Self.padded(second, 2)
    return date + "T" + clock + "." + Self.padded(millisecond, 3) + "Z"
  }

  /// A number with zeros in front up to a number of digits.
  static func padded(_ number: Int64, _ count: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
  }
}
