"""The library as the C extension offers it: handles, and BSON documents as bytes.

All arguments are positional. Names of collections, fields and indexes are UTF-8 without zero bytes. A call
without a transaction gets None for it. Calls release the interpreter's lock, and may be made by any thread.
Errors are made by the function that was given to `set_error_factory`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import final

@final
class Database:
    """An open database. Closed when nothing refers to it any more, transactions and cursors included."""

@final
class Transaction:
    """A transaction. Rolled back when nothing refers to it any more."""

@final
class Cursor:
    """Documents that are being read. Released when nothing refers to it any more."""

def set_error_factory(factory: Callable[[int, str, str, bytes], BaseException], /) -> None: ...
def interface_version() -> int: ...
def open(path: bytes, options: bytes, /) -> Database: ...
def close(database: Database, /) -> None: ...
def persist(database: Database, /) -> None: ...
def checkpoint(database: Database, /) -> None: ...
def statistics(database: Database, /) -> bytes: ...
def health(database: Database, /) -> bytes: ...
def durability(database: Database, collection: bytes | None, /) -> bytes: ...
def set_durability(database: Database, collection: bytes | None, durability: bytes, /) -> None: ...
def begin(database: Database, options: bytes | None, retried: Transaction | None, /) -> Transaction: ...
def commit(transaction: Transaction, /) -> None: ...
def rollback(transaction: Transaction, /) -> None: ...
def savepoint(transaction: Transaction, /) -> int: ...
def rollback_to(transaction: Transaction, savepoint: int, /) -> None: ...
def is_open(transaction: Transaction, /) -> bool: ...
def collections(database: Database, transaction: Transaction | None, /) -> bytes: ...
def create_collection(
    database: Database, transaction: Transaction | None, collection: bytes, options: bytes | None, /
) -> None: ...
def drop_collection(database: Database, transaction: Transaction | None, collection: bytes, /) -> bool: ...
def rename_collection(
    database: Database, transaction: Transaction | None, collection: bytes, new_name: bytes, replace: bool, /
) -> None: ...
def find_one(
    database: Database,
    transaction: Transaction | None,
    collection: bytes,
    filter: bytes | None,
    options: bytes | None,
    /,
) -> bytes | None: ...
def find(
    database: Database,
    transaction: Transaction | None,
    collection: bytes,
    filter: bytes | None,
    options: bytes | None,
    /,
) -> Cursor: ...
def cursor_next(cursor: Cursor, maximum_count: int, maximum_bytes: int, /) -> bytes: ...
def count(
    database: Database,
    transaction: Transaction | None,
    collection: bytes,
    filter: bytes | None,
    options: bytes | None,
    /,
) -> int: ...
def distinct(
    database: Database,
    transaction: Transaction | None,
    collection: bytes,
    field: bytes,
    filter: bytes | None,
    options: bytes | None,
    /,
) -> bytes: ...
def explain(
    database: Database,
    transaction: Transaction | None,
    collection: bytes,
    filter: bytes | None,
    options: bytes | None,
    /,
) -> bytes: ...
def insert_one(
    database: Database, transaction: Transaction | None, collection: bytes, document: bytes, /
) -> None: ...
def insert_many(
    database: Database, transaction: Transaction | None, collection: bytes, documents: bytes, /
) -> None: ...
def update(
    database: Database,
    transaction: Transaction | None,
    collection: bytes,
    filter: bytes | None,
    update: bytes,
    options: bytes | None,
    /,
) -> bytes: ...
def replace_one(
    database: Database,
    transaction: Transaction | None,
    collection: bytes,
    filter: bytes | None,
    replacement: bytes,
    options: bytes | None,
    /,
) -> bytes: ...
def delete(
    database: Database,
    transaction: Transaction | None,
    collection: bytes,
    filter: bytes | None,
    options: bytes | None,
    /,
) -> int: ...
def find_and_modify(
    database: Database,
    transaction: Transaction | None,
    collection: bytes,
    filter: bytes | None,
    options: bytes,
    /,
) -> bytes | None: ...
def bulk_write(
    database: Database,
    transaction: Transaction | None,
    collection: bytes,
    operations: bytes,
    ordered: bool,
    /,
) -> bytes: ...
def create_index(
    database: Database,
    transaction: Transaction | None,
    collection: bytes,
    keys: bytes,
    options: bytes | None,
    /,
) -> bytes: ...
def indexes(database: Database, transaction: Transaction | None, collection: bytes, /) -> bytes: ...
def drop_index(
    database: Database, transaction: Transaction | None, collection: bytes, index: bytes, /
) -> bool: ...
def delete_expired(database: Database, /) -> int: ...
