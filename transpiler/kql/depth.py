"""The height of a syntax tree is bounded, so that whatever walks it by recursion is safe.

Brackets are counted while they are read; long chains (``a + a + a …``, ``a.b.c …``) grow to the left and are deep only
once they are complete. A tree whose brackets and chains are short cannot be high and is not measured.
"""

from __future__ import annotations

from dataclasses import fields

from transpiler.diagnostics import KqlError
from transpiler.kql.syntax import Node, Query
from transpiler.source import Source

MAX_HEIGHT = 150
# A tree is measured where the longest chain or the nesting in it reaches this.
_MEASURED_FROM = 10


_CHILDREN: dict[type[Node], tuple[str, ...]] = {}


def _children(kind: type[Node]) -> tuple[str, ...]:
    """The names of the fields that may hold nodes."""
    found = _CHILDREN.get(kind)
    if found is None:
        found = _CHILDREN[kind] = tuple(f.name for f in fields(kind) if not f.name.endswith("span"))
    return found


def check_height(query: Query, most: int, source: Source) -> None:
    """KqlError where a node lies more than MAX_HEIGHT nodes below the root."""
    if most < _MEASURED_FROM:
        return
    level: list[object] = [query]
    height = 0
    while level:
        below: list[object] = []
        for item in level:
            _gather(item, below)
        height += 1
        if height > MAX_HEIGHT:
            for item in below:
                if isinstance(item, Node):
                    raise KqlError(
                        "KQL004",
                        f"the query is nested too deeply: more than {MAX_HEIGHT} operators hang on one another here",
                        item.span,
                        hint="a part of the expression can be named with let or extend",
                        source=source,
                    )
        level = below


def _gather(item: object, found: list[object]) -> None:
    """The nodes directly below one; tuples count as nothing."""
    if not isinstance(item, Node):
        return
    for name in _children(type(item)):
        value = getattr(item, name)
        if isinstance(value, tuple):
            _gather_tuple(value, found)
        elif isinstance(value, Node):
            found.append(value)


def _gather_tuple(values: tuple[object, ...], found: list[object]) -> None:
    for value in values:
        if isinstance(value, tuple):
            _gather_tuple(value, found)
        elif isinstance(value, Node):
            found.append(value)
