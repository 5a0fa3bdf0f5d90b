"""What test_kill.py kills: writes numbered documents, and reports each number when its write has returned.

Arguments: the path of the database, what to write, and a JSON object with arguments of `connect` and others.
"""

import json
import os
import sys
import threading
import time

import holdfast


def report(line):
    """Writes a line to the pipe in one call, so that a kill leaves no half of it."""
    os.write(1, f"{line}\n".encode())


def numbers(db, first, persist_every=0, pause_after=0, **_):
    """Inserts first, first + 1, …; makes everything durable now and then; or stops after some."""
    n = first
    while True:
        db.numbers.insert_one({"_id": n, "text": "x" * (n % 50)})
        report(n)
        if persist_every and n % persist_every == 0:
            if n % (2 * persist_every):
                db.persist()
            else:
                db.checkpoint()
            report(f"durable {n}")
        if pause_after and n == first + pause_after - 1:
            time.sleep(60)
        n += 1


def threads(db, first, count=4, **_):
    """Inserts numbers in several threads, each its own."""

    def work(thread):
        n = first
        while True:
            db.numbers.insert_one({"_id": f"{thread}-{n}", "thread": thread, "n": n})
            report(f"{thread} {n}")
            n += 1

    for thread in range(count):
        threading.Thread(target=work, args=(thread,)).start()


def transactions(db, first, **_):
    """Writes each number into two collections and moves a sum between two documents, in one transaction."""
    n = first
    while True:
        with db.transaction() as tx:
            tx["left"].insert_one({"_id": n})
            tx["right"].insert_many([{"_id": 2 * n}, {"_id": 2 * n + 1}])
            tx["sums"].update_one({"_id": "a"}, {"$inc": {"n": -n}}, upsert=True)
            tx["sums"].update_one({"_id": "b"}, {"$inc": {"n": n}}, upsert=True)
        report(n)
        n += 1


def batches(db, first, **_):
    """Inserts fifty documents in one call, and changes all there are in another."""
    n = first
    while True:
        db.numbers.insert_many([{"_id": 50 * n + each, "round": n} for each in range(50)])
        db.numbers.update_many({}, {"$set": {"round": n}})
        report(n)
        n += 1


def main():
    path, what, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    arguments = options.pop("connect")
    if arguments.get("key"):
        arguments["key"] = arguments["key"].encode()
    db = holdfast.connect(path, **arguments)
    report("open")
    work = {"numbers": numbers, "threads": threads, "transactions": transactions, "batches": batches}[what]
    work(db, **options)


if __name__ == "__main__":
    main()
