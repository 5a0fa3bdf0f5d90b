"""Transfers between accounts by several threads: no money is made or lost, whatever happens in between.

python bank.py [PATH]: without a path, in a folder that is removed at the end.
"""

from __future__ import annotations

import random
import sys
import tempfile
import threading
from pathlib import Path

import holdfast

ACCOUNTS = 10
START = 1000


def open_bank(path: Path) -> holdfast.Database:
    """Opens the bank, and founds it when it is new."""
    db = holdfast.connect(path)
    if db.accounts.estimated_document_count() == 0:
        db.accounts.insert_many([{"_id": number, "balance": START} for number in range(ACCOUNTS)])
    return db


def transfer(db: holdfast.Database, source: int, target: int, amount: int) -> bool:
    """Moves an amount, and notes it; False when the source has not enough."""

    def move(tx: holdfast.Transaction) -> bool:
        taken = tx["accounts"].update_one(
            {"_id": source, "balance": {"$gte": amount}}, {"$inc": {"balance": -amount}}
        )
        if taken.modified_count == 0:
            return False
        tx["accounts"].update_one({"_id": target}, {"$inc": {"balance": amount}})
        tx["journal"].insert_one({"from": source, "to": target, "amount": amount})
        return True

    return db.run_transaction(move, retries=1000)


def work(db: holdfast.Database, seed: int) -> None:
    """Makes a few transfers at random."""
    source = random.Random(seed)
    for _ in range(25):
        first, second = source.sample(range(ACCOUNTS), 2)
        transfer(db, first, second, source.randrange(1, 200))


def main(path: Path) -> None:
    """Lets four threads work, and counts the money."""
    with open_bank(path) as db:
        threads = [threading.Thread(target=work, args=(db, seed)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        total = sum(account["balance"] for account in db.accounts.find())
        assert total == ACCOUNTS * START, total
        print(f"{db.journal.estimated_document_count()} transfers; {total} in all, as in the beginning")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(Path(folder) / "bank.holdfast")
