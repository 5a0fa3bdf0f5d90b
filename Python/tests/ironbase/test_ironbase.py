"""`holdfast.ironbase`: opening, collections, documents, maintenance."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast import ironbase
from holdfast.ironbase import IronBase


# ---------------------------------------------------------------------------------------------- opening


def test_the_file_is_at_the_path(path: str) -> None:
    with IronBase(path) as db:
        assert os.path.isfile(path)
        assert repr(db) == f"IronBase('{path}')"
    assert os.listdir(os.path.dirname(path)) == ["app.mlite"]


def test_a_path_may_be_a_pathlib_path(tmp_path: Path) -> None:
    with IronBase(tmp_path / "app.mlite"):
        assert (tmp_path / "app.mlite").is_file()


def test_an_unknown_durability_creates_nothing(path: str) -> None:
    with pytest.raises(ValueError, match="Invalid durability mode 'sometimes'"):
        IronBase(path, durability="sometimes")
    assert os.listdir(os.path.dirname(path)) == []


@pytest.mark.parametrize("durability", ["safe", "batch", "unsafe"])
def test_durabilities(path: str, durability: str) -> None:
    with IronBase(path, durability, 7) as db:
        found = db.database.durability()
        assert found["durability"] == durability
        assert found.get("batch_size") == (7 if durability == "batch" else None)


@pytest.mark.parametrize(
    "arguments",
    [
        {"path": 1},
        {"path": "x", "durability": None},
        {"path": "x", "batch_size": "many"},
        {"path": "x", "auto_checkpoint": 1.5},
    ],
)
def test_arguments_of_wrong_types(tmp_path: Path, arguments: dict[str, Any], monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TypeError):
        IronBase(**arguments)
    with pytest.raises(OverflowError):
        IronBase("x", batch_size=-1)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_opened_is_an_os_error(tmp_path: Path, path: str) -> None:
    with pytest.raises(OSError):
        IronBase(str(tmp_path / "missing" / "app.mlite"))
    foreign = tmp_path / "foreign.mlite"
    foreign.write_bytes(b"MONGOLITE" * 100_000)
    with pytest.raises(OSError, match="imported"):
        IronBase(str(foreign))
    assert foreign.read_bytes() == b"MONGOLITE" * 100_000
    with IronBase(path):
        with pytest.raises(ironbase.DatabaseLockedError) as caught:
            IronBase(path)
    assert isinstance(caught.value, OSError) and isinstance(caught.value, RuntimeError)
    assert caught.value.code_name == "databaseLocked"


def test_another_process_cannot_open_it_meanwhile(path: str) -> None:
    program = (
        f"from holdfast.ironbase import IronBase\ntry: IronBase({path!r})\nexcept OSError: print('locked')"
    )
    with IronBase(path):
        assert subprocess.run([sys.executable, "-c", program], capture_output=True).stdout == b"locked\n"


def test_it_reopens_after_close_and_after_nothing_refers_to_it(path: str) -> None:
    db = IronBase(path)
    users = db.collection("users")
    users.insert_one({"name": "Ada"})
    db.close()
    db.close()
    db = IronBase(path)
    users = db.collection("users")
    users.insert_one({"name": "Blaise"})
    del db
    assert users.count_documents() == 2
    del users
    gc.collect()
    with IronBase(path) as db:
        assert db.collection("users").count_documents() == 2


def test_a_closed_database_says_so(db: IronBase, users: ironbase.Collection) -> None:
    cursor = users.find_cursor(batch_size=1)
    db.close()
    for call in (
        users.find,
        lambda: users.insert_one({}),
        lambda: users.delete_many({}),
        lambda: db.collection("other"),
        db.list_collections,
        db.begin_transaction,
        db.stats,
        db.compact,
        db.checkpoint,
        cursor.rewind,
    ):
        with pytest.raises(ironbase.DatabaseClosedError):
            call()


def test_in_memory_leaves_nothing() -> None:
    db = IronBase.open_memory()
    folder = os.path.dirname(db.database.path)
    assert db.is_memory() and str(db) == "IronBase(:memory:)" and os.path.isdir(folder)
    db.collection("users").insert_one({"name": "Ada"})
    transaction = db.begin_transaction()
    db.insert_one_tx("users", {"name": "Blaise"}, transaction)
    db.commit_transaction(transaction)
    assert db.collection("users").count_documents() == 2
    db.close()
    assert not os.path.exists(folder)
    dropped = IronBase.open_memory()
    folder = os.path.dirname(dropped.database.path)
    del dropped
    gc.collect()
    assert not os.path.exists(folder)


def test_a_file_is_not_in_memory(db: IronBase) -> None:
    assert not db.is_memory() and str(db) == repr(db)


def test_log_levels() -> None:
    assert IronBase.get_log_level() == "WARN"
    try:
        for level in ("ERROR", "INFO", "DEBUG", "TRACE", "WARN"):
            IronBase.set_log_level(level.lower())
            assert IronBase.get_log_level() == level
    finally:
        IronBase.set_log_level("WARN")
    with pytest.raises(ValueError, match="Invalid log level 'LOUD'"):
        IronBase.set_log_level("LOUD")


def test_opening_and_closing_is_logged(path: str, caplog: Any) -> None:
    IronBase.set_log_level("INFO")
    try:
        IronBase(path, "batch").close()
    finally:
        IronBase.set_log_level("WARN")
    assert [record.message for record in caplog.records] == [
        f"opened {path}, durability batch",
        f"closed {path}",
    ]


# ---------------------------------------------------------------------------------------------- collections


def test_asking_for_a_collection_makes_it(db: IronBase) -> None:
    assert db.list_collections() == []
    assert repr(db.collection("test-collection_123")) == "Collection('test-collection_123')"
    db.collection("a")
    assert db.list_collections() == ["a", "test-collection_123"]


def test_what_the_layer_keeps_is_not_listed_and_not_touched(db: IronBase, users: ironbase.Collection) -> None:
    users.set_schema({"type": "object"})
    assert db.list_collections() == ["users"]
    for call in (db.collection, db.drop_collection):
        with pytest.raises(ironbase.OperationNotAllowedError):
            call("holdfast.ironbase")
    with pytest.raises(ironbase.OperationNotAllowedError):
        db.rename_collection("users", "holdfast.ironbase")


def test_dropping(db: IronBase, users: ironbase.Collection) -> None:
    users.create_index("age")
    users.set_schema({"required": ["name"]})
    db.drop_collection("users")
    assert db.list_collections() == []
    with pytest.raises(ironbase.CollectionNotFoundError, match="Collection 'users' not found"):
        db.drop_collection("users")
    with pytest.raises(RuntimeError, match="'users' not found"):
        users.insert_one({})
    again = db.collection("users")
    assert again.list_indexes() == ["users_id"] and again.get_schema() is None
    assert again.insert_one({}) == {"acknowledged": True, "inserted_id": 1}


def test_renaming(path: str) -> None:
    with IronBase(path) as db:
        users = db.collection("users")
        users.insert_many([{"age": 1}, {"age": 2}, {"age": 3}])
        users.delete_one({"_id": 3})
        users.create_index("age")
        users.set_schema({"required": ["age"]})
        db.collection("other")
        with pytest.raises(ironbase.CollectionExistsError):
            db.rename_collection("users", "other")
        with pytest.raises(ironbase.CollectionNotFoundError):
            db.rename_collection("nobody", "somebody")
        db.rename_collection("users", "users")
        db.rename_collection("users", "people")
        with pytest.raises(RuntimeError):
            users.find()
    with IronBase(path) as db:
        assert db.list_collections() == ["other", "people"]
        people = db.collection("people")
        assert people.list_indexes() == ["people_id", "people_age"]
        assert people.get_schema() == {"required": ["age"]}
        assert people.insert_one({"age": 4})["inserted_id"] == 4


@pytest.mark.parametrize("name", ["", "$users", "a..b"])
def test_names_that_cannot_be(db: IronBase, name: str) -> None:
    with pytest.raises(ironbase.InvalidQueryError):
        db.collection(name)
    with pytest.raises(TypeError):
        db.collection(5)  # type: ignore[arg-type]
    assert db.list_collections() == []


# ---------------------------------------------------------------------------------------------- maintenance


def test_compact(db: IronBase) -> None:
    data = db.collection("data")
    data.insert_many([{"index": index, "text": "x" * 500} for index in range(200)])
    for index in range(0, 200, 2):
        data.delete_one({"index": index})
    result = db.compact()
    assert result["documents_kept"] == 100 and result["tombstones_removed"] == 100
    assert result["documents_scanned"] == 200
    assert result["size_before"] > result["size_after"] >= os.path.getsize(db.database.path)
    assert result["space_saved"] == result["size_before"] - result["size_after"]
    assert 0 < result["compression_ratio"] < 100 and result["peak_memory_mb"] == 0
    assert data.count_documents() == 100
    again = db.compact()
    assert (again["documents_kept"], again["tombstones_removed"]) == (100, 0)


def test_deleted_documents_are_counted_also_after_reopening(path: str) -> None:
    with IronBase(path) as db:
        db.collection("a").insert_many([{}, {}, {}])
        db.collection("b").insert_many([{}, {}])
        db.collection("a").delete_one({"_id": 1})
    with IronBase(path) as db:
        db.collection("b").delete_many({})
        transaction = db.begin_transaction()
        db.delete_one_tx("a", {"_id": 2}, transaction)
        assert db.compact()["tombstones_removed"] == 3
        db.rollback_transaction(transaction)
    with IronBase(path) as db:
        assert db.compact()["tombstones_removed"] == 0


def test_stats_are_json_text(db: IronBase, users: ironbase.Collection) -> None:
    users.delete_one({"_id": 4})
    stats = json.loads(db.stats())
    assert stats["file_path"] == db.database.path and stats["file_size"] == os.path.getsize(db.database.path)
    assert stats["page_size"] == 8192 and stats["collection_count"] == 1
    assert stats["collections"] == [{"name": "users", "document_count": 3, "last_id": 4}]
    assert stats["engine"]["durability"] == "unsafe"


def test_checkpoints(db: IronBase, users: ironbase.Collection) -> None:
    before = db.database.stats()["checkpoints"]
    db.checkpoint()
    assert db.database.stats()["checkpoints"] == before + 1


def test_auto_checkpoint(path: str) -> None:
    with IronBase(path, "unsafe", auto_checkpoint=10) as db:
        users = db.collection("users")
        before = db.database.stats()["checkpoints"]
        for _ in range(25):
            users.insert_one({})
        assert db.database.stats()["checkpoints"] == before + 2
        transaction = db.begin_transaction()
        db.insert_many_tx("users", [{}, {}, {}, {}, {}], transaction)
        assert db.database.stats()["checkpoints"] == before + 2
        db.commit_transaction(transaction)
        assert db.database.stats()["checkpoints"] == before + 3
        for _ in range(9):
            users.insert_one({})
        db.checkpoint()
        for _ in range(9):
            users.insert_one({})
        assert db.database.stats()["checkpoints"] == before + 4
    with IronBase(path, "safe", auto_checkpoint=1) as db:
        before = db.database.stats()["checkpoints"]
        db.collection("users").insert_one({})
        assert db.database.stats()["checkpoints"] == before


def test_the_whole_api_is_at_hand(db: IronBase, users: ironbase.Collection) -> None:
    assert isinstance(db.database, holdfast.Database)
    assert db.database["users"].find_one(1, {"name": 1}) == {"_id": 1, "name": "Ada"}
    db.database["users"].insert_one({"_id": 100})
    db.database["users"].insert_one({"_id": 5})
    assert users.insert_many([{}, {}])["inserted_ids"] == [7, 8]  # 5 and 6 were about to be given


def test_what_is_missing_is_not_there(users: ironbase.Collection) -> None:
    for name in ("aggregate", "create_fulltext_index", "fuzzy_search"):
        with pytest.raises(AttributeError):
            getattr(users, name)


def test_every_error_is_a_runtime_error() -> None:
    errors = [getattr(ironbase, name) for name in ironbase.__all__ if name.endswith(("Error", "Exception"))]
    assert len(errors) == 18
    for error in errors:
        assert issubclass(error, RuntimeError) and issubclass(error, ironbase.IronBaseException)
