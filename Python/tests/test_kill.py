"""Processes that are killed at random moments: what their database has afterwards.

What docs/guarantees.md promises when a process dies, which takes what waits in its memory with it:

- `safe`: nothing that returned is lost.
- `batch`: fewer than `batch_size` changes that returned are lost, and none that returned longer ago than
  about `batch_interval`.
- `unsafe`: what returned since the last sync may be lost; what was before a `persist` or `checkpoint` is not.
- In every mode: what is left is a prefix, and transactions are there as a whole or not at all.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import pytest

import holdfast

CHILD = pathlib.Path(__file__).with_name("kill_child.py")
SAFE = {"durability": "safe"}
BATCH = {"durability": "batch", "batch_size": 100, "batch_interval": 0.05}
UNSAFE = {"durability": "unsafe"}


@pytest.fixture
def rounds(exhaustive):
    """How often a child is killed in each test."""
    return 40 if exhaustive else 2


def killed(path, what, delay, lines=0, **options):
    """Starts a child, waits until it has reported so many lines, kills it after a delay, and gives all
    lines."""
    child = subprocess.Popen(
        [sys.executable, str(CHILD), str(path), what, json.dumps(options)],
        stdout=subprocess.PIPE,
        text=True,
    )
    reported = []
    # The pipe is read all the time, so that the child never waits for it.
    reader = threading.Thread(target=lambda: reported.extend(child.stdout))
    reader.start()
    try:
        end = time.monotonic() + 60
        while len(reported) <= lines and child.poll() is None and time.monotonic() < end:
            time.sleep(0.001)
        time.sleep(delay)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(60)
        reader.join(60)
        child.stdout.close()
    assert child.returncode == -signal.SIGKILL
    assert len(reported) > lines
    assert reported.pop(0) == "open\n"
    return [line.rstrip("\n") for line in reported]


def survivors(path, key=None):
    """How many numbers are there, which must be 1, 2, 3 and so on without a gap."""
    with holdfast.connect(path, key=key and key.encode()) as db:
        found = [document["_id"] for document in db.numbers.find().sort("_id")]
        assert found == list(range(1, len(found) + 1))
        for document in db.numbers.find():
            assert document["text"] == "x" * (document["_id"] % 50)
    return len(found)


@pytest.mark.parametrize("key", [None, "k" * 32])
def test_safe_loses_nothing(path, rng, rounds, key):
    left = 0
    for _ in range(rounds):
        options = {"first": left + 1, "connect": {**SAFE, "key": key}}
        lines = killed(path, "numbers", rng.uniform(0, 0.3), lines=1, **options)
        before, left = left, survivors(path, key)
        reported = int(lines[-1])
        assert reported > before
        # One more may have been written than was reported.
        assert reported <= left <= reported + 1


def test_safe_loses_nothing_with_threads(path, rng, rounds):
    for attempt in range(rounds):
        first = attempt * 1_000_000
        lines = killed(path, "threads", rng.uniform(0, 0.3), lines=4, first=first, connect=SAFE)
        with holdfast.connect(path) as db:
            for thread in range(4):
                reported = [int(line.split()[1]) for line in lines if line.split()[0] == str(thread)]
                filter = {"thread": thread, "n": {"$gte": first}}
                found = [document["n"] for document in db.numbers.find(filter).sort("n")]
                assert found[: len(reported)] == reported
                assert len(found) <= len(reported) + 1


def test_batch_loses_fewer_than_a_batch(path, rng, rounds):
    left = 0
    for _ in range(rounds):
        # An interval that does not end in time, so that it is the number that counts.
        arguments = {**BATCH, "batch_interval": 600}
        delay = rng.uniform(0, 0.2)
        lines = killed(path, "numbers", delay, lines=1000, first=left + 1, connect=arguments)
        before, left = left, survivors(path)
        reported = int(lines[-1])
        assert reported >= before + 1000
        assert reported - 99 <= left <= reported + 1


def test_batch_with_number_and_interval(path, rng, rounds):
    left = 0
    for _ in range(rounds):
        lines = killed(path, "numbers", rng.uniform(0, 0.2), lines=200, first=left + 1, connect=BATCH)
        left = survivors(path)
        assert int(lines[-1]) - 99 <= left <= int(lines[-1]) + 1


def test_batch_loses_nothing_older_than_the_interval(path, rounds):
    """The child stops after 30 documents, fewer than a batch, and is killed long after the interval."""
    left = 0
    for _ in range(min(rounds, 10)):
        options = {"first": left + 1, "pause_after": 30, "connect": BATCH}
        lines = killed(path, "numbers", 0.7, lines=30, **options)
        left = survivors(path)
        assert int(lines[-1]) == left


def test_unsafe_loses_nothing_that_was_made_durable(path, rng, rounds):
    left = 0
    for _ in range(rounds):
        options = {"first": left + 1, "persist_every": 500, "connect": UNSAFE}
        lines = killed(path, "numbers", rng.uniform(0, 0.3), lines=1000, **options)
        left = survivors(path)
        reported = [int(line) for line in lines if line.isdigit()]
        durable = [int(line.split()[1]) for line in lines if line.startswith("durable")]
        assert durable
        assert durable[-1] <= left <= reported[-1] + 1


def test_unsafe_does_lose_something(path):
    """Otherwise the test above would say nothing: what was not synced waits in the memory of the process."""
    lines = killed(path, "numbers", 0, lines=20, first=1, pause_after=20, connect=UNSAFE)
    assert survivors(path) < int(lines[-1])


@pytest.mark.parametrize("connect", [SAFE, BATCH, UNSAFE], ids=lambda connect: connect["durability"])
def test_transactions_are_whole(path, rng, rounds, connect):
    left = 0
    for _ in range(rounds):
        lines = killed(path, "transactions", rng.uniform(0, 0.3), lines=5, first=left + 1, connect=connect)
        before = left
        with holdfast.connect(path) as db:
            found = [document["_id"] for document in db.left.find().sort("_id")]
            left = len(found)
            assert found == list(range(1, left + 1))
            wanted = list(range(2, 2 * left + 2))
            assert [document["_id"] for document in db.right.find().sort("_id")] == wanted
            total = left * (left + 1) // 2
            sums = {document["_id"]: document["n"] for document in db.sums.find()}
            assert sums == ({"a": -total, "b": total} if left else {})
        assert left <= int(lines[-1]) + 1
        if connect is SAFE:
            assert left >= int(lines[-1])
        # What was there when the database was closed properly stays.
        assert left >= before


@pytest.mark.parametrize("connect", [SAFE, UNSAFE], ids=lambda connect: connect["durability"])
def test_calls_for_many_documents_are_whole(path, rng, rounds, connect):
    last = -1
    for _ in range(rounds):
        options = {"first": last + 1, "connect": connect}
        lines = killed(path, "batches", rng.uniform(0, 0.2), lines=3, **options)
        with holdfast.connect(path) as db:
            count = db.numbers.count_documents({})
            assert count % 50 == 0
            last = count // 50 - 1
            # The last documents may be there without the change to all that came after them.
            seen = db.numbers.distinct("round")
            assert seen in ([], [last], [last - 1, last])
            assert db.numbers.count_documents({"round": last}) in (0, 50, count)
            if connect is SAFE:
                assert last >= int(lines[-1])


def test_the_lock_of_a_killed_process_is_free(path):
    killed(path, "numbers", 0, lines=1, first=1, connect=SAFE)
    with holdfast.connect(path) as db:
        assert db.health()["recovery"]["wasClean"] is False
        assert db.numbers.count_documents({}) > 0
    with holdfast.connect(path) as db:
        assert db.health()["recovery"]["wasClean"] is True
    assert os.listdir(path.parent) == [path.name]


def test_reading_only_after_a_kill(path):
    """Recovery for reading only changes no byte."""
    lines = killed(path, "numbers", 0.1, lines=10, first=1, connect=SAFE)

    def content():
        return {each: each.read_bytes() for each in path.parent.rglob("*") if each.is_file()}

    before = content()
    with holdfast.connect(path, read_only=True) as db:
        assert db.numbers.count_documents({}) >= int(lines[-1])
    assert content() == before
    assert survivors(path) >= int(lines[-1])
