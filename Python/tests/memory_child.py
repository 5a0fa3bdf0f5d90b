"""What test_memory.py measures: does something again and again, and prints how much the process has grown.

Arguments: the path of the database, what to do, how often to do it to warm up, and how often then. Prints the
growth of the resident memory in bytes.
"""

import gc
import sys
import threading
from contextlib import suppress

import holdfast
from holdfast import InsertOne, UpdateOne, errors


def resident():
    """The resident memory of this process, in bytes."""
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


def operations(db, count):
    """Operations of all kinds on a collection that does not grow, also such that fail."""
    c = db.c
    for n in range(count):
        key, kind = n % 1000, n % 25
        if kind < 2:
            c.replace_one({"_id": key}, {"k": n % 10, "text": "x" * (n % 200)}, upsert=True)
        elif kind < 10:
            c.find_one({"_id": key})
        elif kind < 12:
            c.update_one({"_id": key}, {"$inc": {"n": 1}, "$set": {"k": n % 7}})
        elif kind == 12:
            c.delete_one({"_id": key})
        elif kind == 13:
            next(c.find({"k": n % 10}), None)
        elif kind == 14:
            list(c.find({"k": n % 10}, {"k": 1}).sort("_id", -1).limit(5))
        elif kind == 15:
            c.count_documents({"_id": {"$lt": 20}})
        elif kind == 16:
            with suppress(errors.DuplicateKeyError):
                c.insert_one({"_id": "there"})
        elif kind == 17:
            with suppress(errors.WriteError):
                c.update_one({"_id": key}, {"$nonsense": 1})
        elif kind == 18:
            c.find_one_and_update({"_id": key}, {"$inc": {"n": 1}}, return_document=True)
        elif kind == 19:
            c.bulk_write(
                [UpdateOne({"_id": key}, {"$set": {"b": n}}), UpdateOne({"_id": key + 1}, {"$inc": {"n": 1}})]
            )
        elif kind == 20:
            with db.transaction() as tx:
                tx["c"].update_one({"_id": key}, {"$inc": {"n": 1}})
                tx["c"].find_one({"_id": key})
        elif kind == 21:
            tx = db.transaction()
            tx["c"].insert_many([{}, {}])
            tx.rollback()
        elif kind == 22:
            c.distinct("k", {"_id": {"$lt": 10}})
        elif kind == 23:
            with suppress(errors.BulkWriteError):
                c.bulk_write([InsertOne({"_id": "there"}), InsertOne({"_id": "there"})])
        else:
            db.list_collection_names()


def handles(db, count):
    """Cursors, transactions, savepoints and collections that are made and dropped in all states."""
    for _ in range(count):
        db.c.find({"k": 1})
        cursor = db.c.find(batch_size=2)
        next(cursor)
        copied = cursor.clone()
        next(copied)
        copied.close()
        tx = db.transaction()
        tx["c"].find_one({"_id": 1})
        tx.savepoint()
        inner = tx["c"].find(batch_size=2)
        next(inner)
        db.get_collection("other").archive.with_options()
        cycle = [cursor, inner, tx]
        cycle.append(cycle)


def databases(db, count):
    """Databases that are opened and closed, properly or not."""
    for n in range(count):
        other = holdfast.connect(db.path + "-other", durability="unsafe")
        other.c.replace_one({"_id": 1}, {"n": n}, upsert=True)
        if n % 2:
            other.close()
        del other


def threads(db, count):
    """Threads that come and go, each using the database."""
    for _ in range(count):
        thread = threading.Thread(target=db.c.update_one, args=({"_id": 1}, {"$inc": {"n": 1}}))
        thread.start()
        thread.join()


def main():
    path, what, warm, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    work = {"operations": operations, "handles": handles, "databases": databases, "threads": threads}[what]
    with holdfast.connect(path, durability="unsafe", cache_bytes=1 << 20) as db:
        db.c.create_index("k")
        db.c.insert_many([{"_id": n, "k": n % 10} for n in range(1000)])
        db.c.insert_one({"_id": "there"})
        work(db, warm)
        before = resident()
        work(db, count)
        print(resident() - before)


if __name__ == "__main__":
    main()
