"""Random operations, compared with dictionaries of Python."""

import copy

import pymongo.errors
import pytest

import holdfast


class Model:
    """Documents by their ids, with the operations that the test makes, done in the plainest way."""

    def __init__(self):
        self.documents = {}

    def unique_taken(self, value, by=None):
        return value is not None and any(
            document.get("u") == value for identifier, document in self.documents.items() if identifier != by
        )

    def matching(self, low, high):
        return [each for _, each in sorted(self.documents.items()) if low <= each["k"] < high]


def random_document(rng, identifier):
    document = {"_id": identifier, "k": rng.randrange(40), "n": rng.randrange(-5, 5)}
    if rng.random() < 0.5:
        document["u"] = rng.randrange(300)
    if rng.random() < 0.5:
        document["tags"] = [rng.choice("abcdef") for _ in range(rng.randrange(4))]
    if rng.random() < 0.05:
        document["text"] = "x" * rng.randrange(20_000)
    return document


def insert(rng, collection, model):
    document = random_document(rng, rng.randrange(400))
    if document["_id"] in model.documents or model.unique_taken(document.get("u")):
        with pytest.raises(pymongo.errors.DuplicateKeyError):
            collection.insert_one(document)
    else:
        collection.insert_one(document)
        model.documents[document["_id"]] = document


def insert_many(rng, collection, model):
    documents = [random_document(rng, rng.randrange(400)) for _ in range(rng.randrange(1, 10))]
    ordered = rng.random() < 0.5
    failed = []
    for n, document in enumerate(documents):
        if document["_id"] in model.documents or model.unique_taken(document.get("u")):
            failed.append(n)
            if ordered:
                break
        else:
            model.documents[document["_id"]] = document
    if failed:
        with pytest.raises(pymongo.errors.BulkWriteError) as caught:
            collection.insert_many(documents, ordered=ordered)
        assert [error["index"] for error in caught.value.details["writeErrors"]] == failed
    else:
        collection.insert_many(documents, ordered=ordered)


def update(rng, collection, model):
    identifier = rng.randrange(400)
    document = model.documents.get(identifier)
    changes = copy.deepcopy(document) if document else {"_id": identifier}
    operation = {}
    kind = rng.randrange(5)
    if kind == 0:
        changes["k"] = rng.randrange(40)
        operation["$set"] = {"k": changes["k"]}
    elif kind == 1:
        changes["n"] = changes.get("n", 0) + 3
        operation["$inc"] = {"n": 3}
    elif kind == 2:
        changes["u"] = rng.randrange(300)
        operation["$set"] = {"u": changes["u"]}
    elif kind == 3:
        changes.pop("u", None)
        operation["$unset"] = {"u": ""}
    else:
        tag = rng.choice("abcdef")
        changes["tags"] = [*changes.get("tags", []), tag]
        operation["$push"] = {"tags": tag}
    if document and kind == 2 and model.unique_taken(changes["u"], identifier):
        with pytest.raises(pymongo.errors.DuplicateKeyError):
            collection.update_one({"_id": identifier}, operation)
        return
    result = collection.update_one({"_id": identifier}, operation)
    assert result.matched_count == (1 if document else 0)
    if document:
        assert result.modified_count == (1 if changes != document else 0)
        model.documents[identifier] = changes


def update_many(rng, collection, model):
    low = rng.randrange(40)
    result = collection.update_many({"k": {"$gte": low, "$lt": low + 3}}, {"$inc": {"n": 1, "k": 1}})
    matching = model.matching(low, low + 3)
    assert (result.matched_count, result.modified_count) == (len(matching), len(matching))
    for document in matching:
        document["n"] += 1
        document["k"] += 1


def replace(rng, collection, model):
    identifier = rng.randrange(400)
    document = random_document(rng, identifier)
    upsert = rng.random() < 0.5
    there = identifier in model.documents
    if (there or upsert) and model.unique_taken(document.get("u"), identifier):
        with pytest.raises(pymongo.errors.DuplicateKeyError):
            collection.replace_one({"_id": identifier}, document, upsert=upsert)
        return
    result = collection.replace_one({"_id": identifier}, document, upsert=upsert)
    assert result.matched_count == (1 if there else 0)
    assert result.upserted_id == (identifier if upsert and not there else None)
    if there or upsert:
        model.documents[identifier] = document


def delete(rng, collection, model):
    identifier = rng.randrange(400)
    deleted = collection.delete_one({"_id": identifier}).deleted_count
    assert deleted == (1 if model.documents.pop(identifier, None) else 0)


def delete_many(rng, collection, model):
    value = rng.randrange(45)
    matching = model.matching(value, value + 1)
    assert collection.delete_many({"k": value}).deleted_count == len(matching)
    for document in matching:
        del model.documents[document["_id"]]


def modify(rng, collection, model):
    low = rng.randrange(40)
    matching = sorted(model.matching(low, low + 5), key=lambda each: (-each["n"], each["_id"]))
    found = collection.find_one_and_update(
        {"k": {"$gte": low, "$lt": low + 5}}, {"$set": {"seen": True}}, sort=[("n", -1), ("_id", 1)]
    )
    assert found == (matching[0] if matching else None)
    if matching:
        matching[0]["seen"] = True


def by_id(rng, collection, model):
    identifier = rng.randrange(400)
    assert collection.find_one({"_id": identifier}) == model.documents.get(identifier)
    low = rng.randrange(400)
    wanted = [model.documents[n] for n in range(low, low + 20) if n in model.documents]
    assert list(collection.find({"_id": {"$gte": low, "$lt": low + 20}}).sort("_id")) == wanted


def by_index(rng, collection, model):
    low = rng.randrange(40)
    matching = model.matching(low, low + 4)
    filter = {"k": {"$gte": low, "$lt": low + 4}}
    wanted = sorted(matching, key=lambda each: (each["k"], each["_id"]))
    assert list(collection.find(filter).sort([("k", 1), ("_id", 1)])) == wanted
    assert list(collection.find(filter).sort([("k", -1), ("_id", -1)]).skip(2).limit(3)) == wanted[::-1][2:5]
    assert collection.count_documents(filter) == len(matching)
    assert collection.distinct("k", filter) == sorted({each["k"] for each in matching})
    tag = rng.choice("abcdef")
    tagged = {each["_id"] for each in model.documents.values() if tag in each.get("tags", ())}
    assert {each["_id"] for each in collection.find({"tags": tag})} == tagged


CALLS = [insert, insert_many, update, update_many, replace, delete, delete_many, modify, by_id, by_index]
WEIGHTS = [20, 4, 20, 2, 8, 6, 1, 3, 10, 6]


def check(collection, model):
    assert list(collection.find().sort("_id")) == [each for _, each in sorted(model.documents.items())]
    assert collection.estimated_document_count() == len(model.documents)
    for index in collection.index_statistics():
        if index["name"] == "k_1":
            assert index["entries"] == len(model.documents)
    for hint in ("k_1", "tags_1"):
        assert collection.count_documents({}, hint=hint) == len(model.documents)


@pytest.mark.parametrize("password", [None, "open sesame"])
def test_random_operations(path, rng, exhaustive, password):
    arguments = {"password": password, "durability": "unsafe", "cache_bytes": 1 << 20}
    if password:
        arguments["password_log_n"] = 10
    model = Model()
    steps = 50_000 if exhaustive else 2500
    with holdfast.connect(path, **arguments) as db:
        db.c.create_index("k")
        db.c.create_index("tags")
        db.c.create_index("u", unique=True, sparse=True)
    done = 0
    while done < steps:
        with holdfast.connect(path, **arguments) as db:
            check(db.c, model)
            for _ in range(steps // 5):
                rng.choices(CALLS, WEIGHTS)[0](rng, db.c, model)
                done += 1
                if rng.random() < 0.002:
                    db.checkpoint()
    with holdfast.connect(path, read_only=True, password=password) as db:
        check(db.c, model)


def test_random_transactions(path, rng, exhaustive):
    """As above, in transactions of which every third is rolled back, with savepoints."""
    model = Model()
    with holdfast.connect(path, durability="unsafe") as db:
        db.c.create_index("k")
        db.c.create_index("tags")
        db.c.create_index("u", unique=True, sparse=True)
        for _ in range(2000 if exhaustive else 120):
            before = copy.deepcopy(model.documents)
            with db.transaction(rng.choice(["read_committed", "snapshot", "serializable"])) as tx:
                for _ in range(rng.randrange(1, 12)):
                    if rng.random() < 0.2:
                        marked, savepoint = copy.deepcopy(model.documents), tx.savepoint()
                        rng.choices(CALLS, WEIGHTS)[0](rng, tx["c"], model)
                        if rng.random() < 0.5:
                            tx.rollback_to(savepoint)
                            model.documents = marked
                    else:
                        rng.choices(CALLS, WEIGHTS)[0](rng, tx["c"], model)
                if rng.random() < 1 / 3:
                    tx.rollback()
                    model.documents = before
            check(db.c, model)
