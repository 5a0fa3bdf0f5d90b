"""Reading documents, a batch at a time."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from threading import RLock
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

import bson

from holdfast import _native
from holdfast.errors import HoldfastError, InvalidOperation
from holdfast.options import (
    check_int,
    check_mapping,
    hint_value,
    key_document,
    projection_document,
    refuse,
    sort_document,
)

if TYPE_CHECKING:
    from types import TracebackType

    from holdfast.collection import Collection
    from holdfast.options import Keys, Projection
    from holdfast.reading import Reading
    from holdfast.transaction import Transaction

D = TypeVar("D", bound=Mapping[str, Any])

# The first batch is small, so that looking at the beginning of a result is cheap, and each further one is
# larger by four times. The largest ones still fit into the cache of a processor when they have been decoded:
# larger ones take longer for each document.
FIRST_COUNT = 16
LARGEST_COUNT = 256
LARGEST_BYTES = 256 * 1024

_DEPTHS = ("plan", "counts", "timing")


def _begin_to_read(
    database: _native.Database,
    transaction: _native.Transaction | None,
    collection: bytes,
    filter: bytes | None,
    options: bytes | None,
    count: int,
) -> tuple[_native.Cursor, bytes]:
    """Opens a cursor and reads its first batch, as one call that a transaction can repeat."""
    cursor = _native.find(database, transaction, collection, filter, options)
    return cursor, _native.cursor_next(cursor, count, LARGEST_BYTES)


class Cursor(Generic[D]):
    """The documents that `Collection.find` finds, read as they are asked for.

    Nothing is read before the first document is asked for; until then the query can be changed. Outside of a
    transaction all documents are of that moment, whatever is written meanwhile. The file cannot give up the
    space of what has changed since, so read to the end, or close the cursor: with `close`, with a ``with``
    block, or by dropping it. Several threads may read from one cursor; each document goes to one of them.
    """

    __slots__ = (
        "__weakref__",
        "_batch_size",
        "_collection",
        "_count",
        "_documents",
        "_empty",
        "_ended",
        "_failure",
        "_filter",
        "_hint",
        "_limit",
        "_lock",
        "_projection",
        "_reader",
        "_retrieved",
        "_session",
        "_skip",
        "_sort",
        "_started",
    )

    def __init__(
        self,
        collection: Reading[D],
        filter: Mapping[str, Any] | None = None,
        projection: Projection | None = None,
        skip: int = 0,
        limit: int = 0,
        sort: Keys | None = None,
        hint: Keys | None = None,
        batch_size: int = 0,
        session: Transaction | None = None,
    ) -> None:
        if filter is not None:
            check_mapping("filter", filter)
        self._collection = collection
        self._session = session
        self._filter = filter
        self._projection = projection_document(projection)
        self._sort = sort_document(sort)
        self._hint = hint_value(hint)
        self._skip = self._limit = self._batch_size = 0
        self._empty = False
        self._documents: deque[D] = deque()
        self._lock = RLock()
        self._forget()
        if skip != 0:
            self.skip(skip)
        if limit != 0:
            self.limit(limit)
        if batch_size != 0:
            self.batch_size(batch_size)

    def _forget(self) -> None:
        """Puts the cursor before its first document."""
        self._documents.clear()
        self._reader: _native.Cursor | None = None
        self._started = False
        self._ended = False
        self._failure: HoldfastError | None = None
        self._count = FIRST_COUNT
        self._retrieved = 0

    # -------------------------------------------------------------------------------------- what is read

    def _changed(self, **values: Any) -> Cursor[D]:
        if self._started or self._ended:
            raise InvalidOperation("a query cannot be changed after it has begun: use clone() or rewind()")
        for name, value in values.items():
            setattr(self, "_" + name, value)
        return self

    def sort(self, key_or_list: Keys, direction: Any = None) -> Cursor[D]:
        """Sets the order: a field and its direction, 1 or -1, or several in a list of pairs or a mapping.

        Without a direction it is ascending. The last call counts.
        """
        return self._changed(sort=key_document(key_or_list, direction, "the fields to sort by"))

    def skip(self, skip: int) -> Cursor[D]:
        """Leaves out so many documents at the beginning."""
        if check_int("skip", skip) < 0:
            raise ValueError("skip must not be negative")
        return self._changed(skip=skip)

    def limit(self, limit: int) -> Cursor[D]:
        """Gives at most so many documents; 0 is no limit, and a negative number counts as the positive
        one."""
        return self._changed(limit=abs(check_int("limit", limit)), empty=False)

    def hint(self, index: Keys | None) -> Cursor[D]:
        """Names the index to use, by its name or its fields; ``{"$natural": 1}`` is none. None takes a hint
        back."""
        return self._changed(hint=hint_value(index))

    def batch_size(self, batch_size: int) -> Cursor[D]:
        """Reads at most so many documents at once; 0 leaves it to the cursor."""
        if check_int("batch_size", batch_size) < 0:
            raise ValueError("batch_size must not be negative")
        return self._changed(batch_size=batch_size)

    def comment(self, comment: Any) -> Cursor[D]:
        """Accepted as in pymongo, and without effect."""
        return self._changed()

    def allow_disk_use(self, allow_disk_use: bool) -> Cursor[D]:
        """Accepted as in pymongo, and without effect: sorting goes on in files whenever it needs to."""
        return self._changed()

    def max_time_ms(self, max_time_ms: int | None) -> Cursor[D]:
        """Refused: a query is not interrupted. None is accepted."""
        refuse(max_time_ms=max_time_ms)
        return self._changed()

    def collation(self, collation: Any) -> Cursor[D]:
        """Refused: strings are compared by their UTF-8 bytes. None is accepted."""
        refuse(collation=collation)
        return self._changed()

    # -------------------------------------------------------------------------------------- reading

    def _fill(self) -> bool:
        """Makes sure that there is a document at hand; False at the end."""
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        if self._ended and not self._documents:
            return False
        with self._lock:
            if self._documents or self._ended:
                return bool(self._documents)
            count = min(self._count, self._batch_size or self._count)
            try:
                documents = self._next_batch(count)
            except BaseException:
                self._ended, self._reader = True, None
                raise
            self._count = min(self._count * 4, LARGEST_COUNT)
            self._retrieved += len(documents)
            self._documents.extend(documents)
            return bool(documents)

    def _next_batch(self, count: int) -> list[D]:
        self._started = True
        if self._empty:
            self._ended = True
            return []
        collection = self._collection
        if self._reader is None:
            self._reader, data = collection._call(
                self._session, _begin_to_read, collection._encoded_name, *self._encoded(self._limit), count
            )
        else:
            data = _native.cursor_next(self._reader, count, LARGEST_BYTES)
        documents: list[D] = bson.decode_all(data, collection._codec_options) if data else []
        # A batch may also be short because reading the next document fails, which the next call says.
        if not documents or self._retrieved + len(documents) == self._limit:
            self._ended, self._reader = True, None
        return documents

    def _encoded(self, limit: int, depth: str | None = None) -> tuple[bytes | None, bytes | None]:
        """The filter and the options of the query, with another limit, and with a depth to explain it to."""
        codec_options = self._collection._codec_options
        filter = bson.encode(self._filter, False, codec_options) if self._filter else None
        options: dict[str, Any] = {}
        if self._projection is not None:
            options["projection"] = self._projection
        if self._sort is not None:
            options["sort"] = self._sort
        if self._skip:
            options["skip"] = self._skip
        if limit:
            options["limit"] = limit
        if self._hint is not None:
            options["hint"] = self._hint
        if depth is not None:
            options["depth"] = depth
        return filter, bson.encode(options, False, codec_options) if options else None

    def _first(self) -> D | None:
        """The first document of a query that has not begun, or None."""
        collection = self._collection
        data: bytes | None = collection._call(
            self._session, _native.find_one, collection._encoded_name, *self._encoded(limit=0)
        )
        return None if data is None else bson.decode(data, collection._codec_options)

    def __iter__(self) -> Iterator[D]:
        """Iterates over the documents that have not been read; a later iteration goes on behind them."""
        documents = self._documents
        next_document = documents.popleft
        while documents or self._fill():
            try:
                while True:
                    yield next_document()
            except IndexError:
                pass

    def __next__(self) -> D:
        while True:
            try:
                return self._documents.popleft()
            except IndexError:
                if not self._fill():
                    raise StopIteration from None

    def next(self) -> D:
        """The next document. Raises StopIteration when there are no more."""
        return self.__next__()

    def to_list(self, length: int | None = None) -> list[D]:
        """The documents that have not been read, or the next `length` of them."""
        if length is not None and check_int("length", length) < 1:
            raise ValueError("length must be greater than 0")
        documents: list[D] = []
        for document in self:
            documents.append(document)
            if len(documents) == length:
                break
        return documents

    @overload
    def __getitem__(self, index: int) -> D: ...
    @overload
    def __getitem__(self, index: slice) -> Cursor[D]: ...
    def __getitem__(self, index: int | slice) -> D | Cursor[D]:
        """The document at a place behind what is skipped, by a query of its own that knows no limit.

        A slice sets skip and limit of this cursor, and gives it.
        """
        self._changed()
        if isinstance(index, slice):
            return self._sliced(index)
        if not isinstance(index, int):
            raise TypeError(f"a cursor is indexed with an integer or a slice, not {type(index).__name__}")
        if index < 0:
            raise IndexError("a cursor cannot be indexed from its end")
        found = copy.copy(self).skip(self._skip + index)._first()
        if found is None:
            raise IndexError(f"the query finds no document number {index}")
        return found

    def _sliced(self, index: slice) -> Cursor[D]:
        if index.step is not None:
            raise IndexError("a slice of a cursor cannot have a step")
        start = 0 if index.start is None else check_int("the start of a slice", index.start)
        if start < 0 or (index.stop is not None and check_int("the stop of a slice", index.stop) < 0):
            raise IndexError("a cursor cannot be sliced from its end")
        if index.stop is None:
            return self._changed(skip=start, limit=0, empty=False)
        if index.stop < start:
            raise IndexError(f"the slice stops at {index.stop}, before its start at {start}")
        return self._changed(skip=start, limit=index.stop - start, empty=index.stop == start)

    # -------------------------------------------------------------------------------------- the cursor itself

    def rewind(self) -> Cursor[D]:
        """Goes back to before the first document, and lets the query be changed. It is run anew."""
        with self._lock:
            self._forget()
        return self

    def clone(self) -> Cursor[D]:
        """A cursor with the same query that has not begun."""
        return self._copied(copy.deepcopy)

    def _copied(self, copied: Callable[[Any], Any]) -> Cursor[D]:
        other = Cursor(self._collection, session=self._session)
        for name in ("filter", "projection", "sort", "hint", "skip", "limit", "empty", "batch_size"):
            setattr(other, "_" + name, copied(getattr(self, "_" + name)))
        return other

    def __copy__(self) -> Cursor[D]:
        return self._copied(copy.copy)

    def __deepcopy__(self, memo: Any) -> Cursor[D]:
        return self._copied(lambda value: copy.deepcopy(value, memo))

    def close(self) -> None:
        """Gives up what has not been read. Closing again does nothing."""
        with self._lock:
            self._ended, self._reader, self._failure = True, None, None
            self._documents.clear()

    def __enter__(self) -> Cursor[D]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether there are more documents. Before the first has been asked for, there may be."""
        if not self._started:
            return not self._ended
        try:
            return self._fill()
        except HoldfastError as error:
            # Whoever asks for a document is told.
            self._failure = error
            return True

    @property
    def retrieved(self) -> int:
        """How many documents have been read, those at hand included."""
        return self._retrieved

    @property
    def cursor_id(self) -> int | None:
        """Always None: there is no server that numbers cursors."""
        return None

    @property
    def collection(self) -> Collection[D]:
        """The collection that is read."""
        return cast("Collection[D]", self._collection)

    @property
    def session(self) -> Transaction | None:
        """The transaction that the cursor belongs to."""
        return self._session or self._collection._transaction

    def distinct(self, key: str) -> list[Any]:
        """The different values of a field in the documents that match the filter; see
        `Collection.distinct`."""
        return self._collection.distinct(key, self._filter, session=self._session, hint=self._hint)

    def explain(self, depth: str = "plan") -> dict[str, Any]:
        """How the query is run; see `Collection.explain`."""
        if depth not in _DEPTHS:
            raise ValueError(f"unknown depth {depth!r}: use one of {', '.join(_DEPTHS)}")
        collection = self._collection
        data = collection._call(
            self._session, _native.explain, collection._encoded_name, *self._encoded(self._limit, depth)
        )
        return bson.decode(data, collection._report_options)
