"""What can go wrong.

Every error that Holdfast raises is a `HoldfastError`, and also the error of pymongo that stands for the same
failure, so that ``except pymongo.errors.DuplicateKeyError`` works as it does with MongoDB. `code_name` is
Holdfast's own word for the failure, `code` the number that MongoDB uses for it, if it has one, and `details`
is what else is known.

Arguments of a wrong type or value raise `TypeError` and `ValueError`, as in pymongo, and values that BSON
cannot express raise the errors of `bson`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bson
import bson.errors
import pymongo.errors
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, DatetimeConversion

TRANSIENT = "TransientTransactionError"
UNKNOWN_RESULT = "UnknownTransactionCommitResult"


class HoldfastError(pymongo.errors.PyMongoError):
    """The base of all errors of Holdfast."""

    def __init__(
        self,
        message: str = "",
        code_name: str = "invalidUse",
        code: int | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        pymongo.errors.PyMongoError.__init__(self, message)
        self._code_name = code_name
        self._code = code
        self._details = details

    @property
    def code_name(self) -> str:
        """Holdfast's word for the failure, such as ``"duplicateKey"``. It never changes its meaning."""
        return self._code_name

    @property
    def code(self) -> int | None:
        """MongoDB's number for the failure, or None when MongoDB has nothing like it."""
        return self._code

    @property
    def details(self) -> Mapping[str, Any] | None:
        """What else is known: ``code``, ``codeName`` and ``errmsg``, the ``collection`` concerned, and for a
        deadlock its ``cycle``."""
        return self._details

    @property
    def timeout(self) -> bool:
        """Whether waiting for something took too long."""
        return False

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self._code_name, self._code, self._details), self.__dict__


class InvalidOperation(HoldfastError, pymongo.errors.InvalidOperation):
    """A call that makes no sense at this moment, such as one in a forked child, or on a transaction that is
    over."""


class DatabaseClosed(InvalidOperation):
    """The database is closed. Open it again with `holdfast.connect`."""


class ConfigurationError(HoldfastError, pymongo.errors.ConfigurationError):
    """Something was asked for that Holdfast does not offer. Nothing was done."""


class InvalidName(HoldfastError, pymongo.errors.InvalidName):
    """A name that no collection can have."""


class InvalidDocument(HoldfastError, bson.errors.InvalidDocument):
    """A document is not well-formed, or nests more than 200 levels deep."""


class DocumentTooLarge(HoldfastError, pymongo.errors.DocumentTooLarge):
    """A document is larger than 16 MiB."""


class OpenError(HoldfastError, pymongo.errors.ConnectionFailure):
    """The database could not be opened."""


class DatabaseNotFound(OpenError):
    """There is no database at this path, and none was to be created."""


class DatabaseLocked(OpenError):
    """Another open database, of this or of another process, holds the lock of this file."""


class OperationFailure(HoldfastError, pymongo.errors.OperationFailure):
    """An operation failed, and has changed nothing unless its description says otherwise."""


class AuthenticationFailed(OperationFailure):
    """The password or the key is wrong, or one was given or left out where it should not be. Nothing was
    touched."""


class CorruptionError(OperationFailure):
    """A checksum does not hold: what was asked for cannot be read, and no other data is given in its
    place."""


class ReadOnlyError(OperationFailure):
    """The database was opened with ``read_only=True``."""


class StorageError(OperationFailure):
    """The operating system failed: no room, too many open files, no permission, or an error of the disk."""


class DiskFull(StorageError):
    """There is no room on the disk, or a quota or size limit is reached. Deleting and closing still work."""


class OutcomeUnknown(StorageError):
    """A sync failed: whether the commits in flight are durable is unknown. Close the database and open it
    again."""


class QueryError(OperationFailure):
    """A filter, an update, a projection, an order or a hint is wrong, or meets a value that it does not work
    on."""

    def in_write(self) -> WriteError:
        """The same error as a write reports it."""
        return InvalidWrite(str(self), self._code_name, self._code, self._details)


class IndexNotFound(OperationFailure):
    """There is no index of this name or on these fields."""


class IndexExists(OperationFailure):
    """There is an index of this name, or on these fields, that is different. Drop it first to change it."""


class CollectionNotFound(OperationFailure):
    """There is no collection of this name."""


class CollectionInvalid(OperationFailure, pymongo.errors.CollectionInvalid):
    """There is a collection of this name already."""


class LimitExceeded(OperationFailure):
    """A limit of the database is reached."""


class TransactionTooLarge(LimitExceeded):
    """A transaction writes more than the limit. Do the work in several transactions, or open with a higher
    limit."""


class TransactionExpired(OperationFailure):
    """The transaction was not used for too long, and was rolled back."""


class LockTimeout(OperationFailure):
    """What another transaction had locked did not become free in time. The transaction is still there."""

    @property
    def timeout(self) -> bool:
        return True


class RetryableError(OperationFailure):
    """The transaction was rolled back for the sake of another one: run it again from its beginning.

    Every later call in the transaction raises the same error. `Database.run_transaction` does the repeating.
    """


class WriteConflict(RetryableError):
    """Another transaction has changed what this one wants to write, or has read."""


class Deadlock(RetryableError):
    """Transactions waited for each other, and this one was chosen to give way."""


class WriteError(OperationFailure, pymongo.errors.WriteError):
    """A document cannot be written as asked: its `_id`, the keys of its indexes, or what an update does to
    it."""


class InvalidWrite(QueryError, WriteError):
    """A `QueryError` in a write. Nothing was changed."""


class DuplicateKeyError(WriteError, pymongo.errors.DuplicateKeyError):
    """A document with this `_id`, or with the same values in a unique index, is there already.

    `details` has the fields of the index as ``keyPattern``, and the values as ``keyValue``.
    """


class BulkFailure(OperationFailure):
    """Some operations of a bulk write failed. `bulk` makes a `BulkWriteError` of it."""

    @property
    def outcome(self) -> Mapping[str, Any]:
        """``errors``, a list of ``{operation, name, message}``, and ``result``, what the other operations
        did."""
        outcome: Mapping[str, Any] = (self._details or {})["bulkWrite"]
        return outcome


class BulkWriteError(OperationFailure, pymongo.errors.BulkWriteError):  # type: ignore[misc]
    """Some operations of `insert_many` or `bulk_write` failed; what the others did is kept.

    `details` has ``writeErrors``, a list of ``{index, code, codeName, errmsg, op}``, and the counts of what
    was done: ``nInserted``, ``nMatched``, ``nModified``, ``nRemoved``, ``nUpserted`` and ``upserted``.
    """

    def __init__(self, results: Mapping[str, Any]) -> None:
        failures = results.get("writeErrors", [])
        message, code_name = "operations failed", "invalidUse"
        if failures:
            first = failures[0]
            message = (
                f"batch op errors occurred: {len(failures)} failed, first operation {first['index']} "
                f"(from 0): {first['errmsg']}"
            )
            code_name = first.get("codeName", code_name)
        super().__init__(message, code_name, 65, results)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._details,), self.__dict__


# How details are read: whatever values they have, also dates that Python has not.
_DETAILS: CodecOptions[dict[str, Any]] = CodecOptions(
    uuid_representation=UuidRepresentation.STANDARD, datetime_conversion=DatetimeConversion.DATETIME_AUTO
)

# The class of each failure, and MongoDB's number for it.
_KINDS: dict[str, tuple[type[HoldfastError], int | None]] = {
    "notFound": (DatabaseNotFound, None),
    "notAFile": (OpenError, None),
    "notADatabase": (OpenError, None),
    "truncated": (OpenError, None),
    "unsupportedFormat": (OpenError, None),
    "authenticationFailed": (AuthenticationFailed, 18),
    "databaseLocked": (DatabaseLocked, None),
    "networkFileSystem": (OpenError, None),
    "corrupted": (CorruptionError, None),
    "missingLog": (OpenError, None),
    "diskFull": (DiskFull, 14031),
    "tooManyOpenFiles": (StorageError, None),
    "writesSuspended": (StorageError, None),
    "notPermitted": (StorageError, None),
    "ioFailed": (StorageError, None),
    "outcomeUnknown": (OutcomeUnknown, None),
    "closed": (DatabaseClosed, None),
    "readOnly": (ReadOnlyError, 20),
    "transactionTooLarge": (TransactionTooLarge, 257),
    "writeConflict": (WriteConflict, 112),
    "deadlock": (Deadlock, 112),
    "lockTimeout": (LockTimeout, 24),
    "transactionExpired": (TransactionExpired, 290),
    "limitExceeded": (LimitExceeded, None),
    "invalidUse": (InvalidOperation, None),
    "duplicateID": (DuplicateKeyError, 11000),
    "documentTooLarge": (DocumentTooLarge, 10334),
    "invalidDocument": (InvalidDocument, 22),
    "invalidName": (InvalidName, 73),
    "invalidID": (WriteError, 53),
    "keyTooLarge": (WriteError, 17280),
    "invalidQuery": (QueryError, 2),
    "typeMismatch": (QueryError, 14),
    "overflow": (QueryError, 2),
    "immutableID": (WriteError, 66),
    "duplicateKey": (DuplicateKeyError, 11000),
    "parallelArrays": (WriteError, 171),
    "indexNotFound": (IndexNotFound, 27),
    "indexExists": (IndexExists, 85),
    "cancelled": (OperationFailure, 11601),
    "collectionNotFound": (CollectionNotFound, 26),
    "collectionExists": (CollectionInvalid, 48),
}


def mongo_code(code_name: str, details: Mapping[str, Any] | None = None) -> int | None:
    """MongoDB's number for a failure, or None; the library's details may have a more exact one."""
    number: int | None = (details or {}).get("mongoCode", _KINDS.get(code_name, (OperationFailure, None))[1])
    return number


def error_text(code_name: str, message: str) -> str:
    """What an error says. Clients of MongoDB know duplicates by the words in front."""
    kind = _KINDS.get(code_name, (OperationFailure, None))[0]
    return f"E11000 duplicate key error: {message}" if kind is DuplicateKeyError else message


def error_from_native(code: int, name: str, message: str, details: bytes) -> HoldfastError:
    """Makes the exception for an error of the library. `holdfast._native` calls this, and raises what it
    gets."""
    kind = _KINDS.get(name, (OperationFailure, None))[0]
    known: dict[str, Any] = bson.decode(details, _DETAILS) if details else {}
    number = mongo_code(name, known)
    known.pop("mongoCode", None)
    message = error_text(name, message)
    document: dict[str, Any] = {"code": number, "codeName": name, "errmsg": message, **known}
    if "bulkWrite" in document:
        kind = BulkFailure
    error = kind(message, name, number, document)
    if issubclass(kind, RetryableError):
        error._add_error_label(TRANSIENT)
    elif kind is OutcomeUnknown:
        error._add_error_label(UNKNOWN_RESULT)
    return error
