"""Opening databases."""

from __future__ import annotations

import os
from typing import Any, Union

import bson
from bson.codec_options import CodecOptions

from holdfast import _native
from holdfast.database import Database
from holdfast.durability import durability_value
from holdfast.options import DEFAULT_CODEC_OPTIONS, check_int
from holdfast.transaction import milliseconds


def connect(
    path: Union[str, bytes, os.PathLike[str], os.PathLike[bytes]],
    password: str | None = None,
    durability: str | None = None,
    batch_size: int = 100,
    batch_interval: float = 0.05,
    read_only: bool = False,
    *,
    key: bytes | None = None,
    create: bool = True,
    codec_options: CodecOptions[Any] | None = None,
    cache_bytes: int | None = None,
    page_size: int | None = None,
    lock_timeout: float | None = None,
    transaction_idle_timeout: float | None = None,
    maximum_transaction_bytes: int | None = None,
    maximum_transactions: int | None = None,
    allow_network_file_system: bool = False,
    refuse_damage: bool = False,
    password_log_n: int | None = None,
) -> Database:
    """Opens the database in a file, and creates it when it is missing. After a crash, it is recovered.

    A database is open once at a time: a second opening, in this process or another, raises `DatabaseLocked`.
    It cannot be used in a forked child; open it there. `OpenError` and its subclasses, `AuthenticationFailed`
    and `StorageError` say why a database could not be opened.

    password: encrypts the database; needed each time. Without one or a `key`, it is not encrypted.
    durability: ``"safe"``: a write is on the disk when its call returns. ``"batch"``: at the latest after
        `batch_size` writes or `batch_interval` seconds, whichever comes first. ``"unsafe"``: some time later.
        A crash takes away nothing but the last writes. Without it, it is what `Database.set_durability` has
        stored, at first ``"safe"``. Collections with a durability of their own keep it.
    read_only: opens without writing to the file; every write raises `ReadOnlyError`.
    key: 32 bytes that encrypt the database, instead of a password.
    create: with False, `DatabaseNotFound` is raised when there is no database.
    codec_options: how documents are written and read unless a collection has options of its own. By default
        as with pymongo, with standard UUIDs.
    cache_bytes, page_size: the size of the cache, 64 MiB; and of the pages of a new database, 8192 bytes.
    lock_timeout: seconds to wait for what another transaction has locked, 30.
    transaction_idle_timeout: seconds after which an unused transaction is rolled back, 300; 0 is no limit.
    maximum_transaction_bytes, maximum_transactions: what one transaction writes, 256 MiB; and how many are
        open, 10,000.
    allow_network_file_system: opens files on network file systems too, whose locks and syncs may not keep
        promises.
    refuse_damage: fails to open when a page is damaged, instead of leaving out what is in it.
    password_log_n: the cost of deriving a key from the password of a new database, scrypt's log2(N), 15.
    """
    name = os.fsencode(path)
    if not name or b"\x00" in name:
        raise ValueError("the path of a database must not be empty, nor contain a zero character")
    if password is not None and not isinstance(password, str):
        raise TypeError(f"password must be a string, not {type(password).__name__}")
    if password == "":
        raise ValueError("the password is empty: give one of 1 to 4096 bytes, or None for no encryption")
    if key is not None and (not isinstance(key, (bytes, bytearray)) or len(key) != 32):
        raise ValueError("key must be 32 bytes; to open with words of any length give a password")
    if password is not None and key is not None:
        raise ValueError("give either a password or a key, not both")
    for what, value in (
        ("cache_bytes", cache_bytes),
        ("page_size", page_size),
        ("maximum_transaction_bytes", maximum_transaction_bytes),
        ("maximum_transactions", maximum_transactions),
        ("password_log_n", password_log_n),
    ):
        if value is not None and check_int(what, value) < 1:
            raise ValueError(f"{what} must be at least 1, not {value}")
    options = {
        "password": password,
        "key": None if key is None else bytes(key),
        "durability": durability_value(durability or "safe", batch_size, batch_interval),
        "readOnly": bool(read_only),
        "cacheBytes": cache_bytes,
        "pageSize": page_size,
        "maximumTransactionBytes": maximum_transaction_bytes,
        "maximumTransactions": maximum_transactions,
        "allowNetworkFileSystem": bool(allow_network_file_system),
        "refuseDamage": bool(refuse_damage),
        "passwordLogN": password_log_n,
    }
    if durability is None:
        del options["durability"]
    if lock_timeout is not None:
        options["lockTimeoutMilliseconds"] = milliseconds("lock_timeout", lock_timeout)
    if transaction_idle_timeout is not None:
        options["transactionIdleMilliseconds"] = milliseconds(
            "transaction_idle_timeout", transaction_idle_timeout
        )
    present = {name: value for name, value in options.items() if value is not None}
    present["createIfMissing"] = bool(create)
    handle = _native.open(name, bson.encode(present))
    return Database(handle, os.path.abspath(os.fsdecode(name)), codec_options or DEFAULT_CODEC_OPTIONS)
