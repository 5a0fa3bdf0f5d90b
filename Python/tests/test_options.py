"""Arguments: pymongo's names and order; what is accepted, and what is refused rather than ignored."""

import inspect

import pymongo
import pymongo.collection
import pymongo.cursor
import pymongo.database
import pytest
from bson.codec_options import CodecOptions

import holdfast
from holdfast import errors

COLLECTION_METHODS = [
    "bulk_write",
    "count_documents",
    "create_index",
    "create_indexes",
    "delete_many",
    "delete_one",
    "distinct",
    "drop",
    "drop_index",
    "drop_indexes",
    "estimated_document_count",
    "find_one",
    "find_one_and_delete",
    "find_one_and_replace",
    "find_one_and_update",
    "index_information",
    "insert_many",
    "insert_one",
    "list_indexes",
    "options",
    "replace_one",
    "update_many",
    "update_one",
    "with_options",
]
CURSOR_METHODS = [
    "allow_disk_use",
    "batch_size",
    "clone",
    "close",
    "collation",
    "comment",
    "distinct",
    "hint",
    "limit",
    "max_time_ms",
    "next",
    "rewind",
    "skip",
    "sort",
    "to_list",
]
DATABASE_METHODS = ["get_collection", "list_collection_names", "list_collections", "drop_collection"]

# The arguments with which each method that takes them would do something.
CALLS = {
    "bulk_write": ([holdfast.InsertOne({"_id": 1})],),
    "count_documents": ({},),
    "create_index": ("a",),
    "delete_many": ({},),
    "delete_one": ({},),
    "distinct": ("a",),
    "estimated_document_count": (),
    "find": (),
    "find_one": (),
    "find_one_and_delete": ({},),
    "find_one_and_replace": ({}, {"x": 1}),
    "find_one_and_update": ({}, {"$set": {"x": 1}}),
    "insert_many": ([{"_id": 1}],),
    "insert_one": ({"_id": 1},),
    "replace_one": ({}, {"x": 1}),
    "update_many": ({}, {"$set": {"x": 1}}),
    "update_one": ({}, {"$set": {"x": 1}}),
}


def named(function):
    """The names of the parameters of a function that can be given by place, and by name only."""
    kinds = inspect.Parameter
    parameters = inspect.signature(function).parameters.values()
    places = [each.name for each in parameters if each.kind == kinds.POSITIONAL_OR_KEYWORD]
    return places, [each.name for each in parameters if each.kind == kinds.KEYWORD_ONLY]


def check_signature(own, other):
    """Every parameter of pymongo's is there, in its order; what there is besides has to be named, unless an
    older pymongo lacks it."""
    own_places, own_names = named(own)
    other_places, other_names = named(other)
    assert [name for name in own_places if name in other_places] == other_places
    assert set(other_names) <= set(own_places) | set(own_names)
    assert set(own_places) - set(other_places) <= {"sort"}


@pytest.mark.parametrize("method", COLLECTION_METHODS)
def test_methods_of_collections_take_pymongos_arguments(method):
    own, other = getattr(holdfast.Collection, method), getattr(pymongo.collection.Collection, method)
    check_signature(own, other)


@pytest.mark.parametrize("method", CURSOR_METHODS)
def test_methods_of_cursors_take_pymongos_arguments(method):
    own, other = getattr(holdfast.Cursor, method), getattr(pymongo.cursor.Cursor, method)
    assert named(own)[0][0] == "self"
    assert len(named(own)[0]) == len(named(other)[0])


@pytest.mark.parametrize("method", DATABASE_METHODS)
def test_methods_of_databases_take_pymongos_arguments(method):
    own, other = getattr(holdfast.Database, method), getattr(pymongo.database.Database, method)
    own_places, _ = named(own)
    # What pymongo takes for servers, such as the name of a database, Holdfast has not.
    assert own_places[:2] == named(other)[0][:2]


def test_find_takes_pymongos_arguments():
    other = [name for name in named(pymongo.cursor.Cursor.__init__)[0] if name not in ("self", "collection")]
    refused_as_unknown = {"modifiers", "exhaust"}
    own = [name for name in named(holdfast.Collection.find)[0] if name != "self"]
    assert [name for name in other if name in own] == own
    assert set(other) - set(own) <= refused_as_unknown


@pytest.mark.parametrize(
    "method", sorted(set(CALLS) - {"create_index", "find_one", "estimated_document_count"})
)
@pytest.mark.parametrize(("option", "value"), [("collation", {"locale": "de"}), ("let", {"x": 1})])
def test_options_that_would_change_results_are_refused(collection, method, option, value):
    collection.insert_one({"_id": 0})
    with pytest.raises((errors.ConfigurationError, TypeError), match=option):
        getattr(collection, method)(*CALLS[method], **{option: value})
    assert list(collection.find()) == [{"_id": 0}]


@pytest.mark.parametrize(
    "method",
    ["count_documents", "distinct", "estimated_document_count", "find_one_and_delete", "find_one_and_update"],
)
@pytest.mark.parametrize("option", ["maxTimeMS", "nonsense", "write_concern"])
def test_options_by_name_are_refused(collection, method, option):
    collection.insert_one({"_id": 0})
    with pytest.raises(errors.ConfigurationError, match=option):
        getattr(collection, method)(*CALLS[method], **{option: 5})
    assert list(collection.find()) == [{"_id": 0}]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("collation", {"locale": "de"}),
        ("cursor_type", pymongo.CursorType.TAILABLE),
        ("let", {"a": 1}),
        ("max", [("a", 1)]),
        ("max_scan", 5),
        ("max_time_ms", 5),
        ("min", [("a", 1)]),
        ("oplog_replay", True),
        ("return_key", True),
        ("show_record_id", True),
        ("snapshot", True),
    ],
)
def test_options_of_find_that_are_refused(collection, option, value):
    with pytest.raises(errors.ConfigurationError, match=option):
        collection.find({}, **{option: value})
    with pytest.raises(errors.ConfigurationError, match=option):
        collection.find_one({}, **{option: value})


def test_options_that_are_hints_are_accepted(collection):
    collection.insert_one({"_id": 0}, bypass_document_validation=True, comment="why")
    collection.insert_many([{"_id": 2}], True, True, comment="why")
    options = {"comment": "why", "batch_size": 5, "allow_disk_use": True, "no_cursor_timeout": True}
    assert len(list(collection.find(allow_partial_results=True, **options))) == 2
    update = {"$set": {"x": 1}}
    collection.update_one({}, update, bypass_document_validation=True, comment="why")
    collection.update_many({}, update, bypass_document_validation=True, comment="why")
    collection.replace_one({}, {"x": 2}, bypass_document_validation=True, comment="why")
    collection.find_one_and_update({}, update, comment="why")
    collection.bulk_write(CALLS["bulk_write"][0], bypass_document_validation=True, comment="why")
    assert collection.count_documents({}, comment="why") == 3
    assert collection.delete_many({}, comment="why").deleted_count == 3
    collection.drop(comment="why")


@pytest.mark.parametrize("option", ["read_preference", "write_concern", "read_concern"])
def test_concerns_are_refused(db, collection, option):
    for call in (collection.with_options, lambda **options: db.get_collection("c", **options)):
        call(**{option: None})
        with pytest.raises(errors.ConfigurationError, match=option):
            call(**{option: pymongo.WriteConcern(w=1)})


@pytest.mark.parametrize("method", ["update_one", "update_many", "replace_one", "find_one_and_update"])
def test_types_of_options_of_writes(collection, method):
    call, arguments = getattr(collection, method), CALLS[method]
    for options in ({"upsert": 1}, {"upsert": None}, {"hint": 5}):
        with pytest.raises(TypeError):
            call(*arguments, **options)
    if method != "replace_one":
        for wrong in ({}, {"e": 1}, "e", 5):
            with pytest.raises(TypeError, match="array_filters"):
                call(*arguments, array_filters=wrong)
        with pytest.raises(errors.WriteError):
            call(*arguments, array_filters=[{"unused": 1}])


@pytest.mark.parametrize("method", sorted(CALLS))
def test_session_takes_transactions_only(db, collection, method):
    for wrong in (5, "session", db, object()):
        with pytest.raises(TypeError, match="session"):
            result = getattr(collection, method)(*CALLS[method], session=wrong)
            list(result)  # A cursor is read later.
    assert db.list_collection_names() == []


def test_hints_of_writes(collection):
    collection.insert_many([{"_id": n, "a": n} for n in range(3)])
    collection.create_index("a")
    update = {"$set": {"x": 1}}
    assert collection.update_one({"a": 1}, update, hint="a_1").modified_count == 1
    assert collection.update_many({"a": 2}, update, hint=[("a", 1)]).modified_count == 1
    assert collection.replace_one({"a": 0}, {"b": 1}, hint={"a": 1}).modified_count == 1
    assert collection.find_one_and_update({"a": 1}, update, hint="a_1")["a"] == 1
    assert collection.delete_one({"a": 1}, hint="a_1").deleted_count == 1
    assert collection.delete_many({"a": 2}, hint="a_1").deleted_count == 1
    for call in (
        lambda: collection.update_one({}, update, hint="none"),
        lambda: collection.delete_one({}, hint="none"),
        lambda: collection.find_one_and_delete({}, hint="none"),
        lambda: collection.count_documents({}, hint="none"),
        lambda: collection.distinct("a", hint="none"),
    ):
        with pytest.raises(errors.QueryError, match="hint"):
            call()


class TestConnect:
    def test_wrong_arguments_make_no_file(self, tmp_path):
        path = tmp_path / "new"
        for arguments, error in (
            ({"durability": "fast"}, ValueError),
            ({"durability": "SAFE"}, ValueError),
            ({"durability": "batch", "batch_size": 0}, ValueError),
            ({"durability": "batch", "batch_size": 2_000_000}, (ValueError, errors.HoldfastError)),
            ({"durability": "batch", "batch_interval": 0}, ValueError),
            ({"durability": "batch", "batch_interval": -1}, ValueError),
            ({"durability": "batch", "batch_interval": "1"}, TypeError),
            ({"durability": "batch", "batch_size": 1.5}, TypeError),
            ({"password": b"bytes"}, TypeError),
            ({"password": "x", "key": b"k" * 32}, ValueError),
            ({"key": b"short"}, ValueError),
            ({"key": "k" * 32}, ValueError),
            ({"lock_timeout": -1}, ValueError),
            ({"page_size": 1000}, (ValueError, errors.HoldfastError)),
            ({"password": "x", "password_log_n": 99}, (ValueError, errors.HoldfastError)),
            ({"nonsense": 1}, TypeError),
        ):
            with pytest.raises(error):
                holdfast.connect(path, **arguments)
            assert list(tmp_path.iterdir()) == []

    def test_an_unknown_durability_is_named_with_those_there_are(self, path):
        with pytest.raises(ValueError, match=r"'fast'.*safe, batch, unsafe"):
            holdfast.connect(path, durability="fast")

    @pytest.mark.parametrize("path", ["", "a\x00b", b""])
    def test_paths_that_cannot_be(self, path):
        with pytest.raises(ValueError, match="path"):
            holdfast.connect(path)
        for wrong in (None, 5, object()):
            with pytest.raises(TypeError):
                holdfast.connect(wrong)

    def test_all_options(self, path):
        arguments = {
            "durability": "batch",
            "batch_size": 7,
            "batch_interval": 0.25,
            "cache_bytes": 1 << 20,
            "page_size": 4096,
            "lock_timeout": 1.5,
            "transaction_idle_timeout": 0,
            "maximum_transaction_bytes": 1 << 20,
            "maximum_transactions": 2,
            "allow_network_file_system": True,
            "refuse_damage": True,
            "key": b"k" * 32,
            "codec_options": CodecOptions(tz_aware=True),
        }
        with holdfast.connect(path, **arguments) as db:
            assert db.durability() == {"durability": "batch", "batch_size": 7, "batch_interval": 0.25}
            assert db.stats()["pageSize"] == 4096
            assert db.stats()["encrypted"] is True
            assert db.codec_options.tz_aware
            with pytest.raises(errors.TransactionTooLarge):
                db.c.insert_one({"x": "x" * (2 << 20)})
            held = [db.transaction(), db.transaction()]
            with pytest.raises(errors.LimitExceeded):
                db.transaction()
            assert len(held) == 2
