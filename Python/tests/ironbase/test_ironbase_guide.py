"""The programs of the guide *Migrating from IronBase* do what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.ironbase import IronBase

GUIDE = Path(__file__).parent.parent.parent / "docs" / "migrating-from-ironbase.md"


def program(name: str) -> str:
    [found] = re.findall(rf"```python\n(# {name}.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    return str(found)


def run(source: str, *arguments: str) -> None:
    done = subprocess.run([sys.executable, "-c", source, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_documents_are_brought_over(tmp_path: Path) -> None:
    old, lines, new = (str(tmp_path / name) for name in ("old.mlite", "documents.jsonl", "new.mlite"))
    with IronBase(old, "unsafe") as db:
        db.collection("users").insert_many([{"n": number, "name": "Ärger"} for number in range(2500)])
        db.collection("users").insert_one({"_id": "text", "_collection": "users"})
        db.collection("users").delete_one({"_id": 1})
        db.collection("logs").insert_one({"a": {"b": [1, None, True, 1.5]}})
        expected = db.collection("users").find({"_id": {"$ne": "text"}})
    # The layer stands in for IronBase, from which the documents come.
    run(program("export.py").replace("from ironbase import", "from holdfast.ironbase import"), old, lines)
    run(program("import.py"), lines, new)
    with IronBase(new) as db:
        assert db.list_collections() == ["logs", "users"]
        users = db.collection("users")
        assert users.find({"_id": {"$ne": "text"}}) == expected and users.count_documents() == 2500
        assert users.find_one({"_id": "text"}) == {"_id": "text"}
        assert users.insert_one({})["inserted_id"] == 2501
        assert db.collection("logs").find() == [{"_id": 1, "a": {"b": [1, None, True, 1.5]}}]


@pytest.mark.parametrize("kind", ["IronBase", "a collection", "a cursor"])
def test_what_is_said_to_be_the_same_is_there(tmp_path: Path, kind: str) -> None:
    [row] = re.findall(
        rf"^\| (?:`{kind}`|{kind}) \| (.*) \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE
    )
    names = re.findall(r"`(\w+)[`(]", row)
    assert len(names) > 10
    with IronBase(str(tmp_path / "app.mlite")) as db:
        things = {
            "IronBase": db,
            "a collection": db.collection("a"),
            "a cursor": db.collection("a").find_cursor(),
        }
        for name in names:
            assert name == "IronBase" or callable(getattr(things[kind], name))
        public = {name for name in dir(things[kind]) if not name.startswith("_")}
        assert public - set(names) <= {"database", "name"}
