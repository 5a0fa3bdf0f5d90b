"""Compares holdfast with sqlite3, which stores the same documents as JSON text, and with MontyDB.

All make the same promise where it says durable: what was acknowledged is on the disk (SQLite in WAL mode with
synchronous=FULL; MontyDB as it comes, which promises less). Peers take turns in each round, and a ratio is the
median of the rounds' ratios, since the speed of machines drifts.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import bson
import holdfast
import montydb
from holdfast import _native

Document = dict[str, Any]


def documents(count: int) -> list[Document]:
    """Documents of about 200 bytes."""
    source = random.Random(1)
    return [
        {
            "name": f"user {source.randrange(10**9)}",
            "email": f"{source.randrange(10**9)}@example.com",
            "age": source.randrange(100),
            "score": source.random(),
            "tags": ["alpha", "beta"],
            "text": "x" * 60,
        }
        for _ in range(count)
    ]


def seconds(work: Callable[[], Any]) -> float:
    """How long something takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


@contextmanager
def database(directory: str, **options: Any) -> Iterator[holdfast.Database]:
    """A new database, which is removed again."""
    folder = tempfile.mkdtemp(dir=directory)
    try:
        with holdfast.connect(os.path.join(folder, "benchmark.holdfast"), **options) as opened:
            yield opened
    finally:
        shutil.rmtree(folder)


@contextmanager
def sqlite(directory: str) -> Iterator[sqlite3.Connection]:
    """A new SQLite database with a table of JSON texts, which is removed again."""
    folder = tempfile.mkdtemp(dir=directory)
    connection = sqlite3.connect(os.path.join(folder, "benchmark.sqlite"), isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE documents (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID")
        yield connection
    finally:
        connection.close()
        shutil.rmtree(folder)


@contextmanager
def monty(directory: str) -> Iterator[Any]:
    """A new MontyDB collection in files, which is removed again."""
    folder = tempfile.mkdtemp(dir=directory)
    client = montydb.MontyClient(folder)
    try:
        yield client.benchmark.documents
    finally:
        client.close()
        shutil.rmtree(folder)


def median(values: list[float]) -> float:
    """The median."""
    return statistics.median(values)


class Benchmark:
    """The workloads, each printed when it is done."""

    def __init__(self, directory: str, rounds: int, count: int) -> None:
        self.directory = directory
        self.rounds = rounds
        self.count = count

    def run(self) -> None:
        """Runs all."""
        self.durable_call()
        self.single_inserts()
        self.insert_many()
        self.find_one()
        self.iterate()

    def durable_call(self) -> None:
        """The time of `insert_one` beside that of the Swift call in it, in turns over the same database."""
        ratios, whole, call = [], [], []
        with database(self.directory) as db:
            name = b"documents"
            for _ in range(self.rounds):
                block = documents(400)
                encoded = [bson.encode({"_id": bson.ObjectId(), **document}) for document in block[200:]]
                collection = db.documents
                python = seconds(lambda: [collection.insert_one(document) for document in block[:200]])
                swift = seconds(lambda: [_native.insert_one(db._handle, None, name, data) for data in encoded])
                whole.append(python / 200)
                call.append(swift / 200)
                ratios.append(python / swift)
        print(
            f"insert_one, durable: {median(whole) * 1e6:.0f} µs, the Swift call in it "
            f"{median(call) * 1e6:.0f} µs; ratio {median(ratios):.2f}"
        )

    def single_inserts(self) -> None:
        """Single inserts per second in each durability."""
        for label, options in (
            ("safe", {"durability": "safe"}),
            ("batch of 100", {"durability": "batch", "batch_size": 100}),
            ("batch of 1000", {"durability": "batch", "batch_size": 1000}),
            ("unsafe", {"durability": "unsafe"}),
        ):
            rates = []
            for _ in range(self.rounds):
                block = documents(2_000 if label == "safe" else 20_000)
                with database(self.directory, **options) as db:
                    collection = db.documents
                    taken = seconds(lambda: [collection.insert_one(document) for document in block])
                rates.append(len(block) / taken)
            print(f"insert_one, {label}: {median(rates):,.0f}/s (best {max(rates):,.0f})")

    def insert_many(self) -> None:
        """10,000 documents in one durable call."""
        ours, lite, montys = [], [], []
        for _ in range(self.rounds):
            first, second, third = (documents(10_000) for _ in range(3))
            with database(self.directory) as db:
                ours.append(seconds(lambda: db.documents.insert_many(first)))
            with sqlite(self.directory) as connection:
                lite.append(seconds(lambda: self.fill(connection, second)))
            with monty(self.directory) as collection:
                montys.append(seconds(lambda: collection.insert_many(third)))
        print(
            f"insert_many of 10,000: {median(ours) * 1e3:.0f} ms; sqlite3 {median(lite) * 1e3:.0f} ms, "
            f"ratio {self.ratio(lite, ours):.2f}; MontyDB {median(montys) * 1e3:.0f} ms, "
            f"ratio {self.ratio(montys, ours):.1f}"
        )

    def fill(self, connection: sqlite3.Connection, block: list[Document]) -> None:
        """Stores documents as JSON text in one transaction."""
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO documents VALUES (?, ?)",
            ((str(bson.ObjectId()), json.dumps(document)) for document in block),
        )
        connection.execute("COMMIT")

    def find_one(self) -> None:
        """One document by its id, of `count`."""
        with database(self.directory, durability="unsafe") as db, sqlite(self.directory) as connection:
            ids = db.documents.insert_many(documents(self.count)).inserted_ids
            self.fill(connection, documents(self.count))
            keys = [row[0] for row in connection.execute("SELECT id FROM documents")]
            ours, lite = [], []
            for _ in range(self.rounds):
                chosen = random.sample(range(self.count), 10_000)
                collection = db.documents
                ours.append(seconds(lambda: [collection.find_one({"_id": ids[i]}) for i in chosen]) / 10_000)
                lite.append(seconds(lambda: [self.select(connection, keys[i]) for i in chosen]) / 10_000)
        print(
            f"find_one by id: {median(ours) * 1e6:.1f} µs; sqlite3 with json.loads {median(lite) * 1e6:.1f} µs, "
            f"ratio {self.ratio(lite, ours):.2f}"
        )

    def select(self, connection: sqlite3.Connection, key: str) -> Document:
        """One document by its key."""
        row = connection.execute("SELECT body FROM documents WHERE id = ?", (key,)).fetchone()
        document: Document = json.loads(row[0])
        return document

    def iterate(self) -> None:
        """All documents, one after the other."""
        with database(self.directory, durability="unsafe") as db, sqlite(self.directory) as connection:
            db.documents.insert_many(documents(self.count))
            self.fill(connection, documents(self.count))
            ours, lite = [], []
            for _ in range(self.rounds):
                ours.append(seconds(lambda: sum(document["age"] for document in db.documents.find())))
                lite.append(
                    seconds(
                        lambda: sum(
                            json.loads(row[0])["age"]
                            for row in connection.execute("SELECT body FROM documents")
                        )
                    )
                )
        print(
            f"iterating {self.count:,} documents: {median(ours) * 1e3:.0f} ms; sqlite3 with json.loads "
            f"{median(lite) * 1e3:.0f} ms, ratio {self.ratio(lite, ours):.2f}"
        )

    def ratio(self, peer: list[float], ours: list[float]) -> float:
        """How many times as fast as the peer."""
        return median([theirs / own for theirs, own in zip(peer, ours)])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", default=None, help="where the databases are made")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--documents", type=int, default=100_000, help="how many are searched and iterated")
    chosen = parser.parse_args()
    Benchmark(chosen.directory or tempfile.gettempdir(), chosen.rounds, chosen.documents).run()
