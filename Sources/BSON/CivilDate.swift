/// A day of the Gregorian calendar, extended to all years.
///
/// The arithmetic counts in eras of 400 years whose years begin in March, after Howard Hinnant's
/// "chrono-Compatible Low-Level Date Algorithms".
struct CivilDate {
  var year: Int64
  var month: Int64
  var day: Int64

  /// Takes a date; nil when there is no such day. Years are limited to 0...9999.
  init?(year: Int64, month: Int64, day: Int64) {
    guard year >= 0, year <= 9999, month >= 1, month <= 12, day >= 1 else { return nil }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let last: Int64 =
      switch month {
      case 2: isLeap ? 29 : 28
      case 4, 6, 9, 11: 30
      default: 31
      }
    guard day <= last else { return nil }
    self.year = year
    self.month = month
    self.day = day
  }

  /// The date of a day that is between 1970 and 9999.
  init(daysSince1970: Int64) {
    // 719468 days lie between 0000-03-01 and 1970-01-01, and an era has 146097.
    let days = daysSince1970 + 719_468
    let era = days / 146_097
    let dayOfEra = days % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    // March is month 0 here; (153 m + 2) / 5 days lie before it.
    let shifted = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shifted + 2) / 5 + 1
    month = shifted < 10 ? shifted + 3 : shifted - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// Days since 1970-01-01, negative before it.
  var daysSince1970: Int64 {
    // Counting from the year 400 keeps every term positive.
    let shiftedYear = year + 400 - (month <= 2 ? 1 : 0)
    let era = shiftedYear / 400
    let yearOfEra = shiftedYear % 400
    let shiftedMonth = month > 2 ? month - 3 : month + 9
    let dayOfYear = (153 * shiftedMonth + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return (era - 1) * 146_097 + dayOfEra - 719_468
  }
}
