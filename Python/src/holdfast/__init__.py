"""Holdfast: a document database in one file that keeps what it acknowledged, with the API of pymongo.

    import holdfast

    with holdfast.connect("app.holdfast") as db:
        db.people.insert_one({"name": "Ada", "born": 1815})
        for person in db.people.find({"born": {"$lt": 1900}}, sort=[("name", 1)]):
            print(person["name"])

        with db.transaction() as tx:
            tx["accounts"].update_one({"_id": "a"}, {"$inc": {"balance": -10}})
            tx["accounts"].update_one({"_id": "b"}, {"$inc": {"balance": 10}})

`connect` opens a `Database`, which has `Collection` objects with the methods, arguments and results of
pymongo's. What can go wrong is in `holdfast.errors`. Documents are written and read by `bson`, which comes
with pymongo.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from bson.objectid import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.collection import ReturnDocument

from holdfast import _native, errors
from holdfast.bulk import DeleteMany, DeleteOne, IndexModel, InsertOne, ReplaceOne, UpdateMany, UpdateOne
from holdfast.collection import Collection
from holdfast.cursor import Cursor
from holdfast.database import Database
from holdfast.errors import HoldfastError
from holdfast.opening import connect
from holdfast.transaction import Savepoint, Transaction

_native.set_error_factory(errors.error_from_native)

try:
    __version__ = version("holdfast")
except PackageNotFoundError:
    __version__ = "0.1.0"

__all__ = [
    "ASCENDING",
    "DESCENDING",
    "Collection",
    "Cursor",
    "Database",
    "DeleteMany",
    "DeleteOne",
    "HoldfastError",
    "IndexModel",
    "InsertOne",
    "ObjectId",
    "ReplaceOne",
    "ReturnDocument",
    "Savepoint",
    "Transaction",
    "UpdateMany",
    "UpdateOne",
    "connect",
    "errors",
]
