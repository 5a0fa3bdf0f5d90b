"""Inserting, finding, changing and deleting documents, one call at a time."""

from collections import OrderedDict, defaultdict

import bson
import pymongo.errors
import pytest
from bson import SON, ObjectId
from bson.raw_bson import RawBSONDocument

from holdfast import ReplaceOne, ReturnDocument, UpdateMany, UpdateOne, errors


@pytest.fixture
def numbers(collection):
    """Ten documents with the ids and values 0 to 9."""
    collection.insert_many([{"_id": n, "n": n, "even": n % 2 == 0} for n in range(10)])
    return collection


def ids(documents):
    return [document["_id"] for document in documents]


class TestInsertOne:
    def test_adds_an_object_id_to_the_document_that_was_passed(self, collection):
        document = {"name": "Ada"}
        result = collection.insert_one(document)
        assert isinstance(result.inserted_id, ObjectId)
        assert document["_id"] == result.inserted_id
        assert collection.find_one() == {"_id": result.inserted_id, "name": "Ada"}

    def test_stores_the_id_first(self, collection):
        collection.insert_one({"name": "Ada"})
        collection.insert_one({"name": "Bo", "_id": 2})
        assert [list(document) for document in collection.find()] == [["_id", "name"]] * 2

    @pytest.mark.parametrize("identifier", [0, 1.5, "x", "", b"", b"x", None, False, {"a": 1}, {}, 2**62])
    def test_keeps_an_id_of_the_caller(self, collection, identifier):
        document = {"_id": identifier, "x": 1}
        assert collection.insert_one(document).inserted_id == identifier
        assert document == {"_id": identifier, "x": 1}
        assert collection.find_one({"_id": identifier}) == document

    @pytest.mark.parametrize("make", [dict, OrderedDict, SON, lambda pairs: defaultdict(int, pairs)])
    def test_takes_every_mutable_mapping(self, collection, make):
        document = make([("b", 1), ("a", 2)])
        result = collection.insert_one(document)
        assert document["_id"] == result.inserted_id
        assert list(collection.find_one().items())[1:] == [("b", 1), ("a", 2)]

    def test_takes_raw_bson(self, collection):
        assert collection.insert_one(RawBSONDocument(bson.encode({"_id": 9, "x": 1}))).inserted_id == 9
        assert collection.find_one() == {"_id": 9, "x": 1}
        # It cannot be changed, so that what is stored gets an id of which it knows nothing.
        raw = RawBSONDocument(bson.encode({"x": 2}))
        assert collection.insert_one(raw).inserted_id is None
        assert collection.insert_many([raw, {"_id": 10}]).inserted_ids == [None, 10]
        assert "_id" not in raw
        assert all(isinstance(each["_id"], ObjectId) for each in collection.find({"x": 2}))
        assert collection.count_documents({"x": 2}) == 2

    def test_upserted_documents_are_in_the_order_of_their_making(self, collection):
        collection.insert_one({"n": 0})
        collection.update_one({"n": 1}, {"$set": {"x": 1}}, upsert=True)
        collection.insert_one({"n": 2})
        collection.replace_one({"n": 3}, {"n": 3}, upsert=True)
        collection.find_one_and_update({"n": 4}, {"$set": {"x": 1}}, upsert=True)
        collection.find_one_and_replace({"n": 5}, {"n": 5}, upsert=True)
        requests = [
            UpdateOne({"n": 6}, {"$set": {"x": 1}}, upsert=True),
            ReplaceOne({"n": 7}, {"n": 7}, upsert=True),
            UpdateMany({"n": 8}, {"$set": {"x": 1}}, upsert=True),
        ]
        collection.bulk_write(requests)
        collection.insert_one({"n": 9})
        assert [each["n"] for each in collection.find()] == list(range(10))
        assert [each["n"] for each in collection.find().sort("$natural", -1)] == list(range(9, -1, -1))

    @pytest.mark.parametrize("value", [None, 5, "x", b"x", [], [{"a": 1}], (("a", 1),), {1}])
    def test_refuses_what_is_no_document(self, collection, value):
        with pytest.raises(TypeError, match="must be a dict"):
            collection.insert_one(value)
        assert collection.count_documents({}) == 0

    @pytest.mark.parametrize("value", [object(), {1: 2}, 1 + 2j])
    def test_refuses_values_that_bson_has_not(self, collection, value):
        with pytest.raises(bson.errors.InvalidDocument):
            collection.insert_one({"x": value})
        with pytest.raises(OverflowError):
            collection.insert_one({"x": 2**64})
        assert collection.count_documents({}) == 0

    def test_refuses_an_id_that_is_there(self, collection):
        collection.insert_one({"_id": 1, "x": 1})
        with pytest.raises(errors.DuplicateKeyError):
            collection.insert_one({"_id": 1, "x": 2})
        assert collection.find_one(1) == {"_id": 1, "x": 1}

    def test_equal_numbers_are_one_id(self, collection):
        collection.insert_one({"_id": 1})
        with pytest.raises(errors.DuplicateKeyError):
            collection.insert_one({"_id": 1.0})

    @pytest.mark.parametrize("identifier", [[1], [], [[]]])
    def test_refuses_arrays_as_ids(self, collection, identifier):
        with pytest.raises(errors.WriteError) as caught:
            collection.insert_one({"_id": identifier})
        assert caught.value.code_name == "invalidID"


class TestInsertMany:
    def test_gives_the_ids_in_order(self, collection):
        documents = [{"_id": 3}, {"x": 1}, {"_id": 1}]
        result = collection.insert_many(documents)
        assert result.inserted_ids == [3, documents[1]["_id"], 1]
        assert collection.count_documents({}) == 3

    def test_takes_generators_and_tuples(self, collection):
        assert collection.insert_many({"_id": n} for n in range(3)).inserted_ids == [0, 1, 2]
        assert collection.insert_many(({"_id": 3},)).inserted_ids == [3]

    @pytest.mark.parametrize("value", [None, 5, [], (), {}, {"a": 1}, "ab", b"ab"])
    def test_refuses_what_is_no_list_of_documents(self, collection, value):
        with pytest.raises(TypeError):
            collection.insert_many(value)

    def test_refuses_an_iterator_without_documents(self, collection):
        with pytest.raises(errors.InvalidOperation):
            collection.insert_many(iter([]))

    def test_looks_at_all_types_before_writing(self, collection):
        with pytest.raises(TypeError):
            collection.insert_many([{"_id": 1}, 5])
        with pytest.raises(bson.errors.InvalidDocument):
            collection.insert_many([{"_id": 1}, {"_id": 2, "x": object()}])
        assert collection.count_documents({}) == 0

    def test_ten_thousand(self, collection):
        collection.insert_many([{"_id": n} for n in range(10_000)])
        assert ids(collection.find()) == list(range(10_000))


class TestFindOne:
    def test_by_filter_and_by_id(self, numbers):
        assert numbers.find_one() == numbers.find_one({}) == numbers.find_one(None)
        assert numbers.find_one({"n": 3})["_id"] == 3
        assert numbers.find_one(3)["n"] == 3
        assert numbers.find_one("no") is None
        assert numbers.find_one({"n": 77}) is None

    def test_takes_the_arguments_of_find(self, numbers):
        assert numbers.find_one({"even": True}, {"_id": 0, "n": 1}, sort=[("n", -1)]) == {"n": 8}
        assert numbers.find_one({}, ["n"], 2, sort="n") == {"_id": 2, "n": 2}
        assert numbers.find_one(filter={"n": {"$gt": 4}}, skip=1, sort={"n": 1})["n"] == 6
        assert numbers.find_one({"n": {"$gt": 4}}, skip=5) is None
        with pytest.raises(TypeError):
            numbers.find_one({}, nonsense=1)

    def test_of_a_collection_that_does_not_exist(self, db):
        assert db.nothing.find_one() is None
        assert db.list_collection_names() == []


class TestUpdate:
    def test_one(self, numbers):
        result = numbers.update_one({"even": True}, {"$set": {"x": 1}, "$inc": {"n": 100}})
        assert (result.matched_count, result.modified_count, result.upserted_id) == (1, 1, None)
        assert numbers.count_documents({"x": 1}) == 1

    def test_many(self, numbers):
        result = numbers.update_many({"even": True}, {"$set": {"x": 1}})
        assert (result.matched_count, result.modified_count, result.upserted_id) == (5, 5, None)
        assert numbers.count_documents({"x": 1}) == 5

    def test_matched_and_modified_differ(self, numbers):
        result = numbers.update_many({"n": {"$lt": 3}}, {"$set": {"even": True}})
        assert (result.matched_count, result.modified_count) == (3, 1)
        result = numbers.update_one({"_id": 77}, {"$set": {"x": 1}})
        assert (result.matched_count, result.modified_count) == (0, 0)

    @pytest.mark.parametrize("method", ["update_one", "update_many"])
    def test_upsert(self, collection, method):
        update = getattr(collection, method)
        result = update({"_id": 7, "a": 1}, {"$set": {"b": 2}, "$setOnInsert": {"c": 3}}, upsert=True)
        assert (result.matched_count, result.modified_count, result.upserted_id) == (0, 0, 7)
        assert collection.find_one() == {"_id": 7, "a": 1, "b": 2, "c": 3}
        result = update({"_id": 7}, {"$set": {"b": 3}, "$setOnInsert": {"c": 4}}, True)
        assert (result.matched_count, result.modified_count, result.upserted_id) == (1, 1, None)
        assert collection.find_one() == {"_id": 7, "a": 1, "b": 3, "c": 3}
        assert isinstance(update({"k": 1}, {"$set": {"b": 1}}, upsert=True).upserted_id, ObjectId)

    def test_array_filters(self, collection):
        collection.insert_one({"_id": 1, "a": [1, 5, 9]})
        collection.update_one({}, {"$set": {"a.$[big]": 0}}, array_filters=[{"big": {"$gt": 4}}])
        assert collection.find_one()["a"] == [1, 0, 0]
        collection.update_many({}, {"$inc": {"a.$[e]": 1}}, False, [{"e": 0}])
        assert collection.find_one()["a"] == [1, 1, 1]

    def test_a_failure_changes_nothing(self, numbers):
        numbers.update_one({"_id": 5}, {"$set": {"n": "text"}})
        with pytest.raises(errors.WriteError) as caught:
            numbers.update_many({}, {"$inc": {"n": 1}})
        assert caught.value.code == 14
        assert [d["n"] for d in numbers.find()] == [0, 1, 2, 3, 4, "text", 6, 7, 8, 9]

    def test_the_id_stays(self, numbers):
        with pytest.raises(errors.WriteError) as caught:
            numbers.update_one({"_id": 1}, {"$set": {"_id": 100}})
        assert caught.value.code == 66
        assert numbers.update_one({"_id": 1}, {"$set": {"_id": 1}}).modified_count == 0

    @pytest.mark.parametrize("method", ["update_one", "update_many", "find_one_and_update"])
    @pytest.mark.parametrize(
        ("update", "error"),
        [
            ({}, ValueError),
            ({"x": 1}, ValueError),
            (5, TypeError),
            (None, TypeError),
            ("$set", TypeError),
            ([{"$set": {"x": 1}}], errors.ConfigurationError),
            ([], errors.ConfigurationError),
            ({"$set": {"x": 1}, "y": 2}, errors.WriteError),
            ({"$nonsense": {"x": 1}}, errors.WriteError),
            ({"$set": {"x": 1}, "$inc": {"x": 1}}, errors.WriteError),
            ({"$inc": {"n": "text"}}, errors.WriteError),
        ],
    )
    def test_refuses_what_is_no_update(self, numbers, method, update, error):
        before = list(numbers.find())
        with pytest.raises(error):
            getattr(numbers, method)({"_id": 1}, update)
        assert list(numbers.find()) == before


class TestReplaceOne:
    def test_replaces_all_but_the_id(self, numbers):
        result = numbers.replace_one({"n": 4}, {"new": True})
        assert (result.matched_count, result.modified_count, result.upserted_id) == (1, 1, None)
        assert numbers.find_one(4) == {"_id": 4, "new": True}
        assert numbers.replace_one({"_id": 4}, {"new": True}).modified_count == 0
        assert numbers.replace_one({"_id": 4}, {"_id": 4}).modified_count == 1
        assert numbers.find_one(4) == {"_id": 4}

    def test_upsert(self, collection):
        assert collection.replace_one({"_id": 1, "a": 1}, {"b": 1}, upsert=True).upserted_id == 1
        assert collection.find_one() == {"_id": 1, "b": 1}
        assert collection.replace_one({"_id": 2}, {"b": 1}).upserted_id is None
        assert collection.count_documents({}) == 1

    @pytest.mark.parametrize("order", [[("n", -1)], {"n": -1}])
    def test_the_first_is_that_of_an_order(self, numbers, order):
        assert numbers.update_one({"n": {"$lt": 5}}, {"$set": {"x": 1}}, sort=order).modified_count == 1
        assert numbers.replace_one({"n": {"$lt": 4}}, {"x": 2}, sort=order).modified_count == 1
        assert numbers.distinct("_id", {"x": 1}) == [4]
        assert numbers.distinct("_id", {"x": 2}) == [3]
        with pytest.raises(TypeError):
            numbers.update_one({}, {"$set": {"x": 1}}, sort=5)

    def test_refuses_operators_and_another_id(self, numbers):
        for replacement, error in [({"$set": {"x": 1}}, ValueError), (5, TypeError), ([], TypeError)]:
            with pytest.raises(error):
                numbers.replace_one({"_id": 1}, replacement)
        with pytest.raises(errors.WriteError):
            numbers.replace_one({"_id": 1}, {"_id": 2})
        assert numbers.find_one(1)["n"] == 1

    def test_takes_a_raw_document(self, numbers):
        numbers.replace_one({"_id": 1}, RawBSONDocument(bson.encode({"raw": 1})))
        assert numbers.find_one(1) == {"_id": 1, "raw": 1}


class TestDelete:
    def test_one_and_many(self, numbers):
        assert numbers.delete_one({"even": True}).deleted_count == 1
        assert numbers.delete_one({"n": 77}).deleted_count == 0
        assert numbers.delete_many({"even": True}).deleted_count == 4
        assert numbers.delete_many({}).deleted_count == 5
        assert numbers.delete_many({}).deleted_count == 0

    @pytest.mark.parametrize("method", ["delete_one", "delete_many", "find_one_and_delete"])
    def test_needs_a_filter(self, numbers, method):
        for bad in (None, 5, [("n", 1)]):
            with pytest.raises(TypeError, match="filter"):
                getattr(numbers, method)(bad)
        with pytest.raises(errors.WriteError):
            getattr(numbers, method)({"$nonsense": 1})
        assert numbers.count_documents({}) == 10


class TestFindOneAnd:
    def test_update(self, numbers):
        assert numbers.find_one_and_update({"_id": 1}, {"$inc": {"n": 5}})["n"] == 1
        after = ReturnDocument.AFTER
        assert numbers.find_one_and_update({"_id": 1}, {"$inc": {"n": 5}}, return_document=after)["n"] == 11
        assert numbers.find_one_and_update({"_id": 77}, {"$inc": {"n": 5}}) is None
        assert numbers.find_one_and_update({"_id": 77}, {"$inc": {"n": 5}}, upsert=True) is None
        made = numbers.find_one_and_update(
            {"_id": 78}, {"$inc": {"n": 5}}, upsert=True, return_document=after
        )
        assert made == {"_id": 78, "n": 5}

    def test_order_and_projection(self, numbers):
        arguments = {"sort": [("n", -1)], "projection": {"_id": 0, "n": 1}}
        assert numbers.find_one_and_update({"even": True}, {"$set": {"x": 1}}, **arguments) == {"n": 8}
        assert numbers.find_one_and_replace({"even": True}, {"n": 0}, **arguments) == {"n": 8}
        assert numbers.find_one_and_delete({"even": True}, **arguments) == {"n": 6}
        assert numbers.find_one_and_delete({}, ["n"], {"_id": -1}) == {"_id": 9, "n": 9}

    def test_array_filters(self, collection):
        collection.insert_one({"_id": 1, "a": [1, 5]})
        arguments = {"array_filters": [{"e": 5}], "return_document": True}
        assert collection.find_one_and_update({}, {"$set": {"a.$[e]": 6}}, **arguments)["a"] == [1, 6]

    def test_replace(self, numbers):
        assert numbers.find_one_and_replace({"_id": 1}, {"z": 1})["n"] == 1
        after = ReturnDocument.AFTER
        assert numbers.find_one_and_replace({"_id": 1}, {"z": 2}, return_document=after) == {"_id": 1, "z": 2}
        assert numbers.find_one_and_replace({"_id": 77}, {"z": 1}) is None
        made = numbers.find_one_and_replace({"_id": 77}, {"z": 1}, upsert=True, return_document=after)
        assert made == {"_id": 77, "z": 1}
        with pytest.raises(ValueError, match="update_one"):
            numbers.find_one_and_replace({}, {"$set": {"z": 1}})

    def test_delete(self, numbers):
        assert numbers.find_one_and_delete({"_id": 3}) == {"_id": 3, "n": 3, "even": False}
        assert numbers.find_one_and_delete({"_id": 3}) is None
        assert numbers.count_documents({}) == 9

    def test_return_document_is_a_truth_value(self, numbers):
        with pytest.raises((TypeError, ValueError)):
            numbers.find_one_and_update({}, {"$set": {"x": 1}}, return_document="after")


class TestCounting:
    def test_count_documents(self, numbers):
        assert numbers.count_documents({}) == 10
        assert numbers.count_documents({"even": True}) == 5
        assert numbers.count_documents({"even": True}, skip=3) == 2
        assert numbers.count_documents({"even": True}, limit=3) == 3
        assert numbers.count_documents({"even": True}, skip=4, limit=3) == 1
        assert numbers.count_documents({"n": 3}, hint="_id_") == 1
        for bad in (None, 5, "x"):
            with pytest.raises(TypeError):
                numbers.count_documents(bad)
        for arguments in ({"skip": -1}, {"limit": -1}):
            with pytest.raises(ValueError, match="negative"):
                numbers.count_documents({}, **arguments)

    def test_estimated_document_count_is_exact(self, numbers):
        assert numbers.estimated_document_count() == 10
        numbers.delete_one({})
        assert numbers.estimated_document_count(comment="x") == 9

    def test_distinct(self, collection):
        collection.insert_many([{"a": [3, 1]}, {"a": 2}, {"a": None}, {"b": 7}, {"a": "x", "b": 8}])
        assert collection.distinct("a") == [None, 1, 2, 3, "x"]
        assert collection.distinct("a", {"b": 8}) == ["x"]
        assert collection.distinct("nothing") == []
        with pytest.raises(TypeError):
            collection.distinct(5)
        with pytest.raises(TypeError):
            collection.distinct("a", 5)

    def test_of_a_collection_that_does_not_exist(self, db):
        assert db.no.count_documents({}) == db.no.estimated_document_count() == 0
        assert db.no.distinct("a") == []
        assert list(db.no.find()) == []
        assert db.no.delete_many({}).deleted_count == 0
        assert db.no.update_one({}, {"$set": {"a": 1}}).matched_count == 0
        assert db.list_collection_names() == []


def test_errors_of_one_call_leave_the_collection_usable(collection):
    collection.insert_one({"_id": 1})
    for call in (
        lambda: collection.insert_one({"_id": 1}),
        lambda: collection.update_one({"_id": 1}, {"$bad": 1}),
        lambda: collection.find_one({"$bad": 1}),
        lambda: collection.delete_one({"x": {"$bad": 1}}),
    ):
        with pytest.raises(pymongo.errors.OperationFailure):
            call()
    assert collection.find_one(1) == {"_id": 1}
