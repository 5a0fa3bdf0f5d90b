"""What this layer keeps about collections: the ids that it has given, and their schemas."""

from __future__ import annotations

from threading import Lock, RLock
from typing import Any

from holdfast import Collection, Database, Transaction
from holdfast.errors import CollectionInvalid
from holdfast.ironbase._errors import (
    CollectionExistsError,
    CollectionNotFoundError,
    OperationNotAllowedError,
)
from holdfast.ironbase._schema import Schema
from holdfast.ironbase._values import MAXIMUM_INTEGER, check_id

# The collection with a document for each other one: {_id: its name, lastId: 7, deleted: 3, schema: {…}}.
# It is as durable as what comes after it: with a commit that survives a crash, all those before it do.
RESERVED = "holdfast.ironbase"

# What a call of this layer waits for a lock, in seconds, as that API does.
LOCK_TIMEOUT = 5.0
ISOLATION = "read_committed"

# Name, fields, and whether it is complete and has all documents that have its first field.
Index = tuple[str, tuple[str, ...], bool]


class Entry:
    """One collection, as long as it has its name."""

    __slots__ = (
        "_index_version",
        "_indexes",
        "collection",
        "deleted",
        "is_gone",
        "last_id",
        "lock",
        "name",
        "saved_id",
        "schema",
    )

    def __init__(self, name: str, collection: Collection[dict[str, Any]], stored: dict[str, Any]) -> None:
        self.name = name
        self.collection = collection
        self.lock = Lock()
        self.is_gone = False
        # The highest id that was given, None before the first is needed; and what of it is stored.
        self.last_id: int | None = None
        self.saved_id: int = stored.get("lastId", 0)
        # The documents that were deleted since the last compact().
        self.deleted: int = stored.get("deleted", 0)
        schema = stored.get("schema")
        self.schema: Schema | None = None if schema is None else Schema(schema)
        self._indexes: list[Index] | None = None
        self._index_version = 0

    def check(self) -> Entry:
        """Raises when the collection was dropped or renamed, and gives it."""
        if self.is_gone:
            raise CollectionNotFoundError(
                f"Collection '{self.name}' not found: it was dropped or renamed; ask the database for it"
            )
        return self

    def loaded_id(self) -> int:
        """The highest id that was given. The lock is held."""
        if self.last_id is None:
            numbers = {"$gte": 1, "$lte": MAXIMUM_INTEGER, "$type": ["int", "long"]}
            top = self.collection.find_one({"_id": numbers}, {"_id": 1}, sort=[("_id", -1)])
            self.last_id = max(self.saved_id, int(top["_id"]) if top else 0)
        return self.last_id

    def note_id(self, identifier: Any) -> None:
        """Keeps an id that was not given here from being given later."""
        if isinstance(identifier, int):
            with self.lock:
                self.last_id = max(self.loaded_id(), identifier)

    def identified(self, documents: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[int]]:
        """The documents with ids, which come first in them, and those ids that were given here.

        Ids that are given are never given again, whatever becomes of the documents.
        """
        result: list[dict[str, Any]] = []
        given: list[int] = []
        with self.lock:
            last = self.loaded_id()
            for document in documents:
                if "_id" in document:
                    identifier = check_id(document["_id"])
                    if isinstance(identifier, int):
                        last = max(last, identifier)
                elif last == MAXIMUM_INTEGER:
                    raise OperationNotAllowedError(
                        f"'{self.name}' has had the highest id there can be, so that no other can be given: "
                        "insert the document with an _id"
                    )
                else:
                    identifier = last = last + 1
                    given.append(identifier)
                result.append({"_id": identifier, **document})
            self.last_id = last
        return result, given

    def indexes(self) -> list[Index]:
        """The indexes but for that of the ids."""
        indexes = self._indexes
        if indexes is None:
            version = self._index_version
            indexes = [
                (
                    index["name"],
                    tuple(index["key"]),
                    index["ready"] and "partialFilterExpression" not in index,
                )
                for index in self.collection.index_statistics()
                if index["name"] != "_id_"
            ]
            if version == self._index_version:
                self._indexes = indexes
        return indexes

    def forget_indexes(self) -> None:
        """Says that the indexes have changed."""
        self._index_version += 1
        self._indexes = None


class Registry:
    """The collections of a database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._stored = database[RESERVED]
        self._is_prepared = False
        self._entries: dict[str, Entry] = {}
        self._lock = RLock()

    def _prepare(self) -> None:
        """Makes sure of the collection for what is stored."""
        if not self._is_prepared:
            try:
                self.database.create_collection(RESERVED, durability="unsafe")
            except CollectionInvalid:
                pass
            self._is_prepared = True

    # ------------------------------------------------------------------------------------------ collections

    def names(self) -> list[str]:
        """The names of the collections, sorted."""
        return [name for name in self.database.list_collection_names() if name != RESERVED]

    def entry(self, name: str) -> Entry:
        """The collection of a name, which is made if there is none."""
        found = self._entries.get(name)
        if found is not None:
            return found
        self._check_name(name)
        with self._lock:
            found = self._entries.get(name)
            if found is None:
                collection = self.database[name]
                try:
                    self.database.create_collection(name)
                except CollectionInvalid:
                    pass
                found = Entry(name, collection, self._stored.find_one({"_id": name}) or {})
                self._entries[name] = found
            return found

    def _check_name(self, name: str) -> None:
        if name == RESERVED:
            raise OperationNotAllowedError(
                f"the collection '{RESERVED}' holds what this layer keeps: use another name"
            )

    def _check_exists(self, name: str) -> None:
        self._check_name(name)
        if name not in self.database.list_collection_names():
            raise CollectionNotFoundError(f"Collection '{name}' not found")

    def drop(self, name: str) -> None:
        """Removes a collection, and what is kept about it."""
        with self._lock:
            self._check_exists(name)

            def work(transaction: Transaction) -> None:
                self.database.drop_collection(name, session=transaction)
                self._stored.delete_one({"_id": name}, session=transaction)

            self.database.run_transaction(work, isolation=ISOLATION)
            self._forget(name)

    def rename(self, old: str, new: str) -> None:
        """Gives a collection another name."""
        with self._lock:
            self._check_exists(old)
            if old == new:
                return
            self._check_name(new)
            if new in self.database.list_collection_names():
                raise CollectionExistsError(
                    f"Collection '{new}' already exists: drop it first, or use another name"
                )
            entry = self.entry(old)
            with entry.lock:
                kept = self._kept(entry)
            self._prepare()

            def work(transaction: Transaction) -> None:
                entry.collection.rename(new, session=transaction)
                self._stored.delete_one({"_id": old}, session=transaction)
                self._stored.replace_one({"_id": new}, kept, upsert=True, session=transaction)

            self.database.run_transaction(work, isolation=ISOLATION)
            self._forget(old)

    def _forget(self, name: str) -> None:
        entry = self._entries.pop(name, None)
        if entry is not None:
            entry.is_gone = True

    # ------------------------------------------------------------------------------------------ what is kept

    def _kept(self, entry: Entry) -> dict[str, Any]:
        kept: dict[str, Any] = {"lastId": entry.loaded_id(), "deleted": entry.deleted}
        if entry.schema is not None:
            kept["schema"] = entry.schema.source
        return kept

    def save_id(self, entry: Entry) -> None:
        """Stores the highest id that was given. Called before each commit of a transaction that deletes.

        As long as documents are there their ids tell it, so insertions store nothing. What is stored here is
        committed before the deletion, and so it survives whatever the deletion survives.
        """
        with entry.lock:
            last = entry.loaded_id()
        if last > entry.saved_id:
            self._prepare()
            self._stored.update_one({"_id": entry.name}, {"$max": {"lastId": last}}, upsert=True)
            with entry.lock:
                entry.saved_id = max(entry.saved_id, last)

    def save_all(self) -> None:
        """Stores what is only known here: ids of documents that do not exist, and how many were deleted."""
        for entry in list(self._entries.values()):
            if entry.last_id is None or entry.is_gone:
                continue
            self.save_id(entry)
            if entry.deleted:
                self._prepare()
                self._stored.update_one(
                    {"_id": entry.name}, {"$set": {"deleted": entry.deleted}}, upsert=True
                )

    def set_schema(self, entry: Entry, source: dict[str, Any] | None) -> None:
        """Stores a schema, or with None that there is none, and waits until it is durable."""
        schema = None if source is None else Schema(source).checked(entry.collection)
        self._prepare()
        change = {"$unset": {"schema": ""}} if source is None else {"$set": {"schema": source}}
        self._stored.update_one({"_id": entry.name}, change, upsert=True)
        self.database.persist()
        entry.schema = schema

    def take_deleted(self) -> int:
        """How many documents were deleted since this was asked last."""
        total = 0
        self._prepare()
        for name in self.names():
            entry = self.entry(name)
            with entry.lock:
                count, entry.deleted = entry.deleted, 0
            if count:
                self._stored.update_one({"_id": name}, {"$unset": {"deleted": ""}})
            total += count
        return total
