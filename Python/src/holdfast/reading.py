"""The methods of a collection that read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import bson

from holdfast import _native
from holdfast.cursor import Cursor
from holdfast.namespace import Namespace
from holdfast.options import check_int, check_mapping, encoded_options, hint_value, refuse, refuse_unknown

if TYPE_CHECKING:
    from holdfast.options import Keys, Projection
    from holdfast.transaction import Transaction

D = TypeVar("D", bound=Mapping[str, Any])


class Reading(Namespace[D]):
    """Reads documents. A collection that does not exist reads as an empty one."""

    __slots__ = ()

    def find_one(self, filter: Any = None, *args: Any, **kwargs: Any) -> D | None:
        """The first document that matches a filter, or None. What is not a mapping is an `_id` to look up.

        The other arguments are those of `find`, except for `limit`.
        """
        if filter is not None and type(filter) is not dict and not isinstance(filter, Mapping):
            filter = {"_id": filter}
        if args or kwargs:
            return self.find(filter, *args, **kwargs)._first()
        encoded = bson.encode(filter, False, self._codec_options) if filter else None
        if self._transaction is None:
            data = _native.find_one(self._handle, None, self._encoded_name, encoded, None)
        else:
            data = self._transaction._call(_native.find_one, self._encoded_name, encoded, None)
        return None if data is None else bson.decode(data, self._codec_options)

    def find(
        self,
        filter: Mapping[str, Any] | None = None,
        projection: Projection | None = None,
        skip: int = 0,
        limit: int = 0,
        no_cursor_timeout: bool = False,
        cursor_type: int = 0,
        sort: Keys | None = None,
        allow_partial_results: bool = False,
        oplog_replay: bool = False,
        batch_size: int = 0,
        collation: Any = None,
        hint: Keys | None = None,
        max_scan: Any = None,
        max_time_ms: int | None = None,
        max: Any = None,
        min: Any = None,
        return_key: bool | None = None,
        show_record_id: bool | None = None,
        snapshot: bool | None = None,
        comment: Any = None,
        session: Transaction | None = None,
        allow_disk_use: bool | None = None,
        let: Any = None,
    ) -> Cursor[D]:
        """The documents that match a filter, as a `Cursor`, which reads them when they are asked for.

        `projection` is a mapping, or a list of the fields to give. `sort` and `hint` take the name of a
        field, pairs of names and directions, or a mapping; `hint` also the name of an index. The order is not
        specified without `sort`. `comment`, `batch_size`, `allow_disk_use` and `no_cursor_timeout` change no
        results. `collation`, `cursor_type`, `let`, `max`, `max_scan`, `max_time_ms`, `min`, `oplog_replay`,
        `return_key`, `show_record_id` and `snapshot` are refused with a `ConfigurationError`.
        """
        if cursor_type or oplog_replay or collation or max_scan or max_time_ms or max or min or let:
            refuse(
                cursor_type=cursor_type,
                oplog_replay=oplog_replay,
                collation=collation,
                max_scan=max_scan,
                max_time_ms=max_time_ms,
                max=max,
                min=min,
                let=let,
            )
        if return_key or show_record_id or snapshot:
            refuse(return_key=return_key, show_record_id=show_record_id, snapshot=snapshot)
        return Cursor(self, filter, projection, skip, limit, sort, hint, batch_size, session)

    def count_documents(
        self,
        filter: Mapping[str, Any],
        session: Transaction | None = None,
        comment: Any = None,
        *,
        skip: int = 0,
        limit: int = 0,
        hint: Keys | None = None,
        **kwargs: Any,
    ) -> int:
        """How many documents match a filter, after `skip` of them and at most `limit`; a limit of 0 is
        none."""
        check_mapping("filter", filter)
        refuse_unknown("count_documents", kwargs)
        if check_int("skip", skip) < 0 or check_int("limit", limit) < 0:
            raise ValueError("skip and limit must not be negative")
        options = encoded_options(
            self._codec_options, skip=skip or None, limit=limit or None, hint=hint_value(hint)
        )
        return self._call(session, _native.count, self._encoded_name, self._encoded_filter(filter), options)

    def estimated_document_count(
        self, comment: Any = None, *, session: Transaction | None = None, **kwargs: Any
    ) -> int:
        """How many documents there are, without looking at any of them. The number is exact."""
        refuse_unknown("estimated_document_count", kwargs)
        return self._call(session, _native.count, self._encoded_name, None, None)

    def distinct(
        self,
        key: str,
        filter: Mapping[str, Any] | None = None,
        session: Transaction | None = None,
        comment: Any = None,
        hint: Keys | None = None,
        **kwargs: Any,
    ) -> list[Any]:
        """The different values of a field in the documents that match a filter, in ascending order.

        Of an array, its elements count. The values may have 100 MiB together.
        """
        if not isinstance(key, str):
            raise TypeError(f"key must be the name of a field, not {type(key).__name__}")
        if filter is not None:
            check_mapping("filter", filter)
        refuse_unknown("distinct", kwargs)
        options = encoded_options(self._codec_options, hint=hint_value(hint))
        data = self._call(
            session, _native.distinct, self._encoded_name, key.encode(), self._encoded_filter(filter), options
        )
        values: list[Any] = bson.decode(data, self._codec_options)["values"]
        return values

    def explain(
        self,
        filter: Mapping[str, Any] | None = None,
        projection: Projection | None = None,
        skip: int = 0,
        limit: int = 0,
        sort: Keys | None = None,
        hint: Keys | None = None,
        depth: str = "plan",
        session: Transaction | None = None,
    ) -> dict[str, Any]:
        """How the query of a `find` with these arguments is run.

        With a `depth` of ``"plan"`` it is only planned; with ``"counts"`` it is run, and the result says what
        each stage looked at; with ``"timing"`` also for how long.
        """
        return Cursor(self, filter, projection, skip, limit, sort, hint, session=session).explain(depth)

    def _encoded_filter(self, filter: Mapping[str, Any] | None) -> bytes | None:
        return bson.encode(filter, False, self._codec_options) if filter else None
