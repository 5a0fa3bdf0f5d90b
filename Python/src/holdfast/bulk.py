"""Many operations in one call: `Collection.bulk_write` and `Collection.insert_many`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from struct import Struct
from typing import TYPE_CHECKING, Any, Union

import bson
from bson.raw_bson import RawBSONDocument
from pymongo.operations import DeleteMany, DeleteOne, IndexModel, InsertOne, ReplaceOne, UpdateMany, UpdateOne

from holdfast import _native
from holdfast.errors import (
    BulkFailure,
    BulkWriteError,
    DocumentTooLarge,
    HoldfastError,
    InvalidOperation,
    error_text,
    mongo_code,
)
from holdfast.ids import new_object_id
from holdfast.options import (
    array_filter_list,
    check_bool,
    check_mapping,
    check_replacement,
    check_update,
    hint_value,
    refuse,
    sort_document,
)
from holdfast.results import BulkWriteResult, InsertManyResult, bulk_counts

if TYPE_CHECKING:
    from holdfast.namespace import Namespace

__all__ = [
    "DeleteMany",
    "DeleteOne",
    "IndexModel",
    "InsertOne",
    "ReplaceOne",
    "Request",
    "UpdateMany",
    "UpdateOne",
    "bulk_write",
    "identified",
    "insert_many",
]

Request = Union[InsertOne[Any], UpdateOne, UpdateMany, ReplaceOne[Any], DeleteOne, DeleteMany]

# What one call of the library gets at most of documents to insert, in bytes. Each such chunk is a commit.
CHUNK_BYTES = 64 * 1024 * 1024

# The largest document.
MAXIMUM_BYTES = 16 * 1024 * 1024

# Failures of one document, after which the others can be inserted. One that is no document at all, because it
# is too large or nests too deep, is not among them: that is raised as it is, as in pymongo.
_FAILURES_OF_A_DOCUMENT = frozenset(
    [
        "duplicateID",
        "duplicateKey",
        "invalidID",
        "keyTooLarge",
        "parallelArrays",
        "typeMismatch",
    ]
)

_pack_length = Struct("<i").pack


def identified(document: Any) -> Any:
    """Gives the `_id` of a document to insert, after adding one where there is none.

    Raw BSON cannot be changed: where it has none, this is None, and the library adds one to what is stored.
    """
    check_document(document)
    if "_id" in document:
        return document["_id"]
    if isinstance(document, RawBSONDocument):
        return None
    identifier = document["_id"] = new_object_id()
    return identifier


def check_document(document: Any) -> None:
    """Raises TypeError for what is no document."""
    if type(document) is dict:
        return
    if not isinstance(document, (MutableMapping, RawBSONDocument)):
        raise TypeError(
            "a document must be a dict, another mutable mapping or a RawBSONDocument, "
            f"not {type(document).__name__}"
        )


# ---------------------------------------------------------------------------------------------- inserting


def insert_many(
    collection: Namespace[Any], documents: Iterable[Any], ordered: bool, session: Any
) -> InsertManyResult:
    """Does what `Collection.insert_many` says."""
    if not isinstance(documents, Iterable) or isinstance(documents, (Mapping, str, bytes)) or not documents:
        raise TypeError("documents must be a non-empty list of documents, or another iterable")
    documents = list(documents)
    if not documents:
        raise InvalidOperation("there are no documents to insert")
    check_bool("ordered", ordered)
    # All are looked at before anything is written, so that a wrong type changes nothing.
    if set(map(type, documents)) != {dict}:
        for document in documents:
            check_document(document)
    identifiers: list[Any] = []
    total = bulk_counts({})
    for first, encoded in _chunks(collection, documents, identifiers):
        counts = _insert_chunk(collection, documents, first, encoded, ordered, session)
        total["nInserted"] += counts["nInserted"]
        total["writeErrors"] += counts["writeErrors"]
        if ordered and total["writeErrors"]:
            break
    if total["writeErrors"]:
        raise BulkWriteError(total)
    return InsertManyResult(identifiers, True)


def _too_large(size: int) -> DocumentTooLarge:
    """The error for a document that no collection can have, which pymongo raises whatever the others are."""
    return DocumentTooLarge(
        f"a document has {size} bytes, which is over the limit of {MAXIMUM_BYTES} (16 MiB): split it",
        "documentTooLarge",
        mongo_code("documentTooLarge"),
    )


def _chunks(
    collection: Namespace[Any], documents: list[Any], identifiers: list[Any]
) -> Iterator[tuple[int, list[bytes]]]:
    """Documents as BSON, in lists of at most `CHUNK_BYTES`, with the number of the first of each list.

    Those without an `_id` get one; all go into `identifiers`.
    """
    encode, codec_options = bson.encode, collection._codec_options
    first, size = 0, 0
    chunk: list[bytes] = []
    for number, document in enumerate(documents):
        # Here, since what has just been looked at is encoded faster.
        if "_id" in document:
            identifiers.append(document["_id"])
        else:
            identifiers.append(identified(document))
        data = encode(document, False, codec_options)
        if len(data) > MAXIMUM_BYTES:
            raise _too_large(len(data))
        if chunk and size + len(data) > CHUNK_BYTES:
            yield first, chunk
            first, size, chunk = number, 0, []
        chunk.append(data)
        size += len(data)
    yield first, chunk


def _insert_chunk(
    collection: Namespace[Any],
    documents: list[Any],
    first: int,
    chunk: list[bytes],
    ordered: bool,
    session: Any,
) -> dict[str, Any]:
    """Inserts some documents, all at once if they all can be inserted, and gives pymongo's counts."""
    # In a transaction, inserting all at once would give it up if one document cannot be inserted.
    if session is None and collection._transaction is None:
        try:
            _native.insert_many(collection._handle, None, collection._encoded_name, b"".join(chunk))
            return bulk_counts({"inserted": len(chunk)})
        except HoldfastError as error:
            if error.code_name not in _FAILURES_OF_A_DOCUMENT:
                raise
    # None was inserted because of one of them. As operations of their own, the others are.
    operations = b"".join([_nested(b"insertOne", _nested(b"document", data)) for data in chunk])
    return _run(collection, operations, ordered, session, lambda number: documents[number], first)


def _nested(name: bytes, document: bytes) -> bytes:
    """The BSON document that has one field, which is another BSON document."""
    return _pack_length(len(document) + len(name) + 7) + b"\x03" + name + b"\x00" + document + b"\x00"


# ---------------------------------------------------------------------------------------------- bulk_write


def bulk_write(
    collection: Namespace[Any], requests: Sequence[Request], ordered: bool, session: Any
) -> BulkWriteResult:
    """Does what `Collection.bulk_write` says."""
    if not isinstance(requests, Iterable) or isinstance(requests, (Mapping, str, bytes)):
        raise TypeError(f"requests must be a list of operations, not {type(requests).__name__}")
    requests = list(requests)
    check_bool("ordered", ordered)
    operations = [_encoded(collection, request) for request in requests]
    if not operations:
        raise InvalidOperation("there are no operations to execute")
    counts = _run(
        collection, b"".join(operations), ordered, session, lambda number: _described(requests[number])
    )
    if counts["writeErrors"]:
        raise BulkWriteError(counts)
    return BulkWriteResult(counts, True)


def _run(
    collection: Namespace[Any],
    operations: bytes,
    ordered: bool,
    session: Any,
    described: Any,
    first: int = 0,
) -> dict[str, Any]:
    """Runs operations, and gives pymongo's counts. Operation `first` of the caller is number 0 in them."""
    try:
        report = collection._call(session, _native.bulk_write, collection._encoded_name, operations, ordered)
        return bulk_counts(bson.decode(report, collection._report_options), first)
    except BulkFailure as failure:
        outcome = failure.outcome
    counts = bulk_counts(outcome.get("result", {}), first)
    for error in outcome["errors"]:
        number = first + error["operation"]
        counts["writeErrors"].append(_write_error(number, error, described(number)))
    return counts


def _write_error(number: int, error: Mapping[str, Any], operation: Any) -> dict[str, Any]:
    name = error["name"]
    result = {
        "index": number,
        "code": mongo_code(name, error),
        "codeName": name,
        "errmsg": error_text(name, error["message"]),
        "op": operation,
    }
    for key in ("keyPattern", "keyValue"):
        if key in error:
            result[key] = error[key]
    return result


def _encoded(collection: Namespace[Any], request: Any) -> bytes:
    """An operation as the library takes it, after checking it."""
    codec_options = collection._codec_options
    if isinstance(request, InsertOne):
        identified(request._doc)
        data = bson.encode(request._doc, False, codec_options)
        if len(data) > MAXIMUM_BYTES:
            raise _too_large(len(data))
        return _nested(b"insertOne", _nested(b"document", data))
    name, operation = _fields(request)
    if getattr(request, "_namespace", None) is not None:
        raise InvalidOperation("an operation of Collection.bulk_write has no namespace: leave it out")
    check_mapping("filter", request._filter)
    refuse(collation=request._collation)
    # Not every version of pymongo has it.
    sort = sort_document(getattr(request, "_sort", None))
    operation.update(filter=request._filter, hint=hint_value(request._hint), sort=sort)
    present = {key: value for key, value in operation.items() if value is not None}
    return bson.encode({name: present}, False, codec_options)


def _fields(request: Any) -> tuple[str, dict[str, Any]]:
    """The library's name of an operation, and what it has besides a filter and a hint."""
    if isinstance(request, (UpdateOne, UpdateMany)):
        check_update(request._doc)
        return "updateOne" if isinstance(request, UpdateOne) else "updateMany", {
            "update": request._doc,
            "upsert": check_bool("upsert", request._upsert or False),
            "newId": new_object_id() if request._upsert else None,
            "arrayFilters": array_filter_list(request._array_filters),
        }
    if isinstance(request, ReplaceOne):
        check_replacement(request._doc)
        upsert = check_bool("upsert", request._upsert or False)
        new_id = new_object_id() if upsert else None
        return "replaceOne", {"replacement": request._doc, "upsert": upsert, "newId": new_id}
    if isinstance(request, (DeleteOne, DeleteMany)):
        return "deleteOne" if isinstance(request, DeleteOne) else "deleteMany", {}
    raise TypeError(f"{request!r} is not an operation such as InsertOne or UpdateMany")


def _described(request: Any) -> Any:
    """An operation as pymongo names it in an error."""
    if isinstance(request, InsertOne):
        return request._doc
    if isinstance(request, (DeleteOne, DeleteMany)):
        return {"q": request._filter, "limit": 1 if isinstance(request, DeleteOne) else 0}
    return {
        "q": request._filter,
        "u": request._doc,
        "multi": isinstance(request, UpdateMany),
        "upsert": bool(request._upsert),
    }
