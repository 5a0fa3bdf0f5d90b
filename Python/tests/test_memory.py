"""Memory: it does not grow over operations, nor with handles that were dropped."""

import os
import pathlib
import subprocess
import sys

import pytest

CHILD = pathlib.Path(__file__).with_name("memory_child.py")

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="there is no /proc here")


def growth(path, what, warm, count):
    """By how many bytes a process of its own grows while it does something `count` times."""
    arguments = [sys.executable, str(CHILD), str(path), what, str(warm), str(count)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=3000)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_operations(path, exhaustive):
    """A fifth of 100 bytes that stayed behind after each operation would be more than is allowed."""
    count = 1_000_000 if exhaustive else 90_000
    grown = growth(path, "operations", 10_000, count)
    print(f"grown by {grown} bytes in {count} operations")
    assert grown < 1_000_000 + 10 * count


def test_handles(path, exhaustive):
    count = 100_000 if exhaustive else 10_000
    grown = growth(path, "handles", 1_000, count)
    print(f"grown by {grown} bytes in {count} rounds")
    assert grown < 200 * count


def test_threads(path, exhaustive):
    count = 20_000 if exhaustive else 1_500
    grown = growth(path, "threads", 300, count)
    print(f"grown by {grown} bytes in {count} threads")
    assert grown < 1000 * count


def test_databases(path, exhaustive):
    count = 1000 if exhaustive else 50
    grown = growth(path, "databases", 10, count)
    print(f"grown by {grown} bytes in {count} openings")
    assert grown < 30_000 * count
