"""Collections of documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, overload

from bson.codec_options import CodecOptions

from holdfast import _native
from holdfast.indexing import Indexing
from holdfast.modifying import Modifying
from holdfast.namespace import encoded_name
from holdfast.options import check_bool, refuse, refuse_unknown
from holdfast.reading import Reading
from holdfast.writing import Writing

if TYPE_CHECKING:
    from holdfast.database import Database
    from holdfast.transaction import Transaction

D = TypeVar("D", bound=Mapping[str, Any])
E = TypeVar("E", bound=Mapping[str, Any])


class Collection(Reading[D], Writing[D], Modifying[D], Indexing[D]):
    """A collection of a database, with the methods of pymongo's.

    It is a name and costs nothing: ``db["users"]`` and ``db.users`` make one, ``db.users.archive`` is the
    collection ``"users.archive"``, and the collection exists from its first insertion on. Any number of
    threads may use it.

    Every method takes the `Transaction` that it is to be part of as `session`. `comment` and
    `bypass_document_validation` are accepted as in pymongo and change nothing. What Holdfast does not offer,
    such as `collation`, raises `ConfigurationError` before anything is done.
    """

    __slots__ = ()

    __iter__ = None
    __contains__ = None

    # -------------------------------------------------------------------------------------- what it is

    @property
    def name(self) -> str:
        """The name of the collection."""
        return self._name

    @property
    def full_name(self) -> str:
        """The names of the database and of the collection, with a dot between them."""
        return f"{self._database.name}.{self._name}"

    @property
    def database(self) -> Database:
        """The database that it is in."""
        return self._database

    @property
    def codec_options(self) -> CodecOptions[D]:
        """How its documents are written and read."""
        return self._codec_options

    @overload
    def with_options(
        self,
        codec_options: None = None,
        read_preference: Any = ...,
        write_concern: Any = ...,
        read_concern: Any = ...,
    ) -> Collection[D]: ...
    @overload
    def with_options(
        self,
        codec_options: CodecOptions[E],
        read_preference: Any = ...,
        write_concern: Any = ...,
        read_concern: Any = ...,
    ) -> Collection[E]: ...
    def with_options(
        self,
        codec_options: CodecOptions[Any] | None = None,
        read_preference: Any = None,
        write_concern: Any = None,
        read_concern: Any = None,
    ) -> Collection[Any]:
        """The same collection with other codec options, such as a `document_class`, time zones or types of
        your own.

        `read_preference`, `write_concern` and `read_concern` are refused: see `set_durability`.
        """
        refuse(read_preference=read_preference, write_concern=write_concern, read_concern=read_concern)
        return Collection(self._database, self._name, codec_options or self._codec_options, self._transaction)

    def __getattr__(self, name: str) -> Collection[D]:
        """The collection whose name is that of this one, a dot, and `name`."""
        if name.startswith("_"):
            raise AttributeError(
                f"a collection has no attribute {name!r}: use brackets for a collection's name"
            )
        return self[name]

    def __getitem__(self, name: str) -> Collection[D]:
        return Collection(self._database, f"{self._name}.{name}", self._codec_options, self._transaction)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Collection):
            return self._database == other._database and self._name == other._name
        return NotImplemented

    def __hash__(self) -> int:
        return hash((self._database, self._name))

    def __bool__(self) -> NoReturn:
        raise NotImplementedError("a collection is neither true nor false: compare it with None instead")

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        name = self._name.rsplit(".", 1)[-1]
        raise TypeError(
            f"a collection has no method {name!r}, and the collection {self._name!r} cannot be called"
        )

    def __repr__(self) -> str:
        return f"Collection({self._database!r}, {self._name!r})"

    # ------------------------------------------------------------------------------ the collection as a whole

    def drop(
        self, session: Transaction | None = None, comment: Any = None, encrypted_fields: Any = None
    ) -> None:
        """Removes the collection with its documents and indexes, if it exists."""
        refuse(encrypted_fields=encrypted_fields)
        self._call(session, _native.drop_collection, self._encoded_name)

    def rename(
        self,
        new_name: str,
        session: Transaction | None = None,
        comment: Any = None,
        *,
        dropTarget: bool = False,  # noqa: N803
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Gives the collection another name. This object keeps the old one.

        A collection that has the name is removed with `dropTarget`; without, `CollectionInvalid` is raised.
        Raises `CollectionNotFound` when this collection does not exist. An index that is being built
        meanwhile is given up: make it again in the collection of the new name.
        """
        refuse_unknown("rename", kwargs)
        replace = check_bool("dropTarget", dropTarget)
        self._call(session, _native.rename_collection, self._encoded_name, encoded_name(new_name), replace)
        return {"ok": 1.0}

    def options(self, session: Transaction | None = None, comment: Any = None) -> dict[str, Any]:
        """The options that MongoDB would keep for the collection: none."""
        return {}

    def durability(self) -> dict[str, Any]:
        """The durability of writes to this collection; see `Database.durability`."""
        return self._database._durability(self._encoded_name)

    def set_durability(
        self, durability: str | None, batch_size: int = 100, batch_interval: float = 0.05
    ) -> None:
        """Stores a durability of its own for this collection; None means that of the database again.

        See `holdfast.connect` for what the names mean. The collection must exist;
        `Database.create_collection` makes one with a durability. Not part of any transaction.
        """
        self._database._set_durability(self._encoded_name, durability, batch_size, batch_interval)


class CollectionCalled(Collection[dict[str, Any]]):
    """What `Database.collection` is: the collection named so, and called with a name the one of that name."""

    __slots__ = ()

    def __call__(self, name: str) -> Collection[dict[str, Any]]:  # type: ignore[override]
        return Collection(self._database, name)
