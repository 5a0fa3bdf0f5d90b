import BSON
import Testing

@Suite("Reading many documents")
struct ExtendedJSONReaderTests {
  /// Reads a text in chunks; errors stand in the list as negative line numbers.
  private func read(_ text: String, _ layout: ExtendedJSONReader.Layout, chunk: Int, limit: Int = 1 << 20)
    -> [String]
  {
    var reader = ExtendedJSONReader(layout: layout, maximumTextSize: limit)
    var results: [String] = []
    func drain() {
      while true {
        do {
          guard let item = try reader.next() else { return }
          results.append("\(item.line):\(item.document.extendedJSON())")
        } catch {
          results.append("\(error.line ?? 0)!\(error.code)")
          if results.count > 100 { return }
        }
      }
    }
    let content = Array(text.utf8)
    var start = 0
    while start < content.count {
      let end = min(start + chunk, content.count)
      reader.feed(content[start..<end])
      start = end
      drain()
    }
    reader.finish()
    drain()
    return results
  }

  private func expect(
    _ text: String, _ layout: ExtendedJSONReader.Layout, _ expected: [String], limit: Int = 1 << 20,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for chunk in [1, 2, 3, 7, 1000] {
      #expect(read(text, layout, chunk: chunk, limit: limit) == expected, sourceLocation: sourceLocation)
    }
  }

  @Test("Lines give documents with their numbers, empty ones are passed over")
  func lines() {
    expect("{\"a\":1}\n\n  {\"a\":2}\r\n{\"a\":3}", .lines, ["1:{\"a\":1}", "3:{\"a\":2}", "4:{\"a\":3}"])
    expect("", .lines, [])
    expect("\n\n", .lines, [])
    expect("\u{FEFF}{}\n", .lines, ["1:{}"])
  }

  @Test("After a bad line the next one is read")
  func badLines() {
    expect(
      "{\"a\":1}\n{\"a\":\nnonsense\n[1]\n{\"a\":\"\u{1}\"}\n{\"a\":2} x\n{\"a\":3}\n", .lines,
      [
        "1:{\"a\":1}", "2!invalidJSON", "3!invalidJSON", "4!notADocument", "5!invalidJSON", "6!trailingBytes",
        "7:{\"a\":3}",
      ])
  }

  @Test("A line that is too long is passed over without being kept")
  func longLines() {
    let long = "{\"a\":\"" + String(repeating: "x", count: 100) + "\"}"
    expect(
      "{}\n\(long)\n{\"b\":1}\n\(long)", .lines, ["1:{}", "2!sizeExceeded", "3:{\"b\":1}", "4!sizeExceeded"],
      limit: 50)
  }

  @Test("Values follow each other with any white space")
  func values() {
    expect(
      "{\"a\":1}{\"b\":\"}\\\"{\"}\n\n {\n\"c\": [\n{}]\n}\t{}", .values,
      ["1:{\"a\":1}", "1:{\"b\":\"}\\\"{\"}", "3:{\"c\":[{}]}", "6:{}"])
    expect(" \n{}", .automatic, ["2:{}"])
    expect("\u{FEFF}{}", .automatic, ["1:{}"])
  }

  @Test("An array gives its documents")
  func array() {
    expect("[]", .automatic, [])
    expect(" [ {\"a\":[1]} ,\n{} ]\n ", .automatic, ["1:{\"a\":[1]}", "2:{}"])
    expect("[{}]", .array, ["1:{}"])
  }

  @Test("What is wrong with values and arrays is said once, with its line")
  func badStreams() {
    expect("{}\n1 {}", .values, ["1:{}", "2!notADocument"])
    expect("{}\n{", .values, ["1:{}", "2!invalidJSON"])
    expect("{}\n{\n\"a\":?}\n{}", .values, ["1:{}", "3!invalidJSON"])
    expect("[{}\n{}]", .array, ["1:{}", "2!invalidJSON"])
    expect("[{},]", .array, ["1:{}", "1!notADocument"])
    expect("[{}", .array, ["1:{}", "1!invalidJSON"])
    expect("[{}] {}", .array, ["1:{}", "1!trailingBytes"])
    expect("{}", .array, ["1!invalidJSON"])
    expect("{\"a\":\"" + String(repeating: "x", count: 100) + "\"}", .values, ["1!sizeExceeded"], limit: 50)
  }
}
