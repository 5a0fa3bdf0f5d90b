"""Cursors: lazy, chained, sliced, begun again, copied and closed."""

import copy
import itertools
import threading

import pymongo.errors
import pytest

import holdfast
from holdfast import ASCENDING, DESCENDING, errors


@pytest.fixture
def hundred(collection):
    """A hundred documents with the ids 0 to 99."""
    collection.insert_many([{"_id": n, "mod": n % 3, "inner": {"n": -n}} for n in range(100)])
    return collection


def ids(documents):
    return [document["_id"] for document in documents]


class TestReading:
    def test_by_iteration_by_next_and_as_a_list(self, hundred):
        assert ids(hundred.find()) == list(range(100))
        cursor = hundred.find()
        assert next(cursor)["_id"] == 0
        assert cursor.next()["_id"] == 1
        assert ids(cursor.to_list(3)) == [2, 3, 4]
        assert ids(cursor.to_list()) == list(range(5, 100))
        with pytest.raises(StopIteration):
            next(cursor)
        with pytest.raises(StopIteration):
            cursor.next()
        assert cursor.to_list() == []

    def test_an_iteration_goes_on_behind_the_one_before(self, hundred):
        cursor = hundred.find()
        for document in cursor:
            if document["_id"] == 30:
                break
        assert next(cursor)["_id"] == 31
        assert ids(cursor) == list(range(32, 100))
        assert list(cursor) == []

    def test_nothing_is_read_before_the_first_document(self, collection):
        cursor = collection.find()
        collection.insert_one({"_id": 1})
        assert ids(cursor) == [1]

    def test_a_wrong_query_is_an_error_when_it_is_read(self, hundred):
        cursor = hundred.find({"$nonsense": 1})
        with pytest.raises(errors.QueryError, match="nonsense"):
            next(cursor)
        assert not cursor.alive
        assert list(cursor) == []

    @pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 79, 80, 81, 5000])
    def test_counts_around_the_sizes_of_batches(self, collection, count):
        if count:
            collection.insert_many([{"_id": n} for n in range(count)])
        cursor = collection.find()
        assert ids(cursor) == list(range(count))
        assert cursor.retrieved == count

    def test_batch_size_changes_no_results(self, hundred):
        for size in (0, 1, 7, 100, 1000):
            assert ids(hundred.find(batch_size=size)) == ids(hundred.find().batch_size(size))
            assert len(list(hundred.find().batch_size(size))) == 100
        cursor = hundred.find().batch_size(3)
        next(cursor)
        assert cursor.retrieved == 3

    def test_large_documents(self, collection):
        collection.insert_many([{"_id": n, "x": "x" * 300_000} for n in range(20)])
        cursor = collection.find()
        next(cursor)
        assert cursor.retrieved < 20
        assert ids(cursor) == list(range(1, 20))

    def test_all_documents_are_of_one_moment(self, hundred):
        cursor = hundred.find()
        next(cursor)
        hundred.delete_many({})
        hundred.insert_one({"_id": 1000})
        assert ids(cursor) == list(range(1, 100))
        assert ids(cursor.rewind()) == [1000]

    def test_documents_are_the_callers(self, hundred):
        hundred.find_one(1)["x"] = 1
        next(hundred.find())["inner"]["n"] = 77
        assert hundred.find_one(0)["inner"] == {"n": 0}


class TestQuery:
    def test_chained(self, hundred):
        cursor = hundred.find({"mod": 1}).sort("_id", DESCENDING).skip(1).limit(3)
        assert isinstance(cursor, holdfast.Cursor)
        assert ids(cursor) == [94, 91, 88]

    def test_as_arguments(self, hundred):
        assert ids(hundred.find({"mod": 1}, {"_id": 1}, 1, 3, sort=[("_id", -1)])) == [94, 91, 88]

    @pytest.mark.parametrize(
        "order",
        [[("mod", -1), ("_id", 1)], {"mod": -1, "_id": 1}, (("mod", DESCENDING), ("_id", ASCENDING))],
    )
    def test_forms_of_an_order(self, hundred, order):
        wanted = [*range(2, 100, 3), *range(1, 100, 3), *range(0, 100, 3)]
        assert ids(hundred.find().sort(order)) == ids(hundred.find(sort=order)) == wanted

    def test_orders_of_one_field(self, hundred):
        for cursor in (
            hundred.find().sort("inner.n"),
            hundred.find().sort("inner.n", 1),
            hundred.find().sort(["inner.n"]),
            hundred.find().sort("_id").sort("inner.n"),
            hundred.find(sort="inner.n"),
        ):
            assert ids(cursor) == list(range(99, -1, -1))

    def test_limits(self, hundred):
        assert len(list(hundred.find().limit(0))) == 100
        assert ids(hundred.find().limit(-2)) == [0, 1]
        assert ids(hundred.find(limit=2)) == [0, 1]
        assert ids(hundred.find().limit(5).limit(1)) == [0]
        assert ids(hundred.find().skip(98)) == [98, 99]
        assert ids(hundred.find(skip=200)) == []

    def test_projections(self, hundred):
        assert next(hundred.find({}, {"_id": 0, "mod": 1})) == {"mod": 0}
        assert next(hundred.find({}, ["mod"])) == {"_id": 0, "mod": 0}
        assert next(hundred.find({}, {"mod": 0})) == {"_id": 0, "inner": {"n": 0}}
        assert next(hundred.find({}, ("inner.n",))) == {"_id": 0, "inner": {"n": 0}}
        assert next(hundred.find(projection={"two": {"$add": ["$mod", 2]}})) == {"_id": 0, "two": 2}
        with pytest.raises(errors.QueryError):
            next(hundred.find({}, {"mod": 1, "inner": 0}))

    def test_hints(self, hundred):
        hundred.create_index("mod")
        for hint in ("mod_1", [("mod", 1)], {"mod": 1}, {"$natural": 1}, "_id_"):
            assert len(list(hundred.find({"mod": 1}).hint(hint))) == 33
            assert len(list(hundred.find({"mod": 1}, hint=hint))) == 33
        assert len(list(hundred.find({"mod": 1}).hint("nothing").hint(None))) == 33
        with pytest.raises(errors.QueryError, match="the hint names no index.*nothing"):
            list(hundred.find({"mod": 1}).hint("nothing"))

    def test_cannot_be_changed_after_it_has_begun(self, hundred):
        cursor = hundred.find()
        next(cursor)
        for change in (
            lambda: cursor.sort("_id"),
            lambda: cursor.skip(1),
            lambda: cursor.limit(1),
            lambda: cursor.hint("_id_"),
            lambda: cursor.batch_size(5),
            lambda: cursor.comment("x"),
            lambda: cursor[3],
            lambda: cursor[3:5],
        ):
            with pytest.raises(pymongo.errors.InvalidOperation, match="clone"):
                change()

    def test_refuses_wrong_arguments(self, hundred):
        for arguments in (
            {"filter": 5},
            {"filter": [("mod", 1)]},
            {"filter": "mod"},
            {"projection": "mod"},
            {"projection": [1]},
            {"projection": 5},
            {"sort": 5},
            {"sort": [1]},
            {"sort": [("mod", 1, 1)]},
            {"skip": "1"},
            {"skip": 1.5},
            {"limit": None},
            {"batch_size": "1"},
            {"hint": 5},
        ):
            with pytest.raises(TypeError):
                hundred.find(**arguments)
        for arguments in ({"skip": -1}, {"batch_size": -1}):
            with pytest.raises(ValueError, match="negative"):
                hundred.find(**arguments)
        with pytest.raises(ValueError, match="empty"):
            hundred.find().sort([])
        with pytest.raises(TypeError):
            hundred.find().sort([("a", 1)], 1)
        with pytest.raises(errors.QueryError):
            list(hundred.find().sort("mod", 5))

    def test_distinct(self, hundred):
        assert hundred.find({"_id": {"$lt": 2}}).distinct("mod") == [0, 1]

    def test_explain(self, hundred):
        hundred.create_index("mod")
        assert "mod_1" in str(hundred.find({"mod": 1}).explain())
        assert "COLLSCAN" in str(hundred.find({"inner.n": 1}).explain())
        plan = hundred.explain({"mod": 1}, limit=5, sort="mod", depth="counts")
        assert plan["execution"]["returned"] == 5
        assert hundred.explain({"mod": 1}, hint={"$natural": 1}, depth="timing")["depth"] == "timing"
        with pytest.raises(ValueError, match="plan, counts, timing"):
            hundred.explain({}, depth="executionStats")


class TestIndexing:
    def test_one_document(self, hundred):
        cursor = hundred.find().sort("_id", -1)
        assert cursor[0]["_id"] == 99
        assert cursor[3]["_id"] == 96
        assert ids(cursor.limit(2)) == [99, 98]
        assert hundred.find().skip(10)[5]["_id"] == 15
        with pytest.raises(IndexError, match="100"):
            hundred.find()[100]
        with pytest.raises(IndexError):
            hundred.find()[-1]
        with pytest.raises(TypeError):
            hundred.find()["mod"]

    def test_slices(self, hundred):
        assert ids(hundred.find()[3:5]) == [3, 4]
        assert ids(hundred.find()[:2]) == [0, 1]
        assert ids(hundred.find()[98:]) == [98, 99]
        assert ids(hundred.find()[5:5]) == []
        assert ids(hundred.find()[5:5].limit(2)) == [5, 6]
        assert ids(hundred.find().skip(50).limit(20)[3:5]) == [3, 4]
        cursor = hundred.find()
        assert cursor[1:3] is cursor
        for wrong in (slice(0, 5, 2), slice(-1, 5), slice(0, -5), slice(5, 2)):
            with pytest.raises(IndexError):
                hundred.find()[wrong]


class TestLife:
    def test_rewind(self, hundred):
        cursor = hundred.find({"mod": 1}).limit(3)
        assert ids(cursor) == [1, 4, 7]
        assert cursor.rewind() is cursor
        assert ids(cursor) == [1, 4, 7]
        cursor.rewind()
        assert next(cursor)["_id"] == 1
        cursor.rewind()
        assert ids(cursor.limit(1)) == [1]

    def test_copies_begin_at_the_beginning(self, hundred):
        cursor = hundred.find({"mod": {"$in": [1]}}, ["mod"]).sort("_id", -1).skip(1).limit(3)
        assert next(cursor)["_id"] == 94
        for other in (cursor.clone(), copy.copy(cursor), copy.deepcopy(cursor)):
            assert other is not cursor
            assert list(other) == [{"_id": n, "mod": 1} for n in (94, 91, 88)]
        assert ids(cursor) == [91, 88]

    def test_a_clone_has_a_filter_of_its_own(self, hundred):
        condition = {"$in": [1]}
        cursor = hundred.find({"mod": condition})
        other = cursor.clone()
        condition["$in"].append(2)
        assert len(list(other)) == 33

    def test_close(self, hundred):
        cursor = hundred.find()
        next(cursor)
        cursor.close()
        cursor.close()
        assert not cursor.alive
        assert list(cursor) == []
        with hundred.find() as cursor:
            next(cursor)
        assert not cursor.alive
        assert ids(cursor.rewind().limit(1)) == [0]

    def test_alive(self, hundred):
        cursor = hundred.find({"_id": {"$lt": 2}})
        assert cursor.alive
        next(cursor)
        assert cursor.alive
        next(cursor)
        # Behind the last document it knows that there are no more.
        assert not cursor.alive
        cursor = hundred.find({"_id": {"$lt": 0}})
        assert cursor.alive
        assert list(cursor) == []
        assert not cursor.alive

    def test_alive_leaves_a_failure_to_the_next_call(self, tmp_path):
        db = holdfast.connect(tmp_path / "closed")
        db.c.insert_many([{}, {}, {}])
        cursor = db.c.find(batch_size=2)
        next(cursor)
        next(cursor)
        db.close()
        assert cursor.alive
        assert cursor.alive
        with pytest.raises(errors.DatabaseClosed):
            next(cursor)
        assert not cursor.alive

    def test_what_it_says_of_itself(self, hundred):
        cursor = hundred.find()
        assert cursor.collection == hundred
        assert cursor.session is None
        assert cursor.cursor_id is None
        assert cursor.retrieved == 0

    def test_to_list_wants_a_length_above_zero(self, hundred):
        with pytest.raises(ValueError, match="length"):
            hundred.find().to_list(0)
        with pytest.raises(TypeError):
            hundred.find().to_list("5")

    def test_refuses_what_it_cannot_keep(self, hundred):
        with pytest.raises(errors.ConfigurationError):
            hundred.find().max_time_ms(100)
        with pytest.raises(errors.ConfigurationError):
            hundred.find().collation({"locale": "de"})
        assert (
            len(list(hundred.find().max_time_ms(None).collation(None).comment("x").allow_disk_use(True)))
            == 100
        )


class TestInTransactions:
    def test_sees_what_the_transaction_wrote(self, db, hundred):
        with db.transaction() as tx:
            hundred.insert_one({"_id": 100}, session=tx)
            assert len(list(hundred.find(session=tx))) == 101
            assert len(list(tx["things"].find())) == 101
            assert len(list(hundred.find())) == 100
            assert tx["things"].find().session is tx
            assert ids(hundred.find(session=tx).sort("_id", -1).clone().limit(1)) == [100]
            assert hundred.find(session=tx).distinct("_id")[-1] == 100
            assert hundred.find(session=tx)[100]["_id"] == 100
            tx.rollback()

    def test_ends_with_the_transaction(self, db, hundred):
        with db.transaction() as tx:
            cursor = tx["things"].find().batch_size(5)
            next(cursor)
        with pytest.raises(errors.HoldfastError):
            list(cursor)

    def test_writing_while_reading(self, db, hundred):
        with db.transaction() as tx:
            for document in tx["things"].find({"mod": 1}, batch_size=5):
                tx["things"].update_one({"_id": document["_id"]}, {"$set": {"seen": True}})
        assert hundred.count_documents({"seen": True}) == 33


def test_several_threads_read_from_one_cursor(collection):
    collection.insert_many([{"_id": n} for n in range(20_000)])
    cursor = collection.find()
    taken = [[] for _ in range(8)]

    def take(place):
        if place % 2:
            taken[place].extend(ids(cursor))
            return
        while True:
            try:
                taken[place].append(next(cursor)["_id"])
            except StopIteration:
                return

    threads = [threading.Thread(target=take, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(itertools.chain(*taken)) == list(range(20_000))
    assert all(part == sorted(part) for part in taken)


def test_damage_in_the_middle_is_an_error(path):
    """A cursor that cannot read on says so; it does not end early."""
    with holdfast.connect(path, durability="unsafe") as db:
        db.c.insert_many([{"_id": n, "x": f"word{n:05}" + "x" * 1000} for n in range(2000)])
    content = bytearray(path.read_bytes())
    place = content.find(b"word01000")
    while place >= 0:  # older copies of the page, too
        content[place] ^= 1
        place = content.find(b"word01000", place + 1)
    path.write_bytes(content)
    with holdfast.connect(path) as db:
        for cursor in (db.c.find(), db.c.find(batch_size=1), db.c.find().sort("_id", -1)):
            seen = 0
            with pytest.raises(errors.CorruptionError, match='"c"'):
                for _ in cursor:
                    seen += 1
            assert 900 < seen < 1100
            assert not cursor.alive
        with pytest.raises(errors.CorruptionError):
            db.c.find().to_list()
        assert db.health()["status"] == "degraded"
        assert db.c.find_one(5)
