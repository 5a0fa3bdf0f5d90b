"""Databases and collections as objects: names, making and dropping, durability, state."""

import copy

import pymongo.errors
import pytest
from bson.codec_options import CodecOptions

import holdfast
from holdfast import errors


class TestNames:
    def test_of_collections(self, db):
        assert db.users == db["users"] == db.collection("users") == db.get_collection("users")
        assert db.users.name == "users"
        assert db.users.full_name == "test.users"
        assert db.users.archive == db["users.archive"] == db["users"]["archive"] == db.users["archive"]
        assert db["ünï cödé"].name == "ünï cödé"
        assert db["_private"].name == "_private"
        assert db.users["_x"].name == "users._x"

    def test_the_collection_named_collection(self, db):
        db.collection.insert_one({"_id": 1})
        assert db.collection == db["collection"] == db.collection("collection")
        assert db["collection"].find_one() == {"_id": 1}
        assert db.collection.parts == db["collection.parts"]
        assert db.collection("users") != db.collection
        with pytest.raises(TypeError, match="cannot be called"):
            db.collection("users")("x")

    def test_that_begin_with_an_underscore_need_brackets(self, db):
        for owner in (db, db.users):
            with pytest.raises(AttributeError, match="_private"):
                owner._private  # noqa: B018
            assert not hasattr(owner, "__array__")

    @pytest.mark.parametrize(
        "name", ["", ".", "a.", ".a", "a..b", "$a", "a$b", "a\x00b", "x" * 256, "\udc80"]
    )
    def test_that_cannot_be(self, db, name):
        for make in (db.__getitem__, db.collection, db.get_collection, db.create_collection):
            with pytest.raises(pymongo.errors.InvalidName):
                make(name)
        with pytest.raises(pymongo.errors.InvalidName):
            db.drop_collection(name)
        db.c.insert_one({})
        with pytest.raises(pymongo.errors.InvalidName):
            db.c.rename(name)

    def test_of_the_greatest_length(self, db):
        db["x" * 255].insert_one({})
        assert db.list_collection_names() == ["x" * 255]

    @pytest.mark.parametrize("name", [None, 5, b"users", 1.5])
    def test_are_strings(self, db, name):
        with pytest.raises(TypeError, match="string"):
            db[name]
        with pytest.raises(TypeError):
            db.drop_collection(name)

    def test_of_the_database(self, path, db):
        assert db.name == "test"
        assert db.path == str(path)
        assert str(path) in repr(db)
        assert repr(db.users).startswith("Collection(Database(")
        assert repr(db.users).endswith("'users')")


class TestObjects:
    def test_equality(self, db, tmp_path):
        with holdfast.connect(tmp_path / "other") as other:
            assert db == db
            assert db != other
            assert db.users == db.users
            assert db.users != db.people
            assert db.users != other.users
            assert db.users != "users"
            assert len({db.users, db["users"], db.people, other.users}) == 3
            assert db.users.database is db

    def test_truth_values_and_iteration_are_refused(self, db):
        for each in (db, db.users):
            with pytest.raises(NotImplementedError, match="None"):
                bool(each)
            with pytest.raises(TypeError):
                iter(each)
            with pytest.raises(TypeError):
                "x" in each  # noqa: B015

    def test_methods_that_are_not_there(self, db):
        for call in (
            lambda: db.users.aggregate([]),
            lambda: db.users.insert({}),
            lambda: db.command("ping"),
            lambda: db.client.close(),
        ):
            with pytest.raises(TypeError, match="no method"):
                call()
        with pytest.raises(TypeError, match="'aggregate'"):
            db.users.aggregate([])

    def test_options_of_collections(self, db):
        options = CodecOptions(tz_aware=True)
        collection = db.get_collection("users", options)
        assert collection.codec_options == options
        assert db.users.codec_options == db.codec_options
        assert db.users.with_options(codec_options=options).codec_options == options
        assert collection.with_options().codec_options == options
        assert collection.archive.codec_options == options
        assert copy.copy(collection) == collection
        assert collection.options() == {}


class TestCollections:
    def test_exist_from_the_first_insertion(self, db):
        db.b.insert_one({})
        db.a.update_one({}, {"$set": {"x": 1}}, upsert=True)
        db.c.create_index("x")
        db.e.find_one()
        assert db.list_collection_names() == ["a", "b", "c"]
        assert db.list_collection_names(filter={"name": "b"}) == ["b"]
        assert db.list_collection_names(filter={"name": "z"}) == []
        listed = list(db.list_collections())
        assert [each["name"] for each in listed] == ["a", "b", "c"]
        assert all(each["type"] == "collection" for each in listed)
        assert [each["name"] for each in db.list_collections(filter={"name": "a"})] == ["a"]
        for wrong in ({"name": {"$regex": "a"}}, {"type": "view"}):
            with pytest.raises(errors.ConfigurationError):
                db.list_collection_names(filter=wrong)
        with pytest.raises(errors.ConfigurationError):
            db.list_collection_names(authorizedCollections=True)

    def test_create(self, db):
        collection = db.create_collection("users")
        assert collection == db.users
        assert db.list_collection_names() == ["users"]
        with pytest.raises(pymongo.errors.CollectionInvalid, match="users"):
            db.create_collection("users")
        assert db.create_collection("users", check_exists=False) == db.users
        for options in ({"capped": True, "size": 5}, {"validator": {}}, {"timeseries": {"timeField": "t"}}):
            with pytest.raises(errors.ConfigurationError):
                db.create_collection("other", **options)
        with pytest.raises(ValueError, match="durability"):
            db.create_collection("other", durability="fast")
        assert db.list_collection_names() == ["users"]

    def test_drop(self, db):
        for name in ("a", "b", "c"):
            db[name].insert_one({})
            db[name].create_index("x", unique=True)
        db.drop_collection("a")
        db.drop_collection(db.b)
        db.c.drop()
        db.c.drop()
        db.drop_collection("nothing")
        assert db.list_collection_names() == []
        db.a.insert_one({"_id": 1})
        assert list(db.a.find()) == [{"_id": 1}]
        assert set(db.a.index_information()) == {"_id_"}

    def test_rename(self, db):
        db.old.insert_one({"_id": 1, "x": 1})
        db.old.create_index("x", unique=True)
        old = db.old
        old.rename("new")
        assert db.list_collection_names() == ["new"]
        assert old.count_documents({}) == 0
        assert db.new.find_one() == {"_id": 1, "x": 1}
        assert "x_1" in db.new.index_information()
        with pytest.raises(errors.CollectionNotFound, match="old"):
            db.old.rename("newer")

    def test_rename_over_another(self, db):
        db.a.insert_one({"_id": 1})
        db.b.insert_one({"_id": 2})
        with pytest.raises(pymongo.errors.OperationFailure, match="b") as caught:
            db.a.rename("b")
        assert caught.value.code == 48
        with pytest.raises(TypeError):
            db.a.rename("b", dropTarget=1)
        db.a.rename("b", dropTarget=True)
        assert list(db.b.find()) == [{"_id": 1}]
        assert db.list_collection_names() == ["b"]

    def test_in_a_transaction(self, db):
        db.old.insert_one({"_id": 1})
        with db.transaction() as tx:
            db.create_collection("made", session=tx)
            db.old.rename("new", session=tx)
            assert db.list_collection_names(session=tx) == ["made", "new"]
            assert [each["name"] for each in db.list_collections(tx)] == ["made", "new"]
            db.drop_collection("new", session=tx)
            assert db.list_collection_names(session=tx) == ["made"]
            assert db.list_collection_names() == ["old"]
            tx.rollback()
        assert db.list_collection_names() == ["old"]
        assert db.old.find_one(1)


class TestDurability:
    def test_is_stored(self, path):
        with holdfast.connect(path) as db:
            assert db.durability() == {"durability": "safe"}
            db.set_durability("batch", 5, 0.5)
            db.create_collection("own", durability="unsafe")
            db.create_collection("changed")
            db.changed.set_durability("batch", batch_size=9, batch_interval=1)
            assert db.own.durability() == {"durability": "unsafe"}
        with holdfast.connect(path) as db:
            assert db.durability() == {"durability": "batch", "batch_size": 5, "batch_interval": 0.5}
            assert db.own.durability() == {"durability": "unsafe"}
            assert db.changed.durability()["batch_size"] == 9
            db.changed.set_durability(None)
            assert db.changed.durability() == db.durability()
        with holdfast.connect(path, durability="unsafe") as db:
            assert db.durability() == {"durability": "unsafe"}
        with holdfast.connect(path) as db:
            assert db.durability()["durability"] == "batch"

    def test_wrong_ones(self, db):
        for wrong in ("fast", "", None, 5):
            with pytest.raises((ValueError, TypeError)):
                db.set_durability(wrong)
        with pytest.raises(ValueError, match="batch_size"):
            db.set_durability("batch", 0)
        with pytest.raises(errors.CollectionNotFound):
            db.nothing.set_durability("safe")
        assert db.durability() == {"durability": "unsafe"}

    def test_syncs(self, path):
        """A safe write syncs, weaker ones do not, and persist() does."""
        with holdfast.connect(path) as db:
            db.create_collection("safe")
            db.create_collection("weak", durability="unsafe")
            db.persist()
            begin = db.stats()["logSyncs"]
            for _ in range(20):
                db.weak.insert_one({})
            assert db.stats()["logSyncs"] == begin
            db.safe.insert_one({})
            assert db.stats()["logSyncs"] > begin
            begin = db.stats()["logSyncs"]
            db.weak.insert_one({})
            db.persist()
            assert db.stats()["logSyncs"] > begin


class TestState:
    def test_stats(self, db):
        db.a.insert_many([{"_id": n} for n in range(100)])
        stats = db.stats()
        assert stats["collections"] == 1
        assert stats["path"] == db.path
        assert stats["encrypted"] is False
        assert stats["readOnly"] is False
        assert stats["fileBytes"] > 0
        checkpoints = stats["checkpoints"]
        db.checkpoint()
        assert db.stats()["checkpoints"] == checkpoints + 1
        assert db.stats()["logBytesSinceCheckpoint"] == 0
        with db.transaction():
            assert db.stats()["transactions"]["open"] == 1
        assert db.stats()["transactions"]["open"] == 0

    def test_health(self, db):
        health = db.health()
        assert health["status"] == "ok"
        assert health["reasons"] == []
        assert health["damagedPages"] == 0

    def test_checkpoint_and_persist_keep_documents(self, db):
        db.a.insert_one({"_id": 1})
        db.persist()
        db.checkpoint()
        assert db.a.find_one(1) == {"_id": 1}
