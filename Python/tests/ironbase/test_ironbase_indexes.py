"""`holdfast.ironbase`: indexes, `explain` and `find_with_hint`."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from holdfast import ironbase
from holdfast.ironbase import IronBase


@pytest.fixture
def users(db: IronBase) -> ironbase.Collection:
    users = db.collection("users")
    users.insert_many(
        [{"name": f"User{n}", "age": n % 10, "country": "NL", "city": f"City{n % 3}"} for n in range(100)]
    )
    return users


def test_names(users: ironbase.Collection) -> None:
    assert users.list_indexes() == ["users_id"]
    assert users.create_index("age") == "users_age"
    assert users.create_index("name", unique=True) == "users_name"
    assert users.create_index("address.city", sparse=True) == "users_address.city"
    assert users.create_compound_index(["country", "city"]) == "users_country_city"
    assert users.list_indexes() == [
        "users_id",
        "users_age",
        "users_name",
        "users_address.city",
        "users_country_city",
    ]
    assert users.drop_index("users_age") is None
    assert "users_age" not in users.list_indexes()


def test_indexes_that_are_there_or_are_not(users: ironbase.Collection) -> None:
    users.create_index("age")
    calls: list[Any] = [
        lambda: users.create_index("age"),
        lambda: users.create_index("age", unique=True),
        lambda: users.create_index("id"),
        lambda: users.create_compound_index(["age"]),
    ]
    for call in calls:
        with pytest.raises(ironbase.IndexError, match="already exists"):
            call()
    with pytest.raises(ironbase.IndexError, match="Index not found: users_nothing"):
        users.drop_index("users_nothing")
    with pytest.raises(ironbase.IndexError, match="cannot be dropped"):
        users.drop_index("users_id")
    assert users.list_indexes() == ["users_id", "users_age"]


def test_wrong_arguments(users: ironbase.Collection) -> None:
    calls: list[Any] = [
        lambda: users.create_index(["age"]),  # type: ignore[arg-type]
        lambda: users.create_index("age", unique=1),  # type: ignore[arg-type]
        lambda: users.create_compound_index("age"),  # type: ignore[arg-type]
        lambda: users.create_compound_index(["age", 1]),  # type: ignore[list-item]
        lambda: users.create_compound_index(5),  # type: ignore[arg-type]
        lambda: users.drop_index(1),  # type: ignore[arg-type]
        lambda: users.explain("age"),  # type: ignore[arg-type]
        lambda: users.find_with_hint({"age": 1}, {"age": 1}),  # type: ignore[arg-type]
    ]
    for call in calls:
        with pytest.raises(TypeError):
            call()
    with pytest.raises(ValueError, match="at least one field"):
        users.create_compound_index([])
    assert users.list_indexes() == ["users_id"]


def test_unique(users: ironbase.Collection) -> None:
    users.create_index("name", unique=True)
    with pytest.raises(ironbase.DuplicateKeyError) as caught:
        users.insert_one({"name": "User5"})
    assert isinstance(caught.value, ironbase.OperationNotAllowedError)
    assert isinstance(caught.value, ironbase.IndexError)
    assert caught.value.code_name == "duplicateKey"
    with pytest.raises(RuntimeError):
        users.update_one({"name": "User5"}, {"$set": {"name": "User6"}})
    with pytest.raises(RuntimeError):
        users.insert_many([{"name": "New"}, {"name": "User5"}])
    assert users.count_documents() == 100
    # Any number of documents may lack the field; null is a value.
    users.insert_many([{"nameless": 1}, {"nameless": 2}, {"name": None}])
    with pytest.raises(RuntimeError):
        users.insert_one({"name": None})
    assert users.find({"name": "User7"}) == users.find_with_hint({"name": "User7"}, "users_name")
    assert len(users.find({"name": None})) == 3


def test_unique_compound(users: ironbase.Collection) -> None:
    users.create_compound_index(["name", "age"], unique=True)
    users.insert_one({"name": "User1", "age": 5})
    with pytest.raises(ironbase.DuplicateKeyError):
        users.insert_one({"name": "User1", "age": 5})
    users.insert_one({"other": 1})
    with pytest.raises(ironbase.DuplicateKeyError):
        users.insert_one({"other": 2})


def test_a_unique_index_over_equal_values_is_not_made(users: ironbase.Collection) -> None:
    with pytest.raises(ironbase.DuplicateKeyError):
        users.create_index("age", unique=True)
    assert users.list_indexes() == ["users_id"]
    assert users.explain({"age": 1})["queryPlan"] == "CollectionScan"


def test_indexes_are_there_after_reopening(path: str) -> None:
    with IronBase(path) as db:
        db.collection("users").create_index("age")
        db.collection("users").insert_one({"age": 1})
    with IronBase(path) as db:
        users = db.collection("users")
        assert users.list_indexes() == ["users_id", "users_age"]
        assert users.find_with_hint({"age": 1}, "users_age") == [{"_id": 1, "age": 1}]


# ---------------------------------------------------------------------------------------------- explain


def test_explain_without_an_index(users: ironbase.Collection) -> None:
    plan = users.explain({"age": 5})
    details = plan.pop("details")
    assert plan == {
        "queryPlan": "CollectionScan",
        "indexUsed": None,
        "stage": "FULL_SCAN",
        "reason": "No suitable index found for query",
        "estimatedCost": "O(n)",
        "availableIndexes": ["users_id"],
    }
    assert details["plan"]["stage"] == "COLLSCAN"


@pytest.mark.parametrize(
    ("query", "plan", "index", "kind"),
    [
        ({"age": 5}, "IndexScan", "users_age", "equality"),
        ({"age": {"$eq": 5}}, "IndexScan", "users_age", "equality"),
        ({"age": {"$gte": 3, "$lt": 7}}, "IndexRangeScan", "users_age", "range"),
        ({"age": {"$gte": 0}}, "IndexRangeScan", "users_age", "range"),
        ({"age": {"$in": [1, 2, 3]}}, "MultiValueScan", "users_age", "multi_value_in"),
        ({"age": 5, "name": "x"}, "IndexScan", "users_age", "equality"),
        ({"country": "NL"}, "CompoundIndexScan", "users_country_city", "compound_prefix"),
        ({"country": "NL", "city": "City1"}, "CompoundIndexScan", "users_country_city", "compound_prefix"),
        ({"country": {"$gt": "N"}}, "IndexRangeScan", "users_country_city", "range"),
        ({"_id": 5}, "IndexScan", "users_id", "equality"),
        ({"_id": {"$gt": 95}}, "IndexRangeScan", "users_id", "range"),
        ({"city": "City1"}, "CollectionScan", None, None),
        ({"name": "User1"}, "CollectionScan", None, None),
        ({}, "CollectionScan", None, None),
        ({"age": {"$in": []}}, "EmptyScan", None, None),
    ],
)
def test_explain(users: ironbase.Collection, query: dict[str, Any], plan: str, index: str, kind: str) -> None:
    users.create_index("age")
    users.create_compound_index(["country", "city"])
    explained = users.explain(query)
    assert (explained["queryPlan"], explained["indexUsed"], explained.get("indexType")) == (plan, index, kind)
    if kind:
        assert explained["stage"] == "FETCH_WITH_INDEX"
        assert explained["field"] == ("country" if "country" in query else next(iter(query)))
    if plan == "IndexRangeScan":
        assert explained["estimatedCost"] == "O(log n + k)"


def test_explain_shows_ranges_and_alternatives(users: ironbase.Collection) -> None:
    users.create_index("age")
    assert users.explain({"age": {"$gte": 3, "$lt": 7}})["range"] == {
        "start": 3,
        "end": 7,
        "inclusiveStart": True,
        "inclusiveEnd": False,
    }
    assert users.explain({"age": {"$gt": 3}})["range"]["inclusiveStart"] is False
    either = users.explain({"$or": [{"age": 1}, {"_id": 2}]})
    assert either["queryPlan"] == "LogicalIndexScan" and either["clauseCount"] == 2
    assert [part["indexUsed"] for part in either["clauses"]] == ["users_age", "users_id"]


def test_an_index_is_used_in_a_small_collection_and_by_find(db: IronBase) -> None:
    few = db.collection("few")
    few.create_index("age")
    assert few.explain({"age": 1})["queryPlan"] == "IndexScan"
    few.insert_many([{"age": 1}, {"age": 1}])
    assert few.explain({"age": 1})["indexUsed"] == "few_age"
    assert few.explain({"age": 1})["details"]["plan"]["indexName"] == "age"
    assert few.find({"age": 1}) == [{"_id": 1, "age": 1}, {"_id": 2, "age": 1}]
    few.drop_index("few_age")
    assert few.explain({"age": 1})["queryPlan"] == "CollectionScan"


def test_no_index_hides_documents(db: IronBase) -> None:
    things = db.collection("things")
    things.insert_many([{"a": 1}, {"a": None}, {"b": 1}, {"a": [1, 2]}, {"a": "x"}, {"a": {"b": 1}}])
    queries: list[dict[str, Any]] = [
        {"a": None},
        {"a": {"$in": [None, 1]}},
        {"a": {"$gte": None}},
        {"a": {"$ne": 1}},
        {"a": {"$exists": False}},
        {"a": {"$exists": True}},
        {"a": {"$not": {"$gt": 0}}},
        {"a": 1},
        {"a": {"b": 1}},
        {"a": {}},
        {"a": [1, 2]},
        {"a": {"$gt": 0, "$ne": 2}},
        {"a": {"$regex": "^x"}},
        {"a": {"$size": 2}},
        {"a": 1, "b": None},
        {},
    ]

    def found() -> list[list[dict[str, Any]]]:
        return [sorted(things.find(query), key=lambda each: each["_id"]) for query in queries]

    for unique, sparse in ((False, False), (False, True), (True, False)):
        if unique:
            things.update_one({"_id": 4}, {"$set": {"a": [3, 2]}})
        expected = found()
        things.create_index("a", unique, sparse)
        assert found() == expected
        for query, documents in zip(queries, expected):
            assert things.find(query, sort=[("_id", 1)]) == documents, query
            assert things.count_documents(query) == len(documents)
            assert sorted(things.find_cursor(query), key=lambda each: each["_id"]) == documents, query
        things.drop_index("things_a")


def test_indexes_of_the_whole_api(users: ironbase.Collection, db: IronBase) -> None:
    db.database["users"].create_index("age", partialFilterExpression={"name": "User5"})
    assert users.list_indexes() == ["users_id", "users_age_1"]
    assert users.explain({"age": 5})["queryPlan"] == "CollectionScan"
    assert len(users.find({"age": 5})) == 10 == len(list(users.find_cursor({"age": 5})))
    assert users.explain({"age": 5, "name": "User5"})["indexUsed"] == "users_age_1"
    users.drop_index("users_age_1")
    db.database["users"].create_index("age", name="age")
    db.database["users"].drop_index("age")
    assert users.explain({"age": 5})["queryPlan"] == "CollectionScan" and len(users.find({"age": 5})) == 10


def test_many_values(users: ironbase.Collection) -> None:
    users.create_index("name")
    plan = users.explain({"name": {"$in": [f"User{number}" for number in range(30)]}})
    assert (plan["queryPlan"], plan["keyCount"]) == ("MultiValueScan", 30)


def test_of_several_indexes_the_better_one_is_used(users: ironbase.Collection) -> None:
    users.create_index("country")
    users.create_index("name")
    users.create_index("age")
    query = {"country": "NL", "name": "User5", "age": 5}
    assert users.explain(query)["indexUsed"] == "users_name"
    assert [user["_id"] for user in users.find(query)] == [6]
    users.create_compound_index(["age", "city"])
    assert users.explain({"age": 5, "city": "City1"})["indexUsed"] == "users_age_city"


# ---------------------------------------------------------------------------------------------- hints


def test_hints(users: ironbase.Collection) -> None:
    users.create_index("age")
    users.create_compound_index(["country", "city"])
    assert len(users.find_with_hint({"age": 5}, "users_age")) == 10
    assert len(users.find_with_hint({"age": {"$gte": 3, "$lt": 7}}, "users_age")) == 40
    assert len(users.find_with_hint({"age": 5, "city": "City0"}, "users_age")) == 3
    assert len(users.find_with_hint({"country": "NL"}, "users_country_city")) == 100
    assert users.find_with_hint({"_id": 7}, "users_id") == [users.find_one({"_id": 7})]
    assert users.find_with_hint({"$and": [{"age": 5}]}, "users_age") == users.find({"age": 5})
    assert users.find_with_hint({"age": {"$in": []}}, "users_age") == []


@pytest.mark.parametrize("hint", ["nonexistent_index", "age", "_id_", "users_"])
def test_hints_that_name_nothing(users: ironbase.Collection, hint: str) -> None:
    users.create_index("age")
    with pytest.raises(ironbase.IndexError, match=f"Index '{hint}' not found"):
        users.find_with_hint({"age": 5}, hint)


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ({"name": "User1"}, "users_age"),
        ({"city": "City1"}, "users_country_city"),
        ({"age": {"$ne": 5}}, "users_age"),
        ({"age": 5}, "users_id"),
        ({}, "users_age"),
    ],
)
def test_hints_that_do_not_help(users: ironbase.Collection, query: dict[str, Any], hint: str) -> None:
    users.create_index("age")
    users.create_compound_index(["country", "city"])
    with pytest.raises(RuntimeError, match=f"Cannot use index '{hint}' for this query"):
        users.find_with_hint(query, hint)


def test_dropping_an_index_while_others_use_it(users: ironbase.Collection) -> None:
    stop = threading.Event()
    errors: list[BaseException] = []

    def work() -> None:
        while not stop.is_set():
            try:
                assert len(users.find({"age": 5})) == 10
                assert len(list(users.find_cursor({"age": 5}))) == 10
            except BaseException as error:
                errors.append(error)
                return

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        users.create_index("age")
        users.drop_index("users_age")
    stop.set()
    for thread in threads:
        thread.join()
    assert errors == []
