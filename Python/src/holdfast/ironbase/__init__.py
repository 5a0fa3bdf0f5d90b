"""A layer for programs that are written for the Python API of IronBase.

``from ironbase import IronBase`` becomes ``from holdfast.ironbase import IronBase``; the classes, methods,
arguments, results and errors are the same, and the guarantees are those of Holdfast. Files are Holdfast's:
documents are brought over by exporting them there and inserting them here. What is different is in the guide
*Migrating from IronBase*.

>>> db = IronBase("app.mlite")
>>> users = db.collection("users")
>>> users.insert_one({"name": "Ada", "age": 36})
{'acknowledged': True, 'inserted_id': 1}
>>> users.find({"age": {"$gte": 18}})
[{'_id': 1, 'name': 'Ada', 'age': 36}]
>>> db.close()
"""

from __future__ import annotations

from holdfast.ironbase._collection import Collection
from holdfast.ironbase._cursor import Cursor
from holdfast.ironbase._database import IronBase
from holdfast.ironbase._errors import (
    CancelledError,
    CollectionExistsError,
    CollectionNotFoundError,
    CorruptionError,
    DatabaseClosedError,
    DatabaseLockedError,
    DocumentNotFoundError,
    DuplicateKeyError,
    IndexError,
    InvalidQueryError,
    IronBaseException,
    OperationNotAllowedError,
    OutOfMemoryError,
    SchemaValidationError,
    SerializationError,
    StorageError,
    TimeoutError,
    TransactionError,
)

__all__ = [
    "CancelledError",
    "Collection",
    "CollectionExistsError",
    "CollectionNotFoundError",
    "CorruptionError",
    "Cursor",
    "DatabaseClosedError",
    "DatabaseLockedError",
    "DocumentNotFoundError",
    "DuplicateKeyError",
    "IndexError",
    "InvalidQueryError",
    "IronBase",
    "IronBaseException",
    "OperationNotAllowedError",
    "OutOfMemoryError",
    "SchemaValidationError",
    "SerializationError",
    "StorageError",
    "TimeoutError",
    "TransactionError",
]
