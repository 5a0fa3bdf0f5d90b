"""What writes report: pymongo's result objects, which are mappings too."""

from collections.abc import Mapping

import pymongo.results
import pytest
from bson.raw_bson import RawBSONDocument

from holdfast import DeleteOne, InsertOne, UpdateOne


def test_insert_one(collection):
    result = collection.insert_one({"_id": 1})
    assert isinstance(result, pymongo.results.InsertOneResult)
    assert result.inserted_id == result["inserted_id"] == 1
    assert result.acknowledged is result["acknowledged"] is True
    assert dict(result) == {"inserted_id": 1, "acknowledged": True}


def test_insert_many(collection):
    result = collection.insert_many([{"_id": 1}, {"_id": "x"}])
    assert isinstance(result, pymongo.results.InsertManyResult)
    assert result.inserted_ids == result["inserted_ids"] == [1, "x"]
    assert dict(result) == {"inserted_ids": [1, "x"], "acknowledged": True}


def test_update(collection):
    collection.insert_many([{"_id": 1, "a": 1}, {"_id": 2, "a": 2}])
    result = collection.update_many({}, {"$set": {"a": 2}})
    assert isinstance(result, pymongo.results.UpdateResult)
    assert (result.matched_count, result.modified_count, result.upserted_id) == (2, 1, None)
    assert not result.did_upsert
    assert result.raw_result["n"] == 2
    assert result.raw_result["nModified"] == 1
    assert result.raw_result["updatedExisting"] is True
    assert dict(result) == {
        "matched_count": 2,
        "modified_count": 1,
        "upserted_id": None,
        "acknowledged": True,
    }


@pytest.mark.parametrize("identifier", [7, 0, "", False, {"a": 1}])
def test_upsert(collection, identifier):
    result = collection.update_one({"_id": identifier}, {"$set": {"a": 1}}, upsert=True)
    assert (result.matched_count, result.modified_count) == (0, 0)
    assert result.upserted_id == result["upserted_id"] == identifier
    assert result.did_upsert
    assert result.raw_result["updatedExisting"] is False
    result = collection.replace_one({"_id": "other"}, {"a": 1}, upsert=True)
    assert isinstance(result, pymongo.results.UpdateResult)
    assert result["upserted_id"] == "other"


def test_an_upsert_with_a_null_id(collection):
    result = collection.update_one({"_id": None}, {"$set": {"a": 1}}, upsert=True)
    assert (result.modified_count, result.upserted_id) == (0, None)
    assert result.did_upsert
    assert collection.find_one() == {"_id": None, "a": 1}


def test_delete(collection):
    collection.insert_many([{}, {}, {}])
    result = collection.delete_one({})
    assert isinstance(result, pymongo.results.DeleteResult)
    assert result.deleted_count == result["deleted_count"] == 1
    assert result.raw_result == {"n": 1, "ok": 1.0}
    assert dict(collection.delete_many({})) == {"deleted_count": 2, "acknowledged": True}


def test_bulk_write(collection):
    result = collection.bulk_write(
        [InsertOne({"_id": 1}), UpdateOne({"_id": 2}, {"$set": {"a": 1}}, upsert=True), DeleteOne({"_id": 1})]
    )
    assert isinstance(result, pymongo.results.BulkWriteResult)
    assert dict(result) == {
        "inserted_count": 1,
        "matched_count": 0,
        "modified_count": 0,
        "deleted_count": 1,
        "upserted_count": 1,
        "upserted_ids": {1: 2},
        "acknowledged": True,
    }
    assert result.bulk_api_result == {
        "writeErrors": [],
        "writeConcernErrors": [],
        "nInserted": 1,
        "nUpserted": 1,
        "nMatched": 0,
        "nModified": 0,
        "nRemoved": 1,
        "upserted": [{"index": 1, "_id": 2}],
    }


def test_as_mappings(collection):
    results = [
        collection.insert_one({}),
        collection.insert_many([{}]),
        collection.update_one({}, {"$set": {"a": 1}}),
        collection.replace_one({}, {"a": 2}),
        collection.bulk_write([InsertOne({})]),
        collection.delete_one({}),
    ]
    for result in results:
        assert isinstance(result, Mapping)
        assert len(result) == len(list(result)) == len(dict(result))
        for key in result:
            assert result[key] == getattr(result, key) == result.get(key)
        assert "nothing" not in result
        assert result.get("nothing", 5) == 5
        with pytest.raises(KeyError, match="nothing"):
            result["nothing"]
        with pytest.raises(TypeError):
            result["acknowledged"] = False
        assert type(result).__name__ in repr(result)
        assert result


def test_ids_are_those_of_the_codec_options(db):
    collection = db.get_collection("c", db.codec_options.with_options(document_class=RawBSONDocument))
    assert collection.update_one({"_id": {"a": 1}}, {"$set": {"b": 1}}, upsert=True).upserted_id == {"a": 1}
    operation = UpdateOne({"_id": 5}, {"$set": {"b": 1}}, upsert=True)
    assert collection.bulk_write([operation]).upserted_ids == {0: 5}
