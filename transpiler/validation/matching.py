"""Rows that came out against rows that a fixture expects. An expected row may leave columns out; order does not matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from transpiler.engine.comparison import same
from transpiler.engine.values import canonical, parse_value
from transpiler.rule.fixture import Expected
from transpiler.types import Type

_SHOWN = 5


def difference(columns: Sequence[tuple[str, Type]], expected: Expected, rows: Sequence[Sequence[object]]) -> str:
    """'' when the rows are as expected, else what is missing, what is not expected, or which column is not there."""
    names = [name for name, _ in columns]
    if expected.columns is not None and list(expected.columns) != names:
        return f"the columns are {', '.join(names)}, not {', '.join(expected.columns)}"
    if expected.rows is None:
        return "" if len(rows) == expected.count else f"{len(rows)} rows came out, {expected.count} are expected"
    unknown = sorted({c for row in expected.rows for c in row} - set(names))
    if unknown:
        return f"the result has no column {', '.join(unknown)}; it has {', '.join(names)}"
    kinds = dict(columns)
    try:
        wanted = [
            {c: parse_value(v, kinds[c]) if v is not None else _missing(kinds[c]) for c, v in row.items()}
            for row in expected.rows
        ]
    except (ValueError, TypeError) as error:
        return f"an expected value is of the wrong type: {error}"
    found = [{n: canonical(v, kinds[n]) for n, v in zip(names, row, strict=True)} for row in rows]
    return _unmatched(wanted, found)


def _missing(kind: Type) -> object:
    return "" if kind is Type.STRING else None


def _agrees(wanted: Mapping[str, object], found: Mapping[str, object]) -> bool:
    return all(same(value, found[name]) for name, value in wanted.items())


def _unmatched(wanted: Sequence[Mapping[str, object]], found: Sequence[Mapping[str, object]]) -> str:
    """A one-to-one match of expected and actual rows by augmenting paths, so that a vague row never takes a precise one's place."""
    options = [[i for i, f in enumerate(found) if _agrees(w, f)] for w in wanted]
    owner: dict[int, int] = {}
    missing = [w for w in range(len(wanted)) if not _assign(w, options, owner, set())]
    surplus = [found[i] for i in range(len(found)) if i not in owner]
    if not missing and not surplus:
        return ""
    lines = [f"{len(found)} rows came out, {len(wanted)} are expected"]
    lines += [f"missing: {_shown(wanted[w])}" for w in missing[:_SHOWN]]
    shown = {c for w in wanted for c in w}
    lines += [
        f"not expected: {_shown({c: v for c, v in row.items() if c in shown or not shown})}" for row in surplus[:_SHOWN]
    ]
    hidden = max(0, len(missing) - _SHOWN) + max(0, len(surplus) - _SHOWN)
    return "\n".join([*lines, f"and {hidden} more"] if hidden else lines)


def _assign(row: int, options: Sequence[Sequence[int]], owner: dict[int, int], seen: set[int]) -> bool:
    for candidate in options[row]:
        if candidate in seen:
            continue
        seen.add(candidate)
        if candidate not in owner or _assign(owner[candidate], options, owner, seen):
            owner[candidate] = row
            return True
    return False


def _shown(row: Mapping[str, Any]) -> str:  # Any: values of every KQL type
    return ", ".join(
        f"{name}={value!r}" if isinstance(value, str) else f"{name}={value}" for name, value in row.items()
    )
