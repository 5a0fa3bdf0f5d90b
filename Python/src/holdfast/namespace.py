"""What all methods of a collection build on: its name, its codec options, and how it calls the library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from bson.codec_options import CodecOptions

from holdfast.errors import InvalidName, QueryError
from holdfast.transaction import Transaction, joined

if TYPE_CHECKING:
    from holdfast.database import Database

D = TypeVar("D", bound=Mapping[str, Any])
T = TypeVar("T")


@lru_cache(maxsize=1024)
def encoded_name(name: str) -> bytes:
    """A name of a collection as the library takes it, checked by pymongo's rules."""
    if not isinstance(name, str):
        raise TypeError(f"the name of a collection must be a string, not {type(name).__name__}")
    if not name or ".." in name:
        raise _invalid_name(name, "it must not be empty, nor have an empty part between dots")
    if name.startswith(".") or name.endswith("."):
        raise _invalid_name(name, "it must not begin or end with a dot")
    if "$" in name:
        raise _invalid_name(name, "it must not contain a dollar sign")
    if "\x00" in name:
        raise _invalid_name(name, "it must not contain a zero character")
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        raise _invalid_name(name, "it must be text that UTF-8 can express") from None
    if len(encoded) > 255:
        raise _invalid_name(name[:20] + "…", f"it has {len(encoded)} bytes, more than 255")
    return encoded


def _invalid_name(name: str, reason: str) -> InvalidName:
    return InvalidName(f"{name!r} cannot be the name of a collection: {reason}", "invalidName", 73)


class Namespace(Generic[D]):
    """A name in a database, with the codec options for its documents, and perhaps the transaction of its
    calls."""

    __slots__ = (
        "__weakref__",
        "_codec_options",
        "_database",
        "_encoded_name",
        "_handle",
        "_name",
        "_report_options",
        "_transaction",
    )

    def __init__(
        self,
        database: Database,
        name: str,
        codec_options: CodecOptions[D] | None = None,
        _transaction: Transaction | None = None,
    ) -> None:
        self._encoded_name = encoded_name(name)
        self._name = name
        self._database = database
        self._handle = database._handle
        self._transaction = _transaction
        self._codec_options: CodecOptions[D] = codec_options or database._codec_options
        # The library's reports about writes are read with these: values as in documents, and as a dict.
        self._report_options: CodecOptions[dict[str, Any]]
        if self._codec_options.document_class is dict:
            self._report_options = self._codec_options  # type: ignore[assignment]
        else:
            self._report_options = self._codec_options.with_options(document_class=dict)

    def _call(self, session: Any, function: Callable[..., T], *arguments: Any) -> T:
        """Calls a function of the library, in the transaction that the call or the collection belongs to, if
        any."""
        if session is not None:
            return joined(session, self._database)._call(function, *arguments)
        if self._transaction is not None:
            return self._transaction._call(function, *arguments)
        return function(self._handle, None, *arguments)

    def _write(self, session: Any, function: Callable[..., T], *arguments: Any) -> T:
        """As `_call`, for a write: what is wrong with a filter or an update is a `WriteError` too, as in
        pymongo."""
        try:
            return self._call(session, function, *arguments)
        except QueryError as error:
            raise error.in_write() from None
