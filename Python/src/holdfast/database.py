"""Databases: their collections and transactions, and their state."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, Union, overload
from weakref import WeakSet

import bson
from bson.codec_options import CodecOptions

from holdfast import _native
from holdfast.collection import Collection, CollectionCalled
from holdfast.command_cursor import CommandCursor
from holdfast.durability import durability_arguments, durability_value
from holdfast.errors import CollectionInvalid, ConfigurationError, HoldfastError
from holdfast.namespace import encoded_name
from holdfast.options import DEFAULT_CODEC_OPTIONS, encoded_options, refuse, refuse_unknown
from holdfast.transaction import Transaction, joined, run_transaction

if TYPE_CHECKING:
    from types import TracebackType

E = TypeVar("E", bound=Mapping[str, Any])
T = TypeVar("T")

# Those that are to be closed when the program ends.
_open_databases: WeakSet[Database] = WeakSet()


def _close_all() -> None:
    """Closes what the program has left open, so that nothing is only in memory, and the file is whole alone."""
    for database in list(_open_databases):
        if not (database.closed or database._is_inherited):
            # There is nobody left to tell; what was acknowledged is in the log.
            with suppress(HoldfastError):
                database.close()


atexit.register(_close_all)


class Database:
    """An open database, made by `connect`.

    ``db["users"]`` and ``db.users`` are its collections; names that begin with an underscore, or are those of
    methods, need the brackets. Any number of threads may use it. `close` it when the work is done, or use it
    as a ``with`` block. One that is open when the program ends is closed then. One that nothing refers to any
    more, cursors and transactions included, gives its file back, with the last writes in the log beside it.
    """

    __slots__ = ("__weakref__", "_closed", "_codec_options", "_handle", "_path", "_process")

    __iter__ = None
    __contains__ = None

    def __init__(self, handle: _native.Database, path: str, codec_options: CodecOptions[Any]) -> None:
        self._handle = handle
        self._path = path
        self._codec_options = codec_options
        self._closed = False
        self._process = os.getpid()
        _open_databases.add(self)

    # -------------------------------------------------------------------------------------- collections

    def __getitem__(self, name: str) -> Collection[dict[str, Any]]:
        return Collection(self, name)

    def __getattr__(self, name: str) -> Collection[dict[str, Any]]:
        """The collection of this name."""
        if name.startswith("_"):
            raise AttributeError(
                f"a database has no attribute {name!r}: the collection {name!r} is database[{name!r}]"
            )
        return Collection(self, name)

    @property
    def collection(self) -> CollectionCalled:
        """``collection(name)`` is the collection of a name. It exists from its first insertion on, and reads as
        an empty one before. Without a call it is the one named ``"collection"``, as in pymongo."""
        return CollectionCalled(self, "collection")

    @overload
    def get_collection(
        self,
        name: str,
        codec_options: None = None,
        read_preference: Any = ...,
        write_concern: Any = ...,
        read_concern: Any = ...,
    ) -> Collection[dict[str, Any]]: ...
    @overload
    def get_collection(
        self,
        name: str,
        codec_options: CodecOptions[E],
        read_preference: Any = ...,
        write_concern: Any = ...,
        read_concern: Any = ...,
    ) -> Collection[E]: ...
    def get_collection(
        self,
        name: str,
        codec_options: CodecOptions[Any] | None = None,
        read_preference: Any = None,
        write_concern: Any = None,
        read_concern: Any = None,
    ) -> Collection[Any]:
        """The collection of a name, with codec options of its own; see `Collection.with_options`."""
        refuse(read_preference=read_preference, write_concern=write_concern, read_concern=read_concern)
        return Collection(self, name, codec_options)

    def list_collection_names(
        self,
        session: Transaction | None = None,
        filter: Mapping[str, Any] | None = None,
        comment: Any = None,
        **kwargs: Any,
    ) -> list[str]:
        """The names of the collections, sorted by their bytes. `filter` may be ``{"name": "users"}``."""
        refuse_unknown("list_collection_names", kwargs)
        names: list[str] = bson.decode(self._call(session, _native.collections))["collections"]
        if not filter:
            return names
        if set(filter) != {"name"} or not isinstance(filter["name"], str):
            raise ConfigurationError("collections are filtered by their whole name only: {'name': 'users'}")
        return [name for name in names if name == filter["name"]]

    def list_collections(
        self,
        session: Transaction | None = None,
        filter: Mapping[str, Any] | None = None,
        comment: Any = None,
        **kwargs: Any,
    ) -> CommandCursor[dict[str, Any]]:
        """The collections as MongoDB lists them, sorted by name. `filter` may be ``{"name": "users"}``."""
        names = self.list_collection_names(session, filter, comment, **kwargs)
        return CommandCursor({"name": name, "type": "collection", "options": {}} for name in names)

    def create_collection(
        self,
        name: str,
        codec_options: CodecOptions[Any] | None = None,
        read_preference: Any = None,
        write_concern: Any = None,
        read_concern: Any = None,
        session: Transaction | None = None,
        check_exists: bool | None = True,
        *,
        durability: str | None = None,
        batch_size: int = 100,
        batch_interval: float = 0.05,
        **kwargs: Any,
    ) -> Collection[Any]:
        """Makes an empty collection, and gives it. Not needed before inserting.

        `durability` is one of its own; see `connect`. Raises `CollectionInvalid` when there is one of this
        name, unless `check_exists` is False.
        """
        refuse_unknown("create_collection", kwargs)
        collection = self.get_collection(name, codec_options, read_preference, write_concern, read_concern)
        own = None if durability is None else durability_value(durability, batch_size, batch_interval)
        options = encoded_options(DEFAULT_CODEC_OPTIONS, durability=own)
        try:
            self._call(session, _native.create_collection, collection._encoded_name, options)
        except CollectionInvalid:
            if check_exists is not False:
                raise
        return collection

    def drop_collection(
        self,
        name_or_collection: Union[str, Collection[Any]],
        session: Transaction | None = None,
        comment: Any = None,
        encrypted_fields: Any = None,
    ) -> dict[str, Any]:
        """Removes a collection with its documents and indexes, if it exists."""
        refuse(encrypted_fields=encrypted_fields)
        name = name_or_collection.name if isinstance(name_or_collection, Collection) else name_or_collection
        self._call(session, _native.drop_collection, encoded_name(name))
        return {"ok": 1.0}

    # -------------------------------------------------------------------------------------- transactions

    def transaction(
        self, isolation: str = "snapshot", retries: int = 0, lock_timeout: float | None = None
    ) -> Transaction:
        """Begins a transaction, to be used as a ``with`` block: see `Transaction`.

        isolation: ``"read_committed"``, ``"snapshot"`` or ``"serializable"``. ``"read_uncommitted"`` is the
            same as ``"read_committed"``.
        retries: a block cannot be run again, so this is about its first call only: when that meets a write
            conflict or a deadlock, the transaction begins again, on a newer state, and repeats the call up to
            so many times. To repeat all of it, use `run_transaction`.
        lock_timeout: seconds to wait for what another transaction has locked; without it, that of the
        database.
        """
        return Transaction(self, isolation, retries, lock_timeout)

    def run_transaction(
        self,
        callback: Callable[[Transaction], T],
        *,
        isolation: str = "snapshot",
        retries: int = 20,
        lock_timeout: float | None = None,
    ) -> T:
        """Calls ``callback(transaction)``, commits, and gives what it returned.

        After a write conflict or a deadlock, everything is taken back, and the callback is called again in a
        new transaction, up to `retries` times, after a pause chosen at random. So it may run more than once,
        and what it does besides should bear that. After any other exception the transaction is rolled back.
        """
        return run_transaction(self, callback, isolation, retries, lock_timeout)

    # ----------------------------------------------------------------------------------- durability and state

    def persist(self) -> None:
        """Waits until everything that was written is durable, whatever durability it was written with."""
        _native.persist(self._handle)

    def checkpoint(self) -> None:
        """Writes everything into the file, so that the log beside it is not needed any more."""
        _native.checkpoint(self._handle)

    def durability(self) -> dict[str, Any]:
        """The durability of writes: ``{"durability": "safe"}``; with ``"batch"`` also `batch_size` and
        `batch_interval`.

        These are arguments of `set_durability`. That of one collection is `Collection.durability`.
        """
        return self._durability(None)

    def set_durability(self, durability: str, batch_size: int = 100, batch_interval: float = 0.05) -> None:
        """Stores the durability of the collections that have none of their own; see `connect`. It holds at
        once."""
        if durability is None:
            raise ValueError("a database has a durability of its own: give its name")
        self._set_durability(None, durability, batch_size, batch_interval)

    def _durability(self, collection: bytes | None) -> dict[str, Any]:
        return durability_arguments(bson.decode(_native.durability(self._handle, collection)))

    def _set_durability(
        self, collection: bytes | None, durability: str | None, batch_size: int, batch_interval: float
    ) -> None:
        document = {}
        if durability is not None:
            document["durability"] = durability_value(durability, batch_size, batch_interval)
        _native.set_durability(self._handle, collection, bson.encode(document))

    def stats(self) -> dict[str, Any]:
        """Numbers about the database: sizes in bytes, counts since it was opened, and its transactions."""
        return bson.decode(_native.statistics(self._handle))

    def health(self) -> dict[str, Any]:
        """How the database is: a ``status`` of ``"ok"``, ``"degraded"``, ``"readOnly"`` or ``"failed"``, its
        ``reasons``, and what to watch."""
        return bson.decode(_native.health(self._handle))

    def delete_expired(self) -> int:
        """Deletes the documents whose time is over by an index with `expireAfterSeconds`, and says how many
        there were.

        This happens by itself every minute.
        """
        return _native.delete_expired(self._handle)

    # -------------------------------------------------------------------------------------- the end

    def close(self) -> None:
        """Rolls open transactions back, makes everything durable, and frees the file. Closing again does
        nothing.

        Every further call, also with the collections, cursors and transactions, raises `DatabaseClosed`.
        """
        self._closed = True
        _native.close(self._handle)

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A child that was forked inside of the block leaves it, too, and the database is its parent's.
        if not self._is_inherited:
            self.close()

    @property
    def _is_inherited(self) -> bool:
        """Whether this is a forked child of the process that opened it."""
        return os.getpid() != self._process

    @property
    def closed(self) -> bool:
        """Whether `close` has been called."""
        return self._closed

    # -------------------------------------------------------------------------------------- what it is

    @property
    def path(self) -> str:
        """The path of its file, from the root."""
        return self._path

    @property
    def name(self) -> str:
        """The name of its file, without an extension."""
        return os.path.splitext(os.path.basename(self._path))[0]

    @property
    def codec_options(self) -> CodecOptions[Any]:
        """How documents are written and read unless a collection has options of its own."""
        return self._codec_options

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Database):
            return self._handle is other._handle
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self._handle)

    def __bool__(self) -> NoReturn:
        raise NotImplementedError("a database is neither true nor false: compare it with None instead")

    def __repr__(self) -> str:
        return f"Database({self._path!r})"

    # -------------------------------------------------------------------------------------- for the package

    def _call(self, session: Any, function: Callable[..., T], *arguments: Any) -> T:
        """Calls a function of the library, in a transaction if there is one."""
        if session is None:
            return function(self._handle, None, *arguments)
        return joined(session, self)._call(function, *arguments)

    def _collection(self, name: str, transaction: Transaction) -> Collection[dict[str, Any]]:
        """The collection of a name, whose calls belong to a transaction."""
        return Collection(self, name, None, transaction)
