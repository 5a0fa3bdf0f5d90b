"""`holdfast.ironbase`: transactions by their numbers."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from holdfast import ironbase
from holdfast.ironbase import IronBase


@pytest.fixture
def users(db: IronBase) -> ironbase.Collection:
    users = db.collection("users")
    users.insert_many(
        [{"name": "Ada", "age": 36}, {"name": "Blaise", "age": 39}, {"name": "Carl", "age": 77}]
    )
    return users


def test_a_commit(db: IronBase, users: ironbase.Collection) -> None:
    transaction = db.begin_transaction()
    assert transaction == 1
    assert db.insert_one_tx("users", {"name": "David"}, transaction) == {
        "acknowledged": True,
        "inserted_id": 4,
    }
    assert db.update_one_tx("users", {"name": "Ada"}, {"name": "Ada", "age": 37}, transaction) == {
        "acknowledged": True,
        "matched_count": 1,
        "modified_count": 1,
    }
    assert db.delete_one_tx("users", {"name": "Blaise"}, transaction) == {
        "acknowledged": True,
        "deleted_count": 1,
    }
    assert db.insert_one_tx("logs", {"what": "all of it"}, transaction)["inserted_id"] == 1
    assert users.find_one({"_id": 1}) == {"_id": 1, "name": "Ada", "age": 36} and users.count_documents() == 3
    assert db.commit_transaction(transaction) is None
    assert users.find(sort=[("_id", 1)]) == [
        {"_id": 1, "name": "Ada", "age": 37},
        {"_id": 3, "name": "Carl", "age": 77},
        {"_id": 4, "name": "David"},
    ]
    assert db.collection("logs").count_documents() == 1


def test_a_rollback(db: IronBase, users: ironbase.Collection) -> None:
    before = users.find()
    transaction = db.begin_transaction()
    db.insert_one_tx("users", {"name": "David"}, transaction)
    db.update_one_tx("users", {"name": "Ada"}, {"name": "Lovelace"}, transaction)
    db.delete_one_tx("users", {"name": "Blaise"}, transaction)
    db.rollback_transaction(transaction)
    assert users.find() == before


def test_a_replacement_leaves_nothing_but_the_id(db: IronBase, users: ironbase.Collection) -> None:
    transaction = db.begin_transaction()
    db.update_one_tx("users", {"age": {"$gt": 70}}, {"_id": 99, "title": "princeps"}, transaction)
    assert db.update_one_tx("users", {"name": "Nobody"}, {"a": 1}, transaction)["matched_count"] == 0
    assert db.update_one_tx("users", {"name": "Ada"}, {}, transaction)["modified_count"] == 1
    db.commit_transaction(transaction)
    assert users.find({"_id": {"$in": [1, 3]}}) == [{"_id": 1}, {"_id": 3, "title": "princeps"}]


def test_operators_change_instead(db: IronBase, users: ironbase.Collection) -> None:
    transaction = db.begin_transaction()
    db.update_one_tx("users", {"name": "Ada"}, {"$inc": {"age": 1}}, transaction)
    with pytest.raises(ironbase.InvalidQueryError):
        db.update_one_tx("users", {"name": "Ada"}, {"$inc": {"age": 1}, "name": "x"}, transaction)
    db.commit_transaction(transaction)
    assert users.find_one({"_id": 1}) == {"_id": 1, "name": "Ada", "age": 37}


def test_many_at_once(db: IronBase, users: ironbase.Collection) -> None:
    transaction = db.begin_transaction()
    assert db.insert_many_tx("users", [{"age": 1}, {"age": 2}], transaction) == {
        "acknowledged": True,
        "inserted_count": 2,
        "inserted_ids": [4, 5],
    }
    assert db.update_many_tx("users", {"age": {"$lt": 30}}, {"$set": {"young": True}}, transaction) == {
        "acknowledged": True,
        "matched_count": 2,
        "modified_count": 2,
    }
    assert db.delete_many_tx("users", {"young": {"$exists": False}}, transaction)["deleted_count"] == 3
    db.commit_transaction(transaction)
    assert [user["_id"] for user in users.find()] == [4, 5]


def test_a_transaction_sees_what_it_did(db: IronBase) -> None:
    transaction = db.begin_transaction()
    db.insert_one_tx("new", {"n": 1}, transaction)
    assert db.update_one_tx("new", {"n": 1}, {"n": 2}, transaction)["matched_count"] == 1
    assert db.delete_one_tx("new", {"n": 2}, transaction)["deleted_count"] == 1
    db.commit_transaction(transaction)
    assert db.collection("new").find() == []


def test_several_at_the_same_time(db: IronBase) -> None:
    first, second, third = db.begin_transaction(), db.begin_transaction(), db.begin_transaction()
    assert (first, second, third) == (1, 2, 3)
    for number, transaction in enumerate((first, second, third)):
        db.insert_one_tx("shared", {"n": number}, transaction)
        db.insert_one_tx(f"own{number}", {"n": number}, transaction)
    db.commit_transaction(second)
    db.rollback_transaction(first)
    db.commit_transaction(third)
    assert sorted(each["n"] for each in db.collection("shared").find()) == [1, 2]
    assert db.collection("own0").find() == [] and len(db.collection("own1").find()) == 1


def test_one_that_is_over_or_was_never_begun(db: IronBase) -> None:
    committed, rolled_back = db.begin_transaction(), db.begin_transaction()
    db.commit_transaction(committed)
    db.rollback_transaction(rolled_back)
    for transaction in (committed, rolled_back, 0, 99):
        calls: list[tuple[Any, ...]] = [
            (db.commit_transaction,),
            (db.rollback_transaction,),
            (db.insert_one_tx, "users", {}),
            (db.update_one_tx, "users", {}, {}),
            (db.delete_one_tx, "users", {}),
        ]
        for call, *arguments in calls:
            with pytest.raises(ironbase.TransactionError, match=f"Transaction {transaction} not found"):
                call(*arguments, transaction)
    assert db.list_collections() == []


@pytest.mark.parametrize(("number", "error"), [("1", TypeError), (None, TypeError), (-1, OverflowError)])
def test_what_is_no_number(db: IronBase, number: Any, error: Any) -> None:
    with pytest.raises(error):
        db.commit_transaction(number)
    with pytest.raises(error):
        db.insert_one_tx("users", {}, number)


def test_a_call_that_fails_leaves_the_rest_of_the_transaction(
    db: IronBase, users: ironbase.Collection
) -> None:
    users.create_index("name", unique=True)
    users.set_schema({"required": ["name"]})
    transaction = db.begin_transaction()
    db.insert_one_tx("users", {"name": "David"}, transaction)
    with pytest.raises(ironbase.DuplicateKeyError):
        db.insert_many_tx("users", [{"name": "Emmy"}, {"name": "Ada"}], transaction)
    with pytest.raises(ironbase.SchemaValidationError):
        db.insert_many_tx("users", [{"name": "Emmy"}, {"age": 3}], transaction)
    with pytest.raises(ironbase.SchemaValidationError):
        db.update_one_tx("users", {"name": "Ada"}, {"age": 3}, transaction)
    with pytest.raises(ironbase.SchemaValidationError):
        db.update_many_tx("users", {}, {"$unset": {"name": ""}}, transaction)
    with pytest.raises(TypeError):
        db.insert_one_tx("users", {"born": object()}, transaction)
    db.commit_transaction(transaction)
    assert users.distinct("name") == ["Ada", "Blaise", "Carl", "David"]


def test_what_another_one_has_written_is_waited_for(db: IronBase, users: ironbase.Collection) -> None:
    transaction = db.begin_transaction()
    db.update_one_tx("users", {"name": "Ada"}, {"$inc": {"age": 1}}, transaction)
    results: list[Any] = []
    thread = threading.Thread(
        target=lambda: results.append(users.update_one({"_id": 1}, {"$inc": {"age": 1}}))
    )
    thread.start()
    thread.join(0.2)
    assert thread.is_alive() and users.find_one({"_id": 1}, {"age": 1}) == {"_id": 1, "age": 36}
    db.commit_transaction(transaction)
    thread.join()
    assert results[0]["modified_count"] == 1 and users.find_one({"_id": 1}, {"age": 1}) == {
        "_id": 1,
        "age": 38,
    }


def test_waiting_ends_after_five_seconds(db: IronBase, users: ironbase.Collection) -> None:
    transaction = db.begin_transaction()
    db.delete_one_tx("users", {"name": "Ada"}, transaction)
    start = time.monotonic()
    with pytest.raises(ironbase.TransactionError) as caught:
        users.update_one({"_id": 1}, {"$set": {"age": 0}})
    assert 4.9 < time.monotonic() - start < 15
    assert caught.value.code_name == "lockTimeout"
    db.rollback_transaction(transaction)
    assert users.update_one({"_id": 1}, {"$set": {"age": 0}})["modified_count"] == 1


def test_money_is_neither_made_nor_lost(tmp_path: Path) -> None:
    with IronBase(str(tmp_path / "bank.mlite"), "unsafe") as db:
        accounts = db.collection("accounts")
        accounts.insert_many([{"balance": 100} for _ in range(4)])

        def work(own: int) -> None:
            for number in range(40):
                transaction = db.begin_transaction()
                try:
                    source, target = (own + number) % 4 + 1, (own + number + 1) % 4 + 1
                    db.update_one_tx("accounts", {"_id": source}, {"$inc": {"balance": -1}}, transaction)
                    db.update_one_tx("accounts", {"_id": target}, {"$inc": {"balance": 1}}, transaction)
                    db.commit_transaction(transaction)
                except RuntimeError:
                    db.rollback_transaction(transaction)

        threads = [threading.Thread(target=work, args=(own,)) for own in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(each["balance"] for each in accounts.find()) == 400


def test_close_rolls_back(tmp_path: Path) -> None:
    path = str(tmp_path / "app.mlite")
    with IronBase(path) as db:
        db.insert_one_tx("users", {}, db.begin_transaction())
    with IronBase(path) as db:
        assert db.collection("users").count_documents() == 0
