import BSON
import Testing

@testable import HoldfastQuery

@Suite("Update operators on fields")
struct UpdateFieldTests {
  @Test(
    "$set replaces a value in its place, makes what is missing, and cannot go through a plain value",
    arguments: [
      gives("{'$set': {'a': 2}}", "{'_id': 1, 'a': 1, 'b': 1}", "{'_id': 1, 'a': 2, 'b': 1}"),
      gives("{'$set': {'c': 2}}", "{'_id': 1, 'a': 1}", "{'_id': 1, 'a': 1, 'c': 2}"),
      gives("{'$set': {'a.b.c': 1}}", "{'x': 1}", "{'x': 1, 'a': {'b': {'c': 1}}}"),
      gives("{'$set': {'a.b.c': 1}}", "{'a': {'x': 1}}", "{'a': {'x': 1, 'b': {'c': 1}}}"),
      gives("{'$set': {'a': {'b.c': 1, '$d': 2}}}", "{}", "{'a': {'b.c': 1, '$d': 2}}"),
      gives("{'$set': {'a.$d': 2}}", "{}", "{'a': {'$d': 2}}"),
      keeps("{'$set': {'a': {'b': 1}}}", "{'a': {'b': 1}}"),
      gives("{'$set': {'a': 1.0}}", "{'a': 1}", "{'a': 1.0}"),
      gives("{'$set': {'a.1': 9}}", "{'a': [1, 2, 3]}", "{'a': [1, 9, 3]}"),
      gives("{'$set': {'a.4': 9}}", "{'a': [1, 2]}", "{'a': [1, 2, null, null, 9]}"),
      gives("{'$set': {'a.2.b': 9}}", "{'a': [1]}", "{'a': [1, null, {'b': 9}]}"),
      gives("{'$set': {'a.0.b': 9}}", "{'a': [{'b': 1, 'c': 2}]}", "{'a': [{'b': 9, 'c': 2}]}"),
      gives("{'$set': {'a.0': 9}}", "{'a': {'b': 1}}", "{'a': {'b': 1, '0': 9}}"),
      gives("{'$set': {'a.0': 9}}", "{}", "{'a': {'0': 9}}"),
      gives("{'$set': {'a.3': 1, 'a.1': 2}}", "{'a': []}", "{'a': [null, 2, null, 1]}"),
      gives("{'$set': {'a.0.1': 5}}", "{'a': [[1]]}", "{'a': [[1, 5]]}"),
      fails("{'$set': {'a.b': 1}}", "{'a': 'SECRET'}", .typeMismatch),
      fails("{'$set': {'a.b': 1}}", "{'a': null}", .typeMismatch),
      fails("{'$set': {'a.b': 1}}", "{'a': [{'b': 1}]}", .typeMismatch),
      fails("{'$set': {'a.01': 1}}", "{'a': [1, 2]}", .typeMismatch),
      fails("{'$set': {'a.-1': 1}}", "{'a': [1, 2]}", .typeMismatch),
      fails("{'$set': {'a.0.b': 1}}", "{'a': [5]}", .typeMismatch),
      fails("{'$set': {'a.1500001': 1}}", "{'a': []}", .limitExceeded),
      fails("{'$set': {'a.999999999': 1}}", "{'a': []}", .limitExceeded),
      fails("{'$set': {'$a': 1}}", "{}", .invalidPath),
      gives("{'$set': {'$a': 1}}", "{}", "{'$a': 1}").inserting,
    ])
  func set(_ test: UpdateCase) throws { try test.check() }

  @Test(
    "$unset removes a field, makes an element null, and passes by whatever is not there",
    arguments: [
      gives("{'$unset': {'a': ''}}", "{'_id': 1, 'a': 1, 'b': 2}", "{'_id': 1, 'b': 2}"),
      gives("{'$unset': {'a.b': ''}}", "{'a': {'b': 1, 'c': 2}}", "{'a': {'c': 2}}"),
      gives("{'$unset': {'a.b': ''}}", "{'a': {'b': 1}}", "{'a': {}}"),
      gives("{'$unset': {'a.1': ''}}", "{'a': [1, 2, 3]}", "{'a': [1, null, 3]}"),
      gives("{'$unset': {'a.0.b': ''}}", "{'a': [{'b': 1}]}", "{'a': [{}]}"),
      keeps("{'$unset': {'b': ''}}", "{'a': 1}"),
      keeps("{'$unset': {'a.b.c': ''}}", "{}"),
      keeps("{'$unset': {'a.b': ''}}", "{'a': 1}"),
      keeps("{'$unset': {'a.b': ''}}", "{'a': [{'b': 1}]}"),
      keeps("{'$unset': {'a.5': ''}}", "{'a': [1]}"),
      gives("{'$unset': {'$a': ''}}", "{'$a': 1, 'b': 1}", "{'b': 1}"),
    ])
  func unset(_ test: UpdateCase) throws { try test.check() }

  @Test(
    "$inc and $mul keep the type of numbers as far as it goes",
    arguments: [
      gives("{'$inc': {'a': 2}}", "{'a': 1}", "{'a': 3}"),
      gives("{'$inc': {'a': -2}}", "{'a': 1}", "{'a': -1}"),
      gives("{'$inc': {'a': 1.5}}", "{'a': 1}", "{'a': 2.5}"),
      gives("{'$inc': {'a': 1}}", "{'a': 2147483647}", "{'a': {'$numberLong': '2147483648'}}"),
      gives("{'$inc': {'a': {'$numberLong': '1'}}}", "{'a': 1}", "{'a': {'$numberLong': '2'}}"),
      gives("{'$inc': {'a': 1}}", "{'a': {'$numberDecimal': '1.5'}}", "{'a': {'$numberDecimal': '2.5'}}"),
      gives("{'$inc': {'a': {'$numberDecimal': '1'}}}", "{}", "{'a': {'$numberDecimal': '1'}}"),
      gives("{'$inc': {'a.b': 5}}", "{}", "{'a': {'b': 5}}"),
      gives("{'$inc': {'a.3': 5}}", "{'a': [1]}", "{'a': [1, null, null, 5]}"),
      keeps("{'$inc': {'a': 0}}", "{'a': 1.5}"),
      gives("{'$inc': {'a': 0.0}}", "{'a': 1}", "{'a': 1.0}"),
      fails("{'$inc': {'a': 1}}", "{'a': {'$numberLong': '9223372036854775807'}}", .overflow),
      fails("{'$inc': {'a': 1}}", "{'a': null}", .typeMismatch),
      fails("{'$inc': {'a': 1}}", "{'a': 'SECRET'}", .typeMismatch),
      fails("{'$inc': {'a': 1}}", "{'a': [1]}", .typeMismatch),
      fails("{'$inc': {'a.b': 1}}", "{'a': 1}", .typeMismatch),
      refused("{'$inc': {'a': 'SECRET'}}", .invalidArgument),
      refused("{'$inc': {'a': null}}", .invalidArgument),
      gives("{'$mul': {'a': 3}}", "{'a': 2}", "{'a': 6}"),
      gives("{'$mul': {'a': 2}}", "{'a': 2147483647}", "{'a': {'$numberLong': '4294967294'}}"),
      gives("{'$mul': {'a': 0.5}}", "{'a': 4}", "{'a': 2.0}"),
      gives("{'$mul': {'a': 3}}", "{}", "{'a': 0}"),
      gives("{'$mul': {'a': {'$numberLong': '3'}}}", "{}", "{'a': {'$numberLong': '0'}}"),
      gives("{'$mul': {'a': 3.5}}", "{}", "{'a': 0.0}"),
      gives("{'$mul': {'a': {'$numberLong': '1'}}}", "{'a': 3}", "{'a': {'$numberLong': '3'}}"),
      fails("{'$mul': {'a': 2}}", "{'a': {'$numberLong': '9223372036854775807'}}", .overflow),
      fails("{'$mul': {'a': 2}}", "{'a': true}", .typeMismatch),
      refused("{'$mul': {'a': '2'}}", .invalidArgument),
    ])
  func arithmetic(_ test: UpdateCase) throws { try test.check() }

  @Test(
    "$min and $max compare values of all types in BSON's order",
    arguments: [
      gives("{'$min': {'a': 1}}", "{'a': 2}", "{'a': 1}"),
      keeps("{'$min': {'a': 3}}", "{'a': 2}"),
      keeps("{'$min': {'a': 2.0}}", "{'a': 2}"),
      gives("{'$min': {'a': 1}}", "{}", "{'a': 1}"),
      gives("{'$min': {'a': 99}}", "{'a': 'x'}", "{'a': 99}"),
      gives("{'$min': {'a': null}}", "{'a': 1}", "{'a': null}"),
      gives("{'$max': {'a': 3}}", "{'a': 2}", "{'a': 3}"),
      keeps("{'$max': {'a': 1}}", "{'a': 2}"),
      gives("{'$max': {'a': 'x'}}", "{'a': 99}", "{'a': 'x'}"),
      gives("{'$max': {'a.b': 1}}", "{}", "{'a': {'b': 1}}"),
      gives("{'$max': {'a': {'b': 2}}}", "{'a': {'b': 1, 'c': 1}}", "{'a': {'b': 2}}"),
      gives(
        "{'$max': {'d': {'$date': '2024-01-02T00:00:00Z'}}}", "{'d': {'$date': '2024-01-01T00:00:00Z'}}",
        "{'d': {'$date': '2024-01-02T00:00:00Z'}}"),
      fails("{'$max': {'a.b': 1}}", "{'a': 1}", .typeMismatch),
    ])
  func minimumAndMaximum(_ test: UpdateCase) throws { try test.check() }

  @Test(
    "$bit works on ints and longs, step by step, beginning with 0",
    arguments: [
      gives("{'$bit': {'a': {'and': 10}}}", "{'a': 13}", "{'a': 8}"),
      gives("{'$bit': {'a': {'or': 5}}}", "{'a': 3}", "{'a': 7}"),
      gives("{'$bit': {'a': {'xor': 5}}}", "{'a': 1}", "{'a': 4}"),
      gives("{'$bit': {'a': {'and': 6, 'or': 1}}}", "{'a': 15}", "{'a': 7}"),
      gives("{'$bit': {'a': {'or': 1, 'and': 6}}}", "{'a': 15}", "{'a': 6}"),
      gives("{'$bit': {'a': {'or': 5}}}", "{}", "{'a': 5}"),
      gives("{'$bit': {'a': {'and': {'$numberLong': '1'}}}}", "{'a': 1}", "{'a': {'$numberLong': '1'}}"),
      gives("{'$bit': {'a': {'xor': -1}}}", "{'a': 0}", "{'a': -1}"),
      fails("{'$bit': {'a': {'and': 1}}}", "{'a': 1.0}", .typeMismatch),
      fails("{'$bit': {'a': {'and': 1}}}", "{'a': null}", .typeMismatch),
      refused("{'$bit': {'a': {'and': 1.0}}}", .invalidArgument),
      refused("{'$bit': {'a': {'nor': 1}}}", .invalidArgument),
      refused("{'$bit': {'a': {}}}", .invalidArgument),
      refused("{'$bit': {'a': 1}}", .invalidArgument),
    ])
  func bit(_ test: UpdateCase) throws { try test.check() }

  @Test(
    "$currentDate sets the moment as a date or a timestamp",
    arguments: [
      gives(
        "{'$currentDate': {'a': true}}", "{'a': 1}", "{'a': {'$date': {'$numberLong': '1700000000123'}}}"),
      gives("{'$currentDate': {'a': false}}", "{}", "{'a': {'$date': {'$numberLong': '1700000000123'}}}"),
      gives(
        "{'$currentDate': {'a.b': {'$type': 'date'}}}", "{}",
        "{'a': {'b': {'$date': {'$numberLong': '1700000000123'}}}}"),
      gives(
        "{'$currentDate': {'a': {'$type': 'timestamp'}}}", "{'a': 1}",
        "{'a': {'$timestamp': {'t': 1700000000, 'i': 1}}}"),
      refused("{'$currentDate': {'a': {'$type': 'time'}}}", .invalidArgument),
      refused("{'$currentDate': {'a': {}}}", .invalidArgument),
      refused("{'$currentDate': {'a': {'type': 'date'}}}", .invalidArgument),
      refused("{'$currentDate': {'a': 1}}", .invalidArgument),
    ])
  func currentDate(_ test: UpdateCase) throws { try test.check() }

  @Test(
    "$rename moves a value, over what is there, never into or out of arrays",
    arguments: [
      gives("{'$rename': {'a': 'b'}}", "{'a': 1, 'c': 2}", "{'c': 2, 'b': 1}"),
      gives("{'$rename': {'a': 'b'}}", "{'a': 1, 'b': 2, 'c': 3}", "{'b': 1, 'c': 3}"),
      gives("{'$rename': {'b': 'a'}}", "{'a': 1, 'b': 2, 'c': 3}", "{'a': 2, 'c': 3}"),
      gives("{'$rename': {'a.b': 'c.d'}}", "{'a': {'b': 1, 'x': 2}}", "{'a': {'x': 2}, 'c': {'d': 1}}"),
      gives("{'$rename': {'a.b': 'a.c'}}", "{'a': {'b': 1, 'x': 2}}", "{'a': {'x': 2, 'c': 1}}"),
      gives("{'$rename': {'a': 'b'}}", "{'a': [1, {'x': 1}]}", "{'b': [1, {'x': 1}]}"),
      gives("{'$rename': {'a': 'b'}}", "{'a': 1, 'b': [1]}", "{'b': 1}"),
      gives("{'$rename': {'a': 'b', 'c': 'd'}}", "{'a': 1, 'c': 2}", "{'b': 1, 'd': 2}"),
      keeps("{'$rename': {'a': 'b'}}", "{'b': 1}"),
      keeps("{'$rename': {'a.b': 'c.d'}}", "{'a': {}}"),
      keeps("{'$rename': {'a': 'b.c'}}", "{'b': 1}"),
      keeps("{'$rename': {'a.0.b': 'c'}}", "{'a': [{'x': 1}]}"),
      fails("{'$rename': {'a.0.b': 'c'}}", "{'a': [{'b': 1}]}", .typeMismatch),
      fails("{'$rename': {'a.0': 'c'}}", "{'a': [1]}", .typeMismatch),
      fails("{'$rename': {'a.b': 'c'}}", "{'a': [{'b': 1}]}", .typeMismatch),
      fails("{'$rename': {'a.b': 'c'}}", "{'a': 1}", .typeMismatch),
      fails("{'$rename': {'c': 'a.0'}}", "{'a': [1], 'c': 1}", .typeMismatch),
      fails("{'$rename': {'c': 'a.0.b'}}", "{'a': [{}], 'c': 1}", .typeMismatch),
      fails("{'$rename': {'c': 'a.b'}}", "{'a': 1, 'c': 1}", .typeMismatch),
      refused("{'$rename': {'a': 'a'}}", .conflictingPaths),
      refused("{'$rename': {'a': 'a.b'}}", .conflictingPaths),
      refused("{'$rename': {'a.b': 'a'}}", .conflictingPaths),
      refused("{'$rename': {'a': 'b', 'b': 'c'}}", .conflictingPaths),
      refused("{'$rename': {'a': 'b'}, '$set': {'a': 1}}", .conflictingPaths),
      refused("{'$rename': {'a': 'b'}, '$set': {'b.c': 1}}", .conflictingPaths),
      refused("{'$rename': {'a': 1}}", .invalidArgument),
      refused("{'$rename': {'a': ''}}", .invalidPath),
      refused("{'$rename': {'a.$': 'b'}}", .invalidPath),
      refused("{'$rename': {'a': 'b.$[]'}}", .invalidPath),
      refused("{'$rename': {'a': 'b\\u0000c'}}", .invalidPath),
    ])
  func rename(_ test: UpdateCase) throws { try test.check() }

  @Test(
    "$setOnInsert sets only what is about to be inserted",
    arguments: [
      keeps("{'$setOnInsert': {'a': 1, 'b.c': 2}}", "{'x': 1, 'b': 1}"),
      keeps("{'$setOnInsert': {'a': 1}}", "{'a': 2}"),
      gives("{'$setOnInsert': {'a': 1}, '$set': {'b': 2}}", "{}", "{'b': 2}"),
      gives("{'$setOnInsert': {'a': 1}, '$set': {'b': 2}}", "{}", "{'a': 1, 'b': 2}").inserting,
      gives("{'$setOnInsert': {'a': 1}}", "{'a': 2}", "{'a': 1}").inserting,
      gives("{'$setOnInsert': {'a': 1, '_id': 2}}", "{}", "{'_id': 2, 'a': 1}").inserting,
      refused("{'$setOnInsert': {'a': 1}, '$set': {'a': 2}}", .conflictingPaths),
    ])
  func setOnInsert(_ test: UpdateCase) throws { try test.check() }
}
