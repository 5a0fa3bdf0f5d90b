import BSON
import Testing

@testable import HoldfastQuery

@Suite("Elements of arrays in the paths of updates")
struct UpdatePositionTests {
  @Test(
    "$ stands for the element that the filter found",
    arguments: [
      gives("{'$set': {'a.$': 9}}", "{'a': [1, 2, 3]}", "{'a': [1, 9, 3]}").at(1),
      gives("{'$inc': {'a.$.n': 1}}", "{'a': [{'n': 1}, {'n': 2}]}", "{'a': [{'n': 1}, {'n': 3}]}").at(1),
      gives("{'$unset': {'a.$': ''}}", "{'a': [1, 2]}", "{'a': [null, 2]}").at(0),
      gives("{'$push': {'a.$.b': 1}}", "{'a': [{}]}", "{'a': [{'b': [1]}]}").at(0),
      gives(
        "{'$set': {'a.$.x': 1, 'a.0.y': 2, 'a.1.z': 3}}", "{'a': [{}, {}]}",
        "{'a': [{'x': 1, 'y': 2}, {'z': 3}]}"
      ).at(0),
      gives("{'$set': {'a.$': 1, 'b.$': 2}}", "{'a': [0, 0], 'b': [0, 0]}", "{'a': [0, 1], 'b': [0, 2]}").at(
        1),
      gives("{'$set': {'a.$': 1}}", "{'a': [0]}", "{'a': [0, null, 1]}").at(2),
      gives("{'$set': {'a.$': 1}}", "{}", "{'a': {'0': 1}}").at(0),
      fails("{'$set': {'a.$': 1, 'a.1': 2}}", "{'a': [1, 2]}", .conflictingPaths).at(1),
      gives("{'$set': {'a.$': 8, 'a.1': 9}}", "{'a': [1, 2]}", "{'a': [8, 9]}").at(0),
      fails("{'$set': {'a.$.b': 1, 'a.1': 2}}", "{'a': [1, 2]}", .conflictingPaths).at(1),
      fails("{'$set': {'a.$': 1}}", "{'a': [1, 2]}", .invalidPath),
      fails("{'$set': {'a.$': 1}}", "{'a': [1, 2]}", .invalidPath).inserting,
      refused("{'$set': {'$': 1}}", .invalidPath),
      refused("{'$set': {'$.a': 1}}", .invalidPath),
      refused("{'$set': {'a.$.b.$': 1}}", .invalidPath),
      refused("{'$set': {'a.$': 1, 'a.$.b': 1}}", .conflictingPaths),
      refused("{'$set': {'a.$': 1, 'a.$[]': 1}}", .conflictingPaths),
    ])
  func found(_ test: UpdateCase) throws { try test.check() }

  @Test(
    "$[] stands for all elements, and needs an array",
    arguments: [
      gives("{'$inc': {'a.$[]': 10}}", "{'a': [1, 2]}", "{'a': [11, 12]}"),
      gives("{'$set': {'a.$[].b': 1}}", "{'a': [{'b': 2}, {}]}", "{'a': [{'b': 1}, {'b': 1}]}"),
      gives(
        "{'$inc': {'a.$[].b.$[]': 1}}", "{'a': [{'b': [1, 2]}, {'b': []}]}",
        "{'a': [{'b': [2, 3]}, {'b': []}]}"),
      gives("{'$inc': {'a.$[].$[]': 1}}", "{'a': [[1], [2, 3]]}", "{'a': [[2], [3, 4]]}"),
      gives("{'$unset': {'a.$[]': ''}}", "{'a': [1, 2]}", "{'a': [null, null]}"),
      gives("{'$set': {'a.$[].b': 1, 'a.$[].c': 2}}", "{'a': [{}]}", "{'a': [{'b': 1, 'c': 2}]}"),
      keeps("{'$set': {'a.$[]': 1}}", "{'a': []}"),
      fails("{'$set': {'a.$[]': 1}}", "{}", .typeMismatch),
      fails("{'$unset': {'a.$[].b': 1}}", "{}", .typeMismatch),
      fails("{'$set': {'a.$[]': 1}}", "{'a': 1}", .typeMismatch),
      fails("{'$set': {'a.$[]': 1}}", "{'a': {'0': 1}}", .typeMismatch),
      fails("{'$set': {'a.b.$[]': 1}}", "{'a': {}}", .typeMismatch),
      fails("{'$set': {'a.b.$[]': 1}}", "{'a': 5}", .typeMismatch),
      fails("{'$inc': {'a.$[]': 1}}", "{'a': [1, 'SECRET']}", .typeMismatch),
      fails("{'$set': {'a.$[].b': 1}}", "{'a': [{}, 1]}", .typeMismatch),
      refused("{'$set': {'$[]': 1}}", .invalidPath),
      refused("{'$set': {'a.$[]': 1, 'a.0': 1}}", .conflictingPaths),
      refused("{'$set': {'a.$[].b': 1, 'a.b': 1}}", .conflictingPaths),
      refused("{'$set': {'a.$[]': 1, 'a': 1}}", .conflictingPaths),
    ])
  func all(_ test: UpdateCase) throws { try test.check() }

  @Test(
    "$[name] stands for the elements that an array filter accepts",
    arguments: [
      gives("{'$set': {'a.$[e]': 0}}", "{'a': [1, 5, 9]}", "{'a': [1, 0, 0]}").with("{'e': {'$gt': 4}}"),
      gives("{'$set': {'a.$[e].b': 0}}", "{'a': [{'b': 1}, {'b': 5}]}", "{'a': [{'b': 1}, {'b': 0}]}")
        .with("{'e.b': {'$gt': 4}}"),
      gives(
        "{'$inc': {'a.$[x].b.$[y].c': 1}}",
        "{'a': [{'k': 1, 'b': [{'c': 1}, {'c': 5}]}, {'k': 2, 'b': [{'c': 5}]}]}",
        "{'a': [{'k': 1, 'b': [{'c': 1}, {'c': 6}]}, {'k': 2, 'b': [{'c': 5}]}]}"
      ).with("{'x.k': 1}", "{'y.c': {'$gt': 2}}"),
      gives(
        "{'$set': {'a.$[x].p': 1, 'a.$[y].q': 2}}", "{'a': [{'k': 1}, {'k': 2}]}",
        "{'a': [{'k': 1, 'p': 1, 'q': 2}, {'k': 2, 'q': 2}]}"
      ).with("{'x.k': 1}", "{'y.k': {'$gt': 0}}"),
      gives(
        "{'$set': {'a.$[x].p': 1, 'a.$[].q': 2}}", "{'a': [{'k': 1}, {'k': 2}]}",
        "{'a': [{'k': 1, 'p': 1, 'q': 2}, {'k': 2, 'q': 2}]}"
      ).with("{'x.k': 1}"),
      gives("{'$set': {'a.$[e]': 0}}", "{'a': [1, 5]}", "{'a': [0, 5]}")
        .with("{'$or': [{'e': 1}, {'$and': [{'e': {'$gt': 7}}]}]}"),
      gives("{'$set': {'a.$[e]': 0}}", "{'a': [1, 5]}", "{'a': [0, 5]}").with("{'$and': [{'e': 1}, {}]}"),
      gives("{'$addToSet': {'a.$[e]': 2}}", "{'a': [[0], [1]]}", "{'a': [[0, 2], [1]]}").with("{'e': 0}"),
      gives("{'$inc': {'a.$[e]': 1}}", "{'a': [1], 'b': 1}", "{'a': [2], 'b': 1}").with("{'e': 1}"),
      keeps("{'$set': {'a.$[e]': 0}}", "{'a': [1]}").with("{'e': 9}"),
      fails("{'$set': {'a.$[x]': 1, 'a.$[y]': 2}}", "{'a': [3]}", .conflictingPaths)
        .with("{'x': 3}", "{'y': 3}"),
      gives("{'$set': {'a.$[x]': 1, 'a.$[y]': 2}}", "{'a': [3, 4]}", "{'a': [1, 2]}").with(
        "{'x': 3}", "{'y': 4}"),
      fails("{'$set': {'a.$[e]': 1}}", "{}", .typeMismatch).with("{'e': 1}"),
      fails("{'$set': {'a.$[e]': 1}}", "{'a': 1}", .typeMismatch).with("{'e': 1}"),
      refused("{'$set': {'a.$[e]': 1}}", .invalidArgument),
      refused("{'$set': {'a': 1}}", .invalidArgument).with("{'e': 1}"),
      refused("{'$set': {'a.$[e]': 1}}", .invalidArgument).with("{'e': 1}", "{'f': 1}"),
      refused("{'$set': {'a.$[e]': 1}}", .invalidArgument).with("{'e': 1}", "{'e': 2}"),
      refused("{'$set': {'a.$[e]': 1}}", .invalidArgument).with("{'e': 1, 'f': 2}"),
      refused("{'$set': {'a.$[e]': 1}}", .invalidArgument).with("{}"),
      refused("{'$set': {'a.$[E]': 1}}", .invalidArgument).with("{'E': 1}"),
      refused("{'$set': {'a.$[e-f]': 1}}", .invalidArgument).with("{'e-f': 1}"),
      refused("{'$set': {'a.$[e]': 1}}", .unknownOperator).with("{'$expr': true}"),
      refused("{'$set': {'a.$[e]': 1}}", .unknownOperator).with("{'e': {'$what': 1}}"),
      refused("{'$set': {'$[e]': 1}}", .invalidPath).with("{'e': 1}"),
    ])
  func filtered(_ test: UpdateCase) throws { try test.check() }
}
