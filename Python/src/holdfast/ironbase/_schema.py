"""Schemas of collections: from JSON Schema to what `$jsonSchema` takes, and the search for documents that
break one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from holdfast import Collection, Transaction
from holdfast.errors import HoldfastError
from holdfast.ironbase._errors import SchemaValidationError

# What says nothing about which documents are right.
_ANNOTATIONS = {
    "$comment",
    "$id",
    "$schema",
    "default",
    "deprecated",
    "description",
    "examples",
    "format",
    "id",
    "title",
}
_PLAIN = {
    "enum",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
}
_PLAIN |= {"minimum", "multipleOf", "pattern", "uniqueItems"}
_LISTS = {"allOf", "anyOf", "oneOf"}
_MAPS = {"patternProperties", "properties"}
_CHUNK = 10_000


def chunks(ids: list[Any]) -> Iterable[list[Any]]:
    """Ids in lists that are short enough for a filter."""
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))


class Schema:
    """A schema as it was given, in `source`, and the filter that it stands for, in `condition`."""

    __slots__ = ("condition", "source")

    def __init__(self, source: dict[str, Any]) -> None:
        kind = source.get("type", "object")
        if not isinstance(kind, str):
            raise _wrong("Schema type must be a string")
        if kind != "object":
            raise _wrong("Only object schemas are supported: set the type to 'object' or leave it out")
        schema = _translated(source, "the schema")
        if schema.get("additionalProperties", True) is not True:
            # Every document has an _id, which the schemas of this API do not mention.
            schema["properties"] = {"_id": {}, **schema.get("properties", {})}
        self.source = source
        self.condition = {"$jsonSchema": schema}

    def checked(self, collection: Collection[dict[str, Any]]) -> Schema:
        """Raises unless the library takes the schema, and gives it."""
        try:
            collection.find_one({"$and": [{"_id": {"$lt": 0}}, self.condition]}, {"_id": 1})
        except HoldfastError as error:
            if error.code_name != "invalidQuery":
                raise
            raise _wrong(str(error)) from error
        return self

    def offenders(
        self, collection: Collection[dict[str, Any]], ids: list[Any], transaction: Transaction
    ) -> list[dict[str, Any]]:
        """Those of the documents that do not fulfil the schema."""
        found: list[dict[str, Any]] = []
        for chunk in chunks(ids):
            query = {"_id": {"$in": chunk}, "$nor": [self.condition]}
            found.extend(collection.find(query, session=transaction))
        return found

    def complaint(
        self, collection: Collection[dict[str, Any]], offender: dict[str, Any], transaction: Transaction
    ) -> SchemaValidationError:
        """The error for a document that does not fulfil the schema, naming the field and not its value."""
        for name in self.condition["$jsonSchema"].get("required", ()):
            if name not in offender:
                return _wrong(f"Missing required field '{name}' in a document for '{collection.name}'")
        for name, part in self.source.get("properties", {}).items():
            # Word by word as far as words mean something alone, and then all of them together.
            words = (
                [word for word in part if word == "type" or word in _PLAIN] if isinstance(part, dict) else []
            )
            for rule in [*({word: part[word]} for word in words), part]:
                broken = {"$jsonSchema": {"properties": {name: _translated(rule, f"properties '{name}'")}}}
                query = {"_id": offender["_id"], "$nor": [broken]}
                if collection.count_documents(query, session=transaction):
                    word = "its schema" if rule is part else next(iter(rule))
                    what = f"expected type {rule['type']}" if word == "type" else f"does not fulfil {word}"
                    return _wrong(f"Field '{name}' {what} in a document for '{collection.name}'")
        return _wrong(f"A document for '{collection.name}' does not fulfil the schema of the collection")


def _wrong(reason: str) -> SchemaValidationError:
    return SchemaValidationError(f"Schema validation error: {reason}")


def _translated(schema: Any, place: str) -> dict[str, Any]:
    """A schema in the dialect of `$jsonSchema`. Keywords that it does not have are refused."""
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    if not isinstance(schema, dict):
        raise _wrong(f"{place} must be an object, not {type(schema).__name__}")
    result: dict[str, Any] = {}
    more: list[dict[str, Any]] = []
    for word, value in schema.items():
        if word in _ANNOTATIONS:
            continue
        if word in _PLAIN:
            result[word] = value
        elif word in _LISTS:
            if not isinstance(value, list):
                raise _wrong(f"{word} of {place} must be an array of schemas")
            result[word] = [_translated(part, f"{word} of {place}") for part in value]
        elif word in _MAPS:
            if not isinstance(value, dict):
                raise _wrong(f"{word} of {place} must be an object")
            result[word] = {name: _translated(part, f"{word} '{name}'") for name, part in value.items()}
        elif word == "not":
            result[word] = _translated(value, f"not of {place}")
        elif word in ("additionalItems", "additionalProperties"):
            result[word] = value if isinstance(value, bool) else _translated(value, f"{word} of {place}")
        elif word == "items":
            result[word] = (
                [_translated(part, f"items of {place}") for part in value]
                if isinstance(value, list)
                else _translated(value, f"items of {place}")
            )
        elif word == "dependencies":
            if not isinstance(value, dict):
                raise _wrong(f"dependencies of {place} must be an object")
            result[word] = {
                name: part if isinstance(part, list) else _translated(part, f"dependency '{name}'")
                for name, part in value.items()
            }
        elif word == "required":
            if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
                raise _wrong(f"required of {place} must be an array of field names")
            if value:
                result[word] = list(dict.fromkeys(value))
        elif word == "const":
            more.append({"enum": [value]})
        elif word == "type":
            result[word] = _type(value, place, more)
        elif word in ("exclusiveMaximum", "exclusiveMinimum"):
            _exclusive(word, value, result, more)
        else:
            raise _wrong(f"the keyword '{word}' of {place} is not supported: leave it out")
    if more:
        result["allOf"] = [*result.get("allOf", []), *more]
    return result


def _type(value: Any, place: str, more: list[dict[str, Any]]) -> Any:
    """Types, where an integer is a number that is a multiple of 1."""
    names = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(name, str) for name in names):
        raise _wrong(f"the type of {place} must be a string, or an array of strings")
    for name in names:
        if name not in ("array", "boolean", "integer", "null", "number", "object", "string"):
            raise _wrong(f"Unsupported type '{name}' in {place}")
    if "integer" in names:
        if "number" not in names:
            more.append({"multipleOf": 1})
        names = list(dict.fromkeys("number" if name == "integer" else name for name in names))
    return names if len(names) > 1 else names[0]


def _exclusive(word: str, value: Any, result: dict[str, Any], more: list[dict[str, Any]]) -> None:
    """A bound of its own, as later drafts write it, or a word about the bound beside it, as draft 4 does."""
    if isinstance(value, bool):
        result[word] = value
    else:
        more.append({word[9:].lower(): value, word: True})
