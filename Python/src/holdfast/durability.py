"""When a write is on the disk: the names of the modes, and the documents that the library has for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from holdfast.options import check_int
from holdfast.transaction import milliseconds

_MODES = ("safe", "batch", "unsafe")


def durability_value(durability: str, batch_size: int, batch_interval: float) -> str | dict[str, int]:
    """What the library calls a durability. Raises ValueError for an unknown name."""
    if durability not in _MODES:
        raise ValueError(f"unknown durability {durability!r}: use one of {', '.join(_MODES)}")
    if check_int("batch_size", batch_size) < 1:
        raise ValueError(f"batch_size must be a number of operations of at least 1, not {batch_size}")
    interval = milliseconds("batch_interval", batch_interval)
    if interval < 1:
        raise ValueError("batch_interval must be a number of seconds above zero")
    return {"operations": batch_size, "milliseconds": interval} if durability == "batch" else durability


def durability_arguments(document: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `Database.set_durability` that mean what the library's document means."""
    value = document["durability"]
    if isinstance(value, str):
        return {"durability": value}
    return {
        "durability": "batch",
        "batch_size": value["operations"],
        "batch_interval": value["milliseconds"] / 1000,
    }
