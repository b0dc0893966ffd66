"""What a rule looks for: field, operator and constant values, out of the query's conditions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from transpiler.kql import print_node
from transpiler.kql import syntax as s
from transpiler.report.tree import constants, lets, walk
from transpiler.source import Source

_POSITIVE = (
    *("==", "=~", "in", "in~", "has", "has_cs", "has_any", "has_all", "hasprefix", "hasprefix_cs", "hassuffix"),
    *("hassuffix_cs", "contains", "contains_cs", "startswith", "startswith_cs", "endswith", "endswith_cs"),
    "matches regex",
)
_NEGATIVE = {"!=": "==", "!~": "=~", **{f"!{operator}": operator for operator in _POSITIVE}}
_SYMMETRIC = frozenset({"==", "=~", "!=", "!~"})
_SAME_FIELD = frozenset({"tolower", "toupper", "tostring", "trim", "trim_start", "trim_end"})


@dataclass(frozen=True, slots=True)
class Value:
    """One value. ``kind`` is ip, network, domain, url, email, hash, guid, path, file, number, pattern or text.

    ``others`` is the number of other rules that look for the same value.
    """

    value: str
    kind: str
    others: int = 0


@dataclass(frozen=True, slots=True)
class Indicator:
    """A condition on a field. ``excluded``: rows with these values are left out. ``line`` is the line in the rule's file."""

    field: str
    operator: str
    values: tuple[Value, ...]
    excluded: bool
    line: int


_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("number", re.compile(r"-?\d+(\.\d+)?")),
    ("network", re.compile(r"(\d{1,3}\.){3}\d{1,3}/\d{1,2}|[0-9a-f:]*::?[0-9a-f:]*/\d{1,3}", re.I)),
    ("ip", re.compile(r"(\d{1,3}\.){3}\d{1,3}|(?=.*:.*:)[0-9a-f:]+", re.I)),
    ("guid", re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)),
    ("hash", re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128}", re.I)),
    ("url", re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.I)),
    ("email", re.compile(r"[^@\s]+@([a-z0-9-]+\.)+[a-z]{2,}", re.I)),
    (
        "file",
        re.compile(
            r"[^\\/\s]*\.(exe|dll|ps1|psm1|bat|cmd|vbs?|js|jse|wsf|hta|lnk|scr|sys|ocx|msi|jar|py|sh|zip|rar|7z|iso|docm?"
            r"|xlsm?|pdf|txt|log|tmp|dat|bin|aspx?|ashx|php|jspx?|config|xml|json|evtx|dmp)",
            re.I,
        ),
    ),
    ("domain", re.compile(r"([a-z0-9_-]+\.)+(xn--[a-z0-9-]+|[a-z]{2,24})\.?", re.I)),
    ("path", re.compile(r".*[\\/].*", re.S)),
)


def kind_of(value: str, operator: str = "==") -> str:
    """What sort of thing a value looks like."""
    if operator.endswith("regex"):
        return "pattern"
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(value)), "text")


def indicators(query: s.Query, source: Source) -> tuple[Indicator, ...]:
    """The conditions of a query that compare a field with constants, in the order of the text."""
    known = lets(query)
    found = [
        _with_values(*parts, known, source)
        for predicate in _predicates(query)
        for parts in _conditions(predicate, excluded=False)
    ]
    return tuple(dict.fromkeys(i for i in found if i is not None))


def _predicates(query: s.Query) -> Iterator[s.Expr]:
    for node in walk(query):
        match node:
            case s.Where(predicate=predicate) | s.Search(predicate=predicate) | s.Find(predicate=predicate):
                yield predicate
            case s.Call(name=name, arguments=arguments) if name.endswith("if") and name != "iif" and arguments:
                yield from (a for a in arguments if isinstance(a, s.Expr))
            case _:
                pass


_Parts = tuple[s.Expr, str, tuple[s.Expr, ...], bool, s.Node]


def _conditions(node: s.Expr, *, excluded: bool) -> Iterator[_Parts]:
    """The comparisons in a predicate as (field, operator, values, excluded, node); ``not`` turns them round."""
    match node:
        case s.Logical(operands=operands):
            for operand in operands:
                yield from _conditions(operand, excluded=excluded)
        case s.Call(name="not", arguments=(inner,)):
            yield from _conditions(inner, excluded=not excluded)
        case s.InList(operator=operator, left=left, items=items):
            yield left, operator, items, excluded ^ (operator in _NEGATIVE), node
        case s.Binary(operator=operator, left=left, right=right) if operator in _NEGATIVE or operator in _POSITIVE:
            yield left, operator, (right,), excluded ^ (operator in _NEGATIVE), node
        case _:
            return


def _with_values(
    left: s.Expr,
    operator: str,
    items: tuple[s.Expr, ...],
    excluded: bool,
    node: s.Node,
    known: Mapping[str, s.Let],
    source: Source,
) -> Indicator | None:
    if operator in _SYMMETRIC and isinstance(left, s.Literal):
        left, items = items[0], (left,)
    values: list[str] = []
    for item in items:
        found = constants(item, known)
        if found is None:
            return None
        values += found
    if not values or all(v == "" for v in values) or isinstance(left, s.Literal):
        return None
    kept = tuple(Value(v, kind_of(v, operator)) for v in dict.fromkeys(values))
    return Indicator(
        _field(left), _NEGATIVE.get(operator, operator), kept, excluded, source.file_position(node.span.start)[0]
    )


def _field(node: s.Expr) -> str:
    """The field's name or path; ``tolower(x)`` and the like are x."""
    while isinstance(node, s.Call) and node.name in _SAME_FIELD and node.arguments:
        node = node.arguments[-1]
    return " ".join(print_node(node).split())


def sought(found: Iterable[Indicator]) -> frozenset[tuple[str, str]]:
    """What two rules have in common when both look for it: a value ignoring case; a number or a short word only in its field."""
    return frozenset(_key(i, v) for i in found if not i.excluded for v in i.values)


def _key(indicator: Indicator, value: Value) -> tuple[str, str]:
    telling = value.kind not in ("number", "text", "pattern")
    return (
        "" if telling else indicator.field.lower(),
        value.value.lower().rstrip("." if value.kind == "domain" else ""),
    )


def with_others(found: Iterable[Indicator], others: Iterable[frozenset[tuple[str, str]]]) -> tuple[Indicator, ...]:
    """The indicators with the number of other rules that look for the same values. ``others``: ``sought`` of each rule."""
    counts = Counter(key for rule in others for key in rule)
    return tuple(
        Indicator(
            i.field,
            i.operator,
            tuple(Value(v.value, v.kind, 0 if i.excluded else counts[_key(i, v)]) for v in i.values),
            i.excluded,
            i.line,
        )
        for i in found
    )
