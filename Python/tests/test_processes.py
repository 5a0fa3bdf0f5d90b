"""Several processes: competing for the lock, and forked children of a process with an open database."""

import multiprocessing
import os
import signal
import subprocess
import sys

import pytest
import workers

import holdfast
from holdfast import errors

METHODS = [method for method in ("spawn", "fork") if method in multiprocessing.get_all_start_methods()]


def forked(work):
    """Runs `work()` in a forked child that ends at once, and gives what it returned as text."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            try:
                text = str(work())
            except BaseException as error:
                text = f"raised {type(error).__name__}: {error}"
            os.write(write, text.encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    return text


class TestCompeting:
    @pytest.mark.parametrize("method", METHODS)
    def test_exactly_one_has_it_at_a_time(self, path, method):
        context = multiprocessing.get_context(method)
        results, rounds, count = context.Queue(), 5, 4
        processes = [
            context.Process(target=workers.compete, args=(str(path), number, rounds, results))
            for number in range(count)
        ]
        for process in processes:
            process.start()
        outcomes = [results.get(timeout=60) for _ in processes]
        for process in processes:
            process.join(60)
        assert [outcome[3] for outcome in outcomes] == [None] * count
        assert [outcome[1] for outcome in outcomes] == [rounds] * count
        with holdfast.connect(path) as db:
            assert db.c.find_one("count") == {"_id": "count", "n": rounds * count, "open": False}

    def test_the_lock_names_its_holder_and_ends_with_it(self, path):
        context = multiprocessing.get_context("spawn")
        opened, finish = context.Event(), context.Event()
        for end in ("closed", "killed"):
            opened.clear()
            process = context.Process(target=workers.hold, args=(str(path), opened, finish))
            process.start()
            assert opened.wait(60)
            with pytest.raises(errors.DatabaseLocked) as caught:
                holdfast.connect(path)
            assert str(process.pid) in str(caught.value)
            assert str(path) in str(caught.value)
            if end == "killed":
                os.kill(process.pid, signal.SIGKILL)
            else:
                finish.set()
            process.join(60)
            finish.clear()
            with holdfast.connect(path) as db:
                assert db.c.count_documents({"by": "holder"}) == (1 if end == "closed" else 2)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
class TestForks:
    def test_a_child_cannot_use_the_database(self, path):
        with holdfast.connect(path) as db:
            db.c.insert_many([{"_id": n} for n in range(100)])
            results = multiprocessing.get_context("fork").Queue()
            process = multiprocessing.get_context("fork").Process(
                target=workers.use_of_parent, args=(db, results)
            )
            process.start()
            seen = results.get(timeout=60)
            process.join(60)
            assert process.exitcode == 0
            assert len(seen) == 8
            for message in seen[:-1]:
                assert "forked" in message
                assert "open the database in the process that uses it" in message
            db.c.insert_one({"_id": 100})
            assert db.c.count_documents({}) == 101
        with holdfast.connect(path) as db:
            assert db.c.count_documents({}) == 101

    def test_nor_its_cursors_and_transactions(self, db):
        db.c.insert_many([{"_id": n} for n in range(1000)])
        cursor = db.c.find(batch_size=2)
        next(cursor)
        tx = db.transaction()
        tx["c"].insert_one({"_id": 1000})
        for work in (lambda: len(list(cursor)), tx.commit, lambda: tx["c"].find_one(), tx.savepoint):
            assert forked(work).startswith("raised InvalidOperation")
        assert len(list(cursor)) == 999
        tx.commit()
        assert db.c.count_documents({}) == 1001

    def test_a_child_that_opens_it_is_told_that_it_is_locked(self, path, db):
        text = forked(lambda: holdfast.connect(path))
        assert text.startswith(("raised DatabaseLocked", "raised InvalidOperation"))
        db.c.insert_one({})

    def test_a_child_may_open_another_database(self, path, db):
        def work():
            with holdfast.connect(path.with_name("child")) as own:
                own.c.insert_many([{"_id": n} for n in range(100)])
                return own.c.count_documents({})

        db.c.insert_one({})
        assert forked(work) == "100"
        with holdfast.connect(path.with_name("child")) as own:
            assert own.c.count_documents({}) == 100

    def test_ids_of_parent_and_child_differ(self, db):
        document = {}
        db.c.insert_one(document)

        def work():
            other = {}
            with holdfast.connect(db.path + "-child") as own:
                own.c.insert_one(other)
            return other["_id"]

        # The random part of an ObjectId, five bytes.
        assert forked(work)[8:18] != str(document["_id"])[8:18]

    @pytest.mark.parametrize(
        "end",
        [
            "pass",
            "sys.exit(0)",
            "del db, cursor, tx; gc.collect()",
            "atexit.register(lambda: None); sys.exit(0)",
            "db = None; gc.collect(); sys.exit(0)",
            "try:\n        db.close()\n    except holdfast.errors.InvalidOperation:\n        pass",
            "os.kill(os.getpid(), 9)",
        ],
    )
    def test_the_end_of_a_child_harms_nobody(self, path, end):
        script = f"""
import atexit, gc, os, sys
import holdfast
db = holdfast.connect({str(path)!r}, durability="batch", batch_size=1000, batch_interval=60)
db.c.insert_many([{{"_id": n}} for n in range(1000)])
cursor = db.c.find(batch_size=5)
next(cursor)
tx = db.transaction()
tx["c"].insert_one({{"_id": "in the transaction"}})
child = os.fork()
if child == 0:
    {end}
else:
    status = os.waitpid(child, 0)[1]
    assert status == (9 if {"kill" in end} else 0), status
    db.c.insert_many([{{"_id": n}} for n in range(1000, 2000)])
    assert len(list(cursor)) == 999
    tx.commit()
    assert db.c.count_documents({{}}) == 2001
    db.checkpoint()
    db.close()
    print("parent is fine")
"""
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout, done.stderr) == (0, "parent is fine\n", "")
        with holdfast.connect(path) as db:
            assert db.c.count_documents({}) == 2001

    def test_the_parent_closes_and_opens_again_while_the_child_lives(self, path):
        read, write = os.pipe()
        db = holdfast.connect(path)
        db.c.insert_one({})
        child = os.fork()
        if child == 0:
            os.close(write)
            os.read(read, 1)
            os._exit(0)
        os.close(read)
        try:
            db.close()
            for n in range(3):
                with holdfast.connect(path) as db:
                    db.c.insert_one({})
                    assert db.c.count_documents({}) == n + 2
            db = holdfast.connect(path)
            db.c.insert_one({})
            del db
            with holdfast.connect(path) as db:
                assert db.c.count_documents({}) == 5
            # Other processes can open it, too.
            script = f"import holdfast; holdfast.connect({str(path)!r}).close()"
            subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
        finally:
            os.close(write)
            os.waitpid(child, 0)

    def test_while_other_threads_write(self, path):
        script = f"""
import os, sys, threading
import holdfast
db = holdfast.connect({str(path)!r}, durability="batch")
stop, done = threading.Event(), [0] * 4

def work(number):
    while not stop.is_set():
        db.c.insert_one({{"_id": [number, done[number]].__repr__()}})
        done[number] += 1

threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
for _ in range(10):
    child = os.fork()
    if child == 0:
        try:
            db.c.insert_one({{}})
        except holdfast.errors.InvalidOperation:
            os._exit(7)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 7 << 8
stop.set()
for thread in threads:
    thread.join()
assert db.c.count_documents({{}}) == sum(done) > 0
db.close()
print("parent is fine")
"""
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert done.stdout == "parent is fine\n"
