"""Insertions, updates and deletions, with counted ids and schemas, alone or in a transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import bson
from bson.objectid import ObjectId

from holdfast import Transaction
from holdfast.errors import HoldfastError
from holdfast.ironbase._errors import InvalidQueryError
from holdfast.ironbase._registry import ISOLATION, Entry, Registry
from holdfast.ironbase._schema import chunks
from holdfast.ironbase._values import check_id

T = TypeVar("T")
Document = dict[str, Any]


def _together(registry: Registry, transaction: Transaction | None, work: Callable[[Transaction], T]) -> T:
    """Does several calls wholly or not at all, in a transaction of their own or as a part of another one."""
    if transaction is None:
        return registry.database.run_transaction(work, isolation="snapshot")
    with transaction.savepoint():
        return work(transaction)


# ---------------------------------------------------------------------------------------------- inserting


def insert(
    registry: Registry, entry: Entry, documents: list[Document], transaction: Transaction | None = None
) -> list[Any]:
    """Adds documents, all or none, and gives their ids."""
    if not documents:
        return []
    while True:
        identified, given = entry.identified(documents)
        try:
            _insert(registry, entry, identified, transaction)
        except HoldfastError as error:
            # Somebody who chose an id may have chosen one that was about to be given.
            if error.code_name != "duplicateID" or not _are_taken(entry, given, transaction):
                raise
        else:
            return [document["_id"] for document in identified]


def _are_taken(entry: Entry, given: list[int], transaction: Transaction | None) -> bool:
    return any(
        entry.collection.find_one({"_id": {"$in": chunk}}, {"_id": 1}, session=transaction) is not None
        for chunk in chunks(given)
    )


def _insert(
    registry: Registry, entry: Entry, documents: list[Document], transaction: Transaction | None
) -> None:
    collection = entry.collection
    if entry.schema is None and len(documents) == 1:
        collection.insert_one(documents[0], session=transaction)
        return

    def work(transaction: Transaction) -> None:
        if len(documents) == 1:
            collection.insert_one(documents[0], session=transaction)
        else:
            collection.insert_many(documents, session=transaction)
        _check(entry, [document["_id"] for document in documents], {}, transaction)

    _together(registry, transaction, work)


# ---------------------------------------------------------------------------------------------- schemas


def _offenders(entry: Entry, ids: list[Any], transaction: Transaction) -> dict[Any, Document]:
    """The documents that break the schema, by their ids."""
    if entry.schema is None:
        return {}
    return {found["_id"]: found for found in entry.schema.offenders(entry.collection, ids, transaction)}


def _check(entry: Entry, ids: list[Any], before: dict[Any, Document], transaction: Transaction) -> None:
    """Raises when a document breaks the schema, unless it is the same as before."""
    schema = entry.schema
    for identifier, offender in _offenders(entry, ids, transaction).items():
        old = before.get(identifier)
        if schema is not None and (old is None or bson.encode(old) != bson.encode(offender)):
            raise schema.complaint(entry.collection, offender, transaction)


# ---------------------------------------------------------------------------------------------- updating


def update(
    registry: Registry,
    entry: Entry,
    query: Document,
    change: Document,
    many: bool = False,
    upsert: bool = False,
    transaction: Transaction | None = None,
) -> tuple[int, int, Any]:
    """Changes documents with operators: how many matched, how many changed, the id of an inserted one."""
    plain = next((name for name in change if not name.startswith("$")), None)
    if plain is not None or not change:
        limit = 0 if many else 1
        matched = entry.collection.count_documents(query, session=transaction, limit=limit)
        if plain is not None and (matched or upsert):
            raise InvalidQueryError(
                f"Unsupported update operator: {plain}: give operators, such as $set with {plain} in it"
            )
        return matched, 0, None
    if upsert:
        return _together(registry, transaction, lambda inner: _upsert(registry, entry, query, change, inner))
    if entry.schema is not None:
        return _together(registry, transaction, lambda inner: _checked(entry, query, change, many, inner))
    call = entry.collection.update_many if many else entry.collection.update_one
    result = call(query, change, session=transaction)
    return result.matched_count, result.modified_count, None


def replace(entry: Entry, query: Document, document: Document, transaction: Transaction) -> tuple[int, int]:
    """Puts a document in the place of the first that matches, which keeps its `_id`."""
    document = {name: value for name, value in document.items() if name != "_id"}
    with transaction.savepoint():
        old = entry.collection.find_one(query, session=transaction)
        if old is None:
            return 0, 0
        ids = [old["_id"]]
        before = _offenders(entry, ids, transaction)
        result = entry.collection.replace_one({"_id": old["_id"]}, document, session=transaction)
        _check(entry, ids, before, transaction)
        return result.matched_count, result.modified_count


def _checked(
    entry: Entry, query: Document, change: Document, many: bool, transaction: Transaction
) -> tuple[int, int, Any]:
    """Updates documents, and looks whether those that changed fulfil the schema."""
    collection = entry.collection
    limit = 0 if many else 1
    ids = [found["_id"] for found in collection.find(query, {"_id": 1}, limit=limit, session=transaction)]
    matched = modified = 0
    for chunk in chunks(ids):
        before = _offenders(entry, chunk, transaction)
        # The query again, because a `$` in the update stands for what it finds.
        these = {"$and": [{"_id": {"$in": chunk}}, query]}
        result = collection.update_many(these, change, session=transaction)
        matched += result.matched_count
        modified += result.modified_count
        if result.modified_count:
            _check(entry, chunk, before, transaction)
    return matched, modified, None


def _upsert(
    registry: Registry, entry: Entry, query: Document, change: Document, transaction: Transaction
) -> tuple[int, int, Any]:
    """Updates a document, or inserts one with an id from the query or the update, else with a counted one."""
    matched, modified, _ = update(registry, entry, query, change, transaction=transaction)
    if matched:
        return matched, modified, None
    collection = entry.collection
    savepoint = transaction.savepoint()
    identifier = collection.update_one(query, change, upsert=True, session=transaction).upserted_id
    if isinstance(identifier, ObjectId):
        transaction.rollback_to(savepoint)
        [with_id], _ = entry.identified([change.get("$setOnInsert", {})])
        change = {**change, "$setOnInsert": with_id}
        identifier = collection.update_one(query, change, upsert=True, session=transaction).upserted_id
    entry.note_id(check_id(identifier))
    _check(entry, [identifier], {}, transaction)
    return 0, 0, identifier


# ---------------------------------------------------------------------------------------------- deleting


def delete(
    registry: Registry, entry: Entry, query: Document, many: bool, transaction: Transaction | None = None
) -> int:
    """Deletes documents, and says how many. `Registry.save_id` is to be called before a given transaction
    is committed.
    """
    call = entry.collection.delete_many if many else entry.collection.delete_one
    if transaction is not None:
        return call(query, session=transaction).deleted_count

    def work(transaction: Transaction) -> int:
        count = call(query, session=transaction).deleted_count
        if count:
            registry.save_id(entry)
        return count

    count = registry.database.run_transaction(work, isolation=ISOLATION)
    with entry.lock:
        entry.deleted += count
    return count
