"""What fails, or ends, when half of the work is done."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import holdfast
import pytest
from holdfast import errors


def test_a_cursor_that_fails_on_a_later_document_says_so(collection):
    """The documents before the failure are given, and then the failure, however they are read."""
    collection.insert_many([{"_id": n, "divisor": 1} for n in range(50)])
    collection.update_one({"_id": 40}, {"$set": {"divisor": 0}})
    query = {"$expr": {"$gte": [{"$mod": [7, "$divisor"]}, 0]}}
    for cursor in (collection.find(query), collection.find(query, batch_size=7), collection.find(query).limit(45)):
        seen = []
        with pytest.raises(errors.QueryError):
            for document in cursor:
                seen.append(document["_id"])
        assert seen == list(range(40))
        assert list(cursor) == []
    assert len(list(collection.find(query).limit(40))) == 40


def test_a_commit_beside_a_call_of_another_thread(db):
    """It is refused, and the transaction is still open; rolling back happens when the call returns."""
    db.c.insert_one({"_id": 1, "n": 0})
    holder, waiting = db.transaction(), db.transaction()
    holder["c"].update_one({"_id": 1}, {"$inc": {"n": 1}})
    failures = []

    def update():
        try:
            waiting["c"].update_one({"_id": 1}, {"$inc": {"n": 1}})
        except holdfast.HoldfastError as error:
            failures.append(error)

    thread = threading.Thread(target=update)
    thread.start()
    deadline = time.monotonic() + 10
    while db.stats()["transactions"]["lockWaits"] == 0 and time.monotonic() < deadline:
        time.sleep(0.001)
    with pytest.raises(errors.InvalidOperation, match="another thread"):
        waiting.commit()
    assert waiting.is_open
    waiting.rollback()
    holder.rollback()
    thread.join()
    assert not waiting.is_open
    assert db.stats()["transactions"]["open"] == 0
    assert db.c.find_one(1)["n"] == 0


def test_what_a_callback_has_committed_is_not_done_again(db):
    """A conflict after the callback's own commit is for the caller."""
    runs = []

    def callback(tx):
        runs.append(1)
        tx["c"].insert_one({})
        tx.commit()
        raise errors.WriteConflict("another transaction's", "writeConflict")

    with pytest.raises(errors.WriteConflict):
        db.run_transaction(callback)
    assert len(runs) == 1 and db.c.count_documents({}) == 1


def test_a_cursor_from_before_going_back_to_a_savepoint(db):
    """It may have read what was taken back, and ends with an error."""
    with db.transaction() as tx:
        savepoint = tx.savepoint()
        tx["c"].insert_many([{"_id": n} for n in range(100)])
        cursor = tx["c"].find(batch_size=10)
        assert next(cursor) == {"_id": 0}
        tx.rollback_to(savepoint)
        with pytest.raises(errors.InvalidOperation, match="savepoint"):
            list(cursor)
        assert list(tx["c"].find()) == []


FORKED = """
import os, sys, holdfast
with holdfast.connect(sys.argv[1]) as db:
    with db.transaction() as tx:
        tx["c"].insert_one({"_id": 1})
        child = os.fork()
        if child == 0:
            sys.exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    print(db.c.count_documents({}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_that_leaves_the_blocks_of_its_parent(path):
    """Neither the database nor the transaction is its to end."""
    done = subprocess.run(
        [sys.executable, "-c", FORKED, str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")
    with holdfast.connect(path) as db:
        assert db.c.count_documents({}) == 1


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("cache_bytes", "x", TypeError),
        ("cache_bytes", -1, ValueError),
        ("page_size", 0, ValueError),
        ("maximum_transaction_bytes", 0, ValueError),
        ("maximum_transactions", 2.5, TypeError),
        ("password_log_n", 1.5, TypeError),
    ],
)
def test_numbers_that_make_no_sense(path, name, value, kind):
    """They are refused by the name that the caller used, before anything is made."""
    with pytest.raises(kind, match=name):
        holdfast.connect(path, **{name: value})
    assert not os.path.exists(path)
