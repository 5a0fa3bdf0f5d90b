"""Making, listing, using and dropping indexes."""

import datetime

import pymongo
import pymongo.errors
import pytest

import holdfast
from holdfast import ASCENDING, DESCENDING, IndexModel, errors


class TestMaking:
    @pytest.mark.parametrize(
        ("keys", "name", "listed"),
        [
            ("a", "a_1", [("a", 1)]),
            ([("a", 1)], "a_1", [("a", 1)]),
            ([("a", DESCENDING)], "a_-1", [("a", -1)]),
            ([("a", ASCENDING), ("b.c", -1)], "a_1_b.c_-1", [("a", 1), ("b.c", -1)]),
            (["a", ("b", -1)], "a_1_b_-1", [("a", 1), ("b", -1)]),
            ({"b": -1, "a": 1}, "b_-1_a_1", [("b", -1), ("a", 1)]),
        ],
    )
    def test_forms_of_keys(self, collection, keys, name, listed):
        assert collection.create_index(keys) == name
        assert collection.index_information()[name] == {"v": 2, "key": listed}

    def test_options(self, collection):
        assert collection.create_index("a", name="mine", unique=True) == "mine"
        collection.create_index("b", sparse=True, background=True)
        collection.create_index("c", expireAfterSeconds=60)
        collection.create_index([("d", -1)], partialFilterExpression={"x": {"$gt": 1}}, comment="why")
        collection.create_index("e", unique=False, sparse=None)
        assert collection.index_information() == {
            "_id_": {"v": 2, "key": [("_id", 1)]},
            "mine": {"v": 2, "key": [("a", 1)], "unique": True},
            "b_1": {"v": 2, "key": [("b", 1)], "sparse": True},
            "c_1": {"v": 2, "key": [("c", 1)], "expireAfterSeconds": 60},
            "d_-1": {"v": 2, "key": [("d", -1)], "partialFilterExpression": {"x": {"$gt": 1}}},
            "e_1": {"v": 2, "key": [("e", 1)]},
        }

    def test_several(self, collection):
        models = [IndexModel("a", unique=True), pymongo.IndexModel([("b", 1), ("c", -1)], name="bc")]
        assert collection.create_indexes(models) == ["a_1", "bc"]
        assert collection.index_information()["a_1"]["unique"] is True
        for wrong in (5, "a", ["a"], [{"a": 1}]):
            with pytest.raises(TypeError):
                collection.create_indexes(wrong)

    def test_again_does_nothing(self, collection):
        assert collection.create_index("a") == collection.create_index("a") == "a_1"
        assert collection.create_index([("_id", 1)]) == "_id_"
        assert set(collection.index_information()) == {"_id_", "a_1"}

    def test_another_one_of_the_same_name_or_fields(self, collection):
        collection.create_index("a")
        for arguments in ({"keys": "a", "unique": True}, {"keys": "b", "name": "a_1"}):
            with pytest.raises(errors.IndexExists, match="a_1") as caught:
                collection.create_index(**arguments)
            assert caught.value.code in (85, 86)
        assert set(collection.index_information()) == {"_id_", "a_1"}

    @pytest.mark.parametrize(
        ("arguments", "error"),
        [
            ({"keys": 5}, TypeError),
            ({"keys": None}, TypeError),
            ({"keys": []}, ValueError),
            ({"keys": [("a", 1, 1)]}, TypeError),
            ({"keys": [(1, 1)]}, TypeError),
            ({"keys": [("a", pymongo.TEXT)]}, errors.ConfigurationError),
            ({"keys": [("a", pymongo.HASHED)]}, errors.ConfigurationError),
            ({"keys": [("a", pymongo.GEOSPHERE)]}, errors.ConfigurationError),
            ({"keys": "a", "collation": {"locale": "de"}}, errors.ConfigurationError),
            ({"keys": "a", "hidden": True}, errors.ConfigurationError),
            ({"keys": "a", "weights": {"a": 1}}, errors.ConfigurationError),
            ({"keys": "a", "nonsense": 1}, errors.ConfigurationError),
            ({"keys": "$**"}, errors.HoldfastError),
            ({"keys": "a..b"}, errors.HoldfastError),
            ({"keys": [("a", 0)]}, errors.HoldfastError),
            ({"keys": "a", "expireAfterSeconds": -1}, errors.HoldfastError),
            ({"keys": "a", "partialFilterExpression": {"$nonsense": 1}}, errors.HoldfastError),
        ],
    )
    def test_refused(self, collection, arguments, error):
        with pytest.raises(error):
            collection.create_index(**arguments)
        assert collection.index_information() == {}

    def test_in_a_transaction(self, db, collection):
        collection.insert_one({"a": 1})
        with db.transaction() as tx:
            tx["things"].create_index("a")
            assert "a_1" in collection.index_information(session=tx)
            tx.rollback()
        assert set(collection.index_information()) == {"_id_"}


class TestListing:
    def test_a_collection_that_does_not_exist_has_none(self, collection):
        assert list(collection.list_indexes()) == []
        assert collection.index_information() == {}
        assert collection.index_statistics() == []

    def test_as_mongodb_lists_them(self, collection):
        collection.create_index([("a", 1), ("b", -1)], unique=True)
        with collection.list_indexes() as cursor:
            assert cursor.alive
            assert next(cursor) == {"v": 2, "key": {"_id": 1}, "name": "_id_"}
            assert cursor.to_list() == [
                {"v": 2, "key": {"a": 1, "b": -1}, "name": "a_1_b_-1", "unique": True}
            ]
            assert not cursor.alive

    def test_statistics(self, collection):
        collection.insert_many([{"a": [1, 2, 3]}, {"a": 1}])
        collection.create_index("a")
        index = collection.index_statistics()[1]
        assert (index["name"], index["entries"], index["multikey"], index["ready"]) == ("a_1", 4, True, True)

    def test_they_come_back(self, path):
        with holdfast.connect(path) as db:
            db.c.create_index("a", unique=True)
            db.c.insert_one({"a": 1})
        with holdfast.connect(path) as db:
            assert set(db.c.index_information()) == {"_id_", "a_1"}
            with pytest.raises(errors.DuplicateKeyError):
                db.c.insert_one({"a": 1})


class TestDropping:
    def test_by_name_and_by_keys(self, collection):
        for keys in ("a", "b", [("c", -1)], "d"):
            collection.create_index(keys)
        collection.drop_index("a_1")
        collection.drop_index([("b", 1)])
        collection.drop_index({"c": -1})
        assert set(collection.index_information()) == {"_id_", "d_1"}
        for name in ("a_1", [("a", 1)], [("d", -1)]):
            with pytest.raises(errors.IndexNotFound) as caught:
                collection.drop_index(name)
            assert caught.value.code == 27

    def test_all(self, collection):
        collection.create_index("a")
        collection.create_index("b")
        collection.drop_indexes()
        assert set(collection.index_information()) == {"_id_"}
        collection.create_index("a")
        collection.drop_index("*")
        assert set(collection.index_information()) == {"_id_"}

    @pytest.mark.parametrize("index", ["_id_", [("_id", 1)]])
    def test_that_of_the_ids_stays(self, collection, index):
        collection.insert_one({"_id": 1})
        with pytest.raises(errors.OperationFailure, match="cannot be dropped"):
            collection.drop_index(index)
        assert collection.find_one(1)


class TestUnique:
    def test_is_kept_by_every_write(self, collection):
        collection.create_index("u", unique=True)
        collection.insert_many([{"_id": 1, "u": 1}, {"_id": 2, "u": 2}])
        for write in (
            lambda: collection.insert_one({"u": 1}),
            lambda: collection.update_one({"_id": 2}, {"$set": {"u": 1}}),
            lambda: collection.update_many({}, {"$set": {"u": 5}}),
            lambda: collection.replace_one({"_id": 2}, {"u": 1}),
            lambda: collection.update_one({"_id": 3}, {"$set": {"u": 1}}, upsert=True),
            lambda: collection.find_one_and_update({"_id": 2}, {"$inc": {"u": -1}}),
            lambda: collection.find_one_and_replace({"_id": 2}, {"u": 1.0}),
        ):
            with pytest.raises(pymongo.errors.DuplicateKeyError) as caught:
                write()
            assert (caught.value.code, caught.value.code_name) == (11000, "duplicateKey")
            assert "u_1" in str(caught.value)
        assert list(collection.find()) == [{"_id": 1, "u": 1}, {"_id": 2, "u": 2}]

    def test_cannot_be_made_over_duplicates(self, collection):
        collection.insert_many([{"u": 1}, {"u": 1}])
        with pytest.raises(pymongo.errors.DuplicateKeyError):
            collection.create_index("u", unique=True)
        assert set(collection.index_information()) == {"_id_"}

    def test_missing_counts_as_null_unless_sparse_or_partial(self, collection):
        collection.create_index("a", unique=True)
        collection.insert_one({})
        with pytest.raises(pymongo.errors.DuplicateKeyError):
            collection.insert_one({"a": None})
        collection.drop_index("a_1")
        collection.create_index("a", unique=True, sparse=True)
        collection.insert_many([{}, {}])
        collection.drop_index("a_1")
        collection.create_index("a", unique=True, partialFilterExpression={"a": {"$type": "string"}})
        collection.insert_many([{"a": 1}, {"a": 1}, {"a": "x"}])
        with pytest.raises(pymongo.errors.DuplicateKeyError):
            collection.insert_one({"a": "x"})


class TestUse:
    def test_a_query_uses_it(self, collection):
        collection.insert_many([{"_id": n, "a": n % 100} for n in range(1000)])
        assert "COLLSCAN" in str(collection.explain({"a": 5}))
        collection.create_index("a")
        assert "IXSCAN" in str(collection.explain({"a": 5}))
        plan = collection.explain({"a": {"$gte": 5, "$lt": 7}}, depth="counts")
        assert plan["execution"]["returned"] == 20
        assert plan["execution"]["documentsExamined"] <= 20

    def test_keys_that_are_too_long(self, collection):
        collection.create_index("a")
        with pytest.raises(errors.WriteError) as caught:
            collection.insert_one({"a": "x" * 2000})
        assert caught.value.code_name == "keyTooLarge"
        with pytest.raises(errors.WriteError):
            collection.insert_one({"_id": "x" * 2000})
        assert collection.count_documents({}) == 0

    def test_arrays_in_two_fields(self, collection):
        collection.create_index(["a", "b"])
        with pytest.raises(errors.WriteError) as caught:
            collection.insert_one({"a": [1], "b": [2]})
        assert (caught.value.code_name, caught.value.code) == ("parallelArrays", 171)

    def test_documents_expire(self, db, collection):
        collection.create_index("at", expireAfterSeconds=10)
        now = datetime.datetime.now(datetime.timezone.utc)
        minute = datetime.timedelta(minutes=1)
        collection.insert_many([{"_id": 1, "at": now - minute}, {"_id": 2, "at": now + minute}, {"_id": 3}])
        assert db.delete_expired() == 1
        assert [document["_id"] for document in collection.find()] == [2, 3]
        assert db.delete_expired() == 0
