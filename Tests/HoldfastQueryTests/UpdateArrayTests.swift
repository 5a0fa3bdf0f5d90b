import BSON
import Testing

@testable import HoldfastQuery

@Suite("Update operators on arrays")
struct UpdateArrayTests {
  @Test(
    "$push appends, and with modifiers puts in, sorts, and cuts, in this order",
    arguments: [
      gives("{'$push': {'a': 3}}", "{'a': [1, 2]}", "{'a': [1, 2, 3]}"),
      gives("{'$push': {'a': [3, 4]}}", "{'a': [1]}", "{'a': [1, [3, 4]]}"),
      gives("{'$push': {'a.b': 1}}", "{}", "{'a': {'b': [1]}}"),
      gives("{'$push': {'a': {'$slice': 1}}}", "{}", "{'a': [{'$slice': 1}]}"),
      gives("{'$push': {'a': {'$each': [3, 4]}}}", "{'a': [1]}", "{'a': [1, 3, 4]}"),
      gives("{'$push': {'a': {'$each': []}}}", "{}", "{'a': []}"),
      keeps("{'$push': {'a': {'$each': []}}}", "{'a': [1]}"),
      gives("{'$push': {'a': {'$each': [8, 9], '$position': 0}}}", "{'a': [1, 2]}", "{'a': [8, 9, 1, 2]}"),
      gives("{'$push': {'a': {'$each': [8, 9], '$position': 1}}}", "{'a': [1, 2]}", "{'a': [1, 8, 9, 2]}"),
      gives("{'$push': {'a': {'$each': [8], '$position': 99}}}", "{'a': [1, 2]}", "{'a': [1, 2, 8]}"),
      gives("{'$push': {'a': {'$each': [8, 9], '$position': -1}}}", "{'a': [1, 2]}", "{'a': [1, 8, 9, 2]}"),
      gives("{'$push': {'a': {'$each': [8], '$position': -2}}}", "{'a': [1, 2]}", "{'a': [8, 1, 2]}"),
      gives("{'$push': {'a': {'$each': [8], '$position': -99}}}", "{'a': [1, 2]}", "{'a': [8, 1, 2]}"),
      gives(
        "{'$push': {'a': {'$position': {'$numberLong': '-9223372036854775808'}, '$each': [8]}}}",
        "{'a': [1]}", "{'a': [8, 1]}"),
      gives("{'$push': {'a': {'$each': [3, 4], '$slice': 3}}}", "{'a': [1, 2]}", "{'a': [1, 2, 3]}"),
      gives("{'$push': {'a': {'$each': [3, 4], '$slice': -3}}}", "{'a': [1, 2]}", "{'a': [2, 3, 4]}"),
      gives("{'$push': {'a': {'$each': [3, 4], '$slice': 0}}}", "{'a': [1, 2]}", "{'a': []}"),
      gives("{'$push': {'a': {'$each': [], '$slice': -1.0}}}", "{'a': [1, 2]}", "{'a': [2]}"),
      gives(
        "{'$push': {'a': {'$each': [3], '$slice': {'$numberLong': '-9223372036854775808'}}}}",
        "{'a': [1]}", "{'a': [1, 3]}"),
      gives("{'$push': {'a': {'$each': [2], '$sort': 1}}}", "{'a': [3, 1]}", "{'a': [1, 2, 3]}"),
      gives("{'$push': {'a': {'$each': [2], '$sort': -1}}}", "{'a': [3, 1]}", "{'a': [3, 2, 1]}"),
      gives("{'$push': {'a': {'$each': [], '$sort': 1}}}", "{'a': ['x', 2, null]}", "{'a': [null, 2, 'x']}"),
      gives(
        "{'$push': {'a': {'$each': [{'s': 2, 'n': 9}], '$sort': {'s': -1}}}}",
        "{'a': [{'s': 1}, {'s': 2}, {'s': 3}]}", "{'a': [{'s': 3}, {'s': 2}, {'s': 2, 'n': 9}, {'s': 1}]}"),
      gives(
        "{'$push': {'a': {'$each': [], '$sort': {'s.t': 1, 'u': -1}}}}",
        "{'a': [{'s': {'t': 2}}, {'s': {'t': 1}, 'u': 1}, {'s': {'t': 1}, 'u': 2}, 7, {}]}",
        "{'a': [7, {}, {'s': {'t': 1}, 'u': 2}, {'s': {'t': 1}, 'u': 1}, {'s': {'t': 2}}]}"),
      gives(
        "{'$push': {'a': {'$each': [], '$sort': {'s.1': 1}}}}", "{'a': [{'s': [0, 2]}, {'s': [5, 1]}]}",
        "{'a': [{'s': [5, 1]}, {'s': [0, 2]}]}"),
      gives(
        "{'$push': {'a': {'$each': [0, 5], '$position': 0, '$slice': -3, '$sort': 1}}}", "{'a': [9, 3]}",
        "{'a': [3, 5, 9]}"),
      gives("{'$push': {'a': {'$each': [3, 1, 2], '$sort': 1, '$slice': 2}}}", "{}", "{'a': [1, 2]}"),
      fails("{'$push': {'a': 1}}", "{'a': 'SECRET'}", .typeMismatch),
      fails("{'$push': {'a': 1}}", "{'a': null}", .typeMismatch),
      fails("{'$push': {'a.b': 1}}", "{'a': [1]}", .typeMismatch),
      refused("{'$push': {'a': {'$each': 1}}}", .invalidArgument),
      refused("{'$push': {'a': {'$each': [], 'x': 1}}}", .invalidArgument),
      refused("{'$push': {'a': {'$each': [], '$slice': 1.5}}}", .invalidArgument),
      refused("{'$push': {'a': {'$each': [], '$slice': 'x'}}}", .invalidArgument),
      refused("{'$push': {'a': {'$each': [], '$position': 'x'}}}", .invalidArgument),
      refused("{'$push': {'a': {'$each': [], '$sort': 2}}}", .invalidArgument),
      refused("{'$push': {'a': {'$each': [], '$sort': {}}}}", .invalidArgument),
      refused("{'$push': {'a': {'$each': [], '$sort': {'a': 'x'}}}}", .invalidArgument),
      refused("{'$push': {'a': {'$each': [], '$sort': {'a.': 1}}}}", .invalidPath),
      refused("{'$push': {'a': {'$each': [], '$sort': 'x'}}}", .invalidArgument),
    ])
  func push(_ test: UpdateCase) throws { try test.check() }

  @Test(
    "$addToSet appends what is not equal to an element",
    arguments: [
      gives("{'$addToSet': {'a': 3}}", "{'a': [1, 2]}", "{'a': [1, 2, 3]}"),
      keeps("{'$addToSet': {'a': 2}}", "{'a': [1, 2]}"),
      keeps("{'$addToSet': {'a': 2.0}}", "{'a': [1, 2]}"),
      keeps("{'$addToSet': {'a': 2}}", "{'a': [2, 2, 1]}"),
      gives("{'$addToSet': {'a': [1]}}", "{'a': [1]}", "{'a': [1, [1]]}"),
      gives("{'$addToSet': {'a': {'$each': [3, 1, 3, 4]}}}", "{'a': [1]}", "{'a': [1, 3, 4]}"),
      gives("{'$addToSet': {'a': {'$each': [3, 3.0, 2]}}}", "{}", "{'a': [3, 2]}"),
      gives("{'$addToSet': {'a': {'$each': []}}}", "{}", "{'a': []}"),
      gives(
        "{'$addToSet': {'a': {'y': 1, 'x': 1}}}", "{'a': [{'x': 1, 'y': 1}]}",
        "{'a': [{'x': 1, 'y': 1}, {'y': 1, 'x': 1}]}"),
      keeps("{'$addToSet': {'a': {'x': 1.0}}}", "{'a': [{'x': 1}]}"),
      gives("{'$addToSet': {'a': {'x': 1, '$each': 1}}}", "{}", "{'a': [{'x': 1, '$each': 1}]}"),
      fails("{'$addToSet': {'a': 1}}", "{'a': 1}", .typeMismatch),
      fails("{'$addToSet': {'a': 1}}", "{'a': null}", .typeMismatch),
      refused("{'$addToSet': {'a': {'$each': 1}}}", .invalidArgument),
      refused("{'$addToSet': {'a': {'$each': [], 'x': 1}}}", .invalidArgument),
    ])
  func addToSet(_ test: UpdateCase) throws { try test.check() }

  @Test(
    "$pop removes the last or the first element",
    arguments: [
      gives("{'$pop': {'a': 1}}", "{'a': [1, 2, 3]}", "{'a': [1, 2]}"),
      gives("{'$pop': {'a': -1}}", "{'a': [1, 2, 3]}", "{'a': [2, 3]}"),
      gives("{'$pop': {'a': 1.0}}", "{'a': [1]}", "{'a': []}"),
      gives("{'$pop': {'a.0.b': 1}}", "{'a': [{'b': [1]}]}", "{'a': [{'b': []}]}"),
      keeps("{'$pop': {'a': 1}}", "{'a': []}"),
      keeps("{'$pop': {'a': 1}}", "{}"),
      keeps("{'$pop': {'a.b': 1}}", "{}"),
      keeps("{'$pop': {'a.7': 1}}", "{'a': [1]}"),
      fails("{'$pop': {'a': 1}}", "{'a': 1}", .typeMismatch),
      fails("{'$pop': {'a.b': 1}}", "{'a': 1}", .typeMismatch),
      fails("{'$pop': {'a.b': 1}}", "{'a': [1]}", .typeMismatch),
      refused("{'$pop': {'a': 0}}", .invalidArgument),
      refused("{'$pop': {'a': 2}}", .invalidArgument),
      refused("{'$pop': {'a': 'x'}}", .invalidArgument),
      refused("{'$pop': {'a': 1.5}}", .invalidArgument),
    ])
  func pop(_ test: UpdateCase) throws { try test.check() }

  @Test(
    "$pull with a value removes the elements equal to it",
    arguments: [
      gives("{'$pull': {'a': 2}}", "{'a': [1, 2, 3, 2]}", "{'a': [1, 3]}"),
      gives("{'$pull': {'a': 2.0}}", "{'a': [1, 2]}", "{'a': [1]}"),
      gives("{'$pull': {'a': [1, 2]}}", "{'a': [1, 2, [1, 2], [2, 1]]}", "{'a': [1, 2, [2, 1]]}"),
      gives("{'$pull': {'a': null}}", "{'a': [1, null]}", "{'a': [1]}"),
      gives("{'$pull': {'a': 'x'}, '$set': {'b': 1}}", "{'a': ['x', 'y']}", "{'a': ['y'], 'b': 1}"),
      keeps("{'$pull': {'a': 9}}", "{'a': [1]}"),
      keeps("{'$pull': {'a': 9}}", "{}"),
      keeps("{'$pull': {'a.b': 9}}", "{}"),
      keeps("{'$pull': {'a.5': 9}}", "{'a': [1]}"),
      fails("{'$pull': {'a': 9}}", "{'a': 9}", .typeMismatch),
      fails("{'$pull': {'a': 9}}", "{'a': null}", .typeMismatch),
      fails("{'$pull': {'a.b': 9}}", "{'a': 9}", .typeMismatch),
      fails("{'$pull': {'a.b': 9}}", "{'a': [{'b': [9]}]}", .typeMismatch),
    ])
  func pull(_ test: UpdateCase) throws { try test.check() }

  @Test(
    "$pullAll removes the elements equal to any of its values",
    arguments: [
      gives("{'$pullAll': {'a': [1, 3]}}", "{'a': [1, 2, 3, 1.0]}", "{'a': [2]}"),
      gives("{'$pullAll': {'a': [[1]]}}", "{'a': [1, [1]]}", "{'a': [1]}"),
      gives(
        "{'$pullAll': {'a': [{'x': 1}]}}", "{'a': [{'x': 1, 'y': 1}, {'x': 1}]}", "{'a': [{'x': 1, 'y': 1}]}"),
      keeps("{'$pullAll': {'a': []}}", "{'a': [1]}"),
      keeps("{'$pullAll': {'a': [1]}}", "{}"),
      fails("{'$pullAll': {'a': [1]}}", "{'a': 1}", .typeMismatch),
      fails("{'$pullAll': {'a.b': [1]}}", "{'a': 1}", .typeMismatch),
      refused("{'$pullAll': {'a': 1}}", .invalidArgument),
    ])
  func pullAll(_ test: UpdateCase) throws { try test.check() }

  @Test(
    "$pull with conditions removes the elements that fulfil them, with a filter the documents that match",
    arguments: [
      gives("{'$pull': {'a': {'$gte': 6}}}", "{'a': [1, 6, 9, 'x']}", "{'a': [1, 'x']}"),
      gives("{'$pull': {'a': {'$in': ['x', 2]}}}", "{'a': ['x', 'y', 2]}", "{'a': ['y']}"),
      gives("{'$pull': {'a': {'$ne': 2}}}", "{'a': [1, 2, 3]}", "{'a': [2]}"),
      gives("{'$pull': {'a': {'$not': {'$gt': 1}}}}", "{'a': [1, 2, 'x']}", "{'a': [2]}"),
      gives("{'$pull': {'a': {'$exists': true}}}", "{'a': [1, 2, null]}", "{'a': []}"),
      gives("{'$pull': {'a': {'$gt': 5}}}", "{'a': [[1, 9], [1], 9]}", "{'a': [[1]]}"),
      gives("{'$pull': {'a': {'$eq': [1]}}}", "{'a': [1, [1], [[1]]]}", "{'a': [1]}"),
      gives(
        "{'$pull': {'a': {'$regularExpression': {'pattern': '^x', 'options': 'i'}}}}",
        "{'a': ['xa', 'Xb', 'ax', 1]}", "{'a': ['ax', 1]}"),
      gives(
        "{'$pull': {'a': {'s': 8, 'i': 'B'}}}", "{'a': [{'i': 'A', 's': 5}, {'i': 'B', 's': 8, 'c': 1}, 8]}",
        "{'a': [{'i': 'A', 's': 5}, 8]}"),
      gives("{'$pull': {'a': {'s': {'$gte': 5}}}}", "{'a': [{'s': 4}, {'s': 5}]}", "{'a': [{'s': 4}]}"),
      gives(
        "{'$pull': {'a': {'b': {'$elemMatch': {'q': 2, 'r': {'$gte': 8}}}}}}",
        "{'a': [{'b': [{'q': 1, 'r': 4}, {'q': 2, 'r': 6}]}, {'b': [{'q': 2, 'r': 8}]}]}",
        "{'a': [{'b': [{'q': 1, 'r': 4}, {'q': 2, 'r': 6}]}]}"),
      gives("{'$pull': {'a': {'b.c': 1}}}", "{'a': [{'b': {'c': 1}}, {'b': 1}]}", "{'a': [{'b': 1}]}"),
      gives(
        "{'$pull': {'a': {'$or': [{'x': 1}, {'y': 1}]}}}", "{'a': [{'x': 1}, {'y': 1}, {}]}", "{'a': [{}]}"),
      gives("{'$pull': {'a': {}}}", "{'a': [{}, {'x': 1}, 1, [{}]]}", "{'a': [1, [{}]]}"),
      gives("{'$pull': {'a': {'b': null}}}", "{'a': [{'b': 1}, {'c': 1}, {'b': null}]}", "{'a': [{'b': 1}]}"),
      gives(
        "{'$pull': {'a': {'$ref': 'c', '$id': 1}}}",
        "{'a': [{'$ref': 'c', '$id': 1}, {'$ref': 'c', '$id': 2}]}",
        "{'a': [{'$ref': 'c', '$id': 2}]}"),
      gives(
        "{'$pull': {'a.$[].b': {'$gt': 1}}}", "{'a': [{'b': [1, 2]}, {'b': [3, 0]}]}",
        "{'a': [{'b': [1]}, {'b': [0]}]}"),
      refused("{'$pull': {'a': {'$what': 1}}}", .unknownOperator),
      refused("{'$pull': {'a': {'b': {'$what': 1}}}}", .unknownOperator),
      refused("{'$pull': {'a': {'$expr': true}}}", .unknownOperator),
      refused("{'$pull': {'a': {'$and': [{'$jsonSchema': {}}]}}}", .unknownOperator),
      refused("{'$pull': {'a': {'$in': 1}}}", .invalidArgument),
    ])
  func pullConditions(_ test: UpdateCase) throws { try test.check() }
}
