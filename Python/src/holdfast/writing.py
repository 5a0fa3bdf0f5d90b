"""The methods of a collection that write.

Each call is a transaction of its own unless it belongs to one, and is as durable as the collection promises
when it returns. One that fails has changed nothing, except for `insert_many` and `bulk_write`, which say what
they did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, Union

import bson
from bson.raw_bson import RawBSONDocument

from holdfast import _native, bulk
from holdfast.errors import QueryError
from holdfast.ids import new_object_id
from holdfast.namespace import Namespace
from holdfast.options import check_mapping, check_replacement, check_update, refuse, write_options
from holdfast.results import (
    BulkWriteResult,
    DeleteResult,
    InsertManyResult,
    InsertOneResult,
    UpdateResult,
    update_result,
)

if TYPE_CHECKING:
    from holdfast.options import Keys
    from holdfast.transaction import Transaction

D = TypeVar("D", bound=Mapping[str, Any])


class Writing(Namespace[D]):
    """Writes documents. The first insertion makes the collection."""

    __slots__ = ()

    # -------------------------------------------------------------------------------------- inserting

    def insert_one(
        self,
        document: Union[D, MutableMapping[str, Any], RawBSONDocument],
        bypass_document_validation: bool | None = None,
        session: Transaction | None = None,
        comment: Any = None,
    ) -> InsertOneResult:
        """Adds a document. One without an `_id` gets an ObjectId, also in the mapping that was passed.

        Raises `DuplicateKeyError` when its `_id`, or its values in a unique index, are there already.
        """
        if type(document) is dict and "_id" in document:
            identifier = document["_id"]
        elif type(document) is dict:
            identifier = document["_id"] = new_object_id()
        else:
            identifier = bulk.identified(document)
        data = bson.encode(document, False, self._codec_options)
        try:
            if session is None and self._transaction is None:
                _native.insert_one(self._handle, None, self._encoded_name, data)
            else:
                self._call(session, _native.insert_one, self._encoded_name, data)
        except QueryError as error:
            # An index cannot have the document.
            raise error.in_write() from None
        return InsertOneResult(identifier, True)

    def insert_many(
        self,
        documents: Iterable[Union[D, MutableMapping[str, Any], RawBSONDocument]],
        ordered: bool = True,
        bypass_document_validation: bool | None = None,
        session: Transaction | None = None,
        comment: Any = None,
    ) -> InsertManyResult:
        """Adds documents. Those without an `_id` get one, as with `insert_one`.

        When some cannot be added, the others are kept and a `BulkWriteError` says which failed: with
        `ordered`, those before the first that fails are kept, and otherwise all that can be added.

        They are added with one commit. Outside of a transaction, more than 64 MiB of documents are added in
        several commits, one after the other; those that have been made stay when something fails later on. A
        document that is too large or nests too deep raises `DocumentTooLarge` or `InvalidDocument` instead.
        """
        return bulk.insert_many(self, documents, ordered, session)

    # -------------------------------------------------------------------------------------- updating

    def update_one(
        self,
        filter: Mapping[str, Any],
        update: Mapping[str, Any],
        upsert: bool = False,
        bypass_document_validation: bool | None = None,
        collation: Any = None,
        array_filters: Sequence[Mapping[str, Any]] | None = None,
        hint: Keys | None = None,
        session: Transaction | None = None,
        let: Any = None,
        sort: Keys | None = None,
        comment: Any = None,
    ) -> UpdateResult:
        """Changes the first document that matches a filter with operators such as ``$set``.

        It is the first in the order of `sort`. With `upsert`, a document is inserted when there is none.
        `collation` and `let` are refused with a `ConfigurationError`.
        """
        if collation or let:
            refuse(collation=collation, let=let)
        return self._update(filter, update, upsert, array_filters, hint, session, False, sort)

    def update_many(
        self,
        filter: Mapping[str, Any],
        update: Mapping[str, Any],
        upsert: bool = False,
        array_filters: Sequence[Mapping[str, Any]] | None = None,
        bypass_document_validation: bool | None = None,
        collation: Any = None,
        hint: Keys | None = None,
        session: Transaction | None = None,
        let: Any = None,
        comment: Any = None,
    ) -> UpdateResult:
        """Changes all documents that match a filter with operators such as ``$set``, or none when one fails.

        With `upsert`, a document is inserted when there is none. `collation` and `let` are refused.
        """
        if collation or let:
            refuse(collation=collation, let=let)
        return self._update(filter, update, upsert, array_filters, hint, session, True)

    def _update(
        self,
        filter: Any,
        update: Any,
        upsert: Any,
        array_filters: Any,
        hint: Any,
        session: Any,
        many: bool,
        sort: Any = None,
    ) -> UpdateResult:
        check_mapping("filter", filter)
        check_update(update)
        data = self._write(
            session,
            _native.update,
            self._encoded_name,
            bson.encode(filter, False, self._codec_options),
            bson.encode(update, False, self._codec_options),
            write_options(self._codec_options, upsert, array_filters, hint, many, sort),
        )
        return update_result(bson.decode(data, self._report_options))

    def replace_one(
        self,
        filter: Mapping[str, Any],
        replacement: Mapping[str, Any],
        upsert: bool = False,
        bypass_document_validation: bool | None = None,
        collation: Any = None,
        hint: Keys | None = None,
        session: Transaction | None = None,
        let: Any = None,
        sort: Keys | None = None,
        comment: Any = None,
    ) -> UpdateResult:
        """Puts a document in the place of the first one that matches a filter; the `_id` stays.

        It is the first in the order of `sort`. With `upsert`, the document is inserted when there is none.
        `collation` and `let` are refused with a `ConfigurationError`.
        """
        if collation or let:
            refuse(collation=collation, let=let)
        check_mapping("filter", filter)
        check_replacement(replacement)
        data = self._write(
            session,
            _native.replace_one,
            self._encoded_name,
            bson.encode(filter, False, self._codec_options),
            bson.encode(replacement, False, self._codec_options),
            write_options(self._codec_options, upsert, None, hint, sort=sort),
        )
        return update_result(bson.decode(data, self._report_options))

    # -------------------------------------------------------------------------------------- deleting

    def delete_one(
        self,
        filter: Mapping[str, Any],
        collation: Any = None,
        hint: Keys | None = None,
        session: Transaction | None = None,
        let: Any = None,
        comment: Any = None,
    ) -> DeleteResult:
        """Deletes the first document that matches a filter. `collation` and `let` are refused."""
        if collation or let:
            refuse(collation=collation, let=let)
        return self._delete(filter, hint, session, False)

    def delete_many(
        self,
        filter: Mapping[str, Any],
        collation: Any = None,
        hint: Keys | None = None,
        session: Transaction | None = None,
        let: Any = None,
        comment: Any = None,
    ) -> DeleteResult:
        """Deletes all documents that match a filter, or none when that fails. `collation` and `let` are
        refused."""
        if collation or let:
            refuse(collation=collation, let=let)
        return self._delete(filter, hint, session, True)

    def _delete(self, filter: Any, hint: Any, session: Any, many: bool) -> DeleteResult:
        check_mapping("filter", filter)
        deleted = self._write(
            session,
            _native.delete,
            self._encoded_name,
            bson.encode(filter, False, self._codec_options),
            write_options(self._codec_options, False, None, hint, many),
        )
        return DeleteResult({"n": deleted, "ok": 1.0}, True)

    # -------------------------------------------------------------------------------------- several at once

    def bulk_write(
        self,
        requests: Sequence[bulk.Request],
        ordered: bool = True,
        bypass_document_validation: bool | None = None,
        session: Transaction | None = None,
        comment: Any = None,
        let: Any = None,
    ) -> BulkWriteResult:
        """Does several operations with one commit: `InsertOne`, `UpdateOne`, `UpdateMany`, `ReplaceOne`,
        `DeleteOne` and `DeleteMany`, of holdfast or of pymongo.

        Each is done wholly or not at all. With `ordered`, they end at the first one that fails; otherwise the
        others are done, too. Then a `BulkWriteError` says what failed and what was done. `let` is refused.
        """
        refuse(let=let)
        return bulk.bulk_write(self, requests, ordered, session)
