"""The errors of this layer, and how those of Holdfast become them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import bson.errors
import pymongo.errors

from holdfast.errors import HoldfastError

F = TypeVar("F", bound=Callable[..., Any])


class IronBaseException(RuntimeError):
    """The base of all errors here, and a `RuntimeError`. `code_name` is Holdfast's word for the failure."""

    code_name: str = "invalidUse"


class StorageError(OSError, IronBaseException):
    """The file, the disk or the operating system failed. An `OSError`, too."""


class CorruptionError(StorageError):
    """A checksum does not hold, or the file is cut short: what was asked for cannot be read."""


class DatabaseLockedError(StorageError):
    """Another open database, of this or of another process, holds the lock of the file."""


class DatabaseClosedError(IronBaseException):
    """The database is closed. Make a new `IronBase` to open it again."""


class CollectionNotFoundError(IronBaseException):
    """There is no collection of this name."""


class CollectionExistsError(IronBaseException):
    """There is a collection of this name already."""


class DocumentNotFoundError(IronBaseException):
    """Never raised: what finds no document says so with None or a count of 0."""


class InvalidQueryError(IronBaseException):
    """A filter, an update, a projection, an order or a name is wrong, or meets a value that it does not work
    on.
    """


class IndexError(IronBaseException):
    """An index is missing or there already, does not fit the query, or does not fit a document."""


class SchemaValidationError(IronBaseException):
    """A document does not fulfil the schema of its collection, or a schema cannot be used. Nothing was
    changed.
    """


class TransactionError(IronBaseException):
    """There is no such transaction, it is over, or what it wants to write is locked by another one."""


class OperationNotAllowedError(IronBaseException):
    """What was asked for cannot be done in this state, or with this document."""


class DuplicateKeyError(OperationNotAllowedError, IndexError):
    """A document with this `_id`, or with the same values in a unique index, is there already."""


class OutOfMemoryError(IronBaseException):
    """A limit of the database is reached, such as that of what one transaction may write."""


class SerializationError(IronBaseException):
    """A document cannot be stored: its `_id` is neither an integer nor a string, or it is too large or too
    deep.
    """


class CancelledError(IronBaseException):
    """Never raised: nothing here can be cancelled."""


class TimeoutError(IronBaseException):
    """Never raised: a query has no time limit, and waiting too long for a lock is a `TransactionError`."""


_KINDS: dict[str, type[IronBaseException]] = {
    "notFound": StorageError,
    "notAFile": StorageError,
    "notADatabase": StorageError,
    "truncated": CorruptionError,
    "unsupportedFormat": StorageError,
    "authenticationFailed": StorageError,
    "databaseLocked": DatabaseLockedError,
    "networkFileSystem": StorageError,
    "corrupted": CorruptionError,
    "missingLog": CorruptionError,
    "diskFull": StorageError,
    "tooManyOpenFiles": StorageError,
    "writesSuspended": StorageError,
    "notPermitted": StorageError,
    "ioFailed": StorageError,
    "outcomeUnknown": StorageError,
    "closed": DatabaseClosedError,
    "transactionTooLarge": OutOfMemoryError,
    "writeConflict": TransactionError,
    "deadlock": TransactionError,
    "lockTimeout": TransactionError,
    "transactionExpired": TransactionError,
    "limitExceeded": OutOfMemoryError,
    "duplicateID": DuplicateKeyError,
    "documentTooLarge": SerializationError,
    "invalidDocument": SerializationError,
    "invalidName": InvalidQueryError,
    "invalidID": SerializationError,
    "keyTooLarge": IndexError,
    "invalidQuery": InvalidQueryError,
    "typeMismatch": InvalidQueryError,
    "overflow": InvalidQueryError,
    "immutableID": InvalidQueryError,
    "duplicateKey": DuplicateKeyError,
    "parallelArrays": IndexError,
    "indexNotFound": IndexError,
    "indexExists": IndexError,
    "cancelled": CancelledError,
    "collectionNotFound": CollectionNotFoundError,
    "collectionExists": CollectionExistsError,
}

_FOREIGN_FILE = (
    ". A file of IronBase is not opened but imported: export its documents there, and insert them here"
)


def translated(error: Exception, storage: bool = False) -> IronBaseException:
    """The error of this layer for one of Holdfast or of bson.

    With `storage`, which opening, closing and checkpoints ask for, it is an `OSError` whatever the failure
    is.
    """
    name = error.code_name if isinstance(error, HoldfastError) else "invalidUse"
    kind = _KINDS.get(name, OperationNotAllowedError)
    if isinstance(error, bson.errors.BSONError):
        kind = SerializationError
    if storage and not issubclass(kind, OSError) and kind is not DatabaseClosedError:
        kind = StorageError
    result = kind(str(error) + (_FOREIGN_FILE if name == "notADatabase" else ""))
    result.code_name = name
    return result


def raises(function: F) -> F:
    """Makes a method raise the errors of this layer."""

    @wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except (pymongo.errors.PyMongoError, bson.errors.BSONError) as error:
            raise translated(error) from error

    return cast(F, call)


def raises_os_errors(function: F) -> F:
    """Makes a method raise the errors of this layer, all of them `OSError`s but `DatabaseClosedError`."""

    @wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except (pymongo.errors.PyMongoError, bson.errors.BSONError) as error:
            raise translated(error, storage=True) from error

    return cast(F, call)
