"""Reading the documents of a query one by one, or some at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from holdfast.ironbase._errors import InvalidQueryError, raises
from holdfast.ironbase._values import size_argument

if TYPE_CHECKING:
    from holdfast import Cursor as Documents
    from holdfast.ironbase._collection import Collection

Document = dict[str, Any]


class Cursor:
    """The documents that a query found, made by `Collection.find_cursor`.

    All are of the moment at which the cursor was made, or rewound, whatever is written meanwhile. They are
    read from the file as they are asked for; `total` and `remaining` read the rest into memory, to count it.
    A cursor is for one thread. Meanwhile the file cannot give up the space of what has changed since, so read
    to the end or drop the cursor.
    """

    __slots__ = ("_batch_size", "_collection", "_position", "_query", "_reader", "_waiting")

    def __init__(self, collection: Collection, query: Document, batch_size: int) -> None:
        self._collection = collection
        self._query = query
        self._batch_size = batch_size
        self.rewind()

    @raises
    def rewind(self) -> None:
        """Goes back to the beginning, and runs the query again: the documents are of this moment now."""
        self._waiting: deque[Document] = deque()
        self._position = 0
        try:
            self._reader: Documents[Document] = self._collection._documents(self._query)
            self._read(1)
        except InvalidQueryError:
            # The index that was chosen may have been dropped in between.
            self._reader = self._collection._documents(self._query, is_hinted=False)
            self._read(1)

    @raises
    def _read(self, count: int | None) -> None:
        """Reads until so many documents wait, or with None all of them."""
        while count is None or len(self._waiting) < count:
            document = next(self._reader, None)
            if document is None:
                return
            self._waiting.append(document)

    def next(self) -> Document | None:
        """The next document, or None at the end."""
        return next(iter(self.next_chunk(1)), None)

    def next_batch(self) -> list[Document]:
        """The next documents, `batch_size` of them or those that are left; an empty list at the end."""
        return self.next_chunk(self._batch_size)

    def next_chunk(self, chunk_size: int) -> list[Document]:
        """The next `chunk_size` documents, or those that are left; an empty list at the end."""
        size = size_argument("chunk_size", chunk_size)
        self._read(size)
        documents = [self._waiting.popleft() for _ in range(min(size, len(self._waiting)))]
        self._position += len(documents)
        return documents

    def take(self, n: int) -> list[Document]:
        """The next `n` documents, or those that are left."""
        return self.next_chunk(size_argument("n", n))

    def collect_all(self) -> list[Document]:
        """All documents that are left."""
        self._read(None)
        return self.next_chunk(len(self._waiting))

    def skip(self, n: int) -> None:
        """Goes past `n` documents, or to the end."""
        left = size_argument("n", n)
        while left and self.next_chunk(min(left, 1000)):
            left -= min(left, 1000)

    def remaining(self) -> int:
        """How many documents are left."""
        self._read(None)
        return len(self._waiting)

    def total(self) -> int:
        """How many documents the query found."""
        return self._position + self.remaining()

    def count(self) -> int:
        """How many documents match the query now, which may be others than when it was run."""
        return self._collection.count_documents(self._query)

    def position(self) -> int:
        """How many documents were given or skipped."""
        return self._position

    def is_finished(self) -> bool:
        """Whether no document is left."""
        self._read(1)
        return not self._waiting

    def __bool__(self) -> bool:
        return not self.is_finished()

    def __iter__(self) -> Iterator[Document]:
        return self

    def __next__(self) -> Document:
        document = self.next()
        if document is None:
            raise StopIteration
        return document

    def __repr__(self) -> str:
        return f"Cursor(position={self._position}, batch_size={self._batch_size})"
