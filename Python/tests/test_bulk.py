"""Several operations in one call: `bulk_write`, and what `insert_many` does when some documents fail."""

import inspect

import bson
import pymongo
import pymongo.errors
import pytest

import holdfast
from holdfast import DeleteMany, DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne, errors


def ids(collection):
    return [document["_id"] for document in collection.find().sort("_id", 1)]


def nested(depth):
    document = {}
    for _ in range(depth):
        document = {"n": document}
    return document


class TestBulkWrite:
    def test_all_operations(self, collection):
        document = {"a": 1}
        result = collection.bulk_write(
            [
                InsertOne(document),
                InsertOne({"_id": 2}),
                UpdateOne({"_id": 2}, {"$set": {"x": 1}}),
                UpdateMany({}, {"$set": {"y": 1}}),
                ReplaceOne({"_id": 3}, {"z": 1}, upsert=True),
                UpdateOne({"_id": 4}, {"$set": {"q": [1, 2]}}, upsert=True),
                UpdateOne({"_id": 4}, {"$set": {"q.$[e]": 5}}, array_filters=[{"e": 1}]),
                UpdateMany({"_id": 5}, {"$set": {"m": 1}}, upsert=True),
                DeleteOne({"_id": 2}),
                DeleteMany({"y": 1}),
            ]
        )
        assert result.inserted_count == 2
        assert result.matched_count == 4
        assert result.modified_count == 4
        assert result.deleted_count == 2
        assert result.upserted_count == 3
        assert result.upserted_ids == {4: 3, 5: 4, 7: 5}
        assert "_id" in document
        assert list(collection.find()) == [{"_id": 3, "z": 1}, {"_id": 4, "q": [5, 2]}, {"_id": 5, "m": 1}]

    def test_the_classes_are_pymongos(self, collection):
        assert InsertOne is pymongo.InsertOne
        assert holdfast.IndexModel is pymongo.IndexModel
        collection.bulk_write((pymongo.InsertOne({"_id": 1}), pymongo.DeleteOne({"_id": 2})))
        collection.bulk_write(pymongo.InsertOne({"_id": n}) for n in (2, 3))
        assert ids(collection) == [1, 2, 3]

    def test_hints(self, collection):
        collection.create_index("a")
        collection.insert_many([{"_id": n, "a": n} for n in range(4)])
        result = collection.bulk_write(
            [
                UpdateOne({"a": 1}, {"$set": {"b": 1}}, hint="a_1"),
                UpdateMany({"a": 2}, {"$set": {"b": 1}}, hint=[("a", 1)]),
                ReplaceOne({"a": 3}, {"b": 1}, hint="a_1"),
                DeleteOne({"a": 0}, hint="a_1"),
                DeleteMany({"a": 0}, hint={"a": 1}),
            ]
        )
        assert (result.modified_count, result.deleted_count) == (3, 1)
        with pytest.raises(errors.HoldfastError, match="the hint names no index"):
            collection.bulk_write([DeleteOne({"a": 1}, hint="nothing")])

    @pytest.mark.skipif(
        "sort" not in inspect.signature(UpdateOne.__init__).parameters, reason="this pymongo is older"
    )
    def test_orders(self, collection):
        collection.insert_many([{"_id": n, "a": n} for n in range(4)])
        collection.bulk_write(
            [UpdateOne({}, {"$set": {"b": 1}}, sort={"a": -1}), ReplaceOne({"a": 2}, {"b": 2}, sort={"a": 1})]
        )
        assert collection.find_one(3) == {"_id": 3, "a": 3, "b": 1}
        assert collection.find_one(2) == {"_id": 2, "b": 2}

    def test_ordered_ends_at_the_first_failure(self, collection):
        with pytest.raises(pymongo.errors.BulkWriteError) as caught:
            collection.bulk_write(
                [InsertOne({"_id": 1}), InsertOne({"_id": 1, "x": 2}), InsertOne({"_id": 3})]
            )
        details = caught.value.details
        assert details["nInserted"] == 1
        assert len(details["writeErrors"]) == 1
        error = details["writeErrors"][0]
        assert (error["index"], error["code"], error["op"]) == (1, 11000, {"_id": 1, "x": 2})
        assert ids(collection) == [1]

    def test_unordered_goes_on(self, collection):
        collection.insert_one({"_id": 1, "x": "text"})
        with pytest.raises(pymongo.errors.BulkWriteError) as caught:
            collection.bulk_write(
                [
                    InsertOne({"_id": 1}),
                    InsertOne({"_id": 2}),
                    UpdateOne({"_id": 1}, {"$inc": {"x": 1}}),
                    DeleteOne({"_id": 2}),
                    UpdateMany({"_id": 7}, {"$set": {"b": 1}}, upsert=True),
                ],
                ordered=False,
            )
        details = caught.value.details
        assert [error["index"] for error in details["writeErrors"]] == [0, 2]
        assert [error["code"] for error in details["writeErrors"]] == [11000, 14]
        update = {"q": {"_id": 1}, "u": {"$inc": {"x": 1}}, "multi": False, "upsert": False}
        assert details["writeErrors"][1]["op"] == update
        assert (details["nInserted"], details["nRemoved"]) == (1, 1)
        assert details["upserted"] == [{"index": 4, "_id": 7}]
        assert ids(collection) == [1, 7]

    def test_an_operation_on_many_is_whole(self, collection):
        collection.insert_many([{"_id": 1, "x": 1}, {"_id": 2, "x": "text"}])
        with pytest.raises(pymongo.errors.OperationFailure):
            collection.bulk_write([UpdateMany({}, {"$inc": {"x": 1}})], ordered=False)
        assert list(collection.find()) == [{"_id": 1, "x": 1}, {"_id": 2, "x": "text"}]

    @pytest.mark.parametrize(
        ("requests", "error"),
        [
            ([], pymongo.errors.InvalidOperation),
            (5, TypeError),
            (None, TypeError),
            ({"a": 1}, TypeError),
            ("ab", TypeError),
            ([5], TypeError),
            ([{"insert_one": {}}], TypeError),
            ([InsertOne({}), 5], TypeError),
            ([InsertOne(5)], TypeError),
            ([InsertOne({}), UpdateOne({}, {"x": 1})], ValueError),
            ([InsertOne({}), UpdateMany({}, {})], ValueError),
            ([InsertOne({}), UpdateOne(None, {"$set": {"x": 1}})], TypeError),
            ([InsertOne({}), ReplaceOne({}, {"$set": {"x": 1}})], ValueError),
            ([InsertOne({}), UpdateOne({}, [{"$set": {"x": 1}}])], errors.ConfigurationError),
            ([InsertOne({}), DeleteOne({}, collation={"locale": "de"})], errors.ConfigurationError),
            ([InsertOne({"a": object()})], bson.errors.InvalidDocument),
        ],
    )
    def test_what_is_wrong_is_refused_before_anything_is_done(self, collection, requests, error):
        with pytest.raises(error):
            collection.bulk_write(requests)
        assert collection.count_documents({}) == 0

    def test_a_wrong_operator_leaves_the_operations_before_it(self, collection):
        with pytest.raises(pymongo.errors.BulkWriteError) as caught:
            collection.bulk_write([InsertOne({"_id": 1}), UpdateOne({"_id": 1}, {"$nonsense": {"x": 1}})])
        assert caught.value.details["writeErrors"][0]["index"] == 1
        assert ids(collection) == [1]

    def test_in_a_transaction(self, db, collection):
        with db.transaction() as tx:
            collection.bulk_write([InsertOne({"_id": 1}), InsertOne({"_id": 2})], session=tx)
            with pytest.raises(pymongo.errors.BulkWriteError):
                tx["things"].bulk_write([InsertOne({"_id": 3}), InsertOne({"_id": 1}), InsertOne({"_id": 4})])
            assert collection.count_documents({}) == 0
            tx["things"].insert_one({"_id": 5})
        assert ids(collection) == [1, 2, 3, 5]


class TestInsertManyWithFailures:
    def test_ordered(self, collection):
        documents = [{"_id": 1}, {"_id": 2}, {"_id": 1, "x": 1}, {"_id": 3}]
        with pytest.raises(pymongo.errors.BulkWriteError) as caught:
            collection.insert_many(documents)
        details = caught.value.details
        assert details["nInserted"] == 2
        error = details["writeErrors"][0]
        assert (error["index"], error["code"], error["op"]) == (2, 11000, documents[2])
        assert (error["keyPattern"], error["keyValue"]) == ({"_id": 1}, {"_id": 1})
        assert ids(collection) == [1, 2]

    def test_unordered(self, collection):
        collection.create_index("u", unique=True)
        documents = [{"_id": n, "u": n // 2} for n in range(6)] + [{"_id": [1], "u": 100}, {"_id": 9, "u": 9}]
        with pytest.raises(pymongo.errors.BulkWriteError) as caught:
            collection.insert_many(documents, ordered=False)
        details = caught.value.details
        assert [error["index"] for error in details["writeErrors"]] == [1, 3, 5, 6]
        assert details["nInserted"] == 4
        assert ids(collection) == [0, 2, 4, 9]

    def test_in_a_transaction_that_goes_on(self, db, collection):
        collection.insert_one({"_id": 1})
        with db.transaction() as tx:
            tx["things"].insert_one({"_id": 10})
            with pytest.raises(pymongo.errors.BulkWriteError) as caught:
                tx["things"].insert_many([{"_id": 2}, {"_id": 1}, {"_id": 3}])
            assert caught.value.details["nInserted"] == 1
            with pytest.raises(pymongo.errors.BulkWriteError):
                collection.insert_many([{"_id": 4}, {"_id": 1}, {"_id": 5}], ordered=False, session=tx)
            assert ids(tx["things"]) == [1, 2, 4, 5, 10]
            assert ids(collection) == [1]
        assert ids(collection) == [1, 2, 4, 5, 10]

    @pytest.mark.parametrize("ordered", [True, False])
    def test_what_is_no_document_of_a_database_is_raised_as_it_is(self, collection, ordered):
        large = {"_id": 2, "x": "x" * (17 << 20)}
        with pytest.raises(pymongo.errors.DocumentTooLarge):
            collection.insert_many([{"_id": 1}, large, {"_id": 3}], ordered=ordered)
        with pytest.raises(bson.errors.InvalidDocument):
            collection.insert_many([{"_id": 4}, {"_id": 5, "n": nested(250)}, {"_id": 6}], ordered=ordered)

    def test_more_than_one_call_of_the_library_takes(self, collection, exhaustive, monkeypatch):
        size = 1_000_000
        if not exhaustive:
            size = 1000
            monkeypatch.setattr("holdfast.bulk.CHUNK_BYTES", 64 * 1024)
        documents = [{"_id": n, "x": "x" * size} for n in range(70)]
        documents[68]["_id"] = 0
        with pytest.raises(pymongo.errors.BulkWriteError) as caught:
            collection.insert_many(documents, ordered=False)
        assert [error["index"] for error in caught.value.details["writeErrors"]] == [68]
        assert caught.value.details["nInserted"] == 69
        assert collection.count_documents({}) == 69
