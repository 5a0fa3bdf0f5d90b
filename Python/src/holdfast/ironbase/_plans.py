"""Indexes under the names of that API, which index a query uses, and what `explain` says of it."""

from __future__ import annotations

from typing import Any

from holdfast.errors import HoldfastError
from holdfast.ironbase._errors import IndexError
from holdfast.ironbase._registry import Entry

_RANGE = ("$gt", "$gte", "$lt", "$lte")
_EVERYTHING = ["[MinKey, MaxKey]"]


def shown_name(entry: Entry, name: str) -> str:
    """The name of an index as that API has it: that of the collection comes first."""
    return f"{entry.name}_id" if name == "_id_" else f"{entry.name}_{name}"


def stored_name(entry: Entry, name: str) -> str | None:
    """The index of a name of that API; None when there is none."""
    if name == f"{entry.name}_id":
        return "_id_"
    return next((index for index, _, _ in entry.indexes() if shown_name(entry, index) == name), None)


def index_for(entry: Entry, query: dict[str, Any]) -> str | None:
    """The index that a query uses whatever part of the documents it is expected to find; None leaves it to
    the library.

    It is the one that begins with the most fields that the query gives values or bounds for. The library
    would rather read a collection of few documents, or most of a large one, without an index.
    """
    best: list[str] = []
    most = 0
    for name, fields, is_whole in entry.indexes():
        count = 0
        while is_whole and count < len(fields) and _is_bounded(query.get(fields[count])):
            count += 1
        if count > most:
            best, most = [name], count
        elif count and count == most:
            best.append(name)
    return best[0] if len(best) == 1 else None


def _is_bounded(condition: Any) -> bool:
    """Whether a condition has values that documents without the field do not have."""
    if not isinstance(condition, dict) or not any(name.startswith("$") for name in condition):
        return condition is not None
    return any(
        (operand is not None and operator in ("$eq", *_RANGE))
        or (operator == "$in" and isinstance(operand, list) and None not in operand)
        for operator, operand in condition.items()
    )


def hinted(entry: Entry, query: dict[str, Any], hint: str) -> str:
    """The index that a hint names. Raises when there is none, or when the query has no bounds for its first
    field.
    """
    name = stored_name(entry, hint)
    if name is None:
        raise IndexError(
            f"Index error: Index '{hint}' not found (hint): list_indexes() names those there are"
        )
    stage = _first_stage(entry.collection.explain(query, hint=name)["plan"])
    bounds = list(stage.get("indexBounds", {"": _EVERYTHING}).values())
    if stage["stage"] != "NOTHING" and bounds[0] == _EVERYTHING:
        raise IndexError(
            f"Index error: Cannot use index '{hint}' for this query, which does not bound its first field"
        )
    return name


def _first_stage(plan: dict[str, Any]) -> dict[str, Any]:
    """The stage that reads."""
    while "inputStage" in plan:
        plan = plan["inputStage"]
    return plan


def explanation(entry: Entry, query: dict[str, Any]) -> dict[str, Any]:
    """How `find` runs a query, with what the library says of it as ``details``."""
    try:
        details = entry.collection.explain(query, hint=index_for(entry, query))
    except HoldfastError as error:
        if error.code_name != "invalidQuery":
            raise
        # The index may have been dropped in between.
        details = entry.collection.explain(query)
    stage = _first_stage(details["plan"])
    plan = _plan(entry, query, stage)
    plan["details"] = details
    return plan


def _plan(entry: Entry, query: dict[str, Any], stage: dict[str, Any]) -> dict[str, Any]:
    kind = stage["stage"]
    if kind in ("IDHACK", "IDSCAN", "IXSCAN"):
        return _index_plan(entry, query, stage)
    if kind == "OR":
        parts = [_plan(entry, query, _first_stage(part)) for part in stage["inputStages"]]
        return {
            "queryPlan": "LogicalIndexScan",
            "indexUsed": parts[0]["indexUsed"],
            "operator": "$or",
            "clauseCount": len(parts),
            "clauses": parts,
            "stage": "FETCH_WITH_INDEX",
            "estimatedCost": "O(k * log n)",
        }
    empty = kind == "NOTHING"
    return {
        "queryPlan": "EmptyScan" if empty else "CollectionScan",
        "indexUsed": None,
        "stage": "NOTHING" if empty else "FULL_SCAN",
        "reason": "No document can match" if empty else "No suitable index found for query",
        "estimatedCost": "O(1)" if empty else "O(n)",
        "availableIndexes": list_names(entry),
    }


def _index_plan(entry: Entry, query: dict[str, Any], stage: dict[str, Any]) -> dict[str, Any]:
    bounds: dict[str, list[str]] = stage["indexBounds"]
    field, intervals = next(iter(bounds.items()))
    plan: dict[str, Any] = {
        "queryPlan": "IndexScan",
        "indexUsed": shown_name(entry, stage.get("indexName", "_id_")),
        "field": field,
        "stage": "FETCH_WITH_INDEX",
        "indexType": "equality",
        "estimatedCost": "O(log n)",
    }
    if not all(_is_point(interval) for interval in intervals):
        plan.update(queryPlan="IndexRangeScan", indexType="range", estimatedCost="O(log n + k)")
        plan["range"] = _range(query.get(field), intervals)
    elif len(intervals) > 1:
        plan.update(queryPlan="MultiValueScan", indexType="multi_value_in", estimatedCost="O(k * log n)")
        # The library shows no more than 20 of them.
        operands = query.get(field)
        plan["keyCount"] = len(
            operands["$in"] if isinstance(operands, dict) and "$in" in operands else intervals
        )
    elif len(bounds) > 1:
        plan.update(queryPlan="CompoundIndexScan", indexType="compound_prefix")
    return plan


def _is_point(interval: str) -> bool:
    """Whether an interval, as in ``[3, 3]``, is a single value."""
    inner = interval[1:-1]
    half = (len(inner) - 2) // 2
    return interval[:1] == "[" and interval[-1:] == "]" and inner[:half] == inner[half + 2 :]


def _range(condition: Any, intervals: list[str]) -> dict[str, Any]:
    operands = condition if isinstance(condition, dict) else {}
    return {
        "start": operands.get("$gte", operands.get("$gt")),
        "end": operands.get("$lte", operands.get("$lt")),
        "inclusiveStart": intervals[0].startswith("["),
        "inclusiveEnd": intervals[-1].endswith("]"),
    }


def list_names(entry: Entry) -> list[str]:
    """The names of all indexes, that of the ids first."""
    return [shown_name(entry, name) for name in ["_id_", *(index for index, _, _ in entry.indexes())]]
