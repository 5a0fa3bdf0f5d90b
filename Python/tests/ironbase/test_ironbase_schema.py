"""`holdfast.ironbase`: schemas hold on every way to write, and after reopening."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from holdfast import ironbase
from holdfast.ironbase import IronBase

PERSON = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "pattern": "^[A-Z]"},
        "age": {"type": "integer", "minimum": 0},
        "kind": {"type": "string", "enum": ["person", "company"]},
        "tags": {"type": "array", "minItems": 1, "maxItems": 2},
    },
}


@pytest.fixture
def people(db: IronBase) -> ironbase.Collection:
    people = db.collection("people")
    people.set_schema(PERSON)
    return people


@pytest.mark.parametrize(
    "document",
    [
        {"name": "Ada"},
        {"name": "Ada", "age": 36, "kind": "person", "tags": ["a"], "more": None},
        {"name": "Ada", "age": 36.0},
        {"_id": "ada", "name": "Ada"},
    ],
)
def test_what_fulfils_it(people: ironbase.Collection, document: dict[str, Any]) -> None:
    people.insert_one(document)
    assert people.count_documents() == 1


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "Missing required field 'name'"),
        ({"name": 5}, "Field 'name' expected type string"),
        ({"name": "ada"}, "Field 'name' does not fulfil pattern"),
        ({"name": "Ada", "age": "old"}, "Field 'age' expected type integer"),
        ({"name": "Ada", "age": 1.5}, "Field 'age' expected type integer"),
        ({"name": "Ada", "age": None}, "Field 'age' expected type integer"),
        ({"name": "Ada", "age": True}, "Field 'age' expected type integer"),
        ({"name": "Ada", "age": -1}, "Field 'age' does not fulfil minimum"),
        ({"name": "Ada", "kind": "dog"}, "Field 'kind' does not fulfil enum"),
        ({"name": "Ada", "tags": []}, "Field 'tags' does not fulfil minItems"),
        ({"name": "Ada", "tags": [1, 2, 3]}, "Field 'tags' does not fulfil maxItems"),
    ],
)
def test_what_breaks_it(people: ironbase.Collection, document: dict[str, Any], message: str) -> None:
    with pytest.raises(ironbase.SchemaValidationError, match=f"Schema validation error: {message}"):
        people.insert_one(document)
    with pytest.raises(RuntimeError, match=message):
        people.insert_many([{"name": "Ada"}, document, {"name": "Carl"}])
    assert people.find() == []


def test_updates_are_checked(people: ironbase.Collection) -> None:
    people.insert_many([{"name": "Ada", "age": 36}, {"name": "Blaise", "age": 0}, {"name": "Carl"}])
    before = people.find()
    changes: list[Callable[[], Any]] = [
        lambda: people.update_one({"name": "Ada"}, {"$set": {"age": "old"}}),
        lambda: people.update_one({"name": "Ada"}, {"$unset": {"name": ""}}),
        lambda: people.update_many({}, {"$inc": {"age": -1}}),
        lambda: people.update_one({"name": "David"}, {"$set": {"age": -1}}, upsert=True),
        lambda: people.update_one({"age": 5}, {"$set": {"kind": "person"}}, upsert=True),
    ]
    for change in changes:
        with pytest.raises(ironbase.SchemaValidationError):
            change()
        assert people.find() == before
    assert people.update_many({"age": {"$exists": True}}, {"$inc": {"age": 1}})["modified_count"] == 2
    assert people.update_one({"name": "David"}, {"$set": {"age": 1}}, upsert=True)["upserted_id"] > 3
    assert people.update_one({"name": "Nobody"}, {"$set": {"age": -1}})["matched_count"] == 0


def test_a_place_in_an_array(people: ironbase.Collection) -> None:
    people.insert_one({"name": "Ada", "tags": ["a", "b"]})
    people.update_one({"tags": "b"}, {"$set": {"tags.$": "c"}})
    assert people.find() == [{"_id": 1, "name": "Ada", "tags": ["a", "c"]}]


def test_documents_from_before_stay_and_may_be_matched(db: IronBase) -> None:
    people = db.collection("people")
    people.insert_many([{"age": 1}, {"age": 2, "name": "Ada"}])
    people.set_schema(PERSON)
    assert people.count_documents() == 2
    # The first is as it was: an update that leaves a document alone does not complain about it.
    assert people.update_many({}, {"$pull": {"tags": "x"}}) == {
        "acknowledged": True,
        "matched_count": 2,
        "modified_count": 0,
    }
    assert people.update_many({}, {"$min": {"age": 1}})["modified_count"] == 1
    with pytest.raises(ironbase.SchemaValidationError, match="Missing required field 'name'"):
        people.update_many({}, {"$inc": {"age": 1}})
    people.update_one({"_id": 1}, {"$set": {"name": "Blaise"}})
    assert people.update_many({}, {"$inc": {"age": 1}})["modified_count"] == 2


def test_transactions_are_checked(db: IronBase, people: ironbase.Collection) -> None:
    transaction = db.begin_transaction()
    db.insert_one_tx("people", {"name": "Ada"}, transaction)
    calls: list[Callable[[], Any]] = [
        lambda: db.insert_one_tx("people", {"age": 3}, transaction),
        lambda: db.insert_many_tx("people", [{"name": "Carl"}, {}], transaction),
        lambda: db.update_one_tx("people", {"name": "Ada"}, {"age": 3}, transaction),
        lambda: db.update_one_tx("people", {"name": "Ada"}, {"$set": {"age": -3}}, transaction),
        lambda: db.update_many_tx("people", {}, {"$set": {"age": -3}}, transaction),
    ]
    for call in calls:
        with pytest.raises(ironbase.SchemaValidationError):
            call()
    db.update_one_tx("people", {"name": "Ada"}, {"name": "Lovelace"}, transaction)
    db.commit_transaction(transaction)
    assert people.find() == [{"_id": 1, "name": "Lovelace"}]


def test_many_documents(people: ironbase.Collection) -> None:
    people.insert_many([{"name": "Ada", "age": number} for number in range(25_000)])
    assert people.update_many({}, {"$inc": {"age": 1}})["modified_count"] == 25_000
    with pytest.raises(ironbase.SchemaValidationError):
        people.insert_many([{"name": "Ada"} for _ in range(20_000)] + [{"name": 3}])
    people.update_one({"age": 25_000}, {"$set": {"age": 0}})
    with pytest.raises(ironbase.SchemaValidationError):
        people.update_many({}, {"$inc": {"age": -1}})
    assert people.count_documents() == 25_000 and people.count_documents({"age": 0}) == 1


def test_it_is_there_after_reopening(path: str) -> None:
    with IronBase(path) as db:
        db.set_collection_schema("people", PERSON)
        assert db.collection("people").get_schema() == PERSON
    with IronBase(path) as db:
        people = db.collection("people")
        assert people.get_schema() == PERSON
        with pytest.raises(ironbase.SchemaValidationError):
            people.insert_one({})
        people.set_schema(None)
        assert people.get_schema() is None
        people.insert_one({})
    with IronBase(path) as db:
        assert db.collection("people").get_schema() is None
        db.collection("people").insert_one({})


KILLED = """
import os, signal, sys
from holdfast.ironbase import IronBase
db = IronBase(sys.argv[1], "unsafe")
db.collection("people").set_schema({"required": ["name"]})
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_is_durable_when_it_is_set(path: str) -> None:
    process = subprocess.run([sys.executable, "-c", KILLED, path], capture_output=True, text=True)
    assert process.returncode == -signal.SIGKILL, process.stderr
    with IronBase(path) as db, pytest.raises(ironbase.SchemaValidationError):
        db.collection("people").insert_one({})


def test_a_copy_is_given_and_kept(db: IronBase) -> None:
    people = db.collection("people")
    schema: dict[str, Any] = {"required": ["name"], "properties": {"name": {"type": "string"}}}
    people.set_schema(schema)
    schema["required"].append("age")
    given = people.get_schema()
    assert given == {"required": ["name"], "properties": {"name": {"type": "string"}}}
    given["properties"].clear()
    assert people.get_schema() == {"required": ["name"], "properties": {"name": {"type": "string"}}}


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "array"}, "Only object schemas"),
        ({"type": 5}, "type must be a string"),
        ({"required": "name"}, "must be an array"),
        ({"required": [1]}, "must be an array of field names"),
        ({"properties": []}, "must be an object"),
        ({"properties": {"a": {"type": "date"}}}, "Unsupported type 'date'"),
        ({"properties": {"a": {"type": []}}}, "must be a string, or an array of strings"),
        ({"properties": {"a": "string"}}, "must be an object"),
        ({"properties": {"a": {"pattern": "("}}}, "Schema validation error"),
        ({"properties": {"a": {"minItems": "x"}}}, "Schema validation error"),
        ({"$ref": "#/x"}, "keyword '\\$ref'"),
        ({"properties": {"a": {"if": {}}}}, "keyword 'if'"),
        ({"anyOf": {}}, "must be an array of schemas"),
    ],
)
def test_schemas_that_cannot_be_used(
    people: ironbase.Collection, schema: dict[str, Any], message: str
) -> None:
    with pytest.raises(ironbase.SchemaValidationError, match=message):
        people.set_schema(schema)
    assert people.get_schema() == PERSON


def test_a_schema_is_a_dict(people: ironbase.Collection) -> None:
    for wrong in ("object", [PERSON], {"properties": {"a": object()}}):
        with pytest.raises(TypeError):
            people.set_schema(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("schema", "right", "wrong"),
    [
        ({"properties": {"a": {"type": ["integer", "null"]}}}, [1, None], [1.5, "x"]),
        ({"properties": {"a": {"type": ["number", "integer"]}}}, [1, 1.5], ["x"]),
        ({"properties": {"a": {"exclusiveMinimum": 3}}}, [4, "x"], [3]),
        ({"properties": {"a": {"minimum": 3, "exclusiveMinimum": True}}}, [4], [3]),
        ({"properties": {"a": {"maximum": 9, "exclusiveMaximum": 5}}}, [4], [5, 7]),
        ({"properties": {"a": {"const": 3}}}, [3], [4]),
        ({"properties": {"a": {"items": {"type": "string"}}}}, [["x"], [], 5], [["x", 1]]),
        (
            {"properties": {"a": {"items": [{"type": "string"}], "additionalItems": False}}},
            [["x"]],
            [["x", 1]],
        ),
        ({"properties": {"a": {"properties": {"b": {"type": "string"}}}}}, [{"b": "x"}, {}], [{"b": 1}]),
        ({"properties": {"a": False}}, [], [1]),
        ({"properties": {"a": True}, "additionalProperties": False}, [1], []),
        ({"properties": {}, "additionalProperties": False}, [], [1]),
        ({"additionalProperties": {"type": "string"}}, ["x"], [1]),
        ({"patternProperties": {"^a": {"type": "string"}}}, ["x"], [1]),
        ({"not": {"required": ["a"]}}, [], [1]),
        ({"anyOf": [{"required": ["b"]}, {"properties": {"a": {"type": "string"}}}]}, ["x"], [1]),
        ({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, [1], []),
        ({"dependencies": {"a": ["b"]}}, [], [1]),
        ({"dependencies": {"a": {"required": ["b"]}}}, [], [1]),
        ({"required": [], "title": "t", "$schema": "http://json-schema.org/draft-07/schema#"}, [1], []),
        ({"properties": {"a": {"format": "email", "default": "x", "description": "d"}}}, ["no"], []),
    ],
)
def test_keywords(db: IronBase, schema: dict[str, Any], right: list[Any], wrong: list[Any]) -> None:
    things = db.collection("things")
    things.set_schema(schema)
    for value in right:
        things.insert_one({"a": value})
    for value in wrong:
        with pytest.raises(ironbase.SchemaValidationError):
            things.insert_one({"a": value})
    assert things.count_documents() == len(right)
    assert things.get_schema() == schema
