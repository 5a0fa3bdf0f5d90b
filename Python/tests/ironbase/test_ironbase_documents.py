"""`holdfast.ironbase`: documents are inserted, found, changed and deleted."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast import ironbase
from holdfast.ironbase import IronBase


def test_results_are_dicts(db: IronBase) -> None:
    items = db.collection("items")
    assert items.insert_one({"n": 1}) == {"acknowledged": True, "inserted_id": 1}
    assert items.insert_many([{"n": 2}, {"n": 3}]) == {
        "acknowledged": True,
        "inserted_count": 2,
        "inserted_ids": [2, 3],
    }
    assert items.insert_many([]) == {"acknowledged": True, "inserted_count": 0, "inserted_ids": []}
    changed = {"acknowledged": True, "matched_count": 1, "modified_count": 1}
    assert items.update_one({"n": 1}, {"$set": {"n": 10}}) == changed
    assert items.update_many({"n": {"$lt": 4}}, {"$inc": {"n": 1}}) == {
        "acknowledged": True,
        "matched_count": 2,
        "modified_count": 2,
    }
    assert items.delete_one({"n": 10}) == {"acknowledged": True, "deleted_count": 1}
    assert items.delete_many({}) == {"acknowledged": True, "deleted_count": 2}
    assert items.delete_one({"n": 10}) == {"acknowledged": True, "deleted_count": 0}


def test_the_dict_of_the_caller_stays_as_it_is(db: IronBase) -> None:
    document = {"tags": ["a"]}
    db.collection("items").insert_many([document, document])
    assert document == {"tags": ["a"]}
    assert db.collection("items").count_documents() == 2


def test_finding(users: ironbase.Collection) -> None:
    assert users.find({"name": "Ada"}) == [{"_id": 1, "name": "Ada", "age": 36, "city": "London"}]
    assert [user["_id"] for user in users.find()] == [1, 2, 3, 4]
    assert users.find({"name": "Nobody"}) == [] and users.find_one({"name": "Nobody"}) is None
    assert users.find({}, {"name": 1, "_id": 0}, [("age", -1)], 2, 1) == [
        {"name": "Carl"},
        {"name": "Blaise"},
    ]
    assert users.find({"_id": 2}, projection={"name": 1}) == [{"_id": 2, "name": "Blaise"}]
    assert users.find({"_id": 2}, projection={"age": 0, "city": 0}) == [{"_id": 2, "name": "Blaise"}]
    assert users.find(sort=[("city", 1), ("age", -1)], projection={"_id": 1}) == [
        {"_id": 4},
        {"_id": 3},
        {"_id": 1},
        {"_id": 2},
    ]
    assert users.find(limit=0) == [] and len(users.find(skip=3)) == 1
    assert users.find_one() in users.find()
    assert users.find_one({"age": {"$gt": 30}}, {"name": 1, "_id": 0}, [("age", -1)]) == {"name": "David"}
    assert users.find_with_total(
        {"city": "Göttingen"}, limit=1, sort=[("age", 1)], projection={"age": 1}
    ) == {
        "documents": [{"_id": 3, "age": 77}],
        "total": 2,
    }


def test_counting_and_distinct(users: ironbase.Collection) -> None:
    assert users.count_documents() == 4 and users.count_documents({"age": {"$gte": 77}}) == 2
    assert users.distinct("city") == ["Göttingen", "London", "Paris"]
    assert users.distinct("city", {"age": {"$lt": 37}}) == ["London"]
    assert users.distinct("nothing") == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"query": "Ada"}, TypeError),
        ({"query": {"born": object()}}, TypeError),
        ({"projection": ["name"]}, TypeError),
        ({"projection": {"name": "yes"}}, TypeError),
        ({"projection": {"name": 2}}, ValueError),
        ({"projection": {"name": 1, "age": 0}}, RuntimeError),
        ({"sort": {"age": 1}}, TypeError),
        ({"sort": [["age", 1]]}, TypeError),
        ({"sort": [("age", "up")]}, TypeError),
        ({"sort": [("age", 0)]}, RuntimeError),
        ({"limit": "1"}, TypeError),
        ({"limit": -1}, OverflowError),
        ({"skip": -1}, OverflowError),
        ({"query": {"age": {"$almost": 3}}}, ironbase.InvalidQueryError),
    ],
)
def test_wrong_arguments_of_find(users: ironbase.Collection, arguments: dict[str, Any], error: Any) -> None:
    with pytest.raises(error):
        users.find(**arguments)
    with pytest.raises(error):
        users.find_with_total(**arguments)


def test_updates(users: ironbase.Collection) -> None:
    users.update_one({"_id": 1}, {"$push": {"tags": "a"}, "$unset": {"city": ""}})
    users.update_one({"_id": 1}, {"$addToSet": {"tags": {"$each": ["a", "b"]}}})
    assert users.find_one({"_id": 1}) == {"_id": 1, "name": "Ada", "age": 36, "tags": ["a", "b"]}
    users.update_one({"tags": "b"}, {"$set": {"tags.$": "c"}})
    assert users.distinct("tags") == ["a", "c"]
    same = users.update_one({"_id": 1}, {"$set": {"age": 36}})
    assert same == {"acknowledged": True, "matched_count": 1, "modified_count": 0}


def test_an_update_without_operators(users: ironbase.Collection) -> None:
    nothing = {"acknowledged": True, "matched_count": 0, "modified_count": 0}
    assert users.update_one({"name": "Nobody"}, {"name": "Somebody"}) == nothing
    assert users.update_many({"name": "Nobody"}, {"name": "Somebody"}) == nothing
    with pytest.raises(ironbase.InvalidQueryError, match="Unsupported update operator: name"):
        users.update_one({"name": "Ada"}, {"name": "Somebody"})
    assert users.update_many({"age": {"$gt": 70}}, {})["matched_count"] == 2
    assert users.count_documents({"name": "Ada"}) == 1


def test_a_failed_update_of_many_changes_none(users: ironbase.Collection) -> None:
    users.update_one({"_id": 4}, {"$set": {"age": "old"}})
    with pytest.raises(ironbase.InvalidQueryError):
        users.update_many({}, {"$inc": {"age": 1}})
    assert [user["age"] for user in users.find({"_id": {"$lt": 4}})] == [36, 39, 77]


def test_upserts_count_too(users: ironbase.Collection) -> None:
    result = users.update_one({"name": "Emmy"}, {"$set": {"age": 53}}, upsert=True)
    assert result == {"acknowledged": True, "matched_count": 0, "modified_count": 0, "upserted_id": 5}
    assert users.find_one({"_id": 5}) == {"_id": 5, "name": "Emmy", "age": 53}
    again = users.update_one({"name": "Emmy"}, {"$set": {"age": 54}}, upsert=True)
    assert again == {"acknowledged": True, "matched_count": 1, "modified_count": 1}
    change = {"$set": {"age": 1}, "$setOnInsert": {"new": True}}
    assert users.update_one({"_id": 20}, change, True)["upserted_id"] == 20
    assert users.update_one({"name": "F"}, change, True)["upserted_id"] == 21
    assert users.find_one({"_id": 21}) == {"_id": 21, "name": "F", "age": 1, "new": True}
    with pytest.raises(TypeError):
        users.update_one({}, {"$set": {"a": 1}}, upsert="yes")  # type: ignore[arg-type]
    with pytest.raises(RuntimeError):
        users.update_one({"name": "Nobody"}, {"name": "x"}, upsert=True)
