"""Transactions: commit and rollback, isolation, locks, savepoints."""

import gc
import threading
import time
from contextlib import suppress

import pymongo.errors
import pytest
from workers import in_threads

import holdfast
from holdfast import errors


class TestEnds:
    def test_the_end_of_the_block_commits(self, db, collection):
        with db.transaction() as tx:
            tx["things"].insert_one({"_id": 1})
            db.others.insert_one({"_id": 2}, session=tx)
            assert collection.find_one(1) is None
            assert collection.find_one({"_id": 1}, session=tx) == tx["things"].find_one(1) == {"_id": 1}
            assert tx.collection("others").count_documents({}) == 1
            assert db.others.count_documents({}) == 0
        assert collection.find_one(1) == {"_id": 1}
        assert db.others.find_one(2) == {"_id": 2}

    @pytest.mark.parametrize("kind", [ZeroDivisionError, KeyboardInterrupt, SystemExit, GeneratorExit])
    def test_an_exception_rolls_back_and_goes_on(self, db, collection, kind):
        with pytest.raises(kind), db.transaction() as tx:
            tx["things"].insert_one({"_id": 1})
            raise kind
        assert not tx.is_open
        assert collection.count_documents({}) == 0

    def test_commit_and_rollback(self, db, collection):
        tx = db.transaction()
        tx["things"].insert_one({"_id": 1})
        tx.commit()
        tx = db.transaction()
        tx["things"].insert_one({"_id": 2})
        tx.rollback()
        tx.rollback()
        assert [document["_id"] for document in collection.find()] == [1]

    def test_inside_of_the_block(self, db, collection):
        with db.transaction() as tx:
            tx["things"].insert_one({"_id": 1})
            tx.commit()
        with db.transaction() as tx:
            tx["things"].insert_one({"_id": 2})
            tx.rollback()
        assert [document["_id"] for document in collection.find()] == [1]

    @pytest.mark.parametrize("end", ["commit", "rollback"])
    def test_nothing_works_after_the_end(self, db, collection, end):
        collection.insert_one({"_id": 1})
        tx = db.transaction()
        assert tx.is_open
        getattr(tx, end)()
        assert not tx.is_open
        for call in (
            lambda: tx["things"].insert_one({}),
            lambda: tx["things"].find_one(),
            lambda: list(tx["things"].find()),
            lambda: collection.count_documents({}, session=tx),
            lambda: db.list_collection_names(session=tx),
            tx.savepoint,
            tx.commit,
        ):
            with pytest.raises(pymongo.errors.InvalidOperation):
                call()
        assert list(collection.find()) == [{"_id": 1}]

    def test_what_it_says_of_itself(self, db):
        with db.transaction("serializable") as tx:
            assert tx.isolation == "serializable"
            assert tx.database is db
            assert "serializable, open" in repr(tx)
        assert "over" in repr(tx)

    def test_dropped_without_an_end(self, db, pair):
        tx = db.transaction()
        tx["things"].update_one({"_id": 1}, {"$set": {"n": 0}})
        assert db.stats()["transactions"]["open"] == 1
        del tx
        gc.collect()
        assert db.stats()["transactions"]["open"] == 0
        assert pair.find_one(1)["n"] == 10
        pair.update_one({"_id": 1}, {"$set": {"n": 11}})

    def test_idle_for_too_long(self, path):
        with holdfast.connect(path, transaction_idle_timeout=0.1) as db:
            db.c.insert_one({"_id": 1})
            tx = db.transaction()
            tx["c"].update_one({"_id": 1}, {"$set": {"n": 1}})
            time.sleep(0.5)
            db.c.update_one({"_id": 1}, {"$set": {"n": 2}})
            with pytest.raises(errors.TransactionExpired):
                tx["c"].find_one()
            with pytest.raises(errors.HoldfastError):
                tx.commit()
            assert db.c.find_one()["n"] == 2

    def test_a_failed_call_leaves_the_rest(self, db, pair):
        with db.transaction() as tx:
            tx["things"].insert_one({"_id": 3})
            for call in (
                lambda: tx["things"].insert_one({"_id": 1}),
                lambda: tx["things"].update_one({"_id": 1}, {"$push": {"n": 1}}),
                lambda: tx["things"].find_one({"$nonsense": 1}),
                lambda: tx["things"].replace_one({"_id": 1}, {"_id": 5}),
            ):
                with pytest.raises(errors.OperationFailure):
                    call()
            tx["things"].insert_one({"_id": 4})
        assert [document["_id"] for document in pair.find()] == [1, 2, 3, 4]


class TestArguments:
    def test_isolation_levels(self, db, pair):
        for isolation in ("read_uncommitted", "read_committed", "snapshot", "serializable"):
            with db.transaction(isolation=isolation) as tx:
                assert tx["things"].count_documents({}) == 2
        for wrong in ("", "SNAPSHOT", "repeatable", None, 5):
            with pytest.raises(ValueError, match="serializable"):
                db.transaction(wrong)

    def test_others(self, db):
        for arguments, error in (
            ({"retries": -1}, ValueError),
            ({"retries": "1"}, TypeError),
            ({"lock_timeout": -1}, ValueError),
            ({"lock_timeout": "1"}, TypeError),
            ({"lock_timeout": float("nan")}, ValueError),
            ({"nonsense": 1}, TypeError),
        ):
            with pytest.raises(error):
                db.transaction(**arguments)
            with pytest.raises(error):
                db.run_transaction(lambda tx: None, **arguments)

    def test_of_another_database(self, db, pair, tmp_path):
        with holdfast.connect(tmp_path / "other", durability="unsafe") as other:
            with other.transaction() as tx:
                for call in (
                    lambda: pair.find_one({}, session=tx),
                    lambda: pair.insert_one({}, session=tx),
                    lambda: list(pair.find(session=tx)),
                    lambda: db.list_collection_names(session=tx),
                    lambda: pair.create_index("n", session=tx),
                ):
                    with pytest.raises(errors.InvalidOperation, match="another database"):
                        call()
            assert other.list_collection_names() == []

    def test_of_a_closed_database(self, path):
        db = holdfast.connect(path)
        db.c.insert_one({"_id": 1})
        tx = db.transaction()
        tx["c"].insert_one({"_id": 2})
        db.close()
        for call in (lambda: tx["c"].find_one(), tx.commit, tx.savepoint, db.transaction):
            with pytest.raises(errors.InvalidOperation):
                call()
        assert not tx.is_open
        tx.rollback()
        with holdfast.connect(path) as db:
            assert list(db.c.find()) == [{"_id": 1}]


class TestIsolation:
    def test_a_snapshot_sees_one_moment(self, db, pair):
        with db.transaction("snapshot") as tx:
            pair.update_one({"_id": 1}, {"$set": {"n": 11}})
            assert tx["things"].find_one(1)["n"] == 10
            pair.insert_one({"_id": 3})
            assert tx["things"].count_documents({}) == 2

    def test_read_committed_sees_what_was_committed(self, db, pair):
        with db.transaction("read_committed") as tx:
            assert tx["things"].find_one(1)["n"] == 10
            pair.update_one({"_id": 1}, {"$set": {"n": 11}})
            assert tx["things"].find_one(1)["n"] == 11
            tx["things"].update_one({"_id": 1}, {"$inc": {"n": 1}})
            assert pair.find_one(1)["n"] == 11
        assert pair.find_one(1)["n"] == 12

    def test_a_snapshot_loses_no_update(self, db, pair):
        tx = db.transaction("snapshot")
        tx["things"].find_one(1)
        pair.update_one({"_id": 1}, {"$set": {"n": 11}})
        with pytest.raises(errors.WriteConflict) as caught:
            tx["things"].update_one({"_id": 1}, {"$set": {"n": 12}})
        assert caught.value.has_error_label("TransientTransactionError")
        assert caught.value.code == 112
        for call in (lambda: tx["things"].find_one(2), tx.commit):
            with pytest.raises(errors.WriteConflict):
                call()
        assert not tx.is_open
        assert pair.find_one(1)["n"] == 11

    @pytest.mark.parametrize(("isolation", "conflicts"), [("snapshot", 0), ("serializable", 1)])
    def test_write_skew(self, db, pair, isolation, conflicts):
        """Two read what the other writes: only at serializable one of them has to give way."""
        met = []
        barrier = threading.Barrier(2, timeout=20)

        def work(number):
            try:
                with db.transaction(isolation) as tx:
                    total = sum(document["n"] for document in tx["things"].find())
                    barrier.wait()
                    tx["things"].update_one({"_id": number + 1}, {"$set": {"n": -total}})
            except errors.RetryableError as error:
                met.append(error)

        in_threads(2, work)
        assert len(met) == conflicts

    def test_a_conflict_that_is_swallowed_is_not_committed(self, db, pair):
        with pytest.raises(errors.WriteConflict), db.transaction() as tx:
            tx["things"].insert_one({"_id": 3})
            pair.update_one({"_id": 1}, {"$inc": {"n": 1}})
            with suppress(errors.WriteConflict):
                tx["things"].update_one({"_id": 1}, {"$inc": {"n": 1}})
        assert pair.find_one(3) is None


class TestLocks:
    def test_a_timeout_leaves_the_transaction(self, db, pair):
        with db.transaction() as first:
            first["things"].update_one({"_id": 1}, {"$set": {"n": 0}})
            with db.transaction(lock_timeout=0.05) as second:
                second["things"].insert_one({"_id": 3})
                with pytest.raises(errors.LockTimeout) as caught:
                    second["things"].update_one({"_id": 1}, {"$set": {"n": 1}})
                assert caught.value.timeout
                assert second.is_open
        assert pair.find_one(1)["n"] == 0
        assert pair.find_one(3)

    def test_the_timeout_of_the_database(self, path):
        with holdfast.connect(path, lock_timeout=0.05) as db:
            db.c.insert_one({"_id": 1})
            with db.transaction() as tx:
                tx["c"].update_one({"_id": 1}, {"$set": {"n": 1}})
                with pytest.raises(errors.LockTimeout):
                    db.c.update_one({"_id": 1}, {"$set": {"n": 2}})

    def test_who_waits_goes_on_after_a_commit(self, db, pair):
        first = db.transaction()
        first["things"].update_one({"_id": 1}, {"$inc": {"n": 1}})
        waiting = threading.Thread(target=pair.update_one, args=({"_id": 1}, {"$inc": {"n": 1}}))
        waiting.start()
        time.sleep(0.1)
        assert waiting.is_alive()
        first.commit()
        waiting.join(20)
        assert pair.find_one(1)["n"] == 12

    def test_a_deadlock_ends_one(self, db, pair):
        met = []
        barrier = threading.Barrier(2, timeout=20)

        def work(number):
            try:
                with db.transaction("read_committed") as tx:
                    tx["things"].update_one({"_id": number + 1}, {"$inc": {"n": 1}})
                    barrier.wait()
                    tx["things"].update_one({"_id": 2 - number}, {"$inc": {"n": 1}})
            except errors.Deadlock as error:
                met.append(error)

        in_threads(2, work)
        assert len(met) == 1
        assert met[0].has_error_label("TransientTransactionError")
        assert len(met[0].details["cycle"]) == 2
        assert [document["n"] for document in pair.find()] == [11, 21]


class TestSavepoints:
    def test_are_gone_back_to(self, db, collection):
        with db.transaction() as tx:
            tx["things"].insert_one({"_id": 1})
            savepoint = tx.savepoint()
            assert savepoint.transaction is tx
            tx["things"].insert_one({"_id": 2})
            tx.rollback_to(savepoint)
            tx["things"].insert_one({"_id": 3})
            savepoint.rollback()
            tx["things"].insert_one({"_id": 4})
        assert [document["_id"] for document in collection.find()] == [1, 4]

    def test_as_blocks(self, db, collection):
        with db.transaction() as tx:
            with tx.savepoint():
                tx["things"].insert_one({"_id": 1})
            with pytest.raises(ZeroDivisionError), tx.savepoint():
                tx["things"].insert_one({"_id": 2})
                with tx.savepoint():
                    tx["things"].insert_one({"_id": 3})
                raise ZeroDivisionError
            with tx.savepoint() as savepoint:
                tx["things"].insert_one({"_id": 4})
                savepoint.rollback()
        assert [document["_id"] for document in collection.find()] == [1]

    def test_later_ones_are_gone(self, db, collection):
        with db.transaction() as tx:
            first = tx.savepoint()
            second = tx.savepoint()
            tx.rollback_to(first)
            with pytest.raises(errors.HoldfastError):
                tx.rollback_to(second)
            tx.rollback_to(first)

    def test_of_another_transaction(self, db):
        with db.transaction() as first, db.transaction() as second:
            savepoint = first.savepoint()
            with pytest.raises(errors.InvalidOperation, match="another transaction"):
                second.rollback_to(savepoint)
            with pytest.raises(TypeError, match="savepoint"):
                first.rollback_to(1)

    def test_after_a_failed_update_of_many(self, db, pair):
        pair.insert_one({"_id": 3, "n": "text"})
        with db.transaction() as tx:
            tx["things"].insert_one({"_id": 4, "n": 0})
            with pytest.raises(errors.WriteError), tx.savepoint():
                tx["things"].update_many({}, {"$inc": {"n": 1}})
            tx["things"].insert_one({"_id": 5})
        assert [document.get("n") for document in pair.find()] == [10, 20, "text", 0, None]


def test_one_transaction_in_two_threads(db, pair):
    """One after the other works; at the same time, the second is refused."""
    tx = db.transaction(lock_timeout=20)
    in_threads(1, lambda number: tx["things"].insert_one({"_id": 3}))
    blocking = db.transaction()
    blocking["things"].update_one({"_id": 1}, {"$inc": {"n": 1}})
    begun, ended = threading.Event(), []

    def wait():
        begun.set()
        try:
            tx["things"].update_one({"_id": 1}, {"$inc": {"n": 1}})
        except errors.WriteConflict as error:
            ended.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    begun.wait(20)
    time.sleep(0.1)
    with pytest.raises(errors.InvalidOperation):
        tx["things"].find_one(2)
    blocking.rollback()
    thread.join(20)
    assert not ended
    tx.commit()
    assert [document.get("n") for document in pair.find()] == [11, 20, None]
