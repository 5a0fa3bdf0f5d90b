"""Databases, and transactions by their numbers."""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any

import holdfast
from holdfast.ironbase._collection import Collection
from holdfast.ironbase._errors import raises, raises_os_errors
from holdfast.ironbase._registry import LOCK_TIMEOUT, Registry
from holdfast.ironbase._transactions import Transactions
from holdfast.ironbase._values import size_argument, text_argument

if TYPE_CHECKING:
    from types import TracebackType

Document = dict[str, Any]

_DURABILITIES = ("safe", "batch", "unsafe")
_MEMORY = ":memory:"

# The levels of that API, and those of `logging`.
_LEVELS = {
    "ERROR": logging.ERROR,
    "WARN": logging.WARNING,
    "INFO": logging.INFO,
    "DEBUG": logging.DEBUG,
    "TRACE": 5,
}
_logger = logging.getLogger("holdfast.ironbase")
_logger.setLevel(logging.WARNING)


class IronBase(Transactions):
    """A database in a file, which is created if it is missing.

    `durability` is ``"safe"``: what returns is on the disk; ``"batch"``: fewer than `batch_size` writes that
    returned can be lost in a crash; or ``"unsafe"``: what returned since the last `checkpoint` can be lost,
    which happens by itself after every `auto_checkpoint` writes, if that is given. In each of them a crash
    leaves all writes up to one of them.

    An unknown durability raises `ValueError`, and what keeps the file from being opened an `OSError`. Several
    threads may use a database. It is closed by `close`, at the end of a ``with`` block, or when nothing
    refers to it any more.

    `database` is the same database with the whole API of `holdfast`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        durability: str = "safe",
        batch_size: int = 100,
        auto_checkpoint: int | None = None,
    ) -> None:
        if text_argument("durability", durability) not in _DURABILITIES:
            raise ValueError(f"Invalid durability mode '{durability}'. Must be 'safe', 'batch', or 'unsafe'")
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(f"argument 'path': a string is needed, not {type(path).__name__}")
        size = size_argument("batch_size", batch_size)
        every = None if auto_checkpoint is None else size_argument("auto_checkpoint", auto_checkpoint)
        self._path = os.fsdecode(path)
        self._every = max(every, 1) if every is not None and durability == "unsafe" else None
        self._unsaved = 0
        self._lock = Lock()
        super().__init__()
        self._open(durability, max(size, 1))

    @raises_os_errors
    def _open(self, durability: str, batch_size: int) -> None:
        self.database = holdfast.connect(
            self._path, durability=durability, batch_size=batch_size, lock_timeout=LOCK_TIMEOUT
        )
        self._registry = Registry(self.database)
        _logger.info("opened %s, durability %s", self._path, durability)

    @staticmethod
    def open_memory() -> IronBase:
        """A database for tests and passing data, in a temporary folder that is removed when it is closed."""
        folder = tempfile.mkdtemp(prefix="holdfast-")
        try:
            database = IronBase(os.path.join(folder, "memory.holdfast"), durability="unsafe")
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        database._path = _MEMORY
        database._remove = weakref.finalize(database, shutil.rmtree, folder, ignore_errors=True)
        return database

    _remove: Callable[[], Any] | None = None

    def is_memory(self) -> bool:
        """Whether it was made by `open_memory`."""
        return self._remove is not None

    # ------------------------------------------------------------------------------------------ collections

    @raises
    def collection(self, name: str) -> Collection:
        """The collection of a name, which is made if there is none."""
        return Collection(self, self._registry.entry(text_argument("name", name)))

    @raises
    def list_collections(self) -> list[str]:
        """The names of the collections, sorted."""
        return self._registry.names()

    @raises
    def drop_collection(self, name: str) -> None:
        """Removes a collection with its documents, indexes and schema. One of the same name counts its ids
        from 1.
        """
        self._registry.drop(text_argument("name", name))

    @raises
    def rename_collection(self, old_collection: str, new_collection: str) -> None:
        """Gives a collection another name, which must be free."""
        self._registry.rename(
            text_argument("old_collection", old_collection), text_argument("new_collection", new_collection)
        )

    def set_collection_schema(self, name: str, schema: Document | None) -> None:
        """Sets or removes the schema of a collection; see `Collection.set_schema`."""
        self.collection(name).set_schema(schema)

    # ------------------------------------------------------------------------------------------ maintenance

    @raises_os_errors
    def checkpoint(self) -> None:
        """Writes everything into the file, so that the log is not needed any more. What was written is
        durable then.
        """
        self._unsaved = 0
        self.database.checkpoint()

    def _wrote(self, count: int) -> None:
        """Counts documents that were written, for `auto_checkpoint`."""
        if self._every is not None:
            with self._lock:
                self._unsaved += count
                is_due = self._unsaved >= self._every
                if is_due:
                    self._unsaved = 0
            if is_due:
                self.checkpoint()

    @raises
    def compact(self) -> Document:
        """Makes a checkpoint, and says what there is.

        The space of deleted documents is used again without it, and the file is not made smaller.
        ``size_before`` and ``size_after`` are bytes of the file and its log; ``documents_kept`` counts the
        documents, ``tombstones_removed`` those that were deleted since the last call, and
        ``documents_scanned`` both.
        """
        before = self._size()
        kept = sum(
            self._registry.entry(name).collection.count_documents({}) for name in self._registry.names()
        )
        removed = self._registry.take_deleted()
        self.checkpoint()
        after = self._size()
        return {
            "size_before": before,
            "size_after": after,
            "space_saved": max(before - after, 0),
            "documents_scanned": kept + removed,
            "documents_kept": kept,
            "tombstones_removed": removed,
            "peak_memory_mb": 0,
            "compression_ratio": after / before * 100 if before else 0.0,
        }

    def _size(self) -> int:
        stats = self.database.stats()
        return int(stats["fileBytes"]) + int(stats["logBytesSinceCheckpoint"])

    @raises
    def stats(self) -> str:
        """Numbers about the database as JSON text; under ``engine`` those of `holdfast.Database.stats`."""
        stats = self.database.stats()
        collections = []
        for name in self._registry.names():
            entry = self._registry.entry(name)
            with entry.lock:
                last_id = entry.loaded_id()
            count = entry.collection.estimated_document_count()
            collections.append({"name": name, "document_count": count, "last_id": last_id})
        result = {
            "file_path": self._path,
            "file_size": stats["fileBytes"],
            "page_size": stats["pageSize"],
            "collection_count": len(collections),
            "collections": collections,
            "engine": stats,
        }
        return json.dumps(result, indent=2, default=str)

    @raises_os_errors
    def close(self) -> None:
        """Makes everything durable and frees the file. Open transactions are rolled back. Closing again does
        nothing.
        """
        if self.database.closed:
            return
        try:
            self._roll_all_back()
            self._registry.save_all()
        finally:
            self.database.close()
            _logger.info("closed %s", self._path)
            if self._remove is not None:
                self._remove()

    def __enter__(self) -> IronBase:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------------------------------------ logging

    @staticmethod
    def set_log_level(level: str) -> None:
        """Sets the level of the logger ``holdfast.ironbase``: ERROR, WARN, INFO, DEBUG or TRACE."""
        name = text_argument("level", level).upper()
        if name not in _LEVELS:
            raise ValueError(f"Invalid log level '{level}'. Must be one of: {', '.join(_LEVELS)}")
        _logger.setLevel(_LEVELS[name])

    @staticmethod
    def get_log_level() -> str:
        """The level that `set_log_level` has set, ``"WARN"`` at first."""
        return next((name for name, level in _LEVELS.items() if level == _logger.level), "WARN")

    def __repr__(self) -> str:
        return f"IronBase('{self._path}')"

    def __str__(self) -> str:
        return f"IronBase({_MEMORY})" if self.is_memory() else repr(self)
