"""The examples, and the code in the README, run as they are."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

FOLDER = pathlib.Path(__file__).resolve().parents[1]
EXAMPLES = sorted((FOLDER / "examples").glob("*.py"))


def test_there_are_examples():
    assert EXAMPLES


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example(example, tmp_path):
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, str(example)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout


def test_the_code_in_the_readme(tmp_path, monkeypatch):
    """Its blocks, one after the other, in one program and in an empty folder."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    blocks = [
        (match.start(), match[1]) for match in re.finditer(r"^```python\n(.*?)^```$", text, re.M | re.S)
    ]
    assert blocks
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "readme"}
    for position, block in blocks:
        # With as many lines before it as in the file, an error names the line in the README.
        lines = "\n" * (text.count("\n", 0, position) + 1)
        exec(compile(lines + block, str(FOLDER / "README.md"), "exec"), namespace)
