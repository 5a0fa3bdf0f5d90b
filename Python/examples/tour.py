"""A tour of Holdfast in two minutes: run it, and read what it prints beside what it does."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import holdfast
from holdfast.errors import DuplicateKeyError


def main() -> None:
    """Goes through everything, in a folder that is removed at the end."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tour.holdfast"
        with holdfast.connect(path, password="correct horse battery staple") as db:
            documents(db)
            queries(db)
            indexes(db)
            transactions(db)
            many_threads(db)
            state(db)
        again(path)


def documents(db: holdfast.Database) -> None:
    """Documents go in and come out as dicts; each write is on the disk when it returns."""
    books = db.books
    books.insert_one({"_id": 1, "title": "Walden", "year": 1854, "tags": ["nature", "essay"]})
    books.insert_many(
        [
            {"_id": 2, "title": "Emma", "year": 1815, "tags": ["novel"]},
            {"_id": 3, "title": "Dracula", "year": 1897, "tags": ["novel", "horror"]},
            {"_id": 4, "title": "Faust", "year": 1808, "tags": ["play"]},
        ]
    )
    print("one document:", books.find_one({"_id": 2}))
    books.update_one({"_id": 2}, {"$set": {"author.name": "Jane Austen"}, "$push": {"tags": "classic"}})
    print("updated:     ", books.find_one(2))


def queries(db: holdfast.Database) -> None:
    """Filters, orders and projections are MongoDB's."""
    novels = db.books.find({"tags": "novel", "year": {"$lt": 1900}}, {"title": 1, "_id": 0}).sort("year", -1)
    print("novels:      ", [book["title"] for book in novels])
    print("by century:  ", db.books.count_documents({"year": {"$gte": 1801, "$lte": 1900}}))
    print("tags:        ", db.books.distinct("tags"))


def indexes(db: holdfast.Database) -> None:
    """Indexes are built while others write, and kept with the documents in every state."""
    db.books.create_index([("tags", 1), ("year", -1)])
    db.books.create_index("title", unique=True)
    print("plan:        ", db.books.find({"title": "Emma"}).explain()["plan"])
    try:
        db.books.insert_one({"title": "Emma"})
    except DuplicateKeyError as error:
        print("refused:     ", error)


def transactions(db: holdfast.Database) -> None:
    """Changes to any number of collections happen together or not at all."""
    try:
        with db.transaction() as tx:
            tx["loans"].insert_one({"book": 3, "reader": "Mina"})
            tx["books"].update_one({"_id": 3}, {"$set": {"lent": True}})
            raise RuntimeError("the reader changes her mind")
    except RuntimeError as error:
        print("rolled back: ", error, "- loans:", db.loans.count_documents({}))
    with db.transaction() as tx:
        tx["loans"].insert_one({"book": 3, "reader": "Mina"})
        tx["books"].update_one({"_id": 3}, {"$set": {"lent": True}})
    print("committed:    loans:", db.loans.count_documents({}))


def many_threads(db: holdfast.Database) -> None:
    """Transactions that conflict are run again; nothing is lost."""
    db.counters.insert_one({"_id": "visits", "n": 0})

    def visit(tx: holdfast.Transaction) -> None:
        counter = tx["counters"].find_one({"_id": "visits"})
        assert counter is not None
        tx["counters"].update_one({"_id": "visits"}, {"$set": {"n": counter["n"] + 1}})

    def work() -> None:
        for _ in range(25):
            db.run_transaction(visit, retries=1000)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counter = db.counters.find_one("visits")
    assert counter is not None and counter["n"] == 100
    print("counted:     ", counter["n"], "visits by 4 threads")


def state(db: holdfast.Database) -> None:
    """A database says how it is."""
    print("health:      ", db.health()["status"])
    print("collections: ", db.list_collection_names())
    print("commits:     ", db.stats()["commits"])


def again(path: Path) -> None:
    """After closing it is one file, which nobody reads without the password."""
    assert b"Dracula" not in path.read_bytes()
    try:
        holdfast.connect(path, password="wrong")
    except holdfast.HoldfastError as error:
        print("locked out:  ", error)
    with holdfast.connect(path, password="correct horse battery staple", read_only=True) as db:
        book = db.books.find_one({"lent": True})
        assert book is not None
        print("still there: ", book["title"])


if __name__ == "__main__":
    main()
