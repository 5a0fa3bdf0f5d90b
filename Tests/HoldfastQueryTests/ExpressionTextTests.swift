import BSON
import Testing

@testable import HoldfastQuery

@Suite("Expressions: strings, types and dates")
struct ExpressionTextTests {
  private let table = ExpressionTable(
    document: #"""
      {"s": "Hello", "u": "aé€😀b", "n": null, "i": 7, "d": 2.5, "t": {"$date": "2018-03-27T16:58:51.538Z"},
       "old": {"$date": {"$numberLong": "-1"}}, "id": {"$oid": "5ab9c3da31c2ab715d421285"},
       "ts": {"$timestamp": {"t": 1522169931, "i": 3}}, "a": [1], "m": {"$numberDecimal": "1.50"}}
      """#)

  @Test("joining, cases, splitting, trimming and replacing")
  func strings() throws {
    try table.check([
      (#"{"$concat": ["$s", " ", "world"]}"#, #""Hello world""#), (#"{"$concat": ["$s", "$n"]}"#, "null"),
      (#"{"$concat": ["$s", 1]}"#, "typeMismatch"), (#"{"$concat": []}"#, #""""#),
      (#"{"$concat": "$s"}"#, #""Hello""#), (#"{"$concat": [1, "$n"]}"#, "typeMismatch"),
      (#"{"$toLower": "ÀBC"}"#, #""Àbc""#), (#"{"$toUpper": "$u"}"#, #""Aé€😀B""#),
      (#"{"$toUpper": "$n"}"#, #""""#), (#"{"$toLower": 12}"#, #""12""#),
      (#"{"$toLower": "$a"}"#, "typeMismatch"), (#"{"$toUpper": "$t"}"#, #""2018-03-27T16:58:51.538Z""#),
      (#"{"$toLower": true}"#, "typeMismatch"),
      (#"{"$strcasecmp": ["abc", "ABD"]}"#, "-1"), (#"{"$strcasecmp": ["$s", "HELLO"]}"#, "0"),
      (#"{"$strcasecmp": ["b", "$n"]}"#, "1"), (#"{"$strcasecmp": ["a"]}"#, "invalidArgument"),
      (#"{"$split": ["a-b--c", "-"]}"#, #"["a", "b", "", "c"]"#),
      (#"{"$split": ["abc", "abc"]}"#, #"["", ""]"#), (#"{"$split": ["abc", "x"]}"#, #"["abc"]"#),
      (#"{"$split": ["$n", "-"]}"#, "null"), (#"{"$split": ["abc", ""]}"#, "invalidArgument"),
      (#"{"$split": ["abc", 5]}"#, "typeMismatch"), (#"{"$split": ["$u", "€"]}"#, #"["aé", "😀b"]"#),
      (#"{"$trim": {"input": " \t\u00a0a b\n"}}"#, #""a b""#),
      (#"{"$trim": {"input": "xxaxbyx", "chars": "xy"}}"#, #""axb""#),
      (#"{"$ltrim": {"input": "  a  "}}"#, #""a  ""#), (#"{"$rtrim": {"input": "  a  "}}"#, #""  a""#),
      (#"{"$trim": {"input": "$n"}}"#, "null"), (#"{"$trim": {"input": "a", "chars": "$none"}}"#, "null"),
      (#"{"$trim": {"input": 5}}"#, "typeMismatch"),
      (#"{"$trim": {"input": "a", "chars": 5}}"#, "typeMismatch"), (#"{"$trim": "a"}"#, "invalidArgument"),
      (#"{"$trim": {"chars": "a"}}"#, "invalidArgument"),
      (#"{"$trim": {"input": "aaa", "chars": "a"}}"#, #""""#),
      (#"{"$trim": {"input": "e\u0301a", "chars": "e"}}"#, #""\u0301a""#),
      (#"{"$replaceOne": {"input": "abab", "find": "b", "replacement": "X"}}"#, #""aXab""#),
      (#"{"$replaceAll": {"input": "abab", "find": "b", "replacement": "X"}}"#, #""aXaX""#),
      (#"{"$replaceAll": {"input": "aaa", "find": "aa", "replacement": ""}}"#, #""a""#),
      (#"{"$replaceOne": {"input": "$n", "find": "b", "replacement": "X"}}"#, "null"),
      (#"{"$replaceAll": {"input": "a", "find": 1, "replacement": null}}"#, "typeMismatch"),
      (#"{"$replaceAll": {"input": "é1", "find": "", "replacement": "-"}}"#, #""-é-1-""#),
      (#"{"$replaceOne": {"input": "ab", "find": "", "replacement": "-"}}"#, #""-ab""#),
      (#"{"$replaceOne": {"input": "a", "find": "b"}}"#, "invalidArgument"),
    ])
  }

  @Test("lengths, places and parts in bytes and code points")
  func substrings() throws {
    try table.check([
      (#"{"$strLenBytes": "$u"}"#, "11"), (#"{"$strLenCP": "$u"}"#, "5"),
      (#"{"$strLenCP": "$n"}"#, "typeMismatch"), (#"{"$strLenBytes": "$none"}"#, "typeMismatch"),
      (#"{"$strLenBytes": ""}"#, "0"),
      (#"{"$substrBytes": ["$s", 1, 3]}"#, #""ell""#), (#"{"$substrBytes": ["$u", 1, 2]}"#, #""é""#),
      (#"{"$substrBytes": ["$u", 2, 1]}"#, "invalidArgument"),
      (#"{"$substrBytes": ["$u", 1, 1]}"#, "invalidArgument"),
      (#"{"$substrBytes": ["$s", 2, -1]}"#, #""llo""#), (#"{"$substrBytes": ["$s", 9, 1]}"#, #""""#),
      (#"{"$substrBytes": ["$s", -1, 1]}"#, "invalidArgument"), (#"{"$substrBytes": ["$n", 0, 1]}"#, #""""#),
      (#"{"$substr": [1234, 1, 2]}"#, #""23""#), (#"{"$substrBytes": ["$s", "a", 1]}"#, "typeMismatch"),
      (#"{"$substrBytes": ["$s", 1.9, 1.9]}"#, #""e""#),
      (#"{"$substrBytes": ["$s", 0, 1e300]}"#, #""Hello""#),
      (#"{"$substrCP": ["$u", 1, 3]}"#, #""é€😀""#), (#"{"$substrCP": ["$u", 5, 1]}"#, #""""#),
      (#"{"$substrCP": ["$u", 0, -1]}"#, "invalidArgument"),
      (#"{"$substrCP": ["$u", 0.5, 1]}"#, "invalidArgument"),
      (#"{"$substrCP": ["$u", -1, 1]}"#, "invalidArgument"), (#"{"$substrCP": ["$n", 0, 1]}"#, #""""#),
      (#"{"$indexOfBytes": ["$u", "€"]}"#, "3"), (#"{"$indexOfCP": ["$u", "€"]}"#, "2"),
      (#"{"$indexOfBytes": ["$s", "l", 3]}"#, "3"), (#"{"$indexOfBytes": ["$s", "l", 4]}"#, "-1"),
      (#"{"$indexOfBytes": ["$s", "lo", 0, 4]}"#, "-1"), (#"{"$indexOfCP": ["$u", "b", 0, 4]}"#, "-1"),
      (#"{"$indexOfCP": ["$u", "b", 2, 99]}"#, "4"),
      (#"{"$indexOfCP": ["$n", "b"]}"#, "null"), (#"{"$indexOfCP": ["a", "$n"]}"#, "typeMismatch"),
      (#"{"$indexOfCP": [5, "5"]}"#, "typeMismatch"),
      (#"{"$indexOfBytes": ["abc", "a", -1]}"#, "invalidArgument"), (#"{"$indexOfCP": ["abc", "", 3]}"#, "3"),
      (#"{"$indexOfCP": ["abc", "", 4]}"#, "-1"), (#"{"$indexOfBytes": ["abc", "c", 2, 1]}"#, "-1"),
    ])
  }

  @Test("types have names, and a missing value has one, too")
  func types() throws {
    try table.check([
      (#"{"$type": "$none"}"#, #""missing""#), (#"{"$type": "$n"}"#, #""null""#),
      (#"{"$type": "$i"}"#, #""int""#), (#"{"$type": "$d"}"#, #""double""#),
      (#"{"$type": "$m"}"#, #""decimal""#), (#"{"$type": {"$numberLong": "1"}}"#, #""long""#),
      (#"{"$type": "$a"}"#, #""array""#), (#"{"$type": "$t"}"#, #""date""#),
      (#"{"$type": "$id"}"#, #""objectId""#), (#"{"$type": "$$ROOT"}"#, #""object""#),
      (#"{"$type": [[1]]}"#, #""array""#), (#"{"$isNumber": "$m"}"#, "true"),
      (#"{"$isNumber": "$s"}"#, "false"), (#"{"$isNumber": "$none"}"#, "false"),
      (#"{"$tsSecond": "$ts"}"#, #"{"$numberLong": "1522169931"}"#),
      (#"{"$tsIncrement": "$ts"}"#, #"{"$numberLong": "3"}"#), (#"{"$tsSecond": "$n"}"#, "null"),
      (#"{"$tsSecond": "$t"}"#, "typeMismatch"),
    ])
  }

  @Test("conversions between types")
  func conversions() throws {
    try table.check([
      (#"{"$toInt": 2.9}"#, "2"), (#"{"$toInt": "-12"}"#, "-12"), (#"{"$toInt": "1.5"}"#, "invalidArgument"),
      (#"{"$toInt": "0x10"}"#, "invalidArgument"), (#"{"$toInt": ""}"#, "invalidArgument"),
      (#"{"$toInt": true}"#, "1"), (#"{"$toInt": {"$numberLong": "2147483648"}}"#, "overflow"),
      (#"{"$toInt": "2147483648"}"#, "overflow"),
      (#"{"$toInt": "$t"}"#, "typeMismatch"), (#"{"$toInt": "$n"}"#, "null"),
      (#"{"$toInt": "$none"}"#, "null"), (#"{"$toInt": "$a"}"#, "typeMismatch"),
      (#"{"$toInt": {"$numberDecimal": "-5.9"}}"#, "-5"),
      (#"{"$toInt": {"$numberDouble": "NaN"}}"#, "overflow"), (#"{"$toInt": [1, 2]}"#, "invalidArgument"),
      (#"{"$toLong": 2.9}"#, #"{"$numberLong": "2"}"#),
      (#"{"$toLong": "$t"}"#, #"{"$numberLong": "1522169931538"}"#),
      (#"{"$toLong": "9223372036854775807"}"#, #"{"$numberLong": "9223372036854775807"}"#),
      (#"{"$toLong": "9223372036854775808"}"#, "invalidArgument"), (#"{"$toLong": 1e19}"#, "overflow"),
      (#"{"$toLong": {"$numberDecimal": "1E+19"}}"#, "overflow"),
      (#"{"$toDouble": "2.5e3"}"#, "2500.0"), (#"{"$toDouble": "1e400"}"#, "overflow"),
      (#"{"$toDouble": "x"}"#, "invalidArgument"), (#"{"$toDouble": "$t"}"#, "1522169931538.0"),
      (#"{"$toDouble": {"$numberDecimal": "1E+400"}}"#, "overflow"), (#"{"$toDouble": false}"#, "0.0"),
      (#"{"$toDouble": "0x1p3"}"#, "invalidArgument"), (#"{"$toDouble": " 1"}"#, "invalidArgument"),
      (#"{"$toDecimal": 5.5}"#, #"{"$numberDecimal": "5.50000000000000"}"#),
      (#"{"$toDecimal": "1.10"}"#, #"{"$numberDecimal": "1.10"}"#),
      (#"{"$toDecimal": "a"}"#, "invalidArgument"),
      (#"{"$toDecimal": "$t"}"#, #"{"$numberDecimal": "1522169931538"}"#),
      (#"{"$toDecimal": true}"#, #"{"$numberDecimal": "1"}"#), (#"{"$toDecimal": "$id"}"#, "typeMismatch"),
      (#"{"$toString": 2.5}"#, #""2.5""#), (#"{"$toString": 3.0}"#, #""3""#),
      (#"{"$toString": 1e20}"#, #""1e+20""#), (#"{"$toString": 123456.789}"#, #""123456.789""#),
      (#"{"$toString": -1.5e-7}"#, #""-1.5e-07""#), (#"{"$toString": 0.0001}"#, #""0.0001""#),
      (#"{"$toString": 1e15}"#, #""1000000000000000""#), (#"{"$toString": 0.1}"#, #""0.1""#),
      (#"{"$toString": {"$numberDouble": "NaN"}}"#, #""NaN""#),
      (#"{"$toString": {"$numberDouble": "-Infinity"}}"#, #""-Infinity""#),
      (#"{"$toString": {"$numberDouble": "-0.0"}}"#, #""-0""#),
      (#"{"$toString": 1e23}"#, #""9.999999999999999e+22""#),
      (#"{"$toString": 0.99999999999999999}"#, #""1""#), (#"{"$toString": 0.30000000000000004}"#, #""0.3""#),
      (#"{"$toString": 99999999999999984}"#, #""99999999999999984""#),
      (#"{"$toString": "$t"}"#, #""2018-03-27T16:58:51.538Z""#),
      (#"{"$toString": "$old"}"#, #""1969-12-31T23:59:59.999Z""#),
      (#"{"$toString": "$id"}"#, #""5ab9c3da31c2ab715d421285""#), (#"{"$toString": true}"#, #""true""#),
      (#"{"$toString": "$m"}"#, #""1.50""#), (#"{"$toString": "$a"}"#, "typeMismatch"),
      (#"{"$toString": {"$numberLong": "-5"}}"#, #""-5""#),
      (#"{"$toString": {"$date": {"$numberLong": "9223372036854775807"}}}"#, "typeMismatch"),
      (#"{"$toBool": "$a"}"#, "true"), (#"{"$toBool": "false"}"#, "true"), (#"{"$toBool": ""}"#, "true"),
      (#"{"$toBool": 0.0}"#, "false"), (#"{"$toBool": {"$numberDecimal": "0.0"}}"#, "false"),
      (#"{"$toBool": "$n"}"#, "null"), (#"{"$toBool": "$t"}"#, "true"),
      (#"{"$toObjectId": "5ab9c3da31c2ab715d421285"}"#, #"{"$oid": "5ab9c3da31c2ab715d421285"}"#),
      (#"{"$toObjectId": "5ab9"}"#, "invalidArgument"), (#"{"$toObjectId": 1}"#, "typeMismatch"),
      (#"{"$toDate": 120000000000.5}"#, #"{"$date": "1973-10-20T21:20:00Z"}"#),
      (#"{"$toDate": {"$numberDecimal": "1253372036000.50"}}"#, #"{"$date": "2009-09-19T14:53:56Z"}"#),
      (#"{"$toDate": {"$numberLong": "-1100000000000"}}"#, #"{"$date": "1935-02-22T12:26:40Z"}"#),
      (#"{"$toDate": "$id"}"#, #"{"$date": "2018-03-27T04:08:58Z"}"#),
      (#"{"$toDate": "2018-03-20"}"#, #"{"$date": "2018-03-20T00:00:00Z"}"#),
      (#"{"$toDate": "2018-03-20 11:00:06 +0500"}"#, #"{"$date": "2018-03-20T06:00:06Z"}"#),
      (#"{"$toDate": "2018-03-20T12:30Z"}"#, #"{"$date": "2018-03-20T12:30:00Z"}"#),
      (#"{"$toDate": "2018-03-20T12:30:01.25"}"#, #"{"$date": "2018-03-20T12:30:01.250Z"}"#),
      (#"{"$toDate": "Friday"}"#, "invalidArgument"), (#"{"$toDate": "2018-13-01"}"#, "invalidArgument"),
      (#"{"$toDate": "2018-03-2"}"#, "invalidArgument"), (#"{"$toDate": 5}"#, "typeMismatch"),
      (#"{"$toDate": "$ts"}"#, #"{"$date": "2018-03-27T16:58:51Z"}"#),
      (#"{"$toDate": "2018-03-20T"}"#, "invalidArgument"), (#"{"$toDate": true}"#, "typeMismatch"),
      (#"{"$convert": {"input": "$s", "to": "int", "onError": "bad", "onNull": "none"}}"#, #""bad""#),
      (#"{"$convert": {"input": "$n", "to": "int", "onError": "bad", "onNull": "none"}}"#, #""none""#),
      (#"{"$convert": {"input": "5", "to": 16}}"#, "5"),
      (#"{"$convert": {"input": "5", "to": "$n"}}"#, "null"),
      (#"{"$convert": {"input": 5, "to": "array"}}"#, "invalidArgument"),
      (#"{"$convert": {"input": 5, "to": 99}}"#, "invalidArgument"),
      (#"{"$convert": {"input": 5}}"#, "invalidArgument"),
      (#"{"$convert": {"input": 5, "to": "int", "x": 1}}"#, "invalidArgument"),
      (#"{"$convert": {"input": 5, "to": {"$toLower": "STRING"}}}"#, #""5""#),
      (#"{"$convert": {"input": {"$divide": [1, 0]}, "to": "int", "onError": 0}}"#, "overflow"),
      (#"{"$convert": {"input": "x", "to": "int", "onError": "$none"}}"#, "missing"),
    ])
  }

  @Test("parts of dates, in UTC and at an offset")
  func dates() throws {
    let table = ExpressionTable(
      document: #"""
        {"d": {"$date": "2016-12-31T23:04:05.678Z"}, "jan": {"$date": "2021-01-01T00:00:00Z"}, "n": null, "s": "x",
         "old": {"$date": {"$numberLong": "-62167219200001"}}, "leap": {"$date": "2000-02-29T12:00:00Z"},
         "id": {"$oid": "5ab9c3da31c2ab715d421285"}, "end": {"$date": {"$numberLong": "9223372036854775807"}}}
        """#)
    try table.check([
      (#"{"$year": "$d"}"#, "2016"), (#"{"$month": "$d"}"#, "12"), (#"{"$dayOfMonth": "$d"}"#, "31"),
      (#"{"$hour": "$d"}"#, "23"), (#"{"$minute": "$d"}"#, "4"), (#"{"$second": "$d"}"#, "5"),
      (#"{"$millisecond": "$d"}"#, "678"), (#"{"$dayOfYear": "$d"}"#, "366"), (#"{"$dayOfWeek": "$d"}"#, "7"),
      (#"{"$week": "$d"}"#, "52"),
      (#"{"$isoDayOfWeek": "$d"}"#, "6"), (#"{"$isoWeek": "$d"}"#, "52"),
      (#"{"$isoWeekYear": "$d"}"#, #"{"$numberLong": "2016"}"#), (#"{"$isoWeek": "$jan"}"#, "53"),
      (#"{"$isoWeekYear": "$jan"}"#, #"{"$numberLong": "2020"}"#), (#"{"$week": "$jan"}"#, "0"),
      (#"{"$dayOfYear": "$leap"}"#, "60"), (#"{"$year": "$old"}"#, "-1"), (#"{"$month": "$old"}"#, "12"),
      (#"{"$millisecond": "$old"}"#, "999"), (#"{"$year": {"date": "$d", "timezone": "+01:00"}}"#, "2017"),
      (#"{"$hour": {"date": "$d", "timezone": "-0330"}}"#, "19"),
      (#"{"$minute": {"date": "$d", "timezone": "-0330"}}"#, "34"),
      (#"{"$hour": {"date": "$d", "timezone": "UTC"}}"#, "23"),
      (#"{"$hour": {"date": "$d", "timezone": "$n"}}"#, "null"),
      (#"{"$hour": {"date": "$d", "timezone": "+05"}}"#, "4"),
      (#"{"$hour": {"date": "$d", "timezone": "Mars/Base"}}"#, "invalidArgument"),
      (#"{"$hour": {"date": "$d", "timezone": 5}}"#, "typeMismatch"),
      (#"{"$hour": {"timezone": "UTC"}}"#, "invalidArgument"),
      (#"{"$hour": {"date": "$d", "x": 1}}"#, "invalidArgument"), (#"{"$year": "$n"}"#, "null"),
      (#"{"$year": "$none"}"#, "null"), (#"{"$year": "$s"}"#, "typeMismatch"),
      (#"{"$year": ["$d"]}"#, "2016"),
      (#"{"$year": ["$d", 1]}"#, "invalidArgument"), (#"{"$year": "$id"}"#, "2018"),
      (#"{"$year": "$end"}"#, "292278994"), (#"{"$hour": {"date": "$end", "timezone": "+01"}}"#, "overflow"),
      (#"{"$year": 5}"#, "typeMismatch"),
    ])
  }

  @Test("every day of 3000 years has the parts that counting days gives")
  func days() throws {
    var day: (year: Int64, month: Int64, day: Int64) = (1, 1, 1)
    // 0001-01-01, a Monday.
    var milliseconds: Int64 = -62_135_596_800_000
    var dayOfYear: Int64 = 1
    for count in 0..<1_095_000 {
      defer { milliseconds += 86_400_000 }
      if count % 7 == 0 || day.day >= 28 {
        let date = try #require(ExpressionDate(BSONDateTime(milliseconds: milliseconds)))
        let isRight =
          date.year == day.year && date.month == day.month && date.day == day.day
          && date.dayOfYear == dayOfYear
          && date.isoDayOfWeek == Int64(count % 7 + 1) && date.time == 0
        if !isRight {
          Issue.record("day \(count): \(date)")
          return
        }
      }
      let isLeap = day.year % 4 == 0 && (day.year % 100 != 0 || day.year % 400 == 0)
      let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
      day.day += 1
      dayOfYear += 1
      if day.day > lengths[Int(day.month - 1)] { day = (day.year, day.month + 1, 1) }
      if day.month > 12 {
        day = (day.year + 1, 1, 1)
        dayOfYear = 1
      }
    }
  }
}
