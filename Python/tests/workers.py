"""What several tests need: work in threads, and in processes, whose functions have to be importable."""

import threading
import time

import holdfast
from holdfast import errors


def in_threads(count, work):
    """Runs `work(number)` in so many threads at the same time, and raises what one of them raised."""
    failures = []
    barrier = threading.Barrier(count, timeout=30)

    def run(number):
        try:
            barrier.wait()
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)
    if failures:
        raise failures[0]


def compete(path, number, rounds, results):
    """Opens the database again and again, notes what happened, and counts in it."""
    won = refused = 0
    try:
        while won < rounds:
            try:
                db = holdfast.connect(path, durability="unsafe")
            except errors.DatabaseLocked as error:
                assert str(path) in str(error)
                refused += 1
                time.sleep(0.001)
                continue
            with db:
                document = db.c.find_one("count") or {"_id": "count", "n": 0, "open": False}
                assert not document["open"]
                db.c.replace_one({"_id": "count"}, {**document, "open": True}, upsert=True)
                time.sleep(0.005)
                db.c.update_one({"_id": "count"}, {"$inc": {"n": 1}, "$set": {"open": False}})
            won += 1
        results.put((number, won, refused, None))
    except BaseException as error:
        results.put((number, won, refused, repr(error)))


def hold(path, opened, finish):
    """Holds a database open until it is told to finish."""
    with holdfast.connect(path) as db:
        db.c.insert_one({"by": "holder"})
        opened.set()
        finish.wait(60)


def use_of_parent(db, results):
    """Tries everything with a database that the parent opened."""
    seen = []
    for call in (
        lambda: db.c.insert_one({"by": "child"}),
        lambda: db.c.find_one(),
        lambda: list(db.c.find()),
        lambda: db.c.count_documents({}),
        lambda: db.transaction(),
        lambda: db.stats(),
        lambda: db.persist(),
        lambda: db.close(),
    ):
        try:
            call()
            seen.append("nothing")
        except errors.InvalidOperation as error:
            seen.append(str(error))
        except BaseException as error:
            seen.append(repr(error))
    results.put(seen)
