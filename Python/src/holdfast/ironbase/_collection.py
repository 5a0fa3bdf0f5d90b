"""Collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.errors import HoldfastError
from holdfast.ironbase import _plans, _writing
from holdfast.ironbase._cursor import Cursor
from holdfast.ironbase._errors import IndexError, raises
from holdfast.ironbase._values import (
    document_argument,
    flag_argument,
    projection_argument,
    query_argument,
    size_argument,
    sort_argument,
    text_argument,
)

if TYPE_CHECKING:
    from holdfast import Cursor as Documents
    from holdfast.ironbase._database import IronBase
    from holdfast.ironbase._registry import Entry

Document = dict[str, Any]


class Collection:
    """A collection, made by `IronBase.collection`.

    Each call that writes is wholly done or not at all, and as durable as the database promises when it
    returns. Documents and queries hold what JSON has: None, booleans, numbers, strings, lists, and dicts with
    strings as keys; anything else raises `TypeError`.
    """

    __slots__ = ("_database", "_own")

    def __init__(self, database: IronBase, entry: Entry) -> None:
        self._database = database
        self._own = entry

    @property
    def _entry(self) -> Entry:
        return self._own.check()

    # ------------------------------------------------------------------------------------------ schemas

    @raises
    def set_schema(self, schema: Document | None) -> None:
        """Sets the JSON schema that documents must fulfil from now on when they are inserted or changed; None
        for none.

        It is stored, and durable when this returns. Documents that are there are not looked at. Its type is
        ``"object"``; keywords that are not known raise `SchemaValidationError`.
        """
        source = None if schema is None else document_argument("schema", schema)
        self._database._registry.set_schema(self._entry, source)

    @raises
    def get_schema(self) -> Document | None:
        """The schema as it was given, or None."""
        schema = self._entry.schema
        return None if schema is None else query_argument(schema.source)

    # ------------------------------------------------------------------------------------------ writing

    @raises
    def insert_one(self, document: Document) -> Document:
        """Adds a document: ``{"acknowledged": True, "inserted_id": 1}``.

        One without an `_id` gets the next number, counted from 1; an `_id` of one's own is an integer or a
        string. The dict that is passed is not changed.
        """
        ids = self._insert([document_argument("document", document)])
        return {"acknowledged": True, "inserted_id": ids[0]}

    @raises
    def insert_many(self, documents: list[Document]) -> Document:
        """Adds documents, all or none: ``{"acknowledged": True, "inserted_count": 2, "inserted_ids": [1,
        2]}``.
        """
        ids = self._insert(documents_argument(documents))
        return {"acknowledged": True, "inserted_count": len(ids), "inserted_ids": ids}

    def _insert(self, documents: list[Document]) -> list[Any]:
        ids = _writing.insert(self._database._registry, self._entry, documents)
        self._database._wrote(len(ids))
        return ids

    @raises
    def update_one(self, query: Document, update: Document, upsert: bool = False) -> Document:
        """Changes the first document that matches, with operators such as ``$set``.

        Gives ``{"acknowledged": True, "matched_count": 1, "modified_count": 1}``. With `upsert`, a document
        is inserted when none matches, and ``upserted_id`` is its `_id`.
        """
        return self._update(query, update, False, flag_argument("upsert", upsert))

    @raises
    def update_many(self, query: Document, update: Document) -> Document:
        """Changes all documents that match, or none when one of them cannot be changed."""
        return self._update(query, update, True, False)

    def _update(self, query: Document, update: Document, many: bool, upsert: bool) -> Document:
        matched, modified, upserted = _writing.update(
            self._database._registry,
            self._entry,
            document_argument("query", query),
            document_argument("update", update),
            many,
            upsert,
        )
        self._database._wrote(modified + (upserted is not None))
        result = {"acknowledged": True, "matched_count": matched, "modified_count": modified}
        if upserted is not None:
            result["upserted_id"] = upserted
        return result

    @raises
    def delete_one(self, query: Document) -> Document:
        """Deletes the first document that matches: ``{"acknowledged": True, "deleted_count": 1}``."""
        return self._delete(query, False)

    @raises
    def delete_many(self, query: Document) -> Document:
        """Deletes all documents that match: ``{"acknowledged": True, "deleted_count": 2}``."""
        return self._delete(query, True)

    def _delete(self, query: Document, many: bool) -> Document:
        registry = self._database._registry
        count = _writing.delete(registry, self._entry, document_argument("query", query), many)
        self._database._wrote(count)
        return {"acknowledged": True, "deleted_count": count}

    # ------------------------------------------------------------------------------------------ reading

    @raises
    def find(
        self,
        query: Document | None = None,
        projection: dict[str, int] | None = None,
        sort: list[tuple[str, int]] | None = None,
        limit: int | None = None,
        skip: int | None = None,
    ) -> list[Document]:
        """The documents that match, in a list.

        `projection` has the fields to give, with 1, or to leave out, with 0; `sort` is a list of tuples of a
        field and 1 or -1. Without `sort` documents come in no certain order. A `limit` of 0 gives none.
        """
        return _listed(self, *_find_arguments(query, projection, sort, limit, skip))

    @raises
    def find_with_total(
        self,
        query: Document | None = None,
        projection: dict[str, int] | None = None,
        sort: list[tuple[str, int]] | None = None,
        limit: int | None = None,
        skip: int | None = None,
    ) -> Document:
        """The documents as `find` gives them, and how many match: ``{"documents": […], "total": 20}``.

        Both are of the same moment.
        """
        with self._database.database.transaction() as transaction:
            arguments = _find_arguments(query, projection, sort, limit, skip)
            documents = _listed(self, *arguments, transaction)
            total = self._entry.collection.count_documents(arguments[0], session=transaction)
        return {"documents": documents, "total": total}

    @raises
    def find_one(
        self,
        query: Document | None = None,
        projection: dict[str, int] | None = None,
        sort: list[tuple[str, int]] | None = None,
    ) -> Document | None:
        """The first document that matches, or None."""
        entry = self._entry
        converted = query_argument(query)
        if projection is None and not sort:
            # Any document that matches is the first: the library knows the way to one.
            return entry.collection.find_one(converted)
        return entry.collection.find_one(converted, projection_argument(projection), sort=sort_argument(sort))

    @raises
    def find_with_hint(self, query: Document, hint: str) -> list[Document]:
        """The documents that match, found with the index of a name.

        Raises `IndexError` when there is none, or when the query says nothing about its first field.
        """
        converted = document_argument("query", query)
        name = _plans.hinted(self._entry, converted, text_argument("hint", hint))
        return list(self._entry.collection.find(converted, hint=name))

    @raises
    def find_cursor(self, query: Document | None = None, batch_size: int = 100) -> Cursor:
        """The documents that match, as a `Cursor`, which reads them as they are asked for."""
        return Cursor(self, query_argument(query), size_argument("batch_size", batch_size))

    def _documents(self, query: Document, is_hinted: bool = True) -> Documents[Document]:
        """What a cursor reads from."""
        entry = self._entry
        return entry.collection.find(query, hint=_plans.index_for(entry, query) if is_hinted else None)

    @raises
    def count_documents(self, query: Document | None = None) -> int:
        """How many documents match."""
        return self._entry.collection.count_documents(query_argument(query))

    @raises
    def distinct(self, field: str, query: Document | None = None) -> list[Any]:
        """The different values of a field in the documents that match, in ascending order; of lists, their
        items.
        """
        return self._entry.collection.distinct(text_argument("field", field), query_argument(query))

    @raises
    def explain(self, query: Document) -> Document:
        """How `find` runs a query, without running it.

        ``queryPlan`` is ``"CollectionScan"``, ``"IndexScan"``, ``"IndexRangeScan"``, ``"CompoundIndexScan"``,
        ``"MultiValueScan"`` or ``"LogicalIndexScan"``, ``indexUsed`` the name of the index or None, and
        ``details`` what `holdfast.Collection.explain` says.
        """
        return _plans.explanation(self._entry, document_argument("query", query))

    # ------------------------------------------------------------------------------------------ indexes

    @raises
    def create_index(self, field: str, unique: bool = False, sparse: bool = False) -> str:
        """Makes an index on a field, and gives its name, such as ``"users_age"`` for ``"age"`` in ``users``.

        In a unique index no two documents have the same value; any number may lack the field, as in that API.
        """
        return self._create([text_argument("field", field)], unique, sparse)

    @raises
    def create_compound_index(self, fields: list[str], unique: bool = False, sparse: bool = False) -> str:
        """Makes an index on several fields, and gives its name, such as ``"users_country_city"``.

        It serves queries about its first field, its first two fields, and so on. A missing field counts as
        null.
        """
        if isinstance(fields, str) or not hasattr(type(fields), "__iter__"):
            raise TypeError(f"argument 'fields': a list of strings is needed, not {type(fields).__name__}")
        names = [text_argument("fields", field) for field in fields]
        if not names:
            raise ValueError("Compound index must have at least one field")
        return self._create(names, unique, sparse)

    def _create(self, fields: list[str], unique: bool, sparse: bool) -> str:
        entry = self._entry
        is_unique = flag_argument("unique", unique)
        is_sparse = flag_argument("sparse", sparse) or (is_unique and len(fields) == 1)
        shown = _plans.shown_name(entry, "_".join(fields))
        if shown in _plans.list_names(entry):
            raise IndexError(f"Index error: Index already exists: {shown}: drop it first to change it")
        keys = [(field, 1) for field in fields]
        try:
            entry.collection.create_index(keys, name="_".join(fields), unique=is_unique, sparse=is_sparse)
        finally:
            entry.forget_indexes()
        return shown

    @raises
    def drop_index(self, index_name: str) -> None:
        """Removes an index. Raises `IndexError` when there is none of this name, and for that of the ids."""
        entry = self._entry
        name = _plans.stored_name(entry, text_argument("index_name", index_name))
        if name is None or name == "_id_":
            reason = "Index not found" if name is None else "The index of the ids cannot be dropped"
            raise IndexError(f"Index error: {reason}: {index_name}")
        try:
            entry.collection.drop_index(name)
        finally:
            entry.forget_indexes()

    @raises
    def list_indexes(self) -> list[str]:
        """The names of the indexes, that of the ids first, such as ``["users_id", "users_age"]``."""
        return _plans.list_names(self._entry)

    @property
    def name(self) -> str:
        """The name of the collection."""
        return self._own.name

    def __repr__(self) -> str:
        return f"Collection('{self._own.name}')"


def documents_argument(documents: Any) -> list[Document]:
    """A list of documents."""
    if not isinstance(documents, list):
        raise TypeError(f"argument 'documents': a list is needed, not {type(documents).__name__}")
    return [document_argument("documents", document) for document in documents]


def _find_arguments(
    query: Any, projection: Any, sort: Any, limit: Any, skip: Any
) -> tuple[Document, dict[str, int] | None, dict[str, int] | None, int | None, int]:
    return (
        query_argument(query),
        projection_argument(projection),
        sort_argument(sort),
        None if limit is None else size_argument("limit", limit),
        0 if skip is None else size_argument("skip", skip),
    )


def _listed(
    collection: Collection,
    query: Document,
    projection: dict[str, int] | None,
    sort: dict[str, int] | None,
    limit: int | None,
    skip: int,
    transaction: Any = None,
) -> list[Document]:
    """Documents in a list. An order may have an index of its own, so only without one the query chooses."""
    entry = collection._entry
    if limit == 0:
        return []
    hint = None if sort else _plans.index_for(entry, query)
    arguments = {
        "projection": projection,
        "sort": sort,
        "skip": skip,
        "limit": limit or 0,
        "session": transaction,
    }
    try:
        return list(entry.collection.find(query, hint=hint, **arguments))
    except HoldfastError as error:
        if hint is None or error.code_name != "invalidQuery":
            raise
        # The index may have been dropped in between.
        return list(entry.collection.find(query, **arguments))
