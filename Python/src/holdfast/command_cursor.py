"""Lists of documents that are read like cursors."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from types import TracebackType

D = TypeVar("D", bound=Mapping[str, Any])


class CommandCursor(Generic[D]):
    """The documents that `list_indexes` and `list_collections` give. All of them are there from the
    beginning."""

    __slots__ = ("_documents",)

    def __init__(self, documents: Iterable[D]) -> None:
        self._documents = deque(documents)

    def __iter__(self) -> Iterator[D]:
        return self

    def __next__(self) -> D:
        try:
            return self._documents.popleft()
        except IndexError:
            raise StopIteration from None

    def next(self) -> D:
        """The next document. Raises StopIteration when there are no more."""
        return self.__next__()

    def to_list(self, length: int | None = None) -> list[D]:
        """The documents that have not been read, or the next `length` of them."""
        wanted = len(self._documents) if length is None else length
        return [document for _, document in zip(range(wanted), self)]

    @property
    def alive(self) -> bool:
        """Whether there are more documents."""
        return bool(self._documents)

    def close(self) -> None:
        """Gives up what has not been read."""
        self._documents.clear()

    def __enter__(self) -> CommandCursor[D]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
