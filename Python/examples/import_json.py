"""Reads a file with a JSON document in each line into a collection, in batches, and makes an index.

python import_json.py [FILE DATABASE COLLECTION]: without arguments, a small file of its own.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import holdfast
from bson import json_util


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The documents of a file, with MongoDB's Extended JSON for what JSON lacks."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json_util.loads(line)


def load(path: Path, collection: holdfast.Collection[dict[str, Any]]) -> int:
    """Inserts the documents, a thousand in each commit, and says how many there were."""
    source = lines(path)
    count = 0
    while batch := list(islice(source, 1000)):
        count += len(collection.insert_many(batch).inserted_ids)
    return count


def main(source: Path, database: Path, name: str) -> None:
    """Loads a file."""
    with holdfast.connect(database) as db:
        count = load(source, db[name])
        print(f"{count} documents in {name}, {db.stats()['fileBytes']} bytes")


if __name__ == "__main__":
    if len(sys.argv) == 4:
        main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
    else:
        with tempfile.TemporaryDirectory() as folder:
            sample = Path(folder) / "sample.jsonl"
            texts = (json.dumps({"_id": n, "at": {"$date": "2024-01-01T00:00:00Z"}}) for n in range(2500))
            sample.write_text("\n".join(texts), encoding="utf-8")
            main(sample, Path(folder) / "sample.holdfast", "sample")
