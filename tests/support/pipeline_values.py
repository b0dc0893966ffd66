"""The stored rows, the expressions and the order of values of random pipelines (``pipelines.py``)."""

from __future__ import annotations

import datetime as dt
import json
import math
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transpiler.engine.values import JsonText
from transpiler.types import Type

Row = dict[str, Any]  # Any: a value of a column


@dataclass(frozen=True)
class Relation:
    """Columns with their types, and rows."""

    columns: Mapping[str, Type]
    rows: Sequence[Row]


@dataclass(frozen=True)
class Expr:
    """KQL, its type, and what it comes to in a row."""

    text: str
    kind: Type
    of: Callable[[Row], Any]
    literal: str = "0"


def named(name: str, kind: Type) -> Expr:
    """A column."""
    return Expr(name, kind, lambda r: r[name])


_AT = dt.datetime
_T = {
    "id": Type.LONG, "s": Type.STRING, "u": Type.STRING, "l": Type.LONG, "r": Type.REAL, "b": Type.BOOL, "t": Type.DATETIME,
    "n": Type.TIMESPAN, "d": Type.DYNAMIC,
}  # fmt: skip
_U = {"s": Type.STRING, "l": Type.LONG, "v": Type.STRING, "t": Type.DATETIME, "e": Type.DYNAMIC}
_TEXTS = (None, "", "a", "A", "b", "a b", "É", "é x", "12", "-3", "b,a,,c", " a ", "x_a", "a", "b", None)
_JSON = (
    None, "null", "[]", "{}", '["a","b"]', '[1,2,null]', '{"a":"x","b":[1,"y"]}', '"a"', "5", "true", '[["a"],{"a":1}]',
    '{"a":null}', '{"a":{"b":"c"}}', '""', '["",null,"É"]', '[{"a":"x"},{"a":"y"}]',
)  # fmt: skip
_NUMBERS = (None, 0, 1, 2, -1, 7, 1, None, 12, 3)
_REALS = (None, 0.0, 1.5, -2.5, math.nan, 1.0, 0.5, 12.0)
_TIMES = (
    None, _AT(2024, 2, 29), _AT(2024, 2, 29, 23, 59, 59, 999999), _AT(2024, 3, 1), _AT(2024, 2, 28, 12), _AT(1969, 12, 31, 23),
    _AT(2024, 3, 2, 0, 0, 0, 1),
)  # fmt: skip
_SPANS = (None, dt.timedelta(0), dt.timedelta(hours=1), -dt.timedelta(days=1, hours=2), dt.timedelta(microseconds=1))
_POOLS: Mapping[Type, Sequence[object]] = {
    Type.STRING: _TEXTS, Type.LONG: _NUMBERS, Type.REAL: _REALS, Type.BOOL: (None, True, False), Type.DATETIME: _TIMES,
    Type.TIMESPAN: _SPANS, Type.DYNAMIC: _JSON,
}  # fmt: skip


def _stored(columns: Mapping[str, Type], number: int, seed: int) -> list[list[object]]:
    rnd = random.Random(seed)
    cells: list[list[object]] = []
    for name, kind in columns.items():
        if name == "id":
            cells.append(list(range(1, number + 1)))
            continue
        values = [rnd.choice(_POOLS[kind]) for _ in range(number)]
        cells.append([JsonText(v) if kind is Type.DYNAMIC and isinstance(v, str) else v for v in values])
    return [list(row) for row in zip(*cells, strict=True)]


STORED: Mapping[str, tuple[Mapping[str, Type], list[list[object]]]] = {
    "T": (_T, _stored(_T, 16, 3)),
    "U": (_U, _stored(_U, 9, 5)),
    "V": (_U, []),
}


def _seen(value: object, kind: Type) -> object:
    """A stored value as KQL sees it."""
    if kind is Type.STRING:
        return value or ""
    return json.loads(value) if isinstance(value, JsonText) else value


TABLES: Mapping[str, Relation] = {
    name: Relation(columns, [{n: _seen(v, k) for (n, k), v in zip(columns.items(), row, strict=True)} for row in rows])
    for name, (columns, rows) in STORED.items()
    if rows
}


def json_text(value: object) -> str:
    """``tostring`` of a dynamic value."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def sort_key(rows: Sequence[Row], name: str, kind: Type, *, descending: bool, nulls_first: bool) -> list[Row]:
    """The rows in the order of one column, stable; NaN stands beside the nulls, nearer to the numbers."""

    def value(row: Row) -> Any:
        return json_text(row[name]) if kind is Type.DYNAMIC else row[name]

    missing = [r for r in rows if value(r) is None]
    odd = [r for r in rows if isinstance(value(r), float) and math.isnan(value(r))]
    others = [r for r in rows if not any(r is x for x in (*missing, *odd))]
    # Codes of characters; reversed() keeps equal rows in their order.
    others.sort(key=value, reverse=descending)
    return [*missing, *odd, *others] if nulls_first else [*others, *odd, *missing]


class Maker:
    """Draws expressions over columns."""

    def __init__(self, rnd: random.Random, columns: Mapping[str, Type]) -> None:
        self.rnd = rnd
        self.columns = columns

    def any(self) -> Expr:
        """An expression of any type."""
        return self.of(
            self.rnd.choice([Type.STRING, Type.STRING, Type.LONG, Type.LONG, Type.REAL, Type.BOOL, Type.DATETIME,
                             Type.TIMESPAN, Type.DYNAMIC])
        )  # fmt: skip

    def column(self, kind: Type) -> Expr | None:
        """A column of a type."""
        names = [n for n, k in self.columns.items() if k is kind]
        return named(self.rnd.choice(names), kind) if names else None

    def of(self, kind: Type, depth: int = 0) -> Expr:
        """An expression of a type."""
        found = self.column(kind)
        if found is not None and (depth > 1 or self.rnd.random() < 0.4):
            return found
        if depth > 1:
            return self.constant(kind)
        return _MAKERS[kind](self, depth + 1)

    def constant(self, kind: Type) -> Expr:
        """A literal."""
        match kind:
            case Type.STRING:
                text = self.rnd.choice(["", "a", "B", "é", "12"])
                return Expr(f"'{text}'", kind, lambda _: text)
            case Type.LONG:
                number = self.rnd.choice([0, 1, 3, -2])
                return Expr(f"({number})" if number < 0 else f"{number}", kind, lambda _: number)
            case Type.REAL:
                return Expr("2.5", kind, lambda _: 2.5)
            case Type.BOOL:
                return Expr("true", kind, lambda _: True)
            case Type.DATETIME:
                return Expr("datetime(2024-02-29)", kind, lambda _: _AT(2024, 2, 29))
            case Type.TIMESPAN:
                return Expr("1h", kind, lambda _: dt.timedelta(hours=1))
            case _:
                return Expr("dynamic(['a', 1])", kind, lambda _: ["a", 1])

    def key(self) -> Expr:
        """What a summarize groups by beside columns."""
        kind = self.rnd.choice([Type.STRING, Type.LONG, Type.DATETIME])
        x = self.of(kind)
        if kind is Type.DATETIME:
            return Expr(f"bin({x.text}, 1d)", kind, lambda r: _day(x.of(r)))
        return x

    def predicate(self, depth: int = 0) -> Expr:
        """A test, of which null and false are one."""
        choice = self.rnd.randint(0, 9)
        if depth == 0 and choice < 3:
            a, b = self.predicate(depth + 1), self.predicate(depth + 1)
            if choice == 0:
                return Expr(f"({a.text} and {b.text})", Type.BOOL, lambda r: a.of(r) is True and b.of(r) is True)
            if choice == 1:
                return Expr(f"({a.text} or {b.text})", Type.BOOL, lambda r: a.of(r) is True or b.of(r) is True)
            e = self.text_test(depth + 1)
            return Expr(f"not({e.text})", Type.BOOL, lambda r: not e.of(r))
        return self.text_test(depth + 1) if choice < 7 else self.other_test(depth + 1)

    def text_test(self, depth: int = 1) -> Expr:
        """A test of a text, never null."""
        a, b = self.of(Type.STRING, depth), self.of(Type.STRING, depth)
        word = self.rnd.choice(["a", "b", "", "12", "É"])
        x = self.of(Type.LONG, depth)
        tests: list[tuple[str, Callable[[Row], bool]]] = [
            (f"{a.text} == {b.text}", lambda r: a.of(r) == b.of(r)),
            (f"{a.text} != {b.text}", lambda r: a.of(r) != b.of(r)),
            (f"{a.text} =~ '{word}'", lambda r: a.of(r).lower() == word.lower()),
            (f"{a.text} contains '{word}'", lambda r: word.lower() in a.of(r).lower()),
            (f"{a.text} !startswith_cs '{word}'", lambda r: not a.of(r).startswith(word)),
            (f"{a.text} in ('{word}', 'x', {b.text})", lambda r: a.of(r) in (word, "x", b.of(r))),
            (f"{a.text} !in~ ('{word}', 'X')", lambda r: a.of(r).lower() not in (word.lower(), "x")),
            (f"isempty({a.text})", lambda r: a.of(r) == ""),
            (f"isnull({x.text})", lambda r: x.of(r) is None),
            (f"isnotnull({x.text})", lambda r: x.of(r) is not None),
        ]
        text, of = self.rnd.choice(tests)
        return Expr(f"({text})" if " " in text else text, Type.BOOL, of)

    def other_test(self, depth: int = 1) -> Expr:
        """A test of numbers, times or bools."""
        x, y, t = self.of(Type.LONG, depth), self.constant(Type.LONG), self.of(Type.DATETIME, depth)
        b = self.column(Type.BOOL) or self.constant(Type.BOOL)
        at = _AT(2024, 2, 29)
        tests: list[tuple[str, Callable[[Row], bool]]] = [
            (f"{x.text} > {y.text}", lambda r: x.of(r) is not None and x.of(r) > y.of(r)),
            (f"{x.text} == {y.text}", lambda r: x.of(r) == y.of(r)),
            (f"{x.text} != {y.text}", lambda r: x.of(r) != y.of(r)),
            (f"{x.text} in (1, 2, {y.text})", lambda r: x.of(r) in (1, 2, y.of(r))),
            (f"{x.text} between (0 .. 5)", lambda r: x.of(r) is not None and 0 <= x.of(r) <= 5),
            (f"{t.text} >= datetime(2024-02-29)", lambda r: t.of(r) is not None and t.of(r) >= at),
            (b.text, lambda r: b.of(r) is True),
        ]
        text, of = self.rnd.choice(tests)
        return Expr(f"({text})" if " " in text else text, Type.BOOL, of)


def _day(value: dt.datetime | None) -> dt.datetime | None:
    return value and value.replace(hour=0, minute=0, second=0, microsecond=0)


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[ \t]*[+-]?[0-9]+[ \t]*", text) else None


def _nulls(of: Callable[..., Any], *parts: Expr) -> Callable[[Row], Any]:
    """Null where a part is."""

    def value(row: Row) -> Any:
        values = [p.of(row) for p in parts]
        return None if any(v is None for v in values) else of(*values)

    return value


def _text(m: Maker, depth: int) -> Expr:
    a, b, x, p, v = (
        m.of(Type.STRING, depth),
        m.of(Type.STRING, depth),
        m.of(Type.LONG, depth),
        m.predicate(depth),
        m.of(Type.DYNAMIC, depth),
    )
    choices: list[tuple[str, Callable[[Row], str]]] = [
        (f"strcat({a.text}, '-', {b.text})", lambda r: f"{a.of(r)}-{b.of(r)}"),
        (f"strcat({a.text}, {x.text})", lambda r: a.of(r) + ("" if x.of(r) is None else str(x.of(r)))),
        (f"toupper({a.text})", lambda r: a.of(r).upper()),
        (f"substring({a.text}, 1, 2)", lambda r: a.of(r)[1:3]),
        (f"iff({p.text}, {a.text}, {b.text})", lambda r: a.of(r) if p.of(r) is True else b.of(r)),
        (f"tostring({x.text})", lambda r: "" if x.of(r) is None else str(x.of(r))),
        (f"replace_string({a.text}, 'a', 'bb')", lambda r: a.of(r).replace("a", "bb")),
        (f"coalesce({a.text}, {b.text})", lambda r: a.of(r) or b.of(r)),
        (f"extract('([a-c])', 1, {a.text})", lambda r: (re.findall("[a-c]", a.of(r)) or [""])[0]),
        (f"tostring({v.text})", lambda r: json_text(v.of(r))),
        (f"tostring({v.text}.a)", lambda r: json_text(_member(v.of(r), "a"))),
        (f"tostring(split({a.text}, ',')[1])", lambda r: ([*a.of(r).split(","), ""])[1]),
        (f"case({p.text}, 'p', isempty({a.text}), 'q', {b.text})",
         lambda r: "p" if p.of(r) is True else "q" if not a.of(r) else b.of(r)),
    ]  # fmt: skip
    text, of = m.rnd.choice(choices)
    return Expr(text, Type.STRING, of)


def _long(m: Maker, depth: int) -> Expr:
    a, x, y, p = m.of(Type.STRING, depth), m.of(Type.LONG, depth), m.of(Type.LONG, depth), m.predicate(depth)
    v, t, e = m.of(Type.DYNAMIC, depth), m.of(Type.DATETIME, depth), m.text_test(depth)
    choices: list[tuple[str, Callable[[Row], Any]]] = [
        (f"({x.text} + {y.text})", _nulls(lambda q, w: q + w, x, y)),
        (f"({x.text} % 3)", _nulls(lambda q: q % 3, x)),
        (f"({x.text} / 2)", _nulls(lambda q: int(q / 2), x)),
        (f"strlen({a.text})", lambda r: len(a.of(r))),
        (f"tolong({a.text})", lambda r: _whole(a.of(r))),
        (f"iff({p.text}, {x.text}, {y.text})", lambda r: x.of(r) if p.of(r) is True else y.of(r)),
        (f"coalesce({x.text}, {y.text})", lambda r: y.of(r) if x.of(r) is None else x.of(r)),
        (f"array_length({v.text})", lambda r: len(v.of(r)) if isinstance(v.of(r), list) else None),
        (f"tolong({v.text}[0])", lambda r: _number(_element(v.of(r), 0))),
        (f"tolong(dayofmonth({t.text}))", _nulls(lambda q: q.day, t)),
        (f"tolong({e.text})", lambda r: int(e.of(r))),
    ]
    text, of = m.rnd.choice(choices)
    return Expr(text, Type.LONG, of)


def _real(m: Maker, depth: int) -> Expr:
    x, y = m.of(Type.LONG, depth), m.of(Type.REAL, depth)
    choices: list[tuple[str, Callable[[Row], Any]]] = [
        (f"todouble({x.text})", _nulls(float, x)),
        (f"({y.text} * 2)", _nulls(lambda q: q * 2, y)),
        (f"({x.text} / 2.0)", _nulls(lambda q: q / 2.0, x)),
        (f"({y.text} + {x.text})", _nulls(lambda q, w: q + w, y, x)),
    ]
    text, of = m.rnd.choice(choices)
    return Expr(text, Type.REAL, of)


def _bool(m: Maker, depth: int) -> Expr:
    return m.text_test(depth)


def _datetime(m: Maker, depth: int) -> Expr:
    t, p, n = m.of(Type.DATETIME, depth), m.predicate(depth), m.of(Type.TIMESPAN, depth)
    u = m.of(Type.DATETIME, depth)
    choices: list[tuple[str, Callable[[Row], Any]]] = [
        (f"({t.text} + 1h)", _nulls(lambda q: q + dt.timedelta(hours=1), t)),
        (f"({t.text} + {n.text})", _nulls(lambda q, w: q + w, t, n)),
        (f"startofday({t.text})", _nulls(_day, t)),
        (f"bin({t.text}, 1d)", _nulls(_day, t)),
        (f"iff({p.text}, {t.text}, {u.text})", lambda r: t.of(r) if p.of(r) is True else u.of(r)),
        (f"coalesce({t.text}, {u.text})", lambda r: u.of(r) if t.of(r) is None else t.of(r)),
        (f"todatetime(tostring({t.text}))", t.of),
    ]
    text, of = m.rnd.choice(choices)
    return Expr(text, Type.DATETIME, of)


def _timespan(m: Maker, depth: int) -> Expr:
    t, u, n = m.of(Type.DATETIME, depth), m.of(Type.DATETIME, depth), m.of(Type.TIMESPAN, depth)
    choices: list[tuple[str, Callable[[Row], Any]]] = [
        (f"({t.text} - {u.text})", _nulls(lambda q, w: q - w, t, u)),
        (f"({n.text} * 2)", _nulls(lambda q: q * 2, n)),
        (f"({n.text} + 1d)", _nulls(lambda q: q + dt.timedelta(days=1), n)),
    ]
    text, of = m.rnd.choice(choices)
    return Expr(text, Type.TIMESPAN, of)


def _dynamic(m: Maker, depth: int) -> Expr:
    a, x, v = m.of(Type.STRING, depth), m.of(Type.LONG, depth), m.column(Type.DYNAMIC) or m.constant(Type.DYNAMIC)
    choices: list[tuple[str, Callable[[Row], Any]]] = [
        (f"{v.text}.a", lambda r: _member(v.of(r), "a")),
        (f"{v.text}[0]", lambda r: _element(v.of(r), 0)),
        (f"{v.text}.b[1]", lambda r: _element(_member(v.of(r), "b"), 1)),
        (f"pack_array({a.text}, {x.text})", lambda r: [a.of(r), x.of(r)]),
        (f"bag_pack('a', {x.text}, 'b', {a.text})", lambda r: {"a": x.of(r), "b": a.of(r)}),
        (f"split({a.text}, ',')", lambda r: a.of(r).split(",")),
    ]
    text, of = m.rnd.choice(choices if v.text[0] != "d" or "(" not in v.text else choices[3:])
    return Expr(text, Type.DYNAMIC, of)


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _element(value: object, place: int) -> object:
    return value[place] if isinstance(value, list) and len(value) > place else None


def _number(value: object) -> int | None:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        return _whole(value)
    return value if isinstance(value, int) else None


_MAKERS: Mapping[Type, Callable[[Maker, int], Expr]] = {
    Type.STRING: _text, Type.LONG: _long, Type.REAL: _real, Type.BOOL: _bool, Type.DATETIME: _datetime,
    Type.TIMESPAN: _timespan, Type.DYNAMIC: _dynamic,
}  # fmt: skip
