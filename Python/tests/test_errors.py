"""Errors: pymongo's classes, and messages that name the thing and say what to do."""

import inspect
import pickle

import bson.errors
import pymongo.errors
import pytest
from bson.datetime_ms import DatetimeMS

import holdfast
from holdfast import InsertOne, ReplaceOne, UpdateOne, errors


def caught(call, kind=errors.HoldfastError):
    with pytest.raises(kind) as information:
        call()
    return information.value


@pytest.mark.parametrize(
    ("own", "other"),
    [
        (errors.HoldfastError, pymongo.errors.PyMongoError),
        (errors.InvalidOperation, pymongo.errors.InvalidOperation),
        (errors.DatabaseClosed, pymongo.errors.InvalidOperation),
        (errors.ConfigurationError, pymongo.errors.ConfigurationError),
        (errors.InvalidName, pymongo.errors.InvalidName),
        (errors.InvalidDocument, bson.errors.InvalidDocument),
        (errors.DocumentTooLarge, pymongo.errors.DocumentTooLarge),
        (errors.OpenError, pymongo.errors.ConnectionFailure),
        (errors.DatabaseLocked, errors.OpenError),
        (errors.DatabaseNotFound, errors.OpenError),
        (errors.OperationFailure, pymongo.errors.OperationFailure),
        (errors.AuthenticationFailed, pymongo.errors.OperationFailure),
        (errors.ReadOnlyError, pymongo.errors.OperationFailure),
        (errors.CorruptionError, pymongo.errors.OperationFailure),
        (errors.DiskFull, errors.StorageError),
        (errors.OutcomeUnknown, errors.StorageError),
        (errors.IndexExists, pymongo.errors.OperationFailure),
        (errors.IndexNotFound, pymongo.errors.OperationFailure),
        (errors.CollectionInvalid, pymongo.errors.CollectionInvalid),
        (errors.CollectionNotFound, pymongo.errors.OperationFailure),
        (errors.WriteError, pymongo.errors.WriteError),
        (errors.DuplicateKeyError, pymongo.errors.DuplicateKeyError),
        (errors.BulkWriteError, pymongo.errors.BulkWriteError),
        (errors.QueryError, pymongo.errors.OperationFailure),
        (errors.WriteConflict, errors.RetryableError),
        (errors.Deadlock, errors.RetryableError),
        (errors.LockTimeout, pymongo.errors.OperationFailure),
    ],
)
def test_base_classes(own, other):
    assert issubclass(own, other)
    assert issubclass(own, errors.HoldfastError)
    assert issubclass(own, holdfast.HoldfastError)


def test_every_class_can_be_raised_and_says_what_it_means():
    classes = [each for each in vars(errors).values() if inspect.isclass(each)]
    own = [each for each in classes if issubclass(each, errors.HoldfastError)]
    assert len(own) > 30
    for each in own:
        assert each.__doc__
        if each is not errors.BulkWriteError:
            error = each("what happened")
            assert str(error) == "what happened"
            assert error.details is None


def test_a_duplicate_id(collection):
    collection.insert_one({"_id": 1})
    error = caught(lambda: collection.insert_one({"_id": 1}), pymongo.errors.DuplicateKeyError)
    assert (error.code, error.code_name) == (11000, "duplicateID")
    assert error.details["code"] == 11000
    assert error.details["codeName"] == "duplicateID"
    assert error.details["collection"] == "things"
    assert error.details["keyPattern"] == {"_id": 1}
    assert error.details["errmsg"] == str(error)
    assert '"things"' in str(error)
    assert not error.has_error_label("TransientTransactionError")
    assert not error.timeout


def test_a_duplicate_key(collection):
    collection.create_index("mail", unique=True)
    collection.insert_one({"mail": "secret@example.org"})
    error = caught(lambda: collection.insert_one({"mail": "secret@example.org"}), errors.DuplicateKeyError)
    assert (error.code, error.code_name) == (11000, "duplicateKey")
    assert "mail_1" in str(error)
    assert '"things"' in str(error)


def test_messages_have_no_values(collection):
    collection.create_index("mail", unique=True)
    collection.insert_one({"_id": "hush", "mail": "hush", "n": "hush"})
    for call in (
        lambda: collection.insert_one({"_id": "hush"}),
        lambda: collection.insert_one({"mail": "hush"}),
        lambda: collection.update_one({"mail": "hush"}, {"$inc": {"n": 1}}),
        lambda: collection.update_one({"mail": "hush"}, {"$push": {"n": "hush"}}),
        lambda: collection.find_one({"n": {"$gtt": "hush"}}),
    ):
        error = caught(call)
        assert "hush" not in str(error)
        assert "hush" not in repr(error)


@pytest.mark.parametrize(
    ("filter", "words"),
    [
        ({"$nonsense": 1}, ["$nonsense", '"things"']),
        ({"a": {"$nonsense": 1}}, ["$nonsense"]),
        ({"$or": 5}, ["$or", "array"]),
        ({"$or": []}, ["$or"]),
        ({"a": {"$in": 5}}, ["$in", "array"]),
        ({"a": {"$regex": "("}}, []),
        ({"a": {"$regex": "(?=x)"}}, ["look-ahead"]),
        ({"$where": "true"}, ["$where"]),
        ({"$text": {"$search": "x"}}, ["$text"]),
        ({"a": {"$near": [0, 0]}}, ["$near"]),
        ({"a": {"$gt": 1, "b": 2}}, ["b"]),
    ],
)
def test_wrong_filters(collection, filter, words):
    error = caught(lambda: collection.find_one(filter), errors.QueryError)
    code = 51091 if "$regex" in str(filter) else 2
    assert error.code == code == error.details["code"]
    assert error.code_name == "invalidQuery"
    assert not isinstance(error, pymongo.errors.WriteError)
    for word in words:
        assert word in str(error)
    for call in (
        lambda: list(collection.find(filter)),
        lambda: collection.count_documents(filter),
        lambda: collection.distinct("a", filter),
    ):
        caught(call, errors.QueryError)
    # In a write it is an error of pymongo's for writes, too.
    for call in (
        lambda: collection.update_one(filter, {"$set": {"a": 1}}),
        lambda: collection.delete_many(filter),
        lambda: collection.find_one_and_delete(filter),
        lambda: collection.replace_one(filter, {}),
    ):
        error = caught(call, pymongo.errors.WriteError)
        assert isinstance(error, errors.QueryError)
        assert error.code == code


@pytest.mark.parametrize(
    ("update", "code"),
    [
        ({"$nonsense": {"a": 1}}, 9),
        ({"$set": {"a": 1, "a.b": 1}}, 40),
        ({"$set": {"n.b": 1}}, 28),
        ({"$push": {"n": 1}}, 2),
        ({"$inc": {"n": "x"}}, 14),
        ({"$set": {"a..b": 1}}, 56),
        ({"$set": {"_id": 2}}, 66),
    ],
)
def test_numbers_of_mongodb(collection, update, code):
    collection.insert_one({"_id": 1, "n": 5})
    error = caught(lambda: collection.update_one({}, update), pymongo.errors.WriteError)
    assert error.code == code == error.details["code"]
    with pytest.raises(pymongo.errors.BulkWriteError, match="batch op errors occurred") as failure:
        collection.bulk_write([UpdateOne({}, update)])
    assert failure.value.details["writeErrors"][0]["code"] == code
    assert collection.find_one() == {"_id": 1, "n": 5}


def test_what_a_duplicate_says(collection):
    collection.create_index([("a.b", 1), ("c", -1)], unique=True)
    collection.insert_many([{"_id": 1, "a": {"b": 5}}, {"_id": 2}])
    same = {"keyPattern": {"a.b": 1, "c": -1}, "keyValue": {"a.b": 5, "c": None}}
    for call in (
        lambda: collection.insert_one({"a": {"b": 5}}),
        lambda: collection.update_one({"_id": 2}, {"$set": {"a.b": 5}}),
        lambda: collection.replace_one({"_id": 2}, {"a": {"b": 5}}),
        lambda: collection.find_one_and_update({"x": 1}, {"$set": {"a": {"b": 5}}}, upsert=True),
    ):
        error = caught(call, pymongo.errors.DuplicateKeyError)
        assert str(error).startswith("E11000 duplicate key error")
        assert error.details["errmsg"] == str(error)
        assert error.details.items() >= same.items()
    with pytest.raises(pymongo.errors.BulkWriteError) as failure:
        collection.bulk_write([UpdateOne({"_id": 2}, {"$set": {"a.b": 5}})])
    written = failure.value.details["writeErrors"][0]
    assert written.items() >= {**same, "code": 11000}.items()
    assert "E11000 duplicate key error" in written["errmsg"]


def test_a_document_that_an_index_cannot_have(collection):
    collection.create_index("a.0.b")
    wrong = {"_id": 2, "a": [{"0": {"b": 1}}]}
    error = caught(lambda: collection.insert_one(dict(wrong)), pymongo.errors.WriteError)
    assert error.code == 16746
    with pytest.raises(pymongo.errors.BulkWriteError) as failure:
        collection.insert_many([{"_id": 1}, wrong, {"_id": 3}], ordered=False)
    assert failure.value.details["writeErrors"][0]["code"] == 16746
    assert [each["_id"] for each in collection.find()] == [1, 3]


def test_a_duplicate_that_python_has_no_value_for(collection):
    collection.create_index("t", unique=True)
    late = DatetimeMS(10**15)
    collection.insert_one({"_id": 1, "t": late})
    error = caught(lambda: collection.insert_one({"t": late}), pymongo.errors.DuplicateKeyError)
    assert error.details["keyValue"] == {"t": late}
    with pytest.raises(pymongo.errors.BulkWriteError) as failure:
        collection.insert_many([{"t": late}, {"_id": 2}], ordered=False)
    assert failure.value.details["nInserted"] == 1


def test_updates_that_do_not_fit(collection):
    collection.insert_one({"_id": 1, "n": "text", "a": [1]})
    for update, name in (
        ({"$inc": {"n": 1}}, "typeMismatch"),
        ({"$push": {"n": 1}}, "typeMismatch"),
        ({"$set": {"_id": 2}}, "immutableID"),
        ({"$nonsense": {"n": 1}}, "invalidQuery"),
    ):
        error = caught(lambda update=update: collection.update_one({}, update), pymongo.errors.WriteError)
        assert error.code_name == name
        assert '"things"' in str(error)
    collection.update_one({}, {"$set": {"n": 2**63 - 1}})
    assert caught(lambda: collection.update_one({}, {"$inc": {"n": 1}})).code_name == "overflow"


def test_documents_that_are_too_large(collection):
    collection.insert_one({"_id": 1})
    large = {"x": "x" * (17 << 20)}
    for call in (
        lambda: collection.insert_one(dict(large)),
        lambda: collection.insert_many([{}, dict(large)]),
        lambda: collection.replace_one({"_id": 1}, large),
        lambda: collection.find_one_and_replace({"_id": 1}, large),
        lambda: collection.bulk_write([InsertOne(dict(large))]),
        lambda: collection.bulk_write([ReplaceOne({"_id": 1}, large)]),
    ):
        error = caught(call, pymongo.errors.DocumentTooLarge)
        assert error.code_name == "documentTooLarge"
        assert "16 MiB" in str(error)
    assert list(collection.find()) == [{"_id": 1}]


def test_updates_that_make_documents_too_large(collection):
    collection.insert_one({"_id": 1, "x": "x" * (15 << 20)})
    update = {"$set": {"y": "y" * (2 << 20)}}
    error = caught(lambda: collection.update_one({}, update), pymongo.errors.WriteError)
    assert "16 MiB" in str(error)
    assert set(collection.find_one()) == {"_id", "x"}


def test_documents_that_are_too_deep(collection):
    document = {}
    for _ in range(250):
        document = {"n": document}
    for call in (
        lambda: collection.insert_one(dict(document)),
        lambda: collection.insert_many([dict(document)]),
        lambda: collection.replace_one({}, document),
        lambda: collection.find_one(document),
    ):
        error = caught(call, bson.errors.InvalidDocument)
        assert "200" in str(error)


def test_a_failed_bulk_write(collection):
    collection.insert_one({"_id": 1})
    error = caught(
        lambda: collection.bulk_write([InsertOne({"_id": 2}), InsertOne({"_id": 1})]),
        pymongo.errors.BulkWriteError,
    )
    assert isinstance(error, pymongo.errors.OperationFailure)
    assert (error.code, error.code_name) == (65, "duplicateID")
    assert set(error.details) == {
        "writeErrors",
        "writeConcernErrors",
        "nInserted",
        "nUpserted",
        "nMatched",
        "nModified",
        "nRemoved",
        "upserted",
    }
    assert set(error.details["writeErrors"][0]) >= {"index", "code", "errmsg", "op"}
    assert "1" in str(error)
    assert '"things"' in str(error)


def test_pickled_errors_are_the_same(db, collection):
    collection.insert_one({"_id": 1})
    blocked = db.transaction()
    collection.update_one({"_id": 1}, {"$set": {"a": 1}})
    raised = [
        caught(lambda: collection.insert_one({"_id": 1})),
        caught(lambda: collection.insert_many([{"_id": 1}])),
        caught(lambda: collection.find_one({"$bad": 1})),
        caught(lambda: collection.delete_one({"$bad": 1})),
        caught(lambda: blocked["things"].update_one({"_id": 1}, {"$set": {"a": 2}})),
        caught(lambda: db.create_collection("things")),
    ]
    for error in raised:
        other = pickle.loads(pickle.dumps(error))
        assert type(other) is type(error)
        assert str(other) == str(error)
        assert (other.code, other.code_name, other.details) == (error.code, error.code_name, error.details)
        label = "TransientTransactionError"
        assert other.has_error_label(label) == error.has_error_label(label)
    assert raised[4].has_error_label(label)


def test_errors_of_opening(path, tmp_path):
    error = caught(lambda: holdfast.connect(path, create=False), errors.DatabaseNotFound)
    assert str(path) in str(error)
    assert error.code_name == "notFound"
    error = caught(lambda: holdfast.connect(tmp_path), errors.OpenError)
    assert (error.code_name, str(tmp_path) in str(error)) == ("notAFile", True)
    path.write_bytes(b"no database at all " * 1000)
    error = caught(lambda: holdfast.connect(path), errors.OpenError)
    assert (error.code_name, str(path) in str(error)) == ("notADatabase", True)
    assert path.read_bytes() == b"no database at all " * 1000
    missing = tmp_path / "no" / "such" / "folder"
    error = caught(lambda: holdfast.connect(missing))
    assert "folder" in str(error)


def test_an_unknown_failure_is_still_an_error():
    error = errors.error_from_native(999, "somethingNew", "what happened", b"")
    assert type(error) is errors.OperationFailure
    assert (error.code_name, error.code, str(error)) == ("somethingNew", None, "what happened")
