import BSON
import Testing

@testable import HoldfastQuery

@Suite("Expressions: arithmetic")
struct ExpressionArithmeticTests {
  private let table = ExpressionTable(
    document: #"""
      {"i": 7, "l": {"$numberLong": "7"}, "d": 2.5, "m": {"$numberDecimal": "0.10"}, "n": null, "s": "x",
       "t": {"$date": {"$numberLong": "1000"}}, "max": 2147483647, "min": {"$numberInt": "-2147483648"},
       "lmax": {"$numberLong": "9223372036854775807"}, "lmin": {"$numberLong": "-9223372036854775808"},
       "nan": {"$numberDouble": "NaN"}, "inf": {"$numberDouble": "Infinity"}}
      """#)

  @Test("$add: the widest type, promotion on overflow, one date")
  func add() throws {
    try table.check([
      (#"{"$add": []}"#, "0"), (#"{"$add": "$i"}"#, "7"), (#"{"$add": ["$i", 1]}"#, "8"),
      (#"{"$add": ["$i", "$l"]}"#, #"{"$numberLong": "14"}"#),
      (#"{"$add": ["$i", "$d"]}"#, "9.5"), (#"{"$add": ["$i", "$m"]}"#, #"{"$numberDecimal": "7.10"}"#),
      (#"{"$add": ["$d", "$m"]}"#, #"{"$numberDecimal": "2.60000000000000"}"#),
      (#"{"$add": ["$max", 1]}"#, #"{"$numberLong": "2147483648"}"#),
      (#"{"$add": ["$max", 1, -1]}"#, "2147483647"),
      (#"{"$add": ["$lmax", 1]}"#, #"{"$numberDouble": "9.223372036854775808E18"}"#),
      (#"{"$add": ["$i", "$none"]}"#, "null"), (#"{"$add": ["$n", "$s"]}"#, "null"),
      (#"{"$add": ["$s", "$n"]}"#, "typeMismatch"),
      (#"{"$add": ["$t", 5]}"#, #"{"$date": {"$numberLong": "1005"}}"#),
      (#"{"$add": [1, 0.6, "$t", 0.5]}"#, #"{"$date": {"$numberLong": "1003"}}"#),
      (#"{"$add": ["$t", {"$numberDecimal": "2.5"}]}"#, #"{"$date": {"$numberLong": "1002"}}"#),
      (#"{"$add": ["$t", -2.5]}"#, #"{"$date": {"$numberLong": "997"}}"#),
      (#"{"$add": ["$t", "$t"]}"#, "typeMismatch"), (#"{"$add": ["$t", "$nan"]}"#, "overflow"),
      (#"{"$add": ["$t", "$lmax"]}"#, "overflow"),
      (#"{"$add": [true, 1]}"#, "typeMismatch"),
      (#"{"$add": ["$inf", 1]}"#, #"{"$numberDouble": "Infinity"}"#),
      (#"{"$add": [0.1, 0.2]}"#, "0.30000000000000004"),
      (#"{"$add": ["$t", "$n"]}"#, "null"),
    ])
  }

  @Test("$subtract: numbers, dates, and a number from a date")
  func subtract() throws {
    try table.check([
      (#"{"$subtract": ["$i", 2]}"#, "5"),
      (#"{"$subtract": ["$min", 1]}"#, #"{"$numberLong": "-2147483649"}"#),
      (#"{"$subtract": ["$lmin", 1]}"#, #"{"$numberDouble": "-9.223372036854775808E18"}"#),
      (#"{"$subtract": ["$t", "$t"]}"#, #"{"$numberLong": "0"}"#),
      (#"{"$subtract": ["$t", 1]}"#, #"{"$date": {"$numberLong": "999"}}"#),
      (#"{"$subtract": ["$t", 1.5]}"#, #"{"$date": {"$numberLong": "998"}}"#),
      (#"{"$subtract": [1, "$t"]}"#, "typeMismatch"), (#"{"$subtract": ["$s", "$none"]}"#, "null"),
      (#"{"$subtract": ["$s", 1]}"#, "typeMismatch"),
      (#"{"$subtract": ["$t", "$s"]}"#, "typeMismatch"), (#"{"$subtract": ["$t", "$lmin"]}"#, "overflow"),
      (#"{"$subtract": [1]}"#, "invalidArgument"),
      (#"{"$subtract": ["$m", 1]}"#, #"{"$numberDecimal": "-0.90"}"#),
      (#"{"$subtract": ["$l", "$d"]}"#, "4.5"),
    ])
  }

  @Test("$multiply, $divide and $mod")
  func multiply() throws {
    try table.check([
      (#"{"$multiply": []}"#, "1"), (#"{"$multiply": ["$i", 3]}"#, "21"),
      (#"{"$multiply": ["$max", 2]}"#, #"{"$numberLong": "4294967294"}"#),
      (#"{"$multiply": ["$lmax", 2]}"#, #"{"$numberDouble": "1.8446744073709551616E19"}"#),
      (#"{"$multiply": ["$m", "$m"]}"#, #"{"$numberDecimal": "0.0100"}"#),
      (#"{"$multiply": ["$t", 2]}"#, "typeMismatch"), (#"{"$multiply": [2, null, "$s"]}"#, "null"),
      (#"{"$multiply": ["$d", 2]}"#, "5.0"),
      (#"{"$divide": ["$i", 2]}"#, "3.5"), (#"{"$divide": [6, 2]}"#, "3.0"),
      (#"{"$divide": ["$i", 0]}"#, "overflow"), (#"{"$divide": ["$i", 0.0]}"#, "overflow"),
      (#"{"$divide": ["$i", {"$numberDecimal": "0"}]}"#, "overflow"),
      (#"{"$divide": [1, {"$numberDecimal": "8"}]}"#, #"{"$numberDecimal": "0.125"}"#),
      (#"{"$divide": ["$n", 0]}"#, "null"), (#"{"$divide": ["$s", 1]}"#, "typeMismatch"),
      (#"{"$divide": [1, "$none"]}"#, "null"), (#"{"$divide": [1, 2, 3]}"#, "invalidArgument"),
      (#"{"$mod": ["$i", 4]}"#, "3"), (#"{"$mod": [-7, 4]}"#, "-3"), (#"{"$mod": [7, -4]}"#, "3"),
      (#"{"$mod": ["$l", 4]}"#, #"{"$numberLong": "3"}"#),
      (#"{"$mod": ["$i", {"$numberLong": "4"}]}"#, #"{"$numberLong": "3"}"#),
      (#"{"$mod": ["$i", 2.5]}"#, "2.0"), (#"{"$mod": [-6.5, 2]}"#, "-0.5"),
      (#"{"$mod": ["$i", {"$numberDecimal": "2.5"}]}"#, #"{"$numberDecimal": "2.0"}"#),
      (#"{"$mod": ["$i", 0]}"#, "overflow"), (#"{"$mod": ["$i", 0.0]}"#, "overflow"),
      (#"{"$mod": ["$lmin", -1]}"#, #"{"$numberLong": "0"}"#), (#"{"$mod": ["$min", -1]}"#, "0"),
      (#"{"$mod": ["$n", 0]}"#, "null"), (#"{"$mod": ["$s", 2]}"#, "typeMismatch"),
    ])
  }

  @Test("$abs, $ceil, $floor, $round and $trunc keep the type")
  func rounding() throws {
    try table.check([
      (#"{"$abs": -5}"#, "5"), (#"{"$abs": "$min"}"#, #"{"$numberLong": "2147483648"}"#),
      (#"{"$abs": "$lmin"}"#, "overflow"), (#"{"$abs": [-2.5]}"#, "2.5"),
      (#"{"$abs": {"$numberDecimal": "-0.10"}}"#, #"{"$numberDecimal": "0.10"}"#),
      (#"{"$abs": "$none"}"#, "null"), (#"{"$abs": "$s"}"#, "typeMismatch"),
      (#"{"$abs": [1, 2]}"#, "invalidArgument"),
      (#"{"$ceil": 2.1}"#, "3.0"), (#"{"$ceil": -2.9}"#, "-2.0"), (#"{"$ceil": "$i"}"#, "7"),
      (#"{"$ceil": {"$numberDecimal": "2.1"}}"#, #"{"$numberDecimal": "3"}"#),
      (#"{"$floor": 2.9}"#, "2.0"), (#"{"$floor": "$l"}"#, #"{"$numberLong": "7"}"#),
      (#"{"$floor": {"$numberDecimal": "-2.1"}}"#, #"{"$numberDecimal": "-3"}"#),
      (#"{"$floor": "$t"}"#, "typeMismatch"),
      (#"{"$floor": "$n"}"#, "null"), (#"{"$ceil": "$inf"}"#, #"{"$numberDouble": "Infinity"}"#),
      (#"{"$round": 2.5}"#, "2.0"), (#"{"$round": 3.5}"#, "4.0"), (#"{"$round": [10.5, 0]}"#, "10.0"),
      (#"{"$round": [1.235, 2]}"#, "1.24"), (#"{"$round": [1234.5, -2]}"#, "1200.0"),
      (#"{"$round": [1234, -2]}"#, "1200"), (#"{"$round": [1250, -2]}"#, "1200"),
      (#"{"$round": [1350, -2]}"#, "1400"), (#"{"$round": ["$max", -1]}"#, #"{"$numberLong": "2147483650"}"#),
      (#"{"$round": ["$lmax", -1]}"#, "overflow"), (#"{"$round": ["$i", 5]}"#, "7"),
      (#"{"$round": ["$i", "$none"]}"#, "null"), (#"{"$round": ["$none", 1]}"#, "null"),
      (#"{"$round": ["$i", 101]}"#, "invalidArgument"), (#"{"$round": ["$i", -21]}"#, "invalidArgument"),
      (#"{"$round": ["$i", 1.5]}"#, "invalidArgument"), (#"{"$round": ["$s"]}"#, "typeMismatch"),
      (#"{"$round": [{"$numberDecimal": "2.345"}, 2]}"#, #"{"$numberDecimal": "2.34"}"#),
      (#"{"$round": ["$nan"]}"#, #"{"$numberDouble": "NaN"}"#),
      (#"{"$round": [1, 2, 3]}"#, "invalidArgument"),
      (#"{"$trunc": -2.7}"#, "-2.0"), (#"{"$trunc": [7.857, 1]}"#, "7.8"),
      (#"{"$trunc": [1299, -2]}"#, "1200"),
      (#"{"$trunc": [{"$numberDecimal": "7.85"}, 1]}"#, #"{"$numberDecimal": "7.8"}"#),
      (#"{"$trunc": ["$l", -1]}"#, #"{"$numberLong": "0"}"#),
    ])
  }

  @Test("roots, powers and logarithms")
  func powers() throws {
    try table.check([
      (#"{"$sqrt": 9}"#, "3.0"), (#"{"$sqrt": -1}"#, "invalidArgument"),
      (#"{"$sqrt": {"$numberDecimal": "2.25"}}"#, #"{"$numberDecimal": "1.5"}"#),
      (#"{"$sqrt": "$nan"}"#, #"{"$numberDouble": "NaN"}"#),
      (#"{"$sqrt": "$n"}"#, "null"), (#"{"$sqrt": "$s"}"#, "typeMismatch"), (#"{"$exp": 0}"#, "1.0"),
      (#"{"$ln": 1}"#, "0.0"), (#"{"$ln": 0}"#, "invalidArgument"), (#"{"$ln": "$none"}"#, "null"),
      (#"{"$log10": 1000}"#, "3.0"), (#"{"$log10": -1}"#, "invalidArgument"), (#"{"$log": [8, 2]}"#, "3.0"),
      (#"{"$log": [8, 1]}"#, "invalidArgument"), (#"{"$log": [0, 2]}"#, "invalidArgument"),
      (#"{"$log": ["$n", -5]}"#, "null"),
      (#"{"$log": [{"$numberDecimal": "1000"}, 10]}"#, #"{"$numberDecimal": "3"}"#),
      (#"{"$exp": {"$numberDecimal": "0"}}"#, #"{"$numberDecimal": "1"}"#),
      (#"{"$pow": [2, 3]}"#, "8"), (#"{"$pow": [2, 31]}"#, #"{"$numberLong": "2147483648"}"#),
      (#"{"$pow": [2, 63]}"#, #"{"$numberDouble": "9.223372036854775808E18"}"#),
      (#"{"$pow": [-2, 63]}"#, #"{"$numberLong": "-9223372036854775808"}"#),
      (#"{"$pow": [2, -1]}"#, "0.5"), (#"{"$pow": [0, -1]}"#, "overflow"), (#"{"$pow": [0, 0]}"#, "1"),
      (#"{"$pow": [-1, {"$numberLong": "1000000000001"}]}"#, #"{"$numberLong": "-1"}"#),
      (#"{"$pow": [1, -5]}"#, "1"), (#"{"$pow": [4, 0.5]}"#, "2.0"),
      (#"{"$pow": ["$m", 2]}"#, #"{"$numberDecimal": "0.0100"}"#),
      (#"{"$pow": ["$l", 2]}"#, #"{"$numberLong": "49"}"#), (#"{"$pow": ["$n", "$s"]}"#, "null"),
      (#"{"$pow": ["$s", 2]}"#, "typeMismatch"), (#"{"$pow": [10, 100]}"#, "1e100"), (#"{"$sin": 0}"#, "0.0"),
      (#"{"$cos": 0.0}"#, "1.0"), (#"{"$acos": 2}"#, "invalidArgument"),
      (#"{"$sin": "$inf"}"#, "invalidArgument"),
      (#"{"$atan2": [0, 1]}"#, "0.0"), (#"{"$degreesToRadians": 180}"#, "3.141592653589793"),
      (#"{"$tanh": "$n"}"#, "null"),
      (#"{"$atan2": [0, {"$numberDecimal": "1"}]}"#, #"{"$numberDecimal": "0"}"#),
      (#"{"$bitAnd": [12, 10]}"#, "8"),
      (#"{"$bitOr": [12, {"$numberLong": "3"}]}"#, #"{"$numberLong": "15"}"#), (#"{"$bitXor": []}"#, "0"),
      (#"{"$bitAnd": []}"#, "-1"), (#"{"$bitNot": 5}"#, "-6"), (#"{"$bitOr": [1.0, 2]}"#, "typeMismatch"),
      (#"{"$bitXor": [1, null]}"#, "null"), (#"{"$bitNot": "$s"}"#, "typeMismatch"),
    ])
  }

  @Test("$sum, $avg, $max and $min take lists and arrays, and pass over what is no number")
  func summaries() throws {
    let table = ExpressionTable(
      document:
        #"{"a": [1, 2, "x", null, 3.5], "b": [], "c": [1, {"$numberLong": "2"}], "n": null, "lmax": {"$numberLong": "9223372036854775807"}}"#
    )
    try table.check([
      (#"{"$sum": "$a"}"#, "6.5"), (#"{"$sum": ["$a", 2]}"#, "2"), (#"{"$sum": "$b"}"#, "0"),
      (#"{"$sum": "$c"}"#, #"{"$numberLong": "3"}"#), (#"{"$sum": ["$none", 3, "x"]}"#, "3"),
      (#"{"$sum": [0.1, 0.2, 0.3]}"#, "0.6"),
      (#"{"$sum": ["$lmax", 1]}"#, #"{"$numberDouble": "9.223372036854775808E18"}"#),
      (#"{"$sum": ["$lmax", 1, -1]}"#, #"{"$numberLong": "9223372036854775807"}"#),
      (#"{"$sum": [{"$numberDecimal": "0.1"}, 1]}"#, #"{"$numberDecimal": "1.1"}"#), (#"{"$sum": 5}"#, "5"),
      (#"{"$sum": "$n"}"#, "0"), (#"{"$sum": [1e308, 1e308]}"#, #"{"$numberDouble": "Infinity"}"#),
      (#"{"$avg": "$a"}"#, "2.1666666666666665"), (#"{"$avg": "$b"}"#, "null"), (#"{"$avg": [1, 2]}"#, "1.5"),
      (#"{"$avg": [{"$numberDecimal": "1"}, 2]}"#, #"{"$numberDecimal": "1.5"}"#),
      (#"{"$avg": "x"}"#, "null"),
      (#"{"$max": "$a"}"#, #""x""#), (#"{"$min": "$a"}"#, "1"), (#"{"$max": "$b"}"#, "null"),
      (#"{"$min": [3, "$none", null, 2]}"#, "2"), (#"{"$max": ["$c", 5]}"#, #"[1, {"$numberLong": "2"}]"#),
      (#"{"$max": 4}"#, "4"),
      (#"{"$stdDevPop": [1, 3]}"#, "1.0"), (#"{"$stdDevSamp": [1]}"#, "null"),
      (#"{"$stdDevSamp": [1, 2, 3]}"#, "1.0"), (#"{"$stdDevPop": "$b"}"#, "null"),
    ])
  }
}
