"""What people who know pymongo do first, written as they would write it."""

import datetime
import itertools
import pprint
import re

import pymongo
import pytest
from bson.objectid import ObjectId
from pymongo import ASCENDING, DESCENDING, ReturnDocument
from pymongo.errors import BulkWriteError, CollectionInvalid, DuplicateKeyError, OperationFailure

POSTS = [
    {
        "author": "Mike",
        "text": "Another post!",
        "tags": ["bulk", "insert"],
        "date": datetime.datetime(2009, 11, 12, 11, 14),
    },
    {
        "author": "Eliot",
        "title": "MongoDB is fun",
        "text": "and pretty easy too!",
        "date": datetime.datetime(2009, 11, 10, 10, 45),
    },
]


@pytest.fixture
def posts(db):
    collection = db.posts
    collection.insert_one(
        {
            "author": "Mike",
            "text": "My first blog post!",
            "tags": ["mongodb", "python", "pymongo"],
            "date": datetime.datetime(2009, 11, 9, 10, 45),
        }
    )
    collection.insert_many([dict(post) for post in POSTS])
    return collection


@pytest.fixture
def inventory(db):
    db.inventory.insert_many(
        [
            {"item": "journal", "qty": 25, "size": {"h": 14, "w": 21, "uom": "cm"}, "status": "A"},
            {"item": "notebook", "qty": 50, "size": {"h": 8.5, "w": 11, "uom": "in"}, "status": "A"},
            {"item": "paper", "qty": 100, "size": {"h": 8.5, "w": 11, "uom": "in"}, "status": "D"},
            {"item": "planner", "qty": 75, "size": {"h": 22.85, "w": 30, "uom": "cm"}, "status": "D"},
            {"item": "postcard", "qty": 45, "size": {"h": 10, "w": 15.25, "uom": "cm"}, "status": "A"},
        ]
    )
    return db.inventory


def items(cursor):
    return [document["item"] for document in cursor]


class TestTutorial:
    def test_inserting_one(self, db):
        post = {"author": "Mike", "text": "My first blog post!", "tags": ["mongodb", "python"]}
        post_id = db.posts.insert_one(post).inserted_id
        assert isinstance(post_id, ObjectId)
        assert db.list_collection_names() == ["posts"]
        pprint.pformat(db.posts.find_one())
        assert db.posts.find_one({"_id": post_id}) == post
        assert db.posts.find_one({"_id": str(post_id)}) is None
        assert db.posts.find_one({"_id": ObjectId(str(post_id))}) == post

    def test_querying(self, posts):
        assert posts.find_one({"author": "Mike"})["text"] == "My first blog post!"
        assert posts.find_one({"author": "Eliot"})["title"] == "MongoDB is fun"
        assert posts.find_one({"author": "Nobody"}) is None
        assert len(list(posts.find())) == 3
        assert len(list(posts.find({"author": "Mike"}))) == 2
        assert posts.count_documents({}) == 3
        assert posts.count_documents({"author": "Mike"}) == 2

    def test_range_queries(self, posts):
        day = datetime.datetime(2009, 11, 12, 12)
        authors = [post["author"] for post in posts.find({"date": {"$lt": day}}).sort("author")]
        assert authors == ["Eliot", "Mike", "Mike"]
        first = posts.find({"date": {"$lt": day}}).sort("date", DESCENDING).limit(1)
        assert next(first)["text"] == "Another post!"

    def test_a_unique_index(self, db):
        result = db.profiles.create_index([("user_id", ASCENDING)], unique=True)
        assert sorted(db.profiles.index_information()) == ["_id_", "user_id_1"]
        assert result == "user_id_1"
        db.profiles.insert_many([{"user_id": 211, "name": "Luke"}, {"user_id": 212, "name": "Ziltoid"}])
        db.profiles.insert_one({"user_id": 213, "name": "Drew"})
        with pytest.raises(DuplicateKeyError):
            db.profiles.insert_one({"user_id": 212, "name": "Tommy"})
        try:
            db.profiles.insert_one({"user_id": 212, "name": "Tommy"})
        except pymongo.errors.PyMongoError as error:
            assert error.code == 11000
            assert error.details["code"] == 11000


class TestQueries:
    def test_operators(self, inventory):
        assert items(inventory.find({"status": "D"})) == ["paper", "planner"]
        assert items(inventory.find({"status": {"$in": ["A", "D"]}}).limit(2)) == ["journal", "notebook"]
        assert items(inventory.find({"status": "A", "qty": {"$lt": 30}})) == ["journal"]
        either = {"$or": [{"status": "D"}, {"qty": {"$lt": 30}}]}
        assert sorted(items(inventory.find(either))) == ["journal", "paper", "planner"]
        mixed = {"status": "A", "$or": [{"qty": {"$lt": 30}}, {"item": {"$regex": "^p"}}]}
        assert sorted(items(inventory.find(mixed))) == ["journal", "postcard"]
        assert items(inventory.find({"item": re.compile("^P", re.IGNORECASE)})) == [
            "paper",
            "planner",
            "postcard",
        ]
        assert inventory.count_documents({"qty": {"$not": {"$gt": 50}}}) == 3
        assert inventory.count_documents({"nothing": {"$exists": False}}) == 5
        assert inventory.count_documents({"$expr": {"$gt": ["$qty", "$size.h"]}}) == 5

    def test_nested_documents(self, inventory):
        assert items(inventory.find({"size.uom": "in"})) == ["notebook", "paper"]
        whole = {"size": {"h": 14, "w": 21, "uom": "cm"}}
        assert items(inventory.find(whole)) == ["journal"]
        assert items(inventory.find({"size": {"w": 21, "h": 14, "uom": "cm"}})) == []
        assert items(inventory.find({"size.h": {"$lt": 15}, "size.uom": "in", "status": "D"})) == ["paper"]

    def test_projections(self, inventory):
        found = inventory.find_one({"item": "paper"}, {"_id": 0, "item": 1, "size.uom": 1})
        assert found == {"item": "paper", "size": {"uom": "in"}}
        assert set(inventory.find_one({}, {"status": False, "size": False})) == {"_id", "item", "qty"}
        assert set(inventory.find_one({}, ["item"])) == {"_id", "item"}

    def test_arrays(self, db):
        db.a.insert_many(
            [
                {"_id": 1, "tags": ["blank", "red"], "dim": [14, 21]},
                {"_id": 2, "tags": ["red", "blank"], "dim": [14, 21]},
                {"_id": 3, "tags": ["red", "blank", "plain"], "dim": [14, 21]},
                {
                    "_id": 4,
                    "tags": ["blue"],
                    "dim": [10, 15.25],
                    "stock": [{"at": "A", "n": 5}, {"at": "C", "n": 15}],
                },
            ]
        )

        def ids(filter):
            return [document["_id"] for document in db.a.find(filter)]

        assert ids({"tags": ["red", "blank"]}) == [2]
        assert ids({"tags": {"$all": ["red", "blank"]}}) == [1, 2, 3]
        assert ids({"tags": "red"}) == [1, 2, 3]
        assert ids({"dim": {"$gt": 15, "$lt": 20}}) == [1, 2, 3, 4]
        assert ids({"dim": {"$elemMatch": {"$gt": 15, "$lt": 20}}}) == [4]
        assert ids({"dim.1": {"$gt": 20}}) == [1, 2, 3]
        assert ids({"tags": {"$size": 3}}) == [3]
        assert ids({"stock": {"$elemMatch": {"n": 5, "at": "A"}}}) == [4]
        assert ids({"stock.n": {"$gte": 10}}) == [4]
        assert db.a.find_one({"stock.at": "C"}, {"stock.$": 1})["stock"] == [{"at": "C", "n": 15}]
        assert db.a.find_one(3, {"tags": {"$slice": 1}})["tags"] == ["red"]

    def test_null_and_missing(self, db):
        db.a.insert_many([{"_id": 1, "item": None}, {"_id": 2}])
        assert db.a.count_documents({"item": None}) == 2
        assert db.a.count_documents({"item": {"$type": 10}}) == 1
        assert db.a.count_documents({"item": {"$exists": False}}) == 1

    def test_sort_skip_limit_as_pages(self, db):
        db.a.insert_many([{"_id": n, "group": n % 2} for n in range(20)])
        order = [("group", DESCENDING), ("_id", ASCENDING)]
        pages = [[d["_id"] for d in db.a.find().sort(order).skip(8 * page).limit(8)] for page in range(3)]
        assert list(itertools.chain(*pages)) == [*range(1, 20, 2), *range(0, 20, 2)]
        assert [len(page) for page in pages] == [8, 8, 4]

    def test_distinct(self, inventory):
        assert inventory.distinct("status") == ["A", "D"]
        assert inventory.distinct("size.uom", {"status": "D"}) == ["cm", "in"]


class TestUpdates:
    def test_operators(self, inventory):
        result = inventory.update_one(
            {"item": "paper"}, {"$set": {"size.uom": "cm", "status": "P"}, "$currentDate": {"changed": True}}
        )
        assert (result.matched_count, result.modified_count) == (1, 1)
        paper = inventory.find_one({"item": "paper"})
        assert (paper["size"]["uom"], paper["status"]) == ("cm", "P")
        assert abs(paper["changed"] - datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)) < (
            datetime.timedelta(minutes=5)
        )
        assert inventory.update_many({"qty": {"$lt": 50}}, {"$inc": {"qty": 1}}).modified_count == 2
        assert inventory.update_many({}, {"$unset": {"size": ""}}).modified_count == 5
        inventory.update_one({"item": "journal"}, {"$rename": {"qty": "count"}, "$mul": {"price": 2}})
        assert inventory.find_one({"item": "journal"}, {"_id": 0}) == {
            "item": "journal",
            "status": "A",
            "count": 26,
            "price": 0,
        }
        inventory.update_one(
            {"item": "planner"}, {"$min": {"qty": 5}, "$max": {"top": 7}, "$bit": {"bits": {"or": 4}}}
        )
        planner = inventory.find_one({"item": "planner"})
        assert (planner["qty"], planner["top"], planner["bits"]) == (5, 7, 4)

    def test_arrays(self, db):
        db.a.insert_one({"_id": 1, "list": [3, 1]})
        for update, wanted in (
            ({"$push": {"list": 2}}, [3, 1, 2]),
            ({"$push": {"list": {"$each": [9, 8], "$sort": 1, "$slice": 4}}}, [1, 2, 3, 8]),
            ({"$addToSet": {"list": {"$each": [1, 5]}}}, [1, 2, 3, 8, 5]),
            ({"$pull": {"list": {"$gte": 5}}}, [1, 2, 3]),
            ({"$pop": {"list": -1}}, [2, 3]),
            ({"$pullAll": {"list": [3, 4]}}, [2]),
            ({"$push": {"list": {"$each": [0], "$position": 0}}}, [0, 2]),
            ({"$inc": {"list.1": 5}}, [0, 7]),
            ({"$inc": {"list.$[]": 1}}, [1, 8]),
        ):
            db.a.update_one({"_id": 1}, update)
            assert db.a.find_one(1)["list"] == wanted
        db.a.update_one({"list": 8}, {"$set": {"list.$": 80}})
        assert db.a.find_one(1)["list"] == [1, 80]

    def test_upserts(self, db):
        result = db.a.update_one(
            {"_id": "x"}, {"$set": {"n": 1}, "$setOnInsert": {"made": True}}, upsert=True
        )
        assert result.upserted_id == "x"
        result = db.a.replace_one({"name": "new"}, {"name": "new", "n": 1}, upsert=True)
        assert isinstance(result.upserted_id, ObjectId)
        assert db.a.count_documents({}) == 2

    def test_a_counter(self, db):
        def next_number(name):
            return db.counters.find_one_and_update(
                {"_id": name}, {"$inc": {"seq": 1}}, upsert=True, return_document=ReturnDocument.AFTER
            )["seq"]

        assert [next_number("users"), next_number("users"), next_number("orders")] == [1, 2, 1]

    def test_a_queue(self, db):
        db.jobs.insert_many([{"_id": n, "priority": n % 3, "state": "new"} for n in range(6)])
        taken = []
        while job := db.jobs.find_one_and_update(
            {"state": "new"},
            {"$set": {"state": "taken"}},
            sort=[("priority", DESCENDING), ("_id", ASCENDING)],
        ):
            taken.append(job["_id"])
        assert taken == [2, 5, 1, 4, 0, 3]

    def test_errors(self, inventory):
        with pytest.raises(OperationFailure):
            inventory.update_one({}, {"$inc": {"item": 1}})
        with pytest.raises(ValueError):
            inventory.update_one({}, {"item": 1})
        with pytest.raises(CollectionInvalid):
            inventory.database.create_collection("inventory")


class TestBulk:
    def test_as_in_the_documentation(self, db):
        db.test.insert_many([{"i": i} for i in range(100)])
        assert db.test.count_documents({}) == 100
        result = db.test.bulk_write(
            [
                pymongo.DeleteMany({}),
                pymongo.InsertOne({"_id": 1}),
                pymongo.InsertOne({"_id": 2}),
                pymongo.InsertOne({"_id": 3}),
                pymongo.UpdateOne({"_id": 1}, {"$set": {"foo": "bar"}}),
                pymongo.UpdateOne({"_id": 4}, {"$inc": {"j": 1}}, upsert=True),
                pymongo.ReplaceOne({"j": 1}, {"j": 2}),
            ]
        )
        pprint.pformat(result.bulk_api_result)
        assert result.bulk_api_result["nInserted"] == 3
        assert result.bulk_api_result["nRemoved"] == 100
        assert result.upserted_ids == {5: 4}
        try:
            db.test.bulk_write(
                [
                    pymongo.ReplaceOne({"j": 2}, {"i": 5}),
                    pymongo.InsertOne({"_id": 4}),
                    pymongo.DeleteOne({"i": 5}),
                ]
            )
        except BulkWriteError as error:
            assert error.details["nModified"] == 1
            assert error.details["writeErrors"][0]["index"] == 1
            assert error.details["writeErrors"][0]["op"] == {"_id": 4}
        else:
            pytest.fail("a duplicate id was not refused")

    def test_duplicates_of_insert_many_are_skipped(self, db):
        db.a.insert_one({"_id": 2})
        try:
            db.a.insert_many([{"_id": n} for n in range(5)], ordered=False)
        except BulkWriteError as error:
            assert {each["code"] for each in error.details["writeErrors"]} == {11000}
        assert db.a.count_documents({}) == 5


class TestSessions:
    def test_a_transfer(self, db):
        db.accounts.insert_many([{"_id": "a", "n": 100}, {"_id": "b", "n": 0}])

        def transfer(amount):
            with db.transaction() as session:
                db.accounts.update_one({"_id": "a"}, {"$inc": {"n": -amount}}, session=session)
                db.accounts.update_one({"_id": "b"}, {"$inc": {"n": amount}}, session=session)
                if db.accounts.find_one({"_id": "a"}, session=session)["n"] < 0:
                    raise ValueError("not enough")

        transfer(60)
        with pytest.raises(ValueError, match="not enough"):
            transfer(60)
        assert {each["_id"]: each["n"] for each in db.accounts.find()} == {"a": 40, "b": 60}

    def test_with_a_callback(self, db):
        def callback(session):
            db.orders.insert_one({"_id": 1, "sku": "abc"}, session=session)
            db.stock.update_one({"sku": "abc"}, {"$inc": {"qty": -1}}, upsert=True, session=session)
            return "done"

        assert db.run_transaction(callback) == "done"
        assert db.orders.count_documents({}) == db.stock.count_documents({}) == 1
