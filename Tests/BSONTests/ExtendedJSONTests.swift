import BSON
import Testing

@Suite("Extended JSON")
struct ExtendedJSONTests {
  @Test("Every type has its canonical form, and comes back from it")
  func canonical() throws {
    let id = "56e1fc72e0c917e9c4714161"
    let text = everyType.extendedJSON(.canonical)
    let expected = [
      #"{"double":{"$numberDouble":"1.5"},"string":"a\u0000é","document":{"x":{"$numberInt":"1"}},"#,
      #""array":[{"$numberInt":"1"},"two",[{"$numberInt":"3"}]],"#,
      #""binary":{"$binary":{"base64":"AQID","subType":"80"}},"#,
      #""old":{"$binary":{"base64":"CQg=","subType":"02"}},"#,
      #""undefined":{"$undefined":true},"id":{"$oid":"\#(id)"},"yes":true,"no":false,"#,
      #""date":{"$date":{"$numberLong":"-1"}},"null":null,"#,
      #""regex":{"$regularExpression":{"pattern":"^a/b","options":"imx"}},"#,
      #""pointer":{"$dbPointer":{"$ref":"c","$id":{"$oid":"\#(id)"}}},"code":{"$code":"f()"},"#,
      #""symbol":{"$symbol":"s"},"#,
      #""scope":{"$code":"g()","$scope":{"v":{"$numberInt":"2"}}},"int":{"$numberInt":"7"},"#,
      #""timestamp":{"$timestamp":{"t":4294967295,"i":1}},"long":{"$numberLong":"-5"},"#,
      #""decimal":{"$numberDecimal":"1.50"},"min":{"$minKey":1},"max":{"$maxKey":1}}"#,
    ].joined()
    #expect(text == expected)
    #expect(try Document(extendedJSON: text) == everyType)
  }

  @Test("Relaxed text has plain numbers and dates, and comes back as equal numbers")
  func relaxed() throws {
    let document: Document = [
      "i": 1, "l": .int64(5), "d": 2.0, "n": .double(.nan), "f": .double(-.infinity), "z": -0.0, "e": 1e300,
      "t": .dateTime(BSONDateTime(milliseconds: 1_356_351_330_501)),
      "o": .dateTime(BSONDateTime(milliseconds: -1)),
      "w": .int64(1 << 40),
    ]
    let text = document.extendedJSON(.relaxed)
    #expect(
      text
        == #"{"i":1,"l":5,"d":2.0,"n":{"$numberDouble":"NaN"},"f":{"$numberDouble":"-Infinity"},"z":-0.0,"#
        + #""e":1E+300,"#
        + #""t":{"$date":"2012-12-24T12:15:30.501Z"},"o":{"$date":{"$numberLong":"-1"}},"w":1099511627776}"#)
    var expected = document
    expected["l"] = .int32(5)
    #expect(try Document(extendedJSON: text) == expected)
    #expect(document.description == text)
  }

  @Test(
    "JSON numbers become the smallest type that holds them",
    arguments: [
      ("0", BSONValue.int32(0)), ("-0", 0), ("2147483647", .int32(.max)),
      ("2147483648", .int64(2_147_483_648)),
      ("-2147483648", .int32(.min)), ("9223372036854775807", .int64(.max)),
      ("-9223372036854775808", .int64(.min)),
      ("9223372036854775808", .double(0x1p63)), ("-9223372036854775809", .double(-0x1p63)),
      ("123456789012345678901234567890", .double(0x1.8ee90ff6c373ep+96)), ("1.0", 1.0), ("-0.0", -0.0),
      ("1e2", 100.0),
      ("1E-2", 0.01), ("0.1", 0.1), ("1.7976931348623157e308", .double(.greatestFiniteMagnitude)),
      ("5e-324", .double(.leastNonzeroMagnitude)),
      ("1e-400", 0.0), ("2.2250738585072011e-308", .double(.leastNormalMagnitude.nextDown)),
      ("9007199254740993.0", 9007199254740992.0),
      ("0.000000000000000000000000000001", 1e-30), ("10000000000000000000000e0", 1e22),
    ])
  func numbers(text: String, value: BSONValue) throws {
    #expect(try BSONValue(extendedJSON: text) == value)
  }

  @Test(
    "What is not JSON is refused with its place",
    arguments: [
      "", " ", "{", "}", "[", "[1", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}",
      "[1 2]", "{\"a\" 1}",
      "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x1", "1e400", "-1e400", "NaN", "Infinity", "tru", "nulls",
      "\"", "\"\\", "\"\\x\"",
      "\"\\u12\"", "\"\\u12G4\"", "\"\n\"", "\"\u{1}\"", "1 1", "[1]]", "\"\\ud800\"", "\"\\ud800\\u0041\"",
      "\"\\udc00\"",
      "\"\\ud800\\ud800\"", "//", "[1]//", "\u{FEFF}1",
    ])
  func malformed(text: String) {
    let error = bsonError { () throws(BSONError) in try BSONValue(extendedJSON: text) }
    #expect(error?.line != nil && error?.column != nil && error?.offset != nil, "\(text)")
  }

  @Test("Lines and columns count from 1")
  func places() {
    let error = bsonError { () throws(BSONError) in try Document(extendedJSON: "{\"a\": 1,\n \"b\": ?}") }
    #expect(error?.line == 2 && error?.column == 7 && error?.offset == 15)
    #expect(error?.description == "There is no JSON value here. (line 2, column 7)")
  }

  @Test("Escapes and surrogate pairs are understood, invalid UTF-8 is not")
  func strings() throws {
    #expect(
      try BSONValue(extendedJSON: #""\"\\\/\b\f\n\r\t\u0000\u00e9\ud83d\ude00""#)
        == "\"\\/\u{8}\u{c}\n\r\t\0é😀")
    #expect(try BSONValue(extendedJSON: "\"12345678é☆😀\"") == "12345678é☆😀")
    for content: [UInt8] in [
      [0xFF], [0xC3], [0xED, 0xA0, 0x80], [0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x80],
    ] {
      let text = Array("{\"a\":\"".utf8) + content + Array("\"}".utf8)
      #expect(bsonError { () throws(BSONError) in try Document(extendedJSON: text) }?.code == .invalidUTF8)
    }
    #expect(BSONValue.string("\u{1}\u{1f}\u{7f}/").extendedJSON() == "\"\\u0001\\u001f\u{7f}/\"")
  }

  @Test(
    "Wrappers in other orders and forms are understood",
    arguments: [
      (#"{"$binary":{"subType":"0","base64":"//8="}}"#, BSONValue.binary(BSONBinary([255, 255]))),
      (#"{"$binary":"//8=","$type":"80"}"#, .binary(BSONBinary([255, 255], subtype: .userDefined))),
      (#"{"$type":"00","$binary":""}"#, .binary(BSONBinary([]))),
      (
        #"{"$uuid":"73ffd264-44B3-4c69-90e8-e7d1dfc035d4"}"#,
        .binary(BSONBinary(bytes("73ffd26444b34c6990e8e7d1dfc035d4"), subtype: .uuid))
      ),
      (#"{"$timestamp":{"i":42,"t":4294967295}}"#, .timestamp(BSONTimestamp(seconds: .max, increment: 42))),
      (#"{"$regularExpression":{"options":"mix","pattern":"a"}}"#, .regex(BSONRegex("a", options: "imx"))),
      (#"{"$regex":"a","$options":"i"}"#, .regex(BSONRegex("a", options: "i"))),
      (#"{"$options":"i","$regex":"a"}"#, .regex(BSONRegex("a", options: "i"))),
      (#"{"$scope":{},"$code":"x"}"#, .codeWithScope(BSONCodeWithScope("x", scope: [:]))),
      (
        #"{"$date":"2012-12-24T05:15:30.501-0700"}"#, .dateTime(BSONDateTime(milliseconds: 1_356_351_330_501))
      ),
      (#"{ "$date" : { "$numberLong" : "5" } }"#, .dateTime(BSONDateTime(milliseconds: 5))),
      (#"{"$numberDouble":"-0.0"}"#, -0.0), (#"{"$numberDouble":"1"}"#, 1.0),
      (#"{"$numberDouble":"NaN"}"#, .double(.nan)),
      (#"{"$numberLong":"-9223372036854775808"}"#, .int64(.min)), (#"{"$numberInt":"-1"}"#, -1),
    ])
  func wrapperForms(text: String, value: BSONValue) throws {
    #expect(try BSONValue(extendedJSON: text) == value)
  }

  @Test(
    "Objects that only look like wrappers stay documents",
    arguments: [
      #"{"$regex":"a"}"#, #"{"$regex":"a","$options":1}"#,
      #"{"$regex":{"$regularExpression":{"pattern":"a","options":""}}}"#,
      #"{"$regex":{"$regularExpression":{"pattern":"a","options":""}},"$options":"i"}"#,
      #"{"$regex":5,"$options":"i"}"#,
      #"{"$regex":"a","$options":"i","$ne":"b"}"#, #"{"$options":"i"}"#, #"{"$type":"string"}"#,
      #"{"$type":2}"#,
      #"{"$type":["int"],"$binary":1}"#, #"{"$binary":"abc"}"#, #"{"$ref":"c","$id":1,"$db":"d"}"#,
      #"{"$ref":1}"#,
      #"{"$scope":{}}"#, #"{"$key":1}"#, #"{"$":1}"#, #"{"a":1,"$oid":"x"}"#, #"{"$gt":5,"$lt":6}"#,
      #"{"t":1,"i":2}"#,
    ])
  func lookalikes(text: String) throws {
    let value = try BSONValue(extendedJSON: text)
    #expect(value.type == .document)
    #expect(try BSONValue(extendedJSON: value.extendedJSON(.canonical)) == value)
  }

  @Test(
    "Malformed wrappers are errors",
    arguments: [
      #"{"$oid":42}"#, #"{"$oid":"5"}"#, #"{"$oid":"56e1fc72e0c917e9c4714161","x":1}"#, #"{"$symbol":1}"#,
      #"{"$numberInt":1}"#,
      #"{"$numberInt":"2147483648"}"#, #"{"$numberInt":"1.5"}"#, #"{"$numberInt":"+1"}"#,
      #"{"$numberInt":" 1"}"#,
      #"{"$numberLong":"9223372036854775808"}"#, #"{"$numberLong":""}"#, #"{"$numberDouble":"x"}"#,
      #"{"$numberDouble":"nan"}"#,
      #"{"$numberDouble":"0x10"}"#, #"{"$numberDouble":"1e999"}"#, #"{"$numberDouble":""}"#,
      #"{"$numberDecimal":1}"#,
      #"{"$numberDecimal":"1e9999"}"#, #"{"$binary":{"base64":"//8="}}"#,
      #"{"$binary":{"base64":"//8","subType":"00"}}"#,
      #"{"$binary":{"base64":"//9=","subType":"00"}}"#, #"{"$binary":{"base64":"/===","subType":"00"}}"#,
      #"{"$binary":{"base64":"","subType":"000"}}"#, #"{"$binary":{"base64":"","subType":"g"}}"#,
      #"{"$binary":{"base64":"","subType":0}}"#,
      #"{"$binary":"","$type":0}"#, #"{"$binary":"","x":"0"}"#,
      #"{"$uuid":"73ffd26444b34c6990e8e7d1dfc035d4"}"#, #"{"$uuid":5}"#,
      #"{"$code":1}"#, #"{"$code":"","x":1}"#, #"{"$code":"","$scope":1}"#, #"{"$timestamp":1}"#,
      #"{"$timestamp":{"t":1}}"#,
      #"{"$timestamp":{"t":-1,"i":1}}"#, #"{"$timestamp":{"t":4294967296,"i":1}}"#,
      #"{"$timestamp":{"t":"1","i":1}}"#,
      #"{"$regularExpression":{"pattern":"a"}}"#, #"{"$regularExpression":{"pattern":1,"options":""}}"#,
      #"{"$regularExpression":{"pattern":"\u0000","options":""}}"#,
      #"{"$regularExpression":{"pattern":"","options":"","x":1}}"#,
      #"{"$dbPointer":{"$ref":"a","$id":1}}"#, #"{"$dbPointer":{"$ref":"a"}}"#, #"{"$date":42}"#,
      #"{"$date":4200000000000}"#,
      #"{"$date":"yesterday"}"#, #"{"$date":{"$numberInt":"1"}}"#, #"{"$date":"2012-12-24T12:15:30Z","x":1}"#,
      #"{"$minKey":true}"#,
      #"{"$minKey":0}"#, #"{"$maxKey":2}"#, #"{"$maxKey":1,"x":1}"#, #"{"$undefined":false}"#,
    ])
  func malformedWrappers(text: String) {
    for text in [text, "{\"a\":[1,\(text)]}"] {
      let error = bsonError { () throws(BSONError) in try BSONValue(extendedJSON: text) }
      #expect(error?.code == .invalidExtendedJSON, "\(text)")
    }
  }

  @Test("Milliseconds as plain numbers are dates only when asked for")
  func legacyDates() throws {
    for (number, value) in [("42", Int64(42)), ("-1356351330501", -1_356_351_330_501)] {
      let text = "{\"d\":{\"$date\":\(number)}}"
      let document = try Document(extendedJSON: text, options: .legacyDates)
      #expect(document["d"] == .dateTime(BSONDateTime(milliseconds: value)))
    }
  }

  @Test("Zero characters in names are an error, repeated names are kept")
  func namesInText() throws {
    for text in [#"{"a\u0000":1}"#, #"{"a":{"\u0000":1}}"#] {
      #expect(bsonError { () throws(BSONError) in try Document(extendedJSON: text) }?.code == .zeroCharacter)
    }
    #expect(try Document(extendedJSON: #"{"a":1,"a":2,"":3}"#) == Document([("a", 1), ("a", 2), ("", 3)]))
  }

  @Test("A text that is something else than a document is no document")
  func notDocuments() {
    for text in ["[]", "1", "null", #"{"$oid":"56e1fc72e0c917e9c4714161"}"#] {
      #expect(bsonError { () throws(BSONError) in try Document(extendedJSON: text) }?.code == .notADocument)
    }
    #expect(throws: Never.self) { try Document(extendedJSON: #"{"$regex":"a","$options":"i"}"#) }
  }

  @Test("Text of any depth is refused without exhausting the stack")
  func deepText() {
    for piece in ["[", "{\"a\":", "{\"$code\":", "{\"$scope\":", "[{\"a\":"] {
      let text = "{\"a\":" + String(repeating: piece, count: 100_000)
      #expect(bsonError { () throws(BSONError) in try Document(extendedJSON: text) }?.code == .depthExceeded)
    }
    let arrays = String(repeating: "[", count: 199) + String(repeating: "]", count: 199)
    #expect(throws: Never.self) { try Document(extendedJSON: "{\"a\":\(arrays)}") }
    #expect(
      bsonError { () throws(BSONError) in try Document(extendedJSON: "{\"a\":[\(arrays)]}") }?.code
        == .depthExceeded)
    let nearly = String(repeating: "{\"a\":", count: 199)
    let close = String(repeating: "}", count: 199)
    let pointer = #"{"$dbPointer":{"$ref":"b","$id":{"$oid":"56e1fc72e0c917e9c4714161"}}}"#
    #expect(throws: Never.self) { try Document(extendedJSON: "{\"a\":\(nearly)\(pointer)\(close)}") }
  }
}
