"""Values of every type of BSON: what goes in comes out, can be found, and has an order."""

import datetime
import decimal
import re
import uuid
from collections import OrderedDict, namedtuple

import bson
import pymongo.errors
import pytest
from bson import SON, Binary, Code, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, DatetimeConversion, TypeCodec, TypeRegistry
from bson.raw_bson import RawBSONDocument

import holdfast

UTC = datetime.timezone.utc
NOW = datetime.datetime(2024, 2, 29, 23, 59, 59, 999000)
UUID = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
LIMIT = 16 * 1024 * 1024

VALUES = [
    None,
    True,
    False,
    0,
    -1,
    2**31 - 1,
    -(2**31),
    Int64(2**31),
    Int64(2**63 - 1),
    Int64(-(2**63)),
    0.0,
    1.5,
    -1e308,
    float("inf"),
    float("-inf"),
    "",
    "text",
    "ünïcödé 🎉 \x00 zero",
    b"",
    b"\x00\xff bytes",
    Binary(b"x", 5),
    Binary(b"x", 128),
    UUID,
    ObjectId("0123456789abcdef01234567"),
    NOW,
    datetime.datetime(1, 1, 1),
    datetime.datetime(1969, 12, 31, 23, 59, 59, 1000),
    datetime.datetime(9999, 12, 31, 23, 59, 59, 999000),
    Decimal128("0"),
    Decimal128("-1.50"),
    Decimal128("9.999999999999999999999999999999999E+6144"),
    Decimal128("Infinity"),
    Regex("^a.*b$", "imsx"),
    Timestamp(1, 2),
    Timestamp(2**32 - 1, 2**32 - 1),
    Code("function() { return 1 }"),
    Code("x", {"scope": {"x": 1}}),
    MinKey(),
    MaxKey(),
    DBRef("other", 5),
    [],
    {},
    [[], [[]], {}],
    {"a": {"b": {"c": [1, {"d": None}]}}},
    {"": 1},
    [1, "x", None, {"y": [2.5]}],
]


def test_every_type_comes_back_and_is_found(db):
    for n, value in enumerate(VALUES):
        collection = db[f"type{n}"]
        collection.insert_many([{"_id": 1, "x": "another"}, {"_id": 2, "x": value}])
        found = collection.find_one(2)["x"]
        assert found == value
        assert type(found) in (type(value), Int64)
        assert next(collection.find({"_id": 2}))["x"] == value
        # As a condition, a regular expression asks for strings that it matches, and for itself.
        assert 2 in [document["_id"] for document in collection.find({"x": value})]
        collection.create_index("x")
        assert 2 in [document["_id"] for document in collection.find({"x": value})], value
        collection.update_one({"_id": 1}, {"$set": {"y": value}, "$push": {"z": value}})
        assert collection.find_one(1) == {"_id": 1, "x": "another", "y": value, "z": [value]}
        if not isinstance(value, list):
            assert collection.distinct("y") == [value]


# Arrays are no ids, and numbers that are equal are one.
EQUAL = (Decimal128("0"), Decimal128("Infinity"))
IDS = [each for each in VALUES if not isinstance(each, list) and each not in EQUAL and repr(each) != "0.0"]


def test_ids_of_every_type(collection):
    collection.insert_many([{"_id": value, "n": n} for n, value in enumerate(IDS)])
    assert collection.count_documents({}) == len(IDS)
    for n, value in enumerate(IDS):
        if isinstance(value, Regex):
            continue
        assert collection.find_one({"_id": value}) == {"_id": value, "n": n}
        assert collection.update_one({"_id": value}, {"$inc": {"n": 1}}).modified_count == 1
        assert collection.delete_one({"_id": value}).deleted_count == 1


def test_types_of_numbers(collection):
    collection.insert_one({"_id": 1, "int": 5, "long": 2**40, "forced": Int64(5), "double": 5.0})
    document = collection.find_one()
    assert type(document["int"]) is int
    assert type(document["long"]) is Int64 or type(document["long"]) is int
    assert type(document["forced"]) is Int64
    assert type(document["double"]) is float
    for name, kind in (("int", "int"), ("long", "long"), ("forced", "long"), ("double", "double")):
        assert collection.count_documents({name: {"$type": kind}}) == 1
    for value in (5, 5.0, Int64(5), Decimal128("5")):
        assert collection.count_documents({"int": value}) == 1
    with pytest.raises(OverflowError):
        collection.insert_one({"x": 2**63})


def test_not_a_number(collection):
    collection.insert_one({"_id": float("nan"), "x": float("nan"), "y": Decimal128("NaN")})
    document = collection.find_one()
    assert document["x"] != document["x"]
    assert document["y"].to_decimal().is_nan()
    assert collection.count_documents({"x": float("nan")}) == 1
    assert collection.count_documents({"x": {"$gte": 0}}) == 0


class TestDatetimes:
    def test_naive_ones_are_utc(self, collection):
        collection.insert_one({"at": NOW})
        assert collection.find_one()["at"] == NOW
        assert collection.find_one()["at"].tzinfo is None

    def test_aware_ones_are_the_same_moment(self, collection):
        zone = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
        collection.insert_one({"at": NOW.replace(tzinfo=UTC).astimezone(zone)})
        assert collection.find_one()["at"] == NOW
        assert collection.count_documents({"at": NOW}) == 1
        assert collection.count_documents({"at": {"$lte": NOW.replace(tzinfo=UTC)}}) == 1

    def test_have_milliseconds(self, collection):
        collection.insert_one({"at": NOW.replace(microsecond=123456)})
        assert collection.find_one()["at"] == NOW.replace(microsecond=123000)

    def test_with_zones(self, collection):
        collection.insert_one({"at": NOW})
        zone = datetime.timezone(datetime.timedelta(hours=2))
        aware = collection.with_options(codec_options=CodecOptions(tz_aware=True, tzinfo=zone))
        assert aware.find_one()["at"] == NOW.replace(tzinfo=UTC)
        assert aware.find_one()["at"].utcoffset() == datetime.timedelta(hours=2)
        assert next(aware.find())["at"].tzinfo is zone

    def test_beyond_those_of_python(self, collection):
        collection.insert_one({"at": bson.DatetimeMS(2**60)})
        with pytest.raises(bson.errors.InvalidBSON):
            collection.find_one()
        options = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO)
        assert collection.with_options(codec_options=options).find_one()["at"] == bson.DatetimeMS(2**60)


class TestBinary:
    def test_bytes_are_bytes(self, collection):
        collection.insert_one({"x": b"abc", "y": Binary(b"abc")})
        document = collection.find_one()
        assert type(document["x"]) is type(document["y"]) is bytes
        assert collection.count_documents({"x": b"abc"}) == 1
        assert collection.count_documents({"x": Binary(b"abc", 5)}) == 0

    @pytest.mark.parametrize("subtype", [1, 5, 6, 7, 128, 255])
    def test_subtypes(self, collection, subtype):
        collection.insert_one({"x": Binary(b"abc", subtype)})
        assert collection.find_one()["x"] == Binary(b"abc", subtype)
        assert collection.find_one()["x"].subtype == subtype

    def test_uuids_are_standard(self, db, collection):
        collection.insert_one({"_id": UUID})
        found = collection.find_one()["_id"]
        assert type(found) is uuid.UUID
        assert found == UUID
        raw = db.get_collection("things", CodecOptions(uuid_representation=UuidRepresentation.UNSPECIFIED))
        assert raw.find_one()["_id"] == Binary(UUID.bytes, 4)
        with pytest.raises(ValueError, match="UuidRepresentation"):
            raw.insert_one({"_id": UUID})


class TestRegex:
    def test_of_python_and_of_bson(self, collection):
        collection.insert_many([{"_id": 1, "s": "Apple"}, {"_id": 2, "s": "banana"}, {"_id": 3}])
        for pattern in (re.compile("^a", re.I), Regex("^a", "i"), {"$regex": "^a", "$options": "i"}):
            assert [document["_id"] for document in collection.find({"s": pattern})] == [1]
        assert collection.count_documents({"s": {"$in": [re.compile("^b"), "Apple"]}}) == 2
        assert collection.count_documents({"s": {"$not": re.compile("an")}}) == 2
        assert collection.count_documents({"s": {"$regex": re.compile("APPLE", re.I)}}) == 1

    def test_stored(self, collection):
        collection.insert_one({"r": re.compile("a+", re.I | re.M)})
        found = collection.find_one()["r"]
        assert isinstance(found, Regex)
        assert found.pattern == "a+"
        assert found.try_compile().flags & (re.I | re.M) == re.I | re.M


def test_containers_of_python(collection):
    pair = namedtuple("pair", "a b")
    collection.insert_one(
        {
            "tuple": (1, 2),
            "pair": pair(1, 2),
            "son": SON([("z", 1), ("a", 2)]),
            "ordered": OrderedDict([("z", 1), ("a", 2)]),
            "flag": bool(1),
        }
    )
    document = collection.find_one()
    assert document["tuple"] == document["pair"] == [1, 2]
    assert list(document["son"]) == list(document["ordered"]) == ["z", "a"]
    assert type(document["son"]) is dict


def test_order_across_types(collection):
    ascending = [
        MinKey(),
        None,
        -1,
        0.5,
        Int64(7),
        Decimal128("7.5"),
        "",
        "B",
        "a",
        {"a": 1},
        b"x",
        ObjectId("000000000000000000000001"),
        False,
        True,
        NOW,
        Timestamp(1, 1),
        Regex("a"),
        MaxKey(),
    ]
    collection.insert_many([{"_id": n, "x": ascending[n]} for n in reversed(range(len(ascending)))])
    for indexed in (False, True):
        if indexed:
            collection.create_index("x")
        assert [document["_id"] for document in collection.find().sort("x")] == list(range(len(ascending)))
        assert next(collection.find().sort("x", -1))["_id"] == len(ascending) - 1


class TestSize:
    def test_the_largest_document(self, collection):
        overhead = len(bson.encode({"_id": 1, "x": ""}))
        collection.insert_one({"_id": 1, "x": "x" * (LIMIT - overhead)})
        assert len(collection.find_one()["x"]) == LIMIT - overhead
        with pytest.raises(pymongo.errors.DocumentTooLarge):
            collection.insert_one({"_id": 2, "x": "x" * (LIMIT - overhead + 1)})
        assert collection.count_documents({}) == 1

    def test_the_deepest_document(self, collection):
        document = {"_id": 1}
        inner = document
        for _ in range(199):
            inner["n"] = {}
            inner = inner["n"]
        collection.insert_one(document)
        assert collection.find_one() == document
        inner["n"] = {}
        document["_id"] = 2
        with pytest.raises(bson.errors.InvalidDocument):
            collection.insert_one(document)

    def test_many_fields(self, collection):
        document = {"_id": 1, **{f"field{n}": n for n in range(20_000)}}
        collection.insert_one(document)
        assert collection.find_one() == document
        assert list(collection.find_one()) == list(document)


class TestCodecOptions:
    def test_document_class(self, db):
        db.c.insert_one({"_id": 1, "inner": {"a": [{"b": 1}]}})
        for kind in (OrderedDict, SON):
            collection = db.get_collection("c", CodecOptions(document_class=kind))
            for document in (collection.find_one(), next(collection.find()), collection.find()[0]):
                assert type(document) is type(document["inner"]) is type(document["inner"]["a"][0]) is kind
            assert type(collection.find_one_and_update({}, {"$inc": {"n": 1}})) is kind
            assert type(collection.distinct("inner")[0]) is kind

    def test_of_a_whole_database(self, path):
        with holdfast.connect(path, codec_options=CodecOptions(tz_aware=True)) as db:
            db.c.insert_one({"at": NOW})
            assert db.c.find_one()["at"] == NOW.replace(tzinfo=UTC)
            with db.transaction() as tx:
                assert tx["c"].find_one()["at"] == NOW.replace(tzinfo=UTC)

    def test_raw_documents(self, db):
        collection = db.get_collection("c", CodecOptions(document_class=RawBSONDocument))
        collection.insert_one({"_id": 1, "x": {"y": 2}})
        document = collection.find_one()
        assert type(document) is RawBSONDocument
        assert document.raw == bson.encode({"_id": 1, "x": {"y": 2}})
        assert document["x"]["y"] == 2
        db.copy.insert_many(collection.find())
        assert list(db.copy.find()) == [{"_id": 1, "x": {"y": 2}}]
        assert collection.replace_one({"_id": 1}, RawBSONDocument(bson.encode({"z": 1}))).modified_count == 1
        assert db.c.find_one(RawBSONDocument(bson.encode({"z": 1}))) == {"_id": 1, "z": 1}
        assert collection.explain()["collection"] == "c"
        assert set(collection.index_information()) == {"_id_"}

    def test_types_of_ones_own(self, db):
        class DecimalCodec(TypeCodec):
            python_type = decimal.Decimal
            bson_type = Decimal128

            def transform_python(self, value):
                return Decimal128(value)

            def transform_bson(self, value):
                return value.to_decimal()

        registry = TypeRegistry([DecimalCodec()], fallback_encoder=lambda value: str(value))
        collection = db.get_collection("c", CodecOptions(type_registry=registry))
        value = decimal.Decimal("1.50")
        collection.insert_one({"_id": 1, "x": value, "other": 1 + 2j})
        assert collection.find_one({"x": value})["x"] == value
        assert db.c.find_one()["x"] == Decimal128("1.50")
        assert collection.find_one()["other"] == "(1+2j)"
        collection.update_one({"x": value}, {"$set": {"y": value}})
        collection.bulk_write([holdfast.UpdateOne({"y": value}, {"$set": {"z": value}})])
        collection.insert_many([{"_id": 2, "x": value}])
        assert collection.find_one(1)["z"] == value
        assert collection.distinct("x") == [value]
        assert collection.count_documents({"x": value}) == 2
        assert collection.find_one_and_update(
            {"_id": 2}, {"$set": {"x": 2 * value}}, return_document=True
        ) == {
            "_id": 2,
            "x": decimal.Decimal("3.00"),
        }
        assert collection.delete_many({"x": value}).deleted_count == 1
        with pytest.raises(bson.errors.InvalidDocument):
            db.c.insert_one({"x": value})

    def test_text_that_is_no_text(self, collection):
        for write in (
            lambda: collection.insert_one({"x": "\ud800"}),
            lambda: collection.insert_one({"\ud800": 1}),
        ):
            with pytest.raises(
                (UnicodeEncodeError, bson.errors.InvalidStringData, bson.errors.InvalidDocument)
            ):
                write()
        with pytest.raises(bson.errors.InvalidDocument):
            collection.insert_one({"a\x00b": 1})
        assert collection.count_documents({}) == 0

    def test_bytes_that_are_no_document(self, collection):
        damaged = bytearray(bson.encode({"_id": 1, "x": "abc"}))
        damaged[-4] = 0xFF
        with pytest.raises((bson.errors.InvalidDocument, bson.errors.InvalidBSON)):
            collection.insert_one(RawBSONDocument(bytes(damaged)))
        with pytest.raises((bson.errors.InvalidDocument, bson.errors.InvalidBSON)):
            collection.replace_one({}, RawBSONDocument(bytes(damaged)), upsert=True)
        assert collection.count_documents({}) == 0


def test_names_of_fields(collection):
    document = {"_id": 1, "a.b": 1, "$c": 2, "ü": 3, "": 4, "x": {"$y": 5, "z.z": 6}}
    try:
        collection.insert_one(dict(document))
    except pymongo.errors.WriteError:
        pytest.fail("MongoDB stores such names since version 5")
    assert collection.find_one() == document
