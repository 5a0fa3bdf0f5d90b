"""Opening and closing: the same path again, locks, passwords, reading only, handles that nobody closed."""

import gc
import os
import pathlib
import re
import subprocess
import sys

import pytest

import holdfast
from holdfast import errors

WORD = "Quittenmarmelade"


def reopened(path, count, **arguments):
    """Opens a database again, checks how many documents it has, and closes it."""
    with holdfast.connect(path, **arguments) as db:
        assert db.c.count_documents({}) == count


def everything_in(folder):
    return b"".join(each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file())


class TestClosing:
    def test_close(self, path):
        db = holdfast.connect(path)
        assert not db.closed
        db.c.insert_one({})
        db.close()
        assert db.closed
        db.close()
        reopened(path, 1)

    def test_with(self, path):
        with holdfast.connect(path) as db:
            db.c.insert_one({})
        assert db.closed
        with pytest.raises(ZeroDivisionError), holdfast.connect(path) as db:
            db.c.insert_one({})
            raise ZeroDivisionError
        reopened(path, 2)

    def test_one_file_is_left(self, path):
        with holdfast.connect(path) as db:
            db.c.insert_one({})
        assert list(path.parent.iterdir()) == [path]

    def test_many_times(self, path):
        for n in range(20):
            with holdfast.connect(path) as db:
                assert db.c.insert_one({"_id": n})
                assert db.c.count_documents({}) == n + 1

    def test_nothing_works_afterwards(self, path):
        db = holdfast.connect(path)
        db.c.insert_many([{} for _ in range(100)])
        collection, begun, new, tx = db.c, db.c.find(batch_size=2), db.c.find(), db.transaction()
        next(begun)
        db.close()
        for call in (
            lambda: collection.insert_one({}),
            lambda: collection.insert_many([{}]),
            lambda: collection.find_one(),
            lambda: collection.count_documents({}),
            lambda: collection.distinct("a"),
            lambda: collection.update_one({}, {"$set": {"a": 1}}),
            lambda: collection.delete_many({}),
            lambda: collection.find_one_and_delete({}),
            lambda: collection.bulk_write([holdfast.InsertOne({})]),
            lambda: collection.create_index("a"),
            lambda: collection.index_information(),
            lambda: collection.drop(),
            lambda: collection.explain(),
            lambda: collection.durability(),
            lambda: list(new),
            lambda: list(begun.rewind()),
            lambda: tx["c"].find_one(),
            lambda: db.list_collection_names(),
            lambda: db.create_collection("d"),
            lambda: db.transaction(),
            lambda: db.run_transaction(lambda tx: None),
            lambda: db.checkpoint(),
            lambda: db.persist(),
            lambda: db.stats(),
            lambda: db.set_durability("safe"),
            lambda: db.delete_expired(),
        ):
            with pytest.raises(errors.DatabaseClosed, match="closed"):
                call()
        assert db.name == "test"
        assert repr(collection)
        reopened(path, 100)

    def test_an_open_cursor_ends(self, path):
        db = holdfast.connect(path)
        db.c.insert_many([{"_id": n, "x": "x" * 1000} for n in range(1000)])
        cursor = db.c.find(batch_size=10)
        next(cursor)
        db.close()
        with pytest.raises(errors.DatabaseClosed, match=f"{re.escape(str(path))} (is|was) closed"):
            list(cursor)
        assert not cursor.alive
        del cursor
        reopened(path, 1000)


class TestGarbage:
    def test_a_dropped_database_is_closed(self, path):
        db = holdfast.connect(path)
        db.c.insert_one({})
        del db
        gc.collect()
        reopened(path, 1)

    def test_in_every_mode(self, path):
        for durability in ("safe", "batch", "unsafe"):
            db = holdfast.connect(path, durability=durability)
            count = db.c.count_documents({})
            db.c.insert_many([{} for _ in range(10)])
            db.c.insert_one({})
            del db
            gc.collect()
            reopened(path, count + 11)

    def test_with_cursors_and_transactions(self, path):
        db = holdfast.connect(path)
        db.c.insert_many([{} for _ in range(1000)])
        collection, cursor, tx = db.c, db.c.find(batch_size=5), db.transaction()
        next(cursor)
        tx["c"].insert_one({})
        inner = tx["c"].find(batch_size=5)
        next(inner)
        del db
        gc.collect()
        assert collection.count_documents({}) == 1000
        del collection, tx, inner
        gc.collect()
        assert len(list(cursor)) == 999
        with pytest.raises(errors.DatabaseLocked):
            # The cursor still refers to the collection, and that to the database.
            holdfast.connect(path)
        del cursor
        gc.collect()
        reopened(path, 1000)

    def test_in_a_cycle(self, path):
        class Owner:
            pass

        owner = Owner()
        owner.db = holdfast.connect(path)
        owner.collection = owner.db.c
        owner.collection.insert_many([{} for _ in range(100)])
        owner.cursor = owner.collection.find(batch_size=5)
        next(owner.cursor)
        owner.tx = owner.db.transaction()
        owner.tx["c"].insert_one({})
        owner.itself = owner
        del owner
        gc.collect()
        reopened(path, 100)

    def test_after_an_exception(self, path):
        def fail():
            db = holdfast.connect(path)
            with db.transaction() as tx:
                tx["c"].insert_one({})
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError) as caught:
            fail()
        del caught
        gc.collect()
        reopened(path, 0)


class TestLocks:
    def test_a_second_opening_is_refused(self, path):
        with holdfast.connect(path) as db:
            for arguments in ({}, {"read_only": True}, {"durability": "unsafe"}):
                with pytest.raises(errors.DatabaseLocked) as caught:
                    holdfast.connect(path, **arguments)
                assert str(path) in str(caught.value)
                assert str(os.getpid()) in str(caught.value)
            db.c.insert_one({})
        reopened(path, 1)

    def test_many_may_read(self, path):
        reopened(path, 0)
        with (
            holdfast.connect(path, read_only=True) as first,
            holdfast.connect(path, read_only=True) as second,
        ):
            assert first.list_collection_names() == second.list_collection_names() == []
            with pytest.raises(errors.DatabaseLocked):
                holdfast.connect(path)
        reopened(path, 0)


class TestReadOnly:
    def test_writes_are_refused(self, path):
        with holdfast.connect(path) as db:
            db.c.insert_many([{"_id": 1}, {"_id": 2}])
        before = path.read_bytes()
        with holdfast.connect(path, read_only=True) as db:
            assert [document["_id"] for document in db.c.find().sort("_id", -1)] == [2, 1]
            assert db.health()["status"] == "readOnly"
            for call in (
                lambda: db.c.insert_one({}),
                lambda: db.c.update_one({"_id": 1}, {"$set": {"a": 1}}),
                lambda: db.c.delete_many({}),
                lambda: db.c.find_one_and_delete({}),
                lambda: db.c.create_index("a"),
                lambda: db.c.drop(),
                lambda: db.create_collection("d"),
                lambda: db.c.bulk_write([holdfast.InsertOne({})]),
            ):
                with pytest.raises(errors.ReadOnlyError):
                    call()
        assert path.read_bytes() == before
        assert list(path.parent.iterdir()) == [path]

    def test_needs_a_database(self, path):
        with pytest.raises(errors.DatabaseNotFound):
            holdfast.connect(path, read_only=True)
        assert list(path.parent.iterdir()) == []


class TestPasswords:
    def test_are_needed(self, path):
        with holdfast.connect(path, "open sesame", password_log_n=10) as db:
            db.c.insert_one({})
        before = path.read_bytes()
        with pytest.raises((ValueError, errors.HoldfastError), match="1 to 4096 bytes"):
            holdfast.connect(path, "")
        for arguments in ({"password": "other"}, {}, {"key": b"k" * 32}):
            with pytest.raises(errors.AuthenticationFailed) as caught:
                holdfast.connect(path, **arguments)
            assert "other" not in str(caught.value)
        assert path.read_bytes() == before
        reopened(path, 1, password="open sesame")

    def test_are_refused_where_there_is_none(self, path):
        reopened(path, 0)
        with pytest.raises(errors.AuthenticationFailed):
            holdfast.connect(path, "open sesame")

    def test_keys(self, path):
        with holdfast.connect(path, key=b"k" * 32) as db:
            db.c.insert_one({})
        with pytest.raises(errors.AuthenticationFailed):
            holdfast.connect(path, key=b"l" * 32)
        reopened(path, 1, key=bytearray(b"k" * 32))

    @pytest.mark.parametrize("closed", [True, False])
    def test_nothing_can_be_read_in_the_files(self, path, closed):
        for password in (None, "open sesame"):
            file = path.with_name(f"{password}.holdfast")
            db = holdfast.connect(file, password, password_log_n=10)
            db[WORD].insert_many([{"_id": WORD + str(n), WORD: WORD} for n in range(100)])
            db[WORD].create_index(WORD)
            db.persist()
            if closed:
                db.close()
            found = WORD.encode() in everything_in(path.parent)
            # Without a password the word is there, so that this would find it.
            assert found is (password is None)
            db.close()
            file.unlink()


class TestPaths:
    @pytest.mark.parametrize("form", [str, os.fsencode, pathlib.Path, pathlib.PurePath])
    def test_forms(self, path, form):
        with holdfast.connect(form(path)) as db:
            assert db.path == str(path)
        assert path.is_file()

    def test_from_the_current_folder(self, path, monkeypatch):
        monkeypatch.chdir(path.parent)
        with holdfast.connect("test.holdfast") as db:
            monkeypatch.chdir("/")
            assert db.path == str(path)
            db.c.insert_one({})
        reopened(path, 1)

    @pytest.mark.parametrize("name", ["ünïcödé 🎉", "no.extension.at all", "-", " "])
    def test_names(self, path, name):
        path = path.with_name(name)
        with holdfast.connect(path) as db:
            assert db.name == os.path.splitext(name)[0]
        assert path.is_file()

    def test_bytes_that_are_no_text(self, path):
        name = os.fsencode(path.parent) + b"/\xff.holdfast"
        try:
            with holdfast.connect(name) as db:
                db.c.insert_one({})
                assert os.fsencode(db.path) == name
        except errors.HoldfastError as error:
            assert "UTF-8" in str(error)

    def test_create(self, path):
        with pytest.raises(errors.DatabaseNotFound, match=r"test\.holdfast"):
            holdfast.connect(path, create=False)
        assert list(path.parent.iterdir()) == []
        reopened(path, 0)
        reopened(path, 0, create=False)

    def test_a_file_that_was_cut_short(self, path):
        reopened(path, 0)
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(errors.HoldfastError) as caught:
            holdfast.connect(path)
        assert caught.value.code_name in ("truncated", "corrupted")
        path.write_bytes(b"")
        with pytest.raises(errors.HoldfastError):
            reopened(path, 1)


class TestInterpreterExit:
    @pytest.mark.parametrize(
        "end",
        [
            "pass",
            "cursor = db.c.find(); next(cursor)",
            "tx = db.transaction(); tx['c'].insert_one({})",
            "cycle = [db]; cycle.append(cycle); del db",
            "import sys; sys.exit(0)",
            "import atexit; atexit.register(lambda: db.c.insert_one({'_id': 'late'}))",
            "import threading; threading.Thread(target=lambda: list(db.c.find()) and None).start()",
            "import threading, time; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
        ],
    )
    def test_with_an_open_database(self, path, end):
        script = f"""
import holdfast
db = holdfast.connect({str(path)!r})
db.c.insert_many([{{"_id": n}} for n in range(100)])
{end}
"""
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        reopened(path, 101 if "late" in end else 100)

    def test_while_a_thread_waits_for_a_lock(self, path):
        script = f"""
import threading, time, holdfast
db = holdfast.connect({str(path)!r})
db.c.insert_one({{"_id": 1}})
tx = db.transaction()
tx["c"].update_one({{"_id": 1}}, {{"$set": {{"n": 1}}}})
threading.Thread(target=db.c.update_one, args=({{"_id": 1}}, {{"$set": {{"n": 2}}}}), daemon=True).start()
time.sleep(0.2)
"""
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        reopened(path, 1)


def test_the_module_runs_the_tool_or_says_that_there_is_none():
    done = subprocess.run(
        [sys.executable, "-m", "holdfast", "--help"], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode == 0:
        assert "holdfast" in done.stdout
    else:
        assert done.returncode == 69
        assert "does not carry the command line tool" in done.stderr
