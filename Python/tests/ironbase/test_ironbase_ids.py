"""`holdfast.ironbase`: ids are counted from 1, and none is given twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import Any

import pytest

from holdfast import ironbase
from holdfast.ironbase import IronBase


def next_id(db: IronBase, name: str = "users") -> Any:
    return db.collection(name).insert_one({})["inserted_id"]


def test_each_collection_counts_from_1(db: IronBase) -> None:
    assert [next_id(db), next_id(db), next_id(db, "other"), next_id(db)] == [1, 2, 1, 3]
    assert type(next_id(db)) is int
    assert db.collection("users").find_one({"_id": 2}) == {"_id": 2}


def test_ids_of_ones_own(db: IronBase) -> None:
    users = db.collection("users")
    assert users.insert_one({"_id": "ada", "n": 1}) == {"acknowledged": True, "inserted_id": "ada"}
    assert next_id(db) == 1
    assert users.insert_many([{}, {"_id": 10}, {}, {"_id": -5}, {"_id": 0}])["inserted_ids"] == [
        2,
        10,
        11,
        -5,
        0,
    ]
    assert next_id(db) == 12
    assert users.find_one({"_id": "ada"}) == {"_id": "ada", "n": 1}


@pytest.mark.parametrize("identifier", [None, True, 1.0, 1.5, [1], {"a": 1}])
def test_what_cannot_be_an_id(db: IronBase, identifier: Any) -> None:
    with pytest.raises(ironbase.SerializationError, match="Invalid _id"):
        db.collection("users").insert_one({"_id": identifier})
    assert db.collection("users").count_documents() == 0


def test_an_id_that_is_there_already(db: IronBase) -> None:
    users = db.collection("users")
    next_id(db)
    with pytest.raises(ironbase.DuplicateKeyError) as caught:
        users.insert_one({"_id": 1})
    assert isinstance(caught.value, RuntimeError) and caught.value.code_name == "duplicateID"
    with pytest.raises(ironbase.DuplicateKeyError):
        users.insert_many([{"a": 1}, {"_id": 1}])
    assert users.find() == [{"_id": 1}]


def test_the_highest_id(db: IronBase) -> None:
    users = db.collection("users")
    users.insert_one({"_id": 2**63 - 2})
    assert next_id(db) == 2**63 - 1
    with pytest.raises(ironbase.OperationNotAllowedError, match="highest id"):
        users.insert_one({})
    assert users.insert_one({"_id": 7})["inserted_id"] == 7


def test_no_id_comes_again_in_a_session(db: IronBase) -> None:
    users = db.collection("users")
    next_id(db)
    assert next_id(db) == 2
    users.delete_many({})
    assert next_id(db) == 3
    transaction = db.begin_transaction()
    assert db.insert_one_tx("users", {}, transaction)["inserted_id"] == 4
    db.rollback_transaction(transaction)
    assert next_id(db) == 5


@pytest.mark.parametrize("delete", ["one", "many", "transaction", "nothing"])
def test_no_id_comes_again_after_reopening(path: str, delete: str) -> None:
    with IronBase(path) as db:
        users = db.collection("users")
        users.insert_many([{}, {}, {}])
        if delete == "one":
            users.delete_one({"_id": 3})
        elif delete == "many":
            users.delete_many({})
        elif delete == "transaction":
            transaction = db.begin_transaction()
            db.delete_many_tx("users", {"_id": {"$gt": 1}}, transaction)
            db.commit_transaction(transaction)
    with IronBase(path) as db:
        assert next_id(db) == 4


def test_ids_that_were_rolled_back_do_not_come_again_after_reopening(path: str) -> None:
    with IronBase(path) as db:
        transaction = db.begin_transaction()
        assert db.insert_one_tx("users", {}, transaction)["inserted_id"] == 1
        db.rollback_transaction(transaction)
    with IronBase(path) as db:
        assert next_id(db) == 2


def test_ids_count_on_without_close(path: str) -> None:
    db = IronBase(path)
    next_id(db)
    next_id(db)
    db.collection("users").delete_one({"_id": 2})
    del db
    with IronBase(path) as db:
        assert next_id(db) == 3


KILLED = """
import os, signal, sys
from holdfast.ironbase import IronBase
db = IronBase(sys.argv[1], sys.argv[2])
users = db.collection("users")
for _ in range(20):
    users.insert_one({"n": 1})
if sys.argv[3] == "transaction":
    transaction = db.begin_transaction()
    db.delete_many_tx("users", {"_id": {"$gt": 10}}, transaction)
    db.commit_transaction(transaction)
else:
    users.delete_many({"_id": {"$gt": 10}})
if sys.argv[2] != "safe":
    db.database.persist()
print("done", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("durability", ["safe", "batch", "unsafe"])
@pytest.mark.parametrize("how", ["alone", "transaction"])
def test_no_id_comes_again_after_a_kill(path: str, durability: str, how: str) -> None:
    process = subprocess.run(
        [sys.executable, "-c", KILLED, path, durability, how], capture_output=True, text=True
    )
    assert process.returncode == -signal.SIGKILL and process.stdout == "done\n", process.stderr
    with IronBase(path) as db:
        assert db.collection("users").count_documents() == 10
        assert next_id(db) == 21


CHURN = r"""
import os, sys, threading
from holdfast.ironbase import IronBase
db = IronBase(sys.argv[1], "safe")
users = db.collection("users")
def work():
    while True:
        identifier = users.insert_one({})["inserted_id"]
        os.write(1, b"%d\n" % identifier)
        users.delete_one({"_id": identifier})
for _ in range(4):
    threading.Thread(target=work).start()
"""


def test_kills_in_the_middle_of_insertions_and_deletions(path: str) -> None:
    seen: list[int] = []
    for _ in range(4):
        process = subprocess.Popen([sys.executable, "-c", CHURN, path], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(40)]
        process.kill()
        lines += process.stdout.read().splitlines(keepends=True)
        process.wait()
        seen += [int(line) for line in lines if line.endswith("\n")]
    assert len(seen) == len(set(seen)) >= 160


def test_threads_get_different_ids(db: IronBase) -> None:
    users = db.collection("users")
    found: list[int] = []

    def work() -> None:
        for number in range(100):
            if number % 10:
                found.append(users.insert_one({})["inserted_id"])
            else:
                found.extend(users.insert_many([{}] * 51)["inserted_ids"])

    threads = [threading.Thread(target=work) for _ in range(8)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert (
        sorted(found)
        == list(range(1, 8 * (90 + 510) + 1))
        == [user["_id"] for user in users.find(sort=[("_id", 1)])]
    )


def test_counted_ids_go_out_of_the_way_of_chosen_ones(db: IronBase) -> None:
    users = db.collection("users")
    next_id(db)
    for identifier in range(2, 50):
        db.database["users"].insert_one({"_id": identifier})
    transaction = db.begin_transaction()
    assert db.insert_one_tx("users", {}, transaction)["inserted_id"] == 50
    db.commit_transaction(transaction)
    assert users.insert_many([{}, {}])["inserted_ids"] == [51, 52]


def test_ids_are_not_confused_by_others_in_the_file(path: str) -> None:
    import holdfast

    with holdfast.connect(path) as plain:
        ids: list[Any] = [3, "z", 2.5, holdfast.ObjectId(), b"bytes", {"a": 1}, 2**40, float("inf")]
        plain.users.insert_many([{"_id": each} for each in ids])
        plain.others.insert_many([{"_id": each} for each in (3, 10.5, "x")])
    with IronBase(path) as db:
        assert next_id(db) == 2**40 + 1 and next_id(db, "others") == 4
        assert db.collection("users").count_documents() == 9


def test_ids_are_stored_only_when_they_would_be_lost(db: IronBase) -> None:
    kept = db.database["holdfast.ironbase"]
    users = db.collection("users")
    users.insert_many([{}, {}, {}])
    assert kept.count_documents({}) == 0
    users.delete_one({"_id": 99})
    assert kept.count_documents({}) == 0
    users.delete_one({"_id": 1})
    assert kept.find_one("users") == {"_id": "users", "lastId": 3}
    users.delete_one({"_id": 2})
    assert kept.find_one("users") == {"_id": "users", "lastId": 3}
    assert os.path.exists(db.database.path)
