"""`holdfast.ironbase`: cursors."""

from __future__ import annotations

import gc

import pytest

from holdfast import ironbase
from holdfast.ironbase import IronBase


@pytest.fixture
def items(db: IronBase) -> ironbase.Collection:
    items = db.collection("items")
    items.insert_many([{"n": number} for number in range(25)])
    return items


def test_next(items: ironbase.Collection) -> None:
    cursor = items.find_cursor({"n": {"$lt": 2}})
    assert (cursor.position(), cursor.total(), cursor.remaining(), cursor.is_finished()) == (0, 2, 2, False)
    assert cursor.next() == {"_id": 1, "n": 0}
    assert (cursor.position(), cursor.total(), cursor.remaining(), bool(cursor)) == (1, 2, 1, True)
    assert cursor.next() == {"_id": 2, "n": 1}
    assert (cursor.position(), cursor.total(), cursor.remaining(), bool(cursor)) == (2, 2, 0, False)
    assert cursor.next() is None and cursor.next() is None and cursor.is_finished()
    assert repr(cursor) == "Cursor(position=2, batch_size=100)"


def test_batches(items: ironbase.Collection) -> None:
    cursor = items.find_cursor(batch_size=10)
    assert [len(cursor.next_batch()) for _ in range(5)] == [10, 10, 5, 0, 0]
    assert cursor.is_finished() and cursor.position() == 25
    cursor = items.find_cursor(batch_size=4)
    assert [each["n"] for each in cursor.next_chunk(3) + cursor.next_batch() + cursor.take(2)] == list(
        range(9)
    )
    assert cursor.take(0) == [] and len(cursor.take(100)) == 16 and cursor.take(1) == []
    assert items.find_cursor(batch_size=0).next_batch() == []


def test_iteration(items: ironbase.Collection) -> None:
    cursor = items.find_cursor(batch_size=3)
    assert next(cursor)["n"] == 0 and iter(cursor) is cursor
    assert [each["n"] for each in cursor] == list(range(1, 25))
    assert list(cursor) == []
    with pytest.raises(StopIteration):
        next(cursor)


def test_skip_and_collect(items: ironbase.Collection) -> None:
    cursor = items.find_cursor()
    cursor.skip(20)
    assert cursor.position() == 20 and cursor.remaining() == 5
    assert [each["n"] for each in cursor.collect_all()] == [20, 21, 22, 23, 24]
    assert cursor.collect_all() == []
    cursor.rewind()
    cursor.skip(3000)
    assert cursor.position() == 25 and cursor.is_finished()


def test_rewind(items: ironbase.Collection) -> None:
    cursor = items.find_cursor({"n": {"$gte": 20}})
    first = cursor.collect_all()
    cursor.rewind()
    assert cursor.position() == 0 and not cursor.is_finished() and cursor.total() == 5
    assert cursor.collect_all() == first


def test_nothing_found(items: ironbase.Collection) -> None:
    cursor = items.find_cursor({"n": 99})
    assert (
        cursor.is_finished() and cursor.total() == 0 and cursor.next() is None and cursor.next_batch() == []
    )
    assert list(cursor) == [] and not cursor


def test_all_documents_are_of_one_moment(items: ironbase.Collection) -> None:
    cursor = items.find_cursor()
    items.delete_many({"n": {"$gte": 5}})
    items.insert_one({"n": 100})
    assert cursor.next() is not None
    assert cursor.remaining() == 24 and cursor.total() == 25 and cursor.count() == 6
    assert [each["n"] for each in cursor] == list(range(1, 25))
    cursor.rewind()
    assert cursor.total() == 6


def test_a_cursor_does_not_hold_the_documents(items: ironbase.Collection) -> None:
    items.insert_many([{"text": "x" * 1000} for _ in range(20_000)])
    cursor = items.find_cursor()
    for count, _ in enumerate(cursor, 1):
        if count == 10_000:
            assert len(gc.get_referrers(*cursor._waiting)) <= 2 and len(cursor._waiting) < 100
            break
    assert cursor.total() == 20_025


def test_wrong_arguments(items: ironbase.Collection) -> None:
    with pytest.raises(TypeError):
        items.find_cursor("n")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        items.find_cursor({}, "many")  # type: ignore[arg-type]
    with pytest.raises(OverflowError):
        items.find_cursor({}, -1)
    with pytest.raises(ironbase.InvalidQueryError):
        items.find_cursor({"n": {"$almost": 1}})
    cursor = items.find_cursor()
    for call in (cursor.take, cursor.next_chunk, cursor.skip):
        with pytest.raises(OverflowError):
            call(-1)
        with pytest.raises(TypeError):
            call("1")  # type: ignore[arg-type]
    assert cursor.position() == 0
