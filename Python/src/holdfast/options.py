"""From the arguments that pymongo's methods take to the documents that the library takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, Union

import bson
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from holdfast.errors import ConfigurationError
from holdfast.ids import new_object_id

# How documents are written and read unless a collection has codec options of its own: as pymongo does, and
# `uuid.UUID` is stored as a standard UUID and comes back as one.
DEFAULT_CODEC_OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(
    uuid_representation=UuidRepresentation.STANDARD
)

# Fields and directions: "a", [("a", 1), ("b", -1)], ["a", "b"] or {"a": 1, "b": -1}.
Keys = Union[str, Sequence[Union[str, tuple[str, Any]]], Mapping[str, Any]]
Projection = Union[Mapping[str, Any], Iterable[str]]


def refuse(**options: Any) -> None:
    """Refuses the first of these options that asks for something, because Holdfast would not do it."""
    for name, value in options.items():
        if value:
            raise ConfigurationError(f"Holdfast has no option {name!r}: leave it out")


def refuse_unknown(method: str, options: Mapping[str, Any]) -> None:
    """Refuses options that a method takes by name in pymongo, except those that say nothing or are mere
    hints."""
    for name, value in options.items():
        if name != "comment" and value is not None:
            raise ConfigurationError(f"{method}() has no option {name!r} in Holdfast: leave it out")


def check_mapping(name: str, value: Any) -> None:
    """Raises TypeError unless a value is a mapping."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a mapping such as a dict, not {type(value).__name__}")


def check_int(name: str, value: Any) -> int:
    """Raises TypeError unless a value is an integer, and gives it."""
    if not isinstance(value, int):
        raise TypeError(f"{name} must be an integer, not {type(value).__name__}")
    return value


def check_bool(name: str, value: Any) -> bool:
    """Raises TypeError unless a value is True or False, and gives it."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, not {type(value).__name__}")
    return value


def check_update(update: Any) -> None:
    """Raises unless a value is an update document: operators, at least one."""
    if isinstance(update, Sequence) and not isinstance(update, (str, bytes)):
        raise ConfigurationError(
            "an update with an aggregation pipeline is not supported: write it with operators such as $set"
        )
    check_mapping("update", update)
    if not update:
        raise ValueError("the update is empty: it must have at least one operator such as $set")
    if not isinstance(update, RawBSONDocument) and not _has_operators(update):
        raise ValueError(
            "an update takes operators such as $set only: to replace the document use replace_one"
        )


def check_replacement(replacement: Any) -> None:
    """Raises unless a value is a document that can replace another: without operators."""
    check_mapping("replacement", replacement)
    if replacement and not isinstance(replacement, RawBSONDocument) and _has_operators(replacement):
        raise ValueError("a replacement has no operators such as $set: to change fields use update_one")


def _has_operators(document: Mapping[str, Any]) -> bool:
    return str(next(iter(document))).startswith("$")


def key_document(keys: Any, direction: Any = None, what: str = "the keys") -> dict[str, Any]:
    """Fields and their directions as a document, from any of the forms that `Keys` names."""
    if direction is not None:
        if not isinstance(keys, str):
            raise TypeError(
                f"with a direction, {what} must be the name of one field, not {type(keys).__name__}"
            )
        keys = [(keys, direction)]
    elif isinstance(keys, str):
        keys = [keys]
    elif isinstance(keys, Mapping):
        keys = keys.items()
    elif not isinstance(keys, Sequence) or isinstance(keys, bytes):
        raise TypeError(
            f"{what} must be the name of a field, a list of pairs or a mapping, not {type(keys).__name__}"
        )
    document: dict[str, Any] = {}
    for item in keys:
        if isinstance(item, str):
            name, value = item, 1
        elif isinstance(item, Sequence) and len(item) == 2 and isinstance(item[0], str):
            name, value = item
        else:
            raise TypeError(
                f"each of {what} must be a name or a pair of a name and a direction, not {item!r}"
            )
        document[name] = value
    if not document:
        raise ValueError(f"{what} must not be empty")
    return document


def sort_document(sort: Any) -> dict[str, Any] | None:
    """The order that a `sort` argument asks for; None and an empty one ask for none."""
    if sort is None or (not sort and not isinstance(sort, str)):
        return None
    return key_document(sort, what="the fields to sort by")


def hint_value(hint: Any) -> str | dict[str, Any] | None:
    """The index that a `hint` argument names, by its name or by its fields."""
    if hint is None or isinstance(hint, str):
        return hint
    return key_document(hint, what="the fields of a hint")


def projection_document(projection: Any) -> Mapping[str, Any] | None:
    """The fields that a `projection` argument asks for: a mapping, or the names of fields to give."""
    if projection is None or isinstance(projection, Mapping):
        return projection or None
    if isinstance(projection, (str, bytes)) or not isinstance(projection, (Sequence, Set)):
        raise TypeError("projection must be a mapping or a list of the names of fields")
    if not all(isinstance(name, str) for name in projection):
        raise TypeError("projection must be a list of strings when it is a list")
    return dict.fromkeys(projection, 1) or None


def array_filter_list(array_filters: Any) -> list[Any] | None:
    """The filters that an `array_filters` argument has."""
    if array_filters is not None and not isinstance(array_filters, list):
        raise TypeError(f"array_filters must be a list of filters, not {type(array_filters).__name__}")
    return array_filters or None


def encoded_options(codec_options: CodecOptions[Any], **options: Any) -> bytes | None:
    """An option document of the options that are there, which is None when there are none."""
    present = {name: value for name, value in options.items() if value is not None and value is not False}
    return bson.encode(present, False, codec_options) if present else None


def write_options(
    codec_options: CodecOptions[Any],
    upsert: Any,
    array_filters: Any,
    hint: Any,
    many: bool = False,
    sort: Any = None,
) -> bytes | None:
    """The option document of an update, a replacement or a deletion."""
    if upsert is False and array_filters is None and hint is None and sort is None and not many:
        return None
    return encoded_options(
        codec_options,
        many=many,
        upsert=check_bool("upsert", upsert),
        newId=new_object_id() if upsert else None,
        arrayFilters=array_filter_list(array_filters),
        hint=hint_value(hint),
        sort=sort_document(sort),
    )
