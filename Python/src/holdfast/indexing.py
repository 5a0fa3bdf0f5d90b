"""The methods of a collection that are about its indexes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import bson
from pymongo.operations import IndexModel

from holdfast import _native
from holdfast.command_cursor import CommandCursor
from holdfast.errors import ConfigurationError, IndexNotFound, OperationFailure
from holdfast.namespace import Namespace
from holdfast.options import encoded_options, key_document, refuse_unknown

if TYPE_CHECKING:
    from holdfast.options import Keys
    from holdfast.transaction import Transaction

D = TypeVar("D", bound=Mapping[str, Any])

_OPTIONS = ("name", "unique", "sparse", "partialFilterExpression", "expireAfterSeconds")
# Options of MongoDB that ask for nothing, or for what is so anyway.
_HARMLESS = ("background", "comment", "v")


class Indexing(Namespace[D]):
    """Makes and removes indexes. Every collection is in the order of its `_id`, which is listed as
    ``_id_``."""

    __slots__ = ()

    def create_index(
        self, keys: Keys, session: Transaction | None = None, comment: Any = None, **kwargs: Any
    ) -> str:
        """Makes an index, waits until it is ready, and gives its name.

        `keys` is the name of a field, a list of names or of pairs of a name and a direction, or a mapping.
        The options are `name`, `unique`, `sparse`, `partialFilterExpression` and `expireAfterSeconds`;
        ``background`` has no effect, as others read and write while an index is built, except inside of a
        transaction.

        One that is there already is left as it is. Raises `IndexExists` when another one has its name or its
        fields, and `DuplicateKeyError` when it is unique and documents have the same values; then there is no
        index.
        """
        return self._create_index(key_document(keys), kwargs, session)

    def create_indexes(
        self,
        indexes: Sequence[IndexModel],
        session: Transaction | None = None,
        comment: Any = None,
        **kwargs: Any,
    ) -> list[str]:
        """Makes several indexes, one after the other, and gives their names.

        When one cannot be made, those before it stay.
        """
        if not isinstance(indexes, Sequence) or isinstance(indexes, (str, bytes)):
            raise TypeError(f"indexes must be a list of IndexModel, not {type(indexes).__name__}")
        refuse_unknown("create_indexes", kwargs)
        models = []
        for index in indexes:
            if not isinstance(index, IndexModel):
                raise TypeError(f"{index!r} is not an IndexModel")
            document = dict(index.document)
            models.append((key_document(document.pop("key")), document))
        return [self._create_index(keys, options, session) for keys, options in models]

    def _create_index(self, keys: dict[str, Any], options: Mapping[str, Any], session: Any) -> str:
        for field, direction in keys.items():
            if isinstance(direction, bool) or not isinstance(direction, (int, float)):
                raise ConfigurationError(
                    f"an index on {field!r} cannot be of the kind {direction!r}: its direction is 1 or -1"
                )
        for name, value in options.items():
            if name not in _OPTIONS and name not in _HARMLESS and value is not None and value is not False:
                raise ConfigurationError(f"an index has no option {name!r} in Holdfast: leave it out")
        given = {name: options.get(name) for name in _OPTIONS}
        for name in ("unique", "sparse"):
            given[name] = bool(given[name])
        data = self._call(
            session,
            _native.create_index,
            self._encoded_name,
            bson.encode(keys),
            encoded_options(self._codec_options, **given),
        )
        index_name: str = bson.decode(data)["name"]
        return index_name

    def list_indexes(
        self, session: Transaction | None = None, comment: Any = None
    ) -> CommandCursor[dict[str, Any]]:
        """The indexes as MongoDB lists them: ``v``, ``key`` and ``name``, and the options that were given."""
        indexes = []
        for index in self.index_statistics(session):
            listed = {"v": 2, "key": index["key"], "name": index["name"]}
            if index["name"] != "_id_":
                listed.update({name: index[name] for name in _OPTIONS[1:] if name in index})
            indexes.append(listed)
        return CommandCursor(indexes)

    def index_information(
        self, session: Transaction | None = None, comment: Any = None
    ) -> dict[str, dict[str, Any]]:
        """The indexes by their names, each with its ``key`` as a list of pairs: ``{"_id_": {"key": [("_id",
        1)], "v": 2}}``."""
        information = {}
        for index in self.list_indexes(session):
            index["key"] = list(index["key"].items())
            information[index.pop("name")] = index
        return information

    def index_statistics(self, session: Transaction | None = None) -> list[dict[str, Any]]:
        """What is known about each index: its ``name``, ``key`` and options, ``entries``, whether a document
        has arrays in it (``multikey``), and whether it is complete (``ready``). An index whose building ended
        with the process is not; making it again goes on, and dropping it removes it."""
        data = self._call(session, _native.indexes, self._encoded_name)
        indexes: list[dict[str, Any]] = bson.decode(data, self._report_options)["indexes"]
        return indexes

    def _check_missing(self, index: str, session: Any) -> None:
        """Raises because of an index that is missing, unless the whole collection is."""
        if self.index_statistics(session):
            raise _not_found(self._name, index)

    def drop_index(
        self, index_or_name: Keys, session: Transaction | None = None, comment: Any = None, **kwargs: Any
    ) -> None:
        """Removes an index, by its name or its fields.

        Raises `IndexNotFound` when there is none, but not for a collection that does not exist, as in pymongo.
        """
        refuse_unknown("drop_index", kwargs)
        if index_or_name == "*":
            self.drop_indexes(session)
            return
        name = index_or_name if isinstance(index_or_name, str) else self._index_name(index_or_name, session)
        if name is None:
            return self._check_missing(repr(index_or_name), session)
        if name == "_id_":
            message = f"the index of the ids of {self._name!r} cannot be dropped: drop the collection"
            raise OperationFailure(message, "invalidUse", 72)
        if not self._call(session, _native.drop_index, self._encoded_name, name.encode()):
            self._check_missing(name, session)

    def drop_indexes(self, session: Transaction | None = None, comment: Any = None, **kwargs: Any) -> None:
        """Removes all indexes but that of the `_id`."""
        refuse_unknown("drop_indexes", kwargs)
        for index in self.index_statistics(session):
            if index["name"] != "_id_":
                self._call(session, _native.drop_index, self._encoded_name, index["name"].encode())

    def _index_name(self, keys: Any, session: Any) -> str | None:
        """The name of the index of these fields, if there is one."""
        wanted = list(key_document(keys).items())
        for index in self.index_statistics(session):
            if list(index["key"].items()) == wanted:
                name: str = index["name"]
                return name
        return None


def _not_found(collection: str, index: str) -> IndexNotFound:
    message = f"the collection {collection!r} has no index {index!r}: index_information() lists its indexes"
    return IndexNotFound(
        message, "indexNotFound", 27, {"code": 27, "codeName": "indexNotFound", "errmsg": message}
    )
