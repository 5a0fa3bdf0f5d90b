"""What documents and arguments may be: the values of JSON, as that API has it."""

from __future__ import annotations

import operator
from typing import Any

from holdfast.ironbase._errors import SerializationError

MAXIMUM_INTEGER = 2**63 - 1
MINIMUM_INTEGER = -(2**63)


def json_value(value: Any) -> Any:
    """A value as it is stored; containers are copied.

    None, booleans, numbers, strings, lists and dicts with strings as keys are taken, and what Python can make
    an integer or a float of. An integer of more than 64 bits becomes a float. NaN and infinities raise
    `ValueError`, everything else `TypeError`.
    """
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value
    if kind is int:
        return value if MINIMUM_INTEGER <= value <= MAXIMUM_INTEGER else _wide(value)
    if kind is float:
        return _finite(value)
    if isinstance(value, dict):
        return json_document(value)
    if isinstance(value, list):
        return [json_value(item) for item in value]
    return _converted(value)


def json_document(document: dict[Any, Any]) -> dict[str, Any]:
    """A dict whose values are as `json_value` says."""
    for name in document:
        if not isinstance(name, str):
            raise TypeError(f"the name of a field must be a string, not {type(name).__name__}")
    return {str(name): json_value(value) for name, value in document.items()}


def _wide(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise TypeError("Unsupported type: an integer that is too large even for a float") from None


def _finite(value: float) -> float:
    if value - value != 0:
        raise ValueError(f"Cannot convert {value} to JSON: use None or another number instead")
    return value


def _converted(value: Any) -> Any:
    """A value of a type that stands for a string or a number, such as a member of an enumeration."""
    if isinstance(value, str):
        return str.__str__(value)
    if hasattr(type(value), "__index__"):
        return json_value(int(operator.index(value)))
    if hasattr(type(value), "__float__"):
        return _finite(float(value))
    raise TypeError(
        f"Unsupported type: {type(value).__name__}: a document holds None, booleans, numbers, strings, lists "
        "and dicts"
    )


def document_argument(name: str, value: Any) -> dict[str, Any]:
    """An argument that must be a dict, converted."""
    if not isinstance(value, dict):
        raise TypeError(f"argument '{name}': a dict is needed, not {type(value).__name__}")
    return json_document(value)


def query_argument(query: Any) -> dict[str, Any]:
    """A filter, which may be left out."""
    return {} if query is None else document_argument("query", query)


def text_argument(name: str, value: Any) -> str:
    """An argument that must be a string."""
    if not isinstance(value, str):
        raise TypeError(f"argument '{name}': a string is needed, not {type(value).__name__}")
    return value


def flag_argument(name: str, value: Any) -> bool:
    """An argument that must be True or False."""
    if not isinstance(value, bool):
        raise TypeError(f"argument '{name}': True or False is needed, not {type(value).__name__}")
    return value


def size_argument(name: str, value: Any) -> int:
    """An argument that must be an integer that is not negative."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"argument '{name}': an integer is needed, not {type(value).__name__}") from None
    if not 0 <= number < 2**64:
        raise OverflowError(f"argument '{name}': {number} is negative or has more than 64 bits")
    return number


def projection_argument(projection: Any) -> dict[str, int] | None:
    """The fields to give, with 1, or to leave out, with 0."""
    if projection is None:
        return None
    if not isinstance(projection, dict):
        raise TypeError(f"argument 'projection': a dict is needed, not {type(projection).__name__}")
    result = {}
    for name, value in projection.items():
        number = _direction("projection", text_argument("projection", name), value)
        if number not in (0, 1):
            raise ValueError(f"Invalid projection value for '{name}': expected 0 or 1, got {number}")
        result[name] = number
    return result


def sort_argument(sort: Any) -> dict[str, int] | None:
    """The order: a list of tuples of a field and 1 or -1."""
    if sort is None:
        return None
    if not isinstance(sort, list):
        raise TypeError(f"argument 'sort': a list of tuples is needed, not {type(sort).__name__}")
    result = {}
    for item in sort:
        if not isinstance(item, tuple) or len(item) < 2:
            raise TypeError("argument 'sort': each item must be a tuple of a field and 1 or -1")
        result[text_argument("sort", item[0])] = _direction("sort", item[0], item[1])
    return result


def _direction(argument: str, name: str, value: Any) -> int:
    try:
        return int(operator.index(value))
    except TypeError:
        raise TypeError(
            f"argument '{argument}': '{name}' needs an integer, not {type(value).__name__}"
        ) from None


def check_id(value: Any) -> Any:
    """Raises unless a value can be an `_id`, and gives it."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise SerializationError(
            f"Invalid _id format: an _id is an integer or a string, not {type(value).__name__}; leave it out "
            "to have the document counted"
        )
    return value
