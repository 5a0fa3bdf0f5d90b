"""What writes report.

The classes are pymongo's, so that `isinstance` and all their properties work, and are also read-only mappings
of these properties: ``result["inserted_id"]`` is ``result.inserted_id``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pymongo.results


class _ResultMapping(Mapping[str, Any]):
    """Makes the properties that `_keys` names available as the items of a mapping."""

    __slots__ = ()
    _keys: ClassVar[tuple[str, ...]] = ()

    def __getitem__(self, key: str) -> Any:
        if key in self._keys:
            return getattr(self, key)
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


class InsertOneResult(pymongo.results.InsertOneResult, _ResultMapping):
    """What `Collection.insert_one` did: `inserted_id`."""

    __slots__ = ()
    _keys = ("inserted_id", "acknowledged")


class InsertManyResult(pymongo.results.InsertManyResult, _ResultMapping):
    """What `Collection.insert_many` did: `inserted_ids`, in the order of the documents."""

    __slots__ = ()
    _keys = ("inserted_ids", "acknowledged")


class UpdateResult(pymongo.results.UpdateResult, _ResultMapping):
    """What an update or a replacement did: `matched_count`, `modified_count` and `upserted_id`.

    A document that an update leaves as it was counts as matched and not as modified.
    """

    __slots__ = ()
    _keys = ("matched_count", "modified_count", "upserted_id", "acknowledged")

    @property
    def did_upsert(self) -> bool:
        """Whether a document was inserted because none matched."""
        return "upserted" in (self.raw_result or ())


class DeleteResult(pymongo.results.DeleteResult, _ResultMapping):
    """What `Collection.delete_one` or `Collection.delete_many` did: `deleted_count`."""

    __slots__ = ()
    _keys = ("deleted_count", "acknowledged")


class BulkWriteResult(pymongo.results.BulkWriteResult, _ResultMapping):
    """What `Collection.bulk_write` did: counts, and `upserted_ids` by the place of their operation."""

    __slots__ = ()
    _keys = (
        "inserted_count",
        "matched_count",
        "modified_count",
        "deleted_count",
        "upserted_count",
        "upserted_ids",
        "acknowledged",
    )


def update_result(report: dict[str, Any]) -> UpdateResult:
    """Makes the result of one update from the library's report: ``matched``, ``modified`` and
    ``upserted``."""
    matched = report["matched"]
    raw = {"n": matched, "nModified": report["modified"], "ok": 1.0, "updatedExisting": matched > 0}
    upserted = report.get("upserted")
    if upserted:
        raw["n"] = 1
        raw["upserted"] = upserted[0]["id"]
    return UpdateResult(raw, True)


def bulk_counts(report: dict[str, Any], first: int = 0) -> dict[str, Any]:
    """Makes pymongo's counts from the library's report about operations, the first of which is number
    `first`."""
    upserted = [
        {"index": first + each["operation"], "_id": each["id"]} for each in report.get("upserted", ())
    ]
    return {
        "writeErrors": [],
        "writeConcernErrors": [],
        "nInserted": report.get("inserted", 0),
        "nUpserted": len(upserted),
        "nMatched": report.get("matched", 0),
        "nModified": report.get("modified", 0),
        "nRemoved": report.get("deleted", 0),
        "upserted": upserted,
    }
