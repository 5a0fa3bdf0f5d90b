"""`holdfast.ironbase`: the values that documents hold."""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import re
from collections import OrderedDict
from typing import Any

import pytest

from holdfast import ObjectId, ironbase
from holdfast.ironbase import IronBase


@pytest.fixture
def items(db: IronBase) -> ironbase.Collection:
    return db.collection("items")


class Text(str):
    pass


class Color(enum.IntEnum):
    RED = 1


class Shape(str, enum.Enum):
    ROUND = "round"


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        0,
        -1,
        2**31,
        -(2**63),
        2**63 - 1,
        1.5,
        -0.0,
        1e308,
        "",
        "é 😀 \x00 in a value",
        [],
        [1, "a", None, [2, {"b": 3}]],
        {},
        {"b": {"c": [1]}, "a": 1},
        {"a.b": 1, "": 2},
    ],
)
def test_values_come_back(items: ironbase.Collection, value: Any) -> None:
    items.insert_one({"value": value})
    [found] = items.find()
    assert found == {"_id": 1, "value": value} and repr(found["value"]) == repr(value)


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (Text("x"), "x"),
        (Color.RED, 1),
        (Shape.ROUND, "round"),
        (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        (decimal.Decimal("1.5"), 1.5),
        (fractions.Fraction(1, 4), 0.25),
        (2**63, float(2**63)),
        (-(2**80), -float(2**80)),
    ],
)
def test_values_that_stand_for_others(items: ironbase.Collection, value: Any, stored: Any) -> None:
    items.insert_one({"value": value})
    [found] = items.find()
    assert found["value"] == stored and type(found["value"]) is type(stored)
    assert items.count_documents({"value": value}) == 1


@pytest.mark.parametrize(
    "value",
    [
        b"bytes",
        (1, 2),
        {1, 2},
        datetime.datetime(2020, 1, 1),
        ObjectId(),
        re.compile("x"),
        object(),
        1j,
        10**400,
        {1: 2},
        {None: 2},
        range(3),
    ],
)
def test_other_types_are_refused_everywhere(items: ironbase.Collection, value: Any) -> None:
    for wrong in ({"a": value}, {"a": [value]}, {"a": {"b": value}}):
        calls: list[tuple[Any, ...]] = [
            (items.insert_one, wrong),
            (items.insert_many, [{}, wrong]),
            (items.find, wrong),
            (items.count_documents, wrong),
            (items.update_one, {}, {"$set": wrong}),
            (items.delete_many, wrong),
        ]
        for call, *arguments in calls:
            with pytest.raises(TypeError):
                call(*arguments)
    assert items.count_documents() == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), decimal.Decimal("nan")])
def test_numbers_that_json_lacks(items: ironbase.Collection, value: Any) -> None:
    with pytest.raises(ValueError, match="Cannot convert"):
        items.insert_one({"a": [value]})
    assert items.count_documents() == 0


@pytest.mark.parametrize("document", [None, [], "x", 5, [("a", 1)]])
def test_what_is_no_document(items: ironbase.Collection, document: Any) -> None:
    calls: list[tuple[Any, ...]] = [
        (items.insert_one, document),
        (items.insert_many, [document]),
        (items.update_one, document, {}),
        (items.update_one, {}, document),
        (items.delete_one, document),
        (items.insert_many, {"a": 1}),
        (items.insert_many, ({},)),
    ]
    for call, *arguments in calls:
        with pytest.raises(TypeError):
            call(*arguments)
    assert items.count_documents() == 0


def test_documents_that_are_too_much(items: ironbase.Collection) -> None:
    deep: dict[str, Any] = {}
    for _ in range(300):
        deep = {"a": deep}
    for document in ({"a": "x" * 17_000_000}, deep, {"zero\x00byte": 1}):
        with pytest.raises(ironbase.SerializationError):
            items.insert_one(document)
    assert items.find() == []


def test_text_that_utf8_lacks(items: ironbase.Collection) -> None:
    with pytest.raises(ValueError):
        items.insert_one({"a": "\ud800"})
    assert items.find() == []
