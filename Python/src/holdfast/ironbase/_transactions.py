"""Transactions by their numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Any, TypeVar

from holdfast import Database, HoldfastError, Transaction
from holdfast.ironbase import _writing
from holdfast.ironbase._collection import documents_argument
from holdfast.ironbase._errors import TransactionError, raises
from holdfast.ironbase._registry import ISOLATION, Entry, Registry
from holdfast.ironbase._values import document_argument, size_argument, text_argument

T = TypeVar("T")
Document = dict[str, Any]


class _OpenTransaction:
    """A transaction that has a number."""

    __slots__ = ("deleted", "lock", "seen", "transaction", "writes")

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self.lock = Lock()
        self.writes = 0
        self.deleted: dict[Entry, int] = {}
        self.seen: set[Entry] = set()

    def enter(self, entry: Entry) -> None:
        """Reads from a collection before the first write. It may be younger than the transaction, whose first
        call would try to make it, and keep others from it until the end, if that were a write.
        """
        if entry not in self.seen:
            entry.collection.find_one({"_id": 0}, {"_id": 1}, session=self.transaction)
            self.seen.add(entry)


class Transactions(ABC):
    """The methods of a database that are about transactions."""

    database: Database
    _registry: Registry

    def __init__(self) -> None:
        self._transactions: dict[int, _OpenTransaction] = {}
        self._last_transaction = 0
        self._transactions_lock = Lock()

    @abstractmethod
    def _wrote(self, count: int) -> None:
        """Is told how many documents were written."""

    @raises
    def begin_transaction(self) -> int:
        """Begins a transaction, and gives its number. Any number of them may be open at the same time.

        What it writes is seen by others when it is committed, and locked until then: a call that wants to
        write the same waits for five seconds, then raises `TransactionError`. Its calls see what others have
        committed by then.
        """
        transaction = self.database.transaction(isolation=ISOLATION)
        with self._transactions_lock:
            self._last_transaction += 1
            self._transactions[self._last_transaction] = _OpenTransaction(transaction)
            return self._last_transaction

    @raises
    def commit_transaction(self, tx_id: int) -> None:
        """Commits: all that the transaction did is seen, and as durable as the database promises, or nothing
        of it is.
        """
        ended = self._ended(tx_id)
        with ended.lock:
            try:
                for entry in ended.deleted:
                    self._registry.save_id(entry)
                ended.transaction.commit()
            except BaseException:
                with suppress(HoldfastError):
                    ended.transaction.rollback()
                raise
        for entry, count in ended.deleted.items():
            with entry.lock:
                entry.deleted += count
        self._wrote(ended.writes)

    @raises
    def rollback_transaction(self, tx_id: int) -> None:
        """Takes back all that the transaction did. The ids that it gave are not given again."""
        ended = self._ended(tx_id)
        with ended.lock:
            ended.transaction.rollback()

    def _ended(self, tx_id: int) -> _OpenTransaction:
        with self._transactions_lock:
            found = self._transactions.pop(size_argument("tx_id", tx_id), None)
        if found is None:
            raise _no_transaction(tx_id)
        return found

    def _within(self, name: str, tx_id: int, work: Callable[[Entry, _OpenTransaction], T]) -> T:
        with self._transactions_lock:
            found = self._transactions.get(size_argument("tx_id", tx_id))
        if found is None:
            raise _no_transaction(tx_id)
        entry = self._registry.entry(text_argument("collection_name", name))
        with found.lock:
            found.enter(entry)
            return work(entry, found)

    @raises
    def insert_one_tx(self, collection_name: str, document: Document, tx_id: int) -> Document:
        """Adds a document in a transaction; see `Collection.insert_one`."""
        ids = self._insert_tx(collection_name, [document_argument("document", document)], tx_id)
        return {"acknowledged": True, "inserted_id": ids[0]}

    @raises
    def insert_many_tx(self, collection_name: str, documents: list[Document], tx_id: int) -> Document:
        """Adds documents in a transaction; see `Collection.insert_many`."""
        ids = self._insert_tx(collection_name, documents_argument(documents), tx_id)
        return {"acknowledged": True, "inserted_count": len(ids), "inserted_ids": ids}

    def _insert_tx(self, name: str, documents: list[Document], tx_id: int) -> list[Any]:
        def work(entry: Entry, within: _OpenTransaction) -> list[Any]:
            ids = _writing.insert(self._registry, entry, documents, within.transaction)
            within.writes += len(ids)
            return ids

        return self._within(name, tx_id, work)

    @raises
    def update_one_tx(self, collection_name: str, query: Document, new_doc: Document, tx_id: int) -> Document:
        """Puts a document in the place of the first that matches, which keeps its `_id`, in a transaction.

        A `new_doc` of operators, such as ``$set``, changes the document instead.
        """
        converted = document_argument("query", query)
        document = document_argument("new_doc", new_doc)

        def work(entry: Entry, within: _OpenTransaction) -> tuple[int, int, Any]:
            if any(name.startswith("$") for name in document):
                return _writing.update(
                    self._registry, entry, converted, document, transaction=within.transaction
                )
            return (*_writing.replace(entry, converted, document, within.transaction), None)

        return self._update_tx(collection_name, tx_id, work)

    @raises
    def update_many_tx(self, collection_name: str, query: Document, update: Document, tx_id: int) -> Document:
        """Changes all documents that match, in a transaction; see `Collection.update_many`."""
        converted = document_argument("query", query)
        change = document_argument("update", update)

        def work(entry: Entry, within: _OpenTransaction) -> tuple[int, int, Any]:
            return _writing.update(
                self._registry, entry, converted, change, many=True, transaction=within.transaction
            )

        return self._update_tx(collection_name, tx_id, work)

    def _update_tx(
        self, name: str, tx_id: int, work: Callable[[Entry, _OpenTransaction], tuple[int, int, Any]]
    ) -> Document:
        def counted(entry: Entry, within: _OpenTransaction) -> tuple[int, int, Any]:
            result = work(entry, within)
            within.writes += result[1]
            return result

        matched, modified, _ = self._within(name, tx_id, counted)
        return {"acknowledged": True, "matched_count": matched, "modified_count": modified}

    @raises
    def delete_one_tx(self, collection_name: str, query: Document, tx_id: int) -> Document:
        """Deletes the first document that matches, in a transaction."""
        return self._delete_tx(collection_name, query, tx_id, False)

    @raises
    def delete_many_tx(self, collection_name: str, query: Document, tx_id: int) -> Document:
        """Deletes all documents that match, in a transaction."""
        return self._delete_tx(collection_name, query, tx_id, True)

    def _delete_tx(self, name: str, query: Document, tx_id: int, many: bool) -> Document:
        converted = document_argument("query", query)

        def work(entry: Entry, within: _OpenTransaction) -> int:
            count = _writing.delete(self._registry, entry, converted, many, within.transaction)
            if count:
                within.deleted[entry] = within.deleted.get(entry, 0) + count
            within.writes += count
            return count

        return {"acknowledged": True, "deleted_count": self._within(name, tx_id, work)}

    def _roll_all_back(self) -> None:
        """Ends all transactions."""
        with self._transactions_lock:
            left = list(self._transactions.values())
            self._transactions.clear()
        for each in left:
            each.transaction.rollback()


def _no_transaction(tx_id: int) -> TransactionError:
    return TransactionError(
        f"Transaction aborted: Transaction {tx_id} not found: it is over, or was never begun; begin a new one"
    )
