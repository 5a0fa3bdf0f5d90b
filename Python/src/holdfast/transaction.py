"""Transactions: many calls that happen together or not at all."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import bson

from holdfast import _native
from holdfast.errors import HoldfastError, InvalidOperation, RetryableError
from holdfast.options import check_int

if TYPE_CHECKING:
    from types import TracebackType

    from holdfast.collection import Collection
    from holdfast.database import Database

T = TypeVar("T")

# The names of the levels, as they are written in Python and in the library.
_ISOLATIONS = {
    "read_uncommitted": "readUncommitted",
    "read_committed": "readCommitted",
    "snapshot": "snapshot",
    "serializable": "serializable",
}
_ISOLATIONS.update({name: name for name in list(_ISOLATIONS.values())})

# The pause before an attempt is chosen at random below a bound that begins here and doubles, in seconds.
_FIRST_PAUSE = 0.001
_LONGEST_PAUSE = 0.02


def _pause(attempt: int) -> None:
    """Waits a moment before attempt number `attempt`, the first repetition being 1."""
    time.sleep(random.uniform(0, min(_FIRST_PAUSE * 2.0 ** (attempt - 1), _LONGEST_PAUSE)))


class Transaction:
    """A transaction, made by `Database.transaction`. It has begun when it exists.

    Calls take part in it when they are made with its own collections, ``tx["users"].insert_one(...)``, or
    with ``session=tx``. The end of its ``with`` block commits it, and rolls it back after an exception;
    without a ``with`` block, `commit` or `rollback` must be called. One that is dropped without an end is
    rolled back, and so is one that does nothing for five minutes, unless the database was opened with another
    limit.

    A transaction does one thing at a time: a call while another thread is in one raises `InvalidOperation`.

    After a write conflict or a deadlock the transaction has been rolled back, and every later call raises the
    same error. After other errors it goes on, and what failed has changed nothing. Only a call that fails
    after beginning to change documents, such as an `update_many`, leaves nothing but rolling back, as a whole
    or to a savepoint.
    """

    __slots__ = (
        "__weakref__",
        "_committed",
        "_database",
        "_handle",
        "_isolation",
        "_options",
        "_over",
        "_retries",
        "_untouched",
    )

    def __init__(
        self,
        database: Database,
        isolation: str = "snapshot",
        retries: int = 0,
        lock_timeout: float | None = None,
        *,
        _retried: Transaction | None = None,
    ) -> None:
        if isolation not in _ISOLATIONS:
            raise ValueError(
                f"unknown isolation {isolation!r}: use one of {', '.join(list(_ISOLATIONS)[:4])}"
            )
        if check_int("retries", retries) < 0:
            raise ValueError("retries must not be negative")
        options: dict[str, Any] = {"isolation": _ISOLATIONS[isolation]}
        if lock_timeout is not None:
            options["lockTimeoutMilliseconds"] = milliseconds("lock_timeout", lock_timeout)
        self._database = database
        self._isolation = isolation
        self._options = bson.encode(options)
        self._retries = retries
        self._untouched = retries > 0
        self._over = self._committed = False
        retried = None if _retried is None else _retried._handle
        self._handle: _native.Transaction = _native.begin(database._handle, self._options, retried)

    def _call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Calls a function of the library in the transaction."""
        if self._untouched:
            return self._first_call(function, *arguments)
        return function(self._database._handle, self._handle, *arguments)

    def _first_call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Makes the first call, again in a new transaction as long as another one is in the way and retries
        are left.

        Nothing has been seen of the transaction before, so nothing can tell the new one from it.
        """
        self._untouched = False
        for attempt in range(1, self._retries + 1):
            try:
                return function(self._database._handle, self._handle, *arguments)
            except RetryableError:
                if self._over:
                    raise
                _pause(attempt)
                self._handle = _native.begin(self._database._handle, self._options, self._handle)
        return function(self._database._handle, self._handle, *arguments)

    # -------------------------------------------------------------------------------------- collections

    def collection(self, name: str) -> Collection[dict[str, Any]]:
        """A collection whose calls belong to the transaction."""
        return self._database._collection(name, self)

    def __getitem__(self, name: str) -> Collection[dict[str, Any]]:
        return self.collection(name)

    # -------------------------------------------------------------------------------------- the end

    def commit(self) -> None:
        """Commits: everything becomes visible at once, and is as durable as the strongest of its collections.

        When that fails, nothing of the transaction ever happened, except after `OutcomeUnknown`. It is over
        then, except when another thread is in a call of it, which raises `InvalidOperation`.
        """
        self._untouched = False
        try:
            _native.commit(self._handle)
            self._committed = True
        finally:
            self._over = not _native.is_open(self._handle)

    def rollback(self) -> None:
        """Takes back all that the transaction did, and frees its locks. Does nothing when it is over.

        While another thread is in a call of it, it is rolled back when that call returns.
        """
        self._over, self._untouched = True, False
        _native.rollback(self._handle)

    def __enter__(self) -> Transaction:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._database._is_inherited:
            return
        if kind is None:
            if not self._over:
                self.commit()
            return
        # What cannot be rolled back is not committed either, and the exception of the block says more.
        with suppress(HoldfastError):
            self.rollback()

    # -------------------------------------------------------------------------------------- savepoints

    def savepoint(self) -> Savepoint:
        """Marks a point to go back to. As a ``with`` block, it is gone back to when the block raises an
        exception."""
        self._untouched = False
        return Savepoint(self, _native.savepoint(self._handle))

    def rollback_to(self, savepoint: Savepoint) -> None:
        """Takes back what was done since a savepoint. It stays, those after it are gone, and locks stay.

        Cursors of the transaction that are open fail when they are read on.
        """
        if not isinstance(savepoint, Savepoint):
            raise TypeError(f"a savepoint is what savepoint() gives, not {type(savepoint).__name__}")
        if savepoint.transaction is not self:
            raise InvalidOperation("the savepoint belongs to another transaction")
        _native.rollback_to(self._handle, savepoint._number)

    # -------------------------------------------------------------------------------------- what it is

    @property
    def is_open(self) -> bool:
        """Whether it has neither been committed nor rolled back."""
        return not self._over and _native.is_open(self._handle)

    @property
    def isolation(self) -> str:
        """The isolation level that it was made with."""
        return self._isolation

    @property
    def database(self) -> Database:
        """The database that it belongs to."""
        return self._database

    def __repr__(self) -> str:
        state = "open" if self.is_open else "over"
        return f"<holdfast.Transaction of {self._database.path!r}, {self._isolation}, {state}>"


class Savepoint:
    """A point of a transaction that `Transaction.rollback_to` goes back to."""

    __slots__ = ("_number", "_transaction")

    def __init__(self, transaction: Transaction, number: int) -> None:
        self._transaction = transaction
        self._number = number

    @property
    def transaction(self) -> Transaction:
        """The transaction that it belongs to."""
        return self._transaction

    def rollback(self) -> None:
        """Takes back what the transaction did since."""
        self._transaction.rollback_to(self)

    def __enter__(self) -> Savepoint:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and self._transaction.is_open:
            self.rollback()


def run_transaction(
    database: Database,
    callback: Callable[[Transaction], T],
    isolation: str,
    retries: int,
    lock_timeout: float | None,
) -> T:
    """Does what `Database.run_transaction` says."""
    if check_int("retries", retries) < 0:
        raise ValueError("retries must not be negative")
    previous: Transaction | None = None
    attempt = 0
    while True:
        transaction = Transaction(database, isolation, lock_timeout=lock_timeout, _retried=previous)
        try:
            with transaction:
                return callback(transaction)
        except RetryableError:
            attempt += 1
            # What the callback has committed itself must not be done twice.
            if attempt > retries or transaction._committed:
                raise
        _pause(attempt)
        previous = transaction


def joined(session: Any, database: Database) -> Transaction:
    """Checks that a `session` argument is a transaction of this database, and gives it."""
    if not isinstance(session, Transaction):
        raise TypeError(
            f"session must be a transaction of this database or None, not {type(session).__name__}"
        )
    if session._database is not database and session._database != database:
        raise InvalidOperation("the transaction given as session belongs to another database")
    return session


def milliseconds(name: str, seconds: Any) -> int:
    """A duration in seconds as whole milliseconds, at least one unless it is zero."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"{name} must be a number of seconds, not {type(seconds).__name__}")
    if not 0 <= seconds < 1e9:
        raise ValueError(f"{name} must be a number of seconds that is not negative, not {seconds}")
    return max(round(seconds * 1000), 1) if seconds else 0
