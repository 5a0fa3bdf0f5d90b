"""Threads: one database for all of them, and an interpreter that goes on while the library works."""

import sys
import threading
import time

import pytest
from workers import in_threads

import holdfast
from holdfast import InsertOne, UpdateOne, errors


@pytest.mark.parametrize("durability", ["safe", "batch", "unsafe"])
def test_eight_threads_on_one_collection(path, durability):
    rounds = 50
    with holdfast.connect(path, durability=durability) as db:
        db.c.create_index("thread")
        db.c.insert_one({"_id": "sum", "n": 0})

        def work(number):
            for n in range(rounds):
                db.c.insert_one({"_id": f"{number}-{n}", "thread": number, "n": n})
                db.c.update_one({"_id": "sum"}, {"$inc": {"n": 1}})
                assert db.c.find_one({"_id": f"{number}-{n}"})["n"] == n
                assert db.c.count_documents({"thread": number}) == n + 1
                if n % 10 == 9:
                    assert db.c.delete_one({"thread": number, "n": n - 5}).deleted_count == 1
                    db.c.bulk_write(
                        [
                            InsertOne({"_id": f"{number}-{n - 5}", "thread": number, "n": n - 5}),
                            UpdateOne({"_id": "sum"}, {"$inc": {"n": 1}}),
                        ]
                    )
                    assert [each["n"] for each in db.c.find({"thread": number}).sort("n")] == list(
                        range(n + 1)
                    )

        in_threads(8, work)
        assert db.c.find_one("sum")["n"] == 8 * (rounds + rounds // 10)
        assert db.c.count_documents({}) == 8 * rounds + 1
    with holdfast.connect(path) as db:
        assert db.c.count_documents({"thread": {"$exists": True}}) == 8 * rounds


def test_one_unique_value_for_eight_threads(db):
    db.c.create_index("u", unique=True)
    won = []

    def work(number):
        for n in range(50):
            try:
                db.c.insert_one({"u": n, "by": number})
                won.append(n)
            except errors.DuplicateKeyError:
                pass

    in_threads(8, work)
    assert sorted(won) == list(range(50))
    assert db.c.count_documents({}) == 50


def test_one_counter_for_eight_threads(db):
    taken = []

    def work(number):
        for _ in range(100):
            document = db.c.find_one_and_update(
                {"_id": 1}, {"$inc": {"n": 1}}, upsert=True, return_document=True
            )
            taken.append(document["n"])

    in_threads(8, work)
    assert sorted(taken) == list(range(1, 801))


def test_ids_of_all_threads_differ(db):
    def work(number):
        for _ in range(20):
            db.c.insert_many([{} for _ in range(50)])

    in_threads(8, work)
    assert db.c.count_documents({}) == 8 * 20 * 50


def test_indexes_made_and_dropped_while_others_write(db):
    db.c.insert_many([{"_id": -n - 1, "a": n % 7} for n in range(2000)])

    def work(number):
        if number == 0:
            for _ in range(5):
                db.c.create_index("a")
                db.c.drop_index("a_1")
            return
        for n in range(100):
            db.c.insert_one({"_id": number * 1000 + n, "a": n % 7})
            assert db.c.count_documents({"_id": {"$gte": number * 1000}, "a": {"$gte": 0}}) > n

    in_threads(5, work)
    db.c.create_index("a")
    assert db.c.count_documents({"a": {"$gte": 0}}, hint="a_1") == db.c.count_documents({}) == 2400


def test_closing_while_others_work(path):
    """Each call either works or says that the database is closed, and what worked is there."""
    for _ in range(3):
        db = holdfast.connect(path, durability="unsafe")
        before = db.c.count_documents({})
        done = []

        def work(number, db=db, done=done):
            if number == 0:
                time.sleep(0.05)
                db.close()
                return
            try:
                while True:
                    db.c.insert_one({})
                    done.append(1)
                    list(db.c.find(limit=10))
            except errors.DatabaseClosed:
                pass

        in_threads(5, work)
        with holdfast.connect(path) as db:
            assert len(done) > 0
            assert db.c.count_documents({}) == before + len(done)


def test_others_go_on_while_one_waits_for_a_lock(path):
    """Without releasing the interpreter, nobody could end the transaction that is waited for."""
    with holdfast.connect(path, lock_timeout=10) as db:
        db.c.insert_one({"_id": 1, "n": 0})
        tx = db.transaction()
        tx["c"].update_one({"_id": 1}, {"$inc": {"n": 1}})
        waited = []

        def wait():
            begin = time.monotonic()
            db.c.update_one({"_id": 1}, {"$inc": {"n": 1}})
            waited.append(time.monotonic() - begin)

        thread = threading.Thread(target=wait)
        thread.start()
        counted, end = 0, time.monotonic() + 0.3
        while time.monotonic() < end:
            counted += 1
        assert db.c.find_one(1)["n"] == 0
        assert thread.is_alive()
        tx.commit()
        thread.join(20)
        assert counted > 1000
        assert 0.1 < waited[0] < 10
        assert db.c.find_one(1)["n"] == 2


@pytest.mark.parametrize("call", ["explain", "count", "update", "index"])
def test_others_go_on_during_a_long_call(db, call):
    db.c.insert_many([{"_id": n, "s": f"text {n} " * 5} for n in range(20_000)])
    calls = {
        "explain": lambda: db.c.explain({"s": {"$regex": "(a|b)*z$"}}, depth="counts"),
        "count": lambda: db.c.count_documents({"s": {"$regex": "(a|b)*z$"}}),
        "update": lambda: db.c.update_many({}, {"$set": {"x": 1}}),
        "index": lambda: db.c.create_index("s"),
    }
    go, ended = threading.Event(), threading.Event()

    def count():
        go.wait(60)
        for _ in range(1000):
            pass
        ended.set()

    thread = threading.Thread(target=count)
    thread.start()
    interval = sys.getswitchinterval()
    try:
        # So the other thread runs only when this one gives the interpreter up of its own accord.
        sys.setswitchinterval(60)
        go.set()
        calls[call]()
        others_ran = ended.is_set()
    finally:
        sys.setswitchinterval(interval)
        thread.join()
    assert others_ran
