"""What the tests of `holdfast.ironbase` have in common."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast import ironbase
from holdfast.ironbase import IronBase


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "app.mlite")


@pytest.fixture
def db(path: str) -> Iterator[IronBase]:
    database = IronBase(path, "unsafe")
    yield database
    database.close()


@pytest.fixture
def users(db: IronBase) -> ironbase.Collection:
    collection = db.collection("users")
    collection.insert_many(
        [
            {"name": "Ada", "age": 36, "city": "London"},
            {"name": "Blaise", "age": 39, "city": "Paris"},
            {"name": "Carl", "age": 77, "city": "Göttingen"},
            {"name": "David", "age": 81, "city": "Göttingen"},
        ]
    )
    return collection
