"""Whether two sets of rows are the same to Kusto, and if not, a difference that a person can read."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from transpiler.engine.comparison import same
from transpiler.engine.values import canonical
from transpiler.types import Type

_SHOWN = 5


def compare_rows(
    columns: Sequence[tuple[str, Type]],
    expected: Sequence[Sequence[object]],
    got: Sequence[Sequence[object]],
    *,
    ordered: bool = False,
    any_order: Collection[str] = (),
) -> str | None:
    """None when the rows are equal, else what is missing and what was not expected.

    ``expected`` holds KQL values, ``got`` what an engine's client returned. Rows are compared as a multiset unless
    ``ordered``. ``any_order`` names dynamic columns whose top-level array has no defined order (make_set).
    """
    if odd := next((r for r in (*expected, *got) if len(r) != len(columns)), None):
        return f"a row has {len(odd)} values for {len(columns)} columns: {odd!r}"
    loose = [name in any_order and kind is Type.DYNAMIC for name, kind in columns]
    found = [[canonical(v, kind) for v, (_, kind) in zip(row, columns, strict=True)] for row in got]
    missing, surplus = _unmatched(expected, found, loose)
    if missing or surplus:
        return _difference([name for name, _ in columns], missing, surplus, loose)
    if ordered:
        for i, (a, b) in enumerate(zip(expected, found, strict=True)):
            if not _same_row(a, b, loose):
                names = [name for name, _ in columns]
                return (
                    f"the rows are right, their order is not: row {i + 1} is {_shown(names, b)}, not {_shown(names, a)}"
                )
    return None


def _unmatched(
    expected: Sequence[Sequence[object]], found: Sequence[Sequence[object]], loose: Sequence[bool]
) -> tuple[list[Sequence[object]], list[Sequence[object]]]:
    left = list(found)
    missing: list[Sequence[object]] = []
    for row in expected:
        # Equal results mostly come in equal order, which makes this linear.
        place = next((i for i, other in enumerate(left) if _same_row(row, other, loose)), None)
        if place is None:
            missing.append(row)
        else:
            left.pop(place)
    return missing, left


def _same_row(a: Sequence[object], b: Sequence[object], loose: Sequence[bool]) -> bool:
    return all(_same_set(x, y) if any_order else same(x, y) for x, y, any_order in zip(a, b, loose, strict=True))


def _same_set(a: object, b: object) -> bool:
    if not (isinstance(a, list) and isinstance(b, list)):
        return same(a, b)
    missing, surplus = _unmatched([[x] for x in a], [[y] for y in b], [False])
    return not missing and not surplus


def _difference(
    names: Sequence[str], missing: list[Sequence[object]], surplus: list[Sequence[object]], loose: Sequence[bool]
) -> str:
    lines = [f"{_count(missing)} missing, {_count(surplus)} not expected"]
    for a, b in list(zip(missing, surplus, strict=False))[:_SHOWN]:
        unequal = [
            n for n, x, y, z in zip(names, a, b, loose, strict=True) if not (_same_set(x, y) if z else same(x, y))
        ]
        note = f"   ({', '.join(unequal)})" if len(missing) == len(surplus) else ""
        lines += [f"  missing: {_shown(names, a)}", f"  found:   {_shown(names, b)}{note}"]
    paired = min(len(missing), len(surplus))
    lines += [f"  missing: {_shown(names, row)}" for row in missing[paired : paired + _SHOWN]]
    lines += [f"  found:   {_shown(names, row)}" for row in surplus[paired : paired + _SHOWN]]
    hidden = len(missing) + len(surplus) - (len(lines) - 1)
    return "\n".join([*lines, f"  … and {hidden} more"] if hidden else lines)


def _count(rows: Sequence[object]) -> str:
    return "1 row is" if len(rows) == 1 else f"{len(rows)} rows are"


def _shown(names: Sequence[str], row: Sequence[object]) -> str:
    return ", ".join(f"{name}={_text(value)}" for name, value in zip(names, row, strict=True))


def _text(value: object) -> str:
    text = "null" if value is None else str(value) if not isinstance(value, str) else repr(value)
    return text if len(text) <= 120 else text[:117] + "..."
