/// The two ways of writing Extended JSON (MongoDB Extended JSON specification, version 2).
public enum ExtendedJSONMode: Sendable, Hashable {
  /// Every type is kept: numbers are written as `{"$numberInt":"1"}` and so on.
  case canonical
  /// Easier to read: int32, int64 and finite doubles are JSON numbers, dates from 1970 to 9999 are ISO 8601.
  /// An int64 that fits an int32 comes back as one.
  case relaxed
}

/// What is accepted beyond the specification when Extended JSON is read.
public struct ExtendedJSONOptions: OptionSet, Sendable, Hashable {
  /// The bits.
  public let rawValue: Int

  /// Takes the bits.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// `{"$date": 1356351330501}`, milliseconds as a plain number, as MongoDB's tools once wrote it. The
  /// specification says that this is an error, so it is one without the option.
  public static let legacyDates = ExtendedJSONOptions(rawValue: 1)
}

extension Document {
  /// The document as Extended JSON, without spaces, fields in order.
  public func extendedJSON(_ mode: ExtendedJSONMode = .relaxed) -> String {
    var output: [UInt8] = []
    writeExtendedJSON(mode, into: &output)
    return String(decoding: output, as: UTF8.self)
  }

  /// Appends the document as Extended JSON in UTF-8, without spaces, fields in order. Malformed parts of a
  /// document that was not validated are left out, and what is nested below the limit is written as null.
  public func writeExtendedJSON(_ mode: ExtendedJSONMode = .relaxed, into output: inout [UInt8]) {
    var writer = ExtendedJSONWriter(mode: mode, output: output)
    // The writer takes the buffer over; while both held it, the first byte written would copy it.
    output = []
    writer.write(self)
    output = writer.output
  }

  /// Reads a document from Extended JSON, canonical or relaxed.
  ///
  /// The text is JSON as RFC 8259 has it. Names that occur more than once in an object are all kept, in
  /// order, as MongoDB's tools do. A `$` name that begins one of the specification's wrappers must be a whole
  /// and correct one, or it is an error; where MongoDB's query operators look the same (`$regex` without
  /// `$options`, `$type` without `$binary`), the object is an ordinary document.
  /// - Throws: ``BSONError`` with line, column and offset.
  public init(extendedJSON text: String, options: ExtendedJSONOptions = []) throws(BSONError) {
    let result = text.withUTF8Bytes { buffer in
      Result { () throws(BSONError) in
        try Document(extendedJSON: buffer, options: options)
      }
    }
    self = try result.get()
  }

  /// Reads a document from Extended JSON in UTF-8; see ``init(extendedJSON:options:)-(String,_)``.
  public init(extendedJSON text: [UInt8], options: ExtendedJSONOptions = []) throws(BSONError) {
    let result = text.withUnsafeBytes { buffer in
      Result { () throws(BSONError) in
        try Document(extendedJSON: buffer, options: options)
      }
    }
    self = try result.get()
  }

  /// Reads a document from Extended JSON in UTF-8; see ``init(extendedJSON:options:)-(String,_)``.
  public init(
    extendedJSON text: UnsafeRawBufferPointer, options: ExtendedJSONOptions = []
  ) throws(BSONError) {
    var parser = ExtendedJSONParser(text, options: options)
    self = try parser.parseDocument()
  }
}

extension BSONValue {
  /// The value as Extended JSON, without spaces.
  public func extendedJSON(_ mode: ExtendedJSONMode = .relaxed) -> String {
    var writer = ExtendedJSONWriter(mode: mode, output: [])
    writer.write(self)
    return String(decoding: writer.output, as: UTF8.self)
  }

  /// Reads any value from Extended JSON, canonical or relaxed; see
  /// ``Document/init(extendedJSON:options:)-(String,_)``.
  /// - Throws: ``BSONError`` with line, column and offset.
  public init(extendedJSON text: String, options: ExtendedJSONOptions = []) throws(BSONError) {
    let result = text.withUTF8Bytes { buffer in
      Result { () throws(BSONError) in
        var parser = ExtendedJSONParser(buffer, options: options)
        return try parser.parseValue()
      }
    }
    self = try result.get()
  }
}
