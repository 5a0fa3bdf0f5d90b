"""Transactions that are begun again: `retries`, and `Database.run_transaction`."""

import pytest
from workers import in_threads

import holdfast
from holdfast import errors


class TestRetries:
    def test_the_first_call_is_repeated(self, db, pair):
        tx = db.transaction(retries=1)
        pair.update_one({"_id": 1}, {"$set": {"n": 100}})
        found = tx["things"].find_one_and_update({"_id": 1}, {"$inc": {"n": 1}}, return_document=True)
        assert found["n"] == 101
        tx.commit()
        assert pair.find_one(1)["n"] == 101

    def test_without_retries_it_is_not(self, db, pair):
        tx = db.transaction()
        pair.update_one({"_id": 1}, {"$set": {"n": 100}})
        with pytest.raises(errors.WriteConflict):
            tx["things"].update_one({"_id": 1}, {"$inc": {"n": 1}})

    @pytest.mark.parametrize("first", ["find_one", "find", "savepoint", "insert_one"])
    def test_a_later_call_is_not(self, db, pair, first):
        tx = db.transaction(retries=5)
        if first == "savepoint":
            tx.savepoint()
        elif first == "find":
            next(tx["things"].find())
        else:
            getattr(tx["things"], first)({"_id": 7})
        pair.update_one({"_id": 1}, {"$set": {"n": 100}})
        with pytest.raises(errors.WriteConflict):
            tx["things"].update_one({"_id": 1}, {"$inc": {"n": 1}})

    def test_other_errors_are_not_repeated(self, db, pair):
        with db.transaction(retries=5) as tx:
            with pytest.raises(errors.DuplicateKeyError):
                tx["things"].insert_one({"_id": 1})
            tx["things"].insert_one({"_id": 3})
        assert pair.find_one(3)


class TestRunTransaction:
    def test_gives_what_the_callback_gives(self, db, collection):
        def work(tx):
            assert isinstance(tx, holdfast.Transaction)
            return tx["things"].insert_one({"_id": 1}).inserted_id

        assert db.run_transaction(work) == 1
        assert collection.find_one(1)

    def test_repeats_the_whole(self, db, pair):
        seen = []

        def work(tx):
            value = tx["things"].find_one(1)["n"]
            seen.append(value)
            if len(seen) < 4:
                pair.update_one({"_id": 1}, {"$inc": {"n": 1}})
            tx["things"].update_one({"_id": 1}, {"$set": {"n": value * 2}})

        db.run_transaction(work)
        assert seen == [10, 11, 12, 13]
        assert pair.find_one(1)["n"] == 26

    def test_gives_up_after_the_retries(self, db, pair):
        seen = []

        def work(tx):
            seen.append(tx["things"].find_one(1))
            pair.update_one({"_id": 1}, {"$inc": {"n": 1}})
            tx["things"].update_one({"_id": 1}, {"$set": {"n": 0}})

        with pytest.raises(errors.WriteConflict):
            db.run_transaction(work, retries=2)
        assert len(seen) == 3
        with pytest.raises(errors.WriteConflict):
            db.run_transaction(work, retries=0)
        assert len(seen) == 4

    def test_other_exceptions_roll_back_at_once(self, db, collection):
        calls = []

        def work(tx):
            calls.append(1)
            tx["things"].insert_one({"_id": 1})
            raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            db.run_transaction(work)
        assert len(calls) == 1
        assert collection.count_documents({}) == 0

    @pytest.mark.parametrize("isolation", ["snapshot", "serializable"])
    def test_counters_of_eight_threads(self, db, pair, isolation):
        rounds = 40

        def work(number):
            def step(tx):
                for identifier in (1, 2):
                    value = tx["things"].find_one(identifier)["n"]
                    tx["things"].update_one({"_id": identifier}, {"$set": {"n": value + 1}})

            for _ in range(rounds):
                db.run_transaction(step, isolation=isolation, retries=10_000)

        in_threads(8, work)
        assert [document["n"] for document in pair.find()] == [10 + 8 * rounds, 20 + 8 * rounds]
        assert db.stats()["transactions"]["open"] == 0
