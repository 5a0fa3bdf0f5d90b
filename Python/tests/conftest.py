"""What the tests have in common: a path, a database there, and a collection in it."""

import os
import random

import pytest

import holdfast


@pytest.fixture
def path(tmp_path):
    """A path at which there is no database yet, in a folder of its own."""
    return tmp_path / "test.holdfast"


@pytest.fixture
def db(path):
    """An open database. Nothing but the time of its syncs depends on the durability."""
    with holdfast.connect(path, durability="unsafe") as database:
        yield database


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """A database for all tests that need no more than a collection."""
    with holdfast.connect(
        tmp_path_factory.mktemp("shared") / "shared.holdfast", durability="unsafe"
    ) as database:
        yield database


@pytest.fixture
def collection(request):
    """A collection that does not exist yet, in the database of the test if it has one of its own."""
    database = request.getfixturevalue("db" if "db" in request.fixturenames else "shared")
    things = database["things"]
    yield things
    if not database.closed:
        things.drop()


@pytest.fixture
def pair(collection):
    """Two documents with the ids 1 and 2."""
    collection.insert_many([{"_id": 1, "n": 10}, {"_id": 2, "n": 20}])
    return collection


@pytest.fixture
def rng():
    """Random numbers, which are the same again with the seed that is printed."""
    seed = os.environ.get("HOLDFAST_SEED") or str(random.SystemRandom().randrange(1_000_000_000))
    print(f"run again with HOLDFAST_SEED={seed}")
    return random.Random(seed)


@pytest.fixture(scope="session")
def exhaustive():
    """Whether the long tests are to run in full."""
    return os.environ.get("HOLDFAST_EXHAUSTIVE") == "1"
