"""JSON paths as constants, and constant dynamic values: ``$.a['b'][0]``, and what lies at a step of a literal."""

from __future__ import annotations

import json
import re
from typing import TypeAlias

Step: TypeAlias = "str | int"

_STEP = re.compile(
    r"""\.([A-Za-z_$@][\w$@-]*)|\[(-?\d+)\]|\['([^']*)'\]|\["([^"]*)"\]|\.\[?'([^']*)'\]?|\.\["([^"]*)"\]"""
)


def path_steps(text: str) -> tuple[Step, ...] | None:
    """The steps of a JSON path that names one place; None for wildcards, filters and other forms."""
    text = text.strip()
    rest = text[1:] if text.startswith("$") else f".{text}" if text and text[0] not in ".[" else text
    steps: list[Step] = []
    while rest:
        match = _STEP.match(rest)
        if match is None:
            return None
        name, index, *quoted = match.groups()
        if index is not None:
            steps.append(int(index))
        else:
            steps.append(name if name is not None else next(q for q in quoted if q is not None))
        rest = rest[match.end() :]
    return tuple(steps)


class _Number(str):
    """A number as it was written."""


_written = json.JSONEncoder(ensure_ascii=False).encode


def _plain(value: object, *, is_sorted: bool = False) -> str:
    match value:
        case _Number():
            return str(value)
        case dict():
            names = sorted(value) if is_sorted else value
            members = (f"{_written(k)}:{_plain(value[k], is_sorted=is_sorted)}" for k in names)
            return "{" + ",".join(members) + "}"
        case list():
            return "[" + ",".join(_plain(v, is_sorted=is_sorted) for v in value) + "]"
        case _:
            return _written(value)


def _first_of_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Of members with one name the first counts, as in the targets."""
    found: dict[str, object] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def _parsed(text: str) -> object:
    value: object = json.loads(text, parse_int=_Number, parse_float=_Number, object_pairs_hook=_first_of_each)
    return value


def constant_step(text: str, step: Step) -> str | None:
    """The JSON text at a step of a JSON text; None where there is nothing or null."""
    value = _parsed(text)
    found: object = None
    if isinstance(step, str) and isinstance(value, dict):
        found = value.get(step)
    elif isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
        found = value[step]
    return None if found is None else _plain(found)


def canonical_text(text: str) -> str:
    """A JSON text with the members of every bag in the order of their names; its numbers stay as written."""
    return _plain(_parsed(text), is_sorted=True)
