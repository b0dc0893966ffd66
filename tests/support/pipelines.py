"""Random pipelines, each with a model of what Kusto answers: the same steps over lists of Python rows.

A pipeline is drawn step by step; every step writes its KQL and gives its rows. The expressions are few and plain, so that
what is tested is how operators come together: which SELECT a predicate lands in, what a name means behind a join, whether
a missing string is ``''`` there too. A string is never None here, any other value may be.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.support.pipeline_values import TABLES, Expr, Maker, Relation, Row, json_text, named, sort_key
from transpiler.types import Type

Step = Callable[["Drawing"], bool]
KINDS = ("inner", "leftouter", "rightouter", "fullouter", "leftsemi", "leftanti", "rightsemi", "rightanti")


@dataclass
class Drawing:
    """A pipeline that is being drawn: its KQL so far and its rows."""

    rnd: random.Random
    relation: Relation
    lines: list[str]
    lets: list[str] = field(default_factory=list)
    sets: set[str] = field(default_factory=set)
    """Dynamic columns whose elements stand in no order."""
    ordered: bool = False
    steps: int = 0

    @property
    def text(self) -> str:
        """The KQL."""
        return ";\n".join([*self.lets, "\n| ".join(self.lines)])

    @property
    def maker(self) -> Maker:
        """Expressions over the columns as they are now."""
        return Maker(self.rnd, {n: k for n, k in self.relation.columns.items() if n not in self.sets})

    def name(self) -> str:
        """A name for a computed column, sometimes one that is taken."""
        taken = list(self.relation.columns)
        return self.rnd.choice([*taken, "x", "y", "z"]) if self.rnd.random() < 0.35 else f"c{self.rnd.randint(1, 99)}"

    def put(self, line: str, relation: Relation, *, ordered: bool | None = None) -> bool:
        """One more step."""
        self.lines.append(line)
        self.relation = relation
        self.ordered = self.ordered if ordered is None else ordered
        self.sets &= set(relation.columns)
        return True

    def scalars(self) -> list[str]:
        """The columns that can be keys."""
        return [n for n, k in self.relation.columns.items() if k not in (Type.DYNAMIC, Type.REAL)]


def draw(rnd: random.Random, steps: int, depth: int = 0) -> Drawing:
    """A pipeline of so many steps."""
    table = rnd.choice(list(TABLES))
    drawing = Drawing(rnd, TABLES[table], [table])
    while drawing.steps < steps:
        step = rnd.choice(STEPS if depth == 0 else FLAT_STEPS)
        if len(drawing.relation.rows) > 120 and step in (_join, _union, _mv_expand):
            continue
        if step(drawing):
            drawing.steps += 1
    return drawing


# ---------------------------------------------------------------- rows and columns


def _where(d: Drawing) -> bool:
    test = d.maker.predicate()
    rows = [r for r in d.relation.rows if test.of(r) is True]
    return d.put(f"where {test.text}", Relation(d.relation.columns, rows))


def _in_table(d: Drawing) -> bool:
    keys = [n for n, k in d.relation.columns.items() if k in (Type.STRING, Type.LONG)]
    if not keys:
        return False
    key = d.rnd.choice(keys)
    kind = d.relation.columns[key]
    other = draw(d.rnd, d.rnd.randint(0, 2), 1)
    theirs = [n for n, k in other.relation.columns.items() if k is kind]
    if not theirs:
        return False
    name = d.rnd.choice(theirs)
    values = [r[name] for r in other.relation.rows]
    negated = kind is Type.STRING and d.rnd.random() < 0.4
    if kind is Type.LONG:
        values = [v for v in values if v is not None]
    rows = [r for r in d.relation.rows if (r[key] in values) is not negated]
    inner = " | ".join([*other.lines, f"project {name}"])
    return d.put(f"where {key} {'!' * negated}in (({inner}))", Relation(d.relation.columns, rows))


def _extend(d: Drawing) -> bool:
    made: dict[str, Expr] = {}
    for _ in range(d.rnd.randint(1, 3)):
        made.setdefault(d.name(), d.maker.any())
    columns = dict(d.relation.columns) | {n: e.kind for n, e in made.items()}
    rows = [r | {n: e.of(r) for n, e in made.items()} for r in d.relation.rows]
    d.sets -= set(made)
    return d.put("extend " + ", ".join(f"{n} = {e.text}" for n, e in made.items()), Relation(columns, rows))


def _project(d: Drawing) -> bool:
    names = d.rnd.sample(list(d.relation.columns), d.rnd.randint(1, len(d.relation.columns)))
    made = {n: named(n, d.relation.columns[n]) for n in names}
    for _ in range(d.rnd.randint(0, 2)):
        made.setdefault(f"p{d.rnd.randint(1, 9)}", d.maker.any())
    listed = ", ".join(n if e.text == n else f"{n} = {e.text}" for n, e in made.items())
    rows = [{n: e.of(r) for n, e in made.items()} for r in d.relation.rows]
    return d.put(f"project {listed}", Relation({n: e.kind for n, e in made.items()}, rows))


def _project_away(d: Drawing) -> bool:
    if len(d.relation.columns) < 2:
        return False
    gone = d.rnd.choice(list(d.relation.columns))
    kept = {n: k for n, k in d.relation.columns.items() if n != gone}
    return d.put(f"project-away {gone}", Relation(kept, [{n: r[n] for n in kept} for r in d.relation.rows]))


def _rename(d: Drawing) -> bool:
    old, new = d.rnd.choice(list(d.relation.columns)), f"r{d.rnd.randint(1, 99)}"
    if new in d.relation.columns:
        return False
    columns = {new if n == old else n: k for n, k in d.relation.columns.items()}
    rows = [{new if n == old else n: v for n, v in r.items()} for r in d.relation.rows]
    d.sets = {new if n == old else n for n in d.sets}
    return d.put(f"project-rename {new} = {old}", Relation(columns, rows))


def _distinct(d: Drawing) -> bool:
    keys = d.scalars()
    if not keys:
        return False
    names = d.rnd.sample(keys, d.rnd.randint(1, min(3, len(keys))))
    rows = list({tuple(r[n] for n in names): {n: r[n] for n in names} for r in d.relation.rows}.values())
    columns = {n: d.relation.columns[n] for n in names}
    return d.put("distinct " + ", ".join(names), Relation(columns, rows), ordered=False)


def _count(d: Drawing) -> bool:
    if d.rnd.random() < 0.7:
        return False
    return d.put("count", Relation({"Count": Type.LONG}, [{"Count": len(d.relation.rows)}]), ordered=False)


# ---------------------------------------------------------------- order


def total_order(d: Drawing) -> tuple[str, list[Row]] | None:
    """An order in which rows that are equal in it are equal in all."""
    if d.sets:
        return None
    names = d.rnd.sample(list(d.relation.columns), len(d.relation.columns))
    rows, parts = list(d.relation.rows), []
    for name in names:
        kind = d.relation.columns[name]
        descending, first = d.rnd.random() < 0.5, d.rnd.random() < 0.5
        way = "desc" if descending else "asc"
        nulls = f" nulls {'first' if first else 'last'}" if d.rnd.random() < 0.3 else ""
        if not nulls:
            first = not descending
        parts.append(
            (name if kind is not Type.DYNAMIC else f"tostring({name})", way, nulls, name, kind, descending, first)
        )
    for _, _, _, name, kind, descending, first in reversed(parts):
        rows = sort_key(rows, name, kind, descending=descending, nulls_first=first)
    return ", ".join(f"{t} {w}{n}" for t, w, n, *_ in parts), rows


def _sort(d: Drawing) -> bool:
    found = total_order(d)
    if found is None:
        return False
    return d.put(f"sort by {found[0]}", Relation(d.relation.columns, found[1]), ordered=True)


def _sort_take(d: Drawing) -> bool:
    found = total_order(d)
    if found is None:
        return False
    d.put(f"sort by {found[0]}", Relation(d.relation.columns, found[1]), ordered=True)
    number = d.rnd.randint(1, 8)
    return d.put(f"take {number}", Relation(d.relation.columns, found[1][:number]), ordered=True)


def _top(d: Drawing) -> bool:
    keys = [n for n in d.scalars() if len({r[n] for r in d.relation.rows}) == len(d.relation.rows)]
    if not keys:
        return False
    key, number, descending = d.rnd.choice(keys), d.rnd.randint(1, 8), d.rnd.random() < 0.5
    kind = d.relation.columns[key]
    rows = sort_key(d.relation.rows, key, kind, descending=descending, nulls_first=not descending)[:number]
    return d.put(
        f"top {number} by {key} {'desc' if descending else 'asc'}", Relation(d.relation.columns, rows), ordered=True
    )


def _window(d: Drawing) -> bool:
    found = total_order(d)
    if found is None:
        return False
    d.put(f"sort by {found[0]}", Relation(d.relation.columns, found[1]), ordered=True)
    numbers = [n for n, k in d.relation.columns.items() if k is Type.LONG]
    texts = [n for n, k in d.relation.columns.items() if k is Type.STRING]
    choice = d.rnd.randint(0, 4)
    rows, name = found[1], f"w{d.rnd.randint(1, 99)}"
    if choice == 0:
        text, kind, values = "row_number()", Type.LONG, list(range(1, len(rows) + 1))
    elif choice == 1 and numbers:
        x = d.rnd.choice(numbers)
        text, kind, values = f"prev({x})", Type.LONG, [None, *(r[x] for r in rows)][: len(rows)]
    elif choice == 2 and texts:
        x = d.rnd.choice(texts)
        text, kind, values = (
            f"next({x}, 2, 'none')",
            Type.STRING,
            [r[x] for r in rows[2:]] + ["none"] * min(2, len(rows)),
        )
    elif choice == 3 and numbers:
        x, total, values = d.rnd.choice(numbers), 0, []
        for r in rows:
            total += r[x] or 0
            values.append(total)
        text, kind = f"row_cumsum(coalesce({x}, 0))", Type.LONG
    else:
        test = d.maker.predicate()
        kept = [r for i, r in enumerate(rows) if i % 2 == 0 and test.of(r) is True]
        return d.put(f"where row_number() % 2 == 1 and ({test.text})", Relation(d.relation.columns, kept))
    columns = dict(d.relation.columns) | {name: kind}
    return d.put(
        f"extend {name} = {text}", Relation(columns, [r | {name: v} for r, v in zip(rows, values, strict=True)])
    )


# ---------------------------------------------------------------- groups


def _summarize(d: Drawing) -> bool:
    keys = d.rnd.sample(d.scalars(), min(len(d.scalars()), d.rnd.randint(0, 2)))
    by: dict[str, Expr] = {n: named(n, d.relation.columns[n]) for n in keys}
    if d.rnd.random() < 0.3:
        by[f"k{d.rnd.randint(1, 9)}"] = d.maker.key()
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in d.relation.rows:
        groups.setdefault(tuple(e.of(row) for e in by.values()), []).append(row)
    if not by:
        groups = {(): list(d.relation.rows)}
    made = _aggregates(d)
    listed = ", ".join(f"{n} = {text}" for n, (text, _, _) in made.items())
    columns = {n: e.kind for n, e in by.items()} | {n: kind for n, (_, kind, _) in made.items()}
    rows = [
        dict(zip(by, key, strict=True)) | {n: of(rows) for n, (_, _, of) in made.items()}
        for key, rows in groups.items()
    ]
    listed_by = ", ".join(n if e.text == n else f"{n} = {e.text}" for n, e in by.items())
    d.sets |= {n for n, (text, _, _) in made.items() if text.startswith("make_")}
    return d.put(f"summarize {listed}" + (f" by {listed_by}" if by else ""), Relation(columns, rows), ordered=False)


def _aggregates(d: Drawing) -> dict[str, tuple[str, Type, Callable[[list[Row]], object]]]:
    return {f"a{d.rnd.randint(1, 999)}": _aggregate(d) for _ in range(d.rnd.randint(1, 3))}


def _aggregate(d: Drawing) -> tuple[str, Type, Callable[[list[Row]], object]]:
    x, test = d.maker.of(Type.LONG), d.maker.predicate()
    s = d.maker.of(Type.STRING)
    t = d.maker.of(Type.DATETIME)

    def some(rows: list[Row]) -> list[int]:
        return [v for r in rows if (v := x.of(r)) is not None]

    def chosen(rows: list[Row]) -> list[Row]:
        return [r for r in rows if test.of(r) is True]

    choices: list[tuple[str, Type, Callable[[list[Row]], object]]] = [
        ("count()", Type.LONG, len),
        (f"countif({test.text})", Type.LONG, lambda rows: len(chosen(rows))),
        (f"sum({x.text})", Type.LONG, lambda rows: sum(some(rows))),
        (f"sumif({x.text}, {test.text})", Type.LONG, lambda rows: sum(some(chosen(rows)))),
        (f"max({x.text})", Type.LONG, lambda rows: max(some(rows), default=None)),
        (f"min({x.text})", Type.LONG, lambda rows: min(some(rows), default=None)),
        (f"avg({x.text})", Type.REAL, lambda rows: sum(v) / len(v) if (v := some(rows)) else math.nan),
        (f"dcount({s.text})", Type.LONG, lambda rows: len({s.of(r) for r in rows})),
        (f"dcount({x.text})", Type.LONG, lambda rows: len(set(some(rows)))),
        (f"dcountif({s.text}, {test.text})", Type.LONG, lambda rows: len({s.of(r) for r in chosen(rows)})),
        (f"max({t.text})", Type.DATETIME, lambda rows: max((v for r in rows if (v := t.of(r))), default=None)),
        (f"make_set({s.text})", Type.DYNAMIC, lambda rows: list(dict.fromkeys(s.of(r) for r in rows))),
        (f"make_list({x.text})", Type.DYNAMIC, some),
        (f"make_set_if({x.text}, {test.text})", Type.DYNAMIC, lambda rows: list(dict.fromkeys(some(chosen(rows))))),
        (f"array_length(make_set({s.text}))", Type.LONG, lambda rows: len({s.of(r) for r in rows})),
        (f"strcat('n', count() + {x.literal})", Type.STRING, lambda rows: f"n{len(rows) + int(x.literal)}"),
    ]
    return d.rnd.choice(choices)


def _top_of_each(d: Drawing) -> bool:
    keys = [n for n, k in d.relation.columns.items() if k is Type.STRING]
    found = total_order(d)
    if found is None or not keys:
        return False
    key = d.rnd.choice(keys)
    number = d.rnd.randint(1, 3)
    groups: dict[object, list[Row]] = {}
    for row in found[1]:
        groups.setdefault(row[key], []).append(row)
    rows = [r for g in groups.values() for r in g[:number]]
    return d.put(
        f"partition by {key} (sort by {found[0]} | take {number})", Relation(d.relation.columns, rows), ordered=False
    )


# ---------------------------------------------------------------- several tables


def _other(d: Drawing) -> Drawing:
    return draw(d.rnd, d.rnd.randint(0, 3), 1)


def _join(d: Drawing) -> bool:
    other = _other(d)
    kinds = (Type.STRING, Type.LONG, Type.DATETIME, Type.BOOL)
    pairs = [
        (a, b)
        for a, k in d.relation.columns.items()
        for b, m in other.relation.columns.items()
        if k is m and k in kinds
    ]
    if not pairs:
        return False
    on = d.rnd.sample(pairs, min(len(pairs), d.rnd.choice([1, 1, 2])))
    if len({a for a, _ in on}) < len(on) or len({b for _, b in on}) < len(on):
        return False
    kind = d.rnd.choice(KINDS)
    left, right = d.relation, other.relation
    names = second_names(left.columns, right.columns)
    columns, rows = joined(kind, left, right, on, names)
    if len(rows) > 200:
        return False
    d.sets |= (
        {names[n] for n in other.sets} if kind not in ("leftsemi", "leftanti", "rightsemi", "rightanti") else set()
    )
    if kind in ("rightsemi", "rightanti"):
        d.sets = set(other.sets)
    listed = ", ".join(a if a == b else f"$left.{a} == $right.{b}" for a, b in on)
    line = f"join kind={kind} ({' | '.join(other.lines)}) on {listed}"
    return d.put(line, Relation(columns, rows), ordered=False)


def second_names(left: Mapping[str, Type], right: Mapping[str, Type]) -> dict[str, str]:
    """The names of the right side's columns behind a join; a new name is that of no column of either side."""
    taken, names = {*left, *right}, {}
    for name in right:
        new, number = name, 1
        while name in left and new in taken:
            new, number = f"{name}{number}", number + 1
        taken.add(new)
        names[name] = new
    return names


def joined(
    kind: str, left: Relation, right: Relation, on: Sequence[tuple[str, str]], names: Mapping[str, str]
) -> tuple[dict[str, Type], list[Row]]:
    def match(a: Row, b: Row) -> bool:
        return all(a[x] == b[y] for x, y in on)

    if kind in ("leftsemi", "leftanti"):
        wanted = kind == "leftsemi"
        return dict(left.columns), [a for a in left.rows if any(match(a, b) for b in right.rows) is wanted]
    if kind in ("rightsemi", "rightanti"):
        wanted = kind == "rightsemi"
        return dict(right.columns), [b for b in right.rows if any(match(a, b) for a in left.rows) is wanted]
    columns = dict(left.columns) | {names[n]: k for n, k in right.columns.items()}
    empty = {n: "" if k is Type.STRING else None for n, k in columns.items()}
    renamed = [{names[n]: v for n, v in b.items()} for b in right.rows]
    hits = [(i, j) for i, a in enumerate(left.rows) for j, b in enumerate(right.rows) if match(a, b)]
    rows = [left.rows[i] | renamed[j] for i, j in hits]
    if kind in ("leftouter", "fullouter"):
        found = {i for i, _ in hits}
        rows += [empty | a for i, a in enumerate(left.rows) if i not in found]
    if kind in ("rightouter", "fullouter"):
        found = {j for _, j in hits}
        rows += [empty | b for j, b in enumerate(renamed) if j not in found]
    return columns, rows


def _lookup(d: Drawing) -> bool:
    other = _other(d)
    keys = [n for n, k in d.relation.columns.items() if other.relation.columns.get(n) is k and k is Type.STRING]
    if not keys:
        return False
    key = d.rnd.choice(keys)
    kind = d.rnd.choice(["leftouter", "inner"])
    right = {n: k for n, k in other.relation.columns.items() if n != key}
    if set(right) & set(d.relation.columns) or not right:
        return False
    names = {n: n for n in right} | {key: "key of the right"}
    columns, rows = joined(kind, d.relation, other.relation, [(key, key)], names)
    columns.pop("key of the right")
    rows = [{n: r[n] for n in columns} for r in rows]
    d.sets |= {n for n in other.sets if n in columns}
    line = f"lookup kind={kind} ({' | '.join(other.lines)}) on {key}"
    return len(rows) <= 200 and d.put(line, Relation(columns, rows), ordered=False)


def _union(d: Drawing) -> bool:
    other = _other(d)
    ours, theirs = d.relation.columns, other.relation.columns
    if any(theirs[n] is not k for n, k in ours.items() if n in theirs):
        return False
    inner = d.rnd.random() < 0.3
    columns = {n: k for n, k in ours.items() if n in theirs} if inner else dict(ours) | dict(theirs)
    if not columns:
        return False
    empty = {n: "" if k is Type.STRING else None for n, k in columns.items()}
    rows = [{n: (empty | r)[n] for n in columns} for r in (*d.relation.rows, *other.relation.rows)]
    d.sets |= other.sets
    return d.put(f"union {'kind=inner ' * inner}({' | '.join(other.lines)})", Relation(columns, rows), ordered=False)


# ---------------------------------------------------------------- dynamic values


def elements(value: object) -> list[object]:
    if isinstance(value, dict):
        return [{k: v} for k, v in value.items()]
    return value if isinstance(value, list) else [value]


def dynamic_column(d: Drawing) -> str:
    names = [n for n, k in d.relation.columns.items() if k is Type.DYNAMIC and n not in d.sets]
    return d.rnd.choice(names) if names else ""


def _mv_expand(d: Drawing) -> bool:
    name = dynamic_column(d)
    if not name:
        return False
    new = name if d.rnd.random() < 0.6 else f"e{d.rnd.randint(1, 9)}"
    if new != name and new in d.relation.columns:
        return False
    columns = dict(d.relation.columns) | {new: Type.DYNAMIC}
    rows = [r | {new: e} for r in d.relation.rows for e in elements(r[name])]
    line = f"mv-expand {name}" if new == name else f"mv-expand {new} = {name}"
    return len(rows) <= 200 and d.put(line, Relation(columns, rows), ordered=False)


def _mv_apply(d: Drawing) -> bool:
    name = dynamic_column(d)
    new = f"e{d.rnd.randint(1, 9)}"
    if not name or {new, "n"} & set(d.relation.columns):
        return False
    rows = [r for r in d.relation.rows if r[name] not in ([], {})]
    d.put(f"where not(tostring({name}) in ('[]', '{{}}'))", Relation(d.relation.columns, rows))
    if d.rnd.random() < 0.5:
        made = [r | {"n": sum(json_text(e) != "" for e in elements(r[name]))} for r in rows]
        line = f"mv-apply {new} = {name} on (where isnotempty(tostring({new})) | summarize n = count())"
        return d.put(line, Relation(dict(d.relation.columns) | {"n": Type.LONG}, made), ordered=False)
    made = [r | {new: e} for r in rows for e in elements(r[name]) if json_text(e) > "a"]
    line = f"mv-apply {new} = {name} on (where tostring({new}) > 'a')"
    return d.put(line, Relation(dict(d.relation.columns) | {new: Type.DYNAMIC}, made), ordered=False)


def _series(d: Drawing) -> bool:
    times = [n for n, k in d.relation.columns.items() if k is Type.DATETIME]
    keys = [n for n, k in d.relation.columns.items() if k is Type.STRING]
    if not times or not keys:
        return False
    time, key = d.rnd.choice(times), d.rnd.choice(keys)
    start, day = dt.datetime(2024, 2, 28), dt.timedelta(days=1)
    groups: dict[object, list[int]] = {}
    for row in d.relation.rows:
        at = row[time]
        if isinstance(at, dt.datetime) and start <= at < start + 4 * day:
            groups.setdefault(row[key], [0] * 4)[(at - start) // day] += 1
    axis = [(start + i * day).strftime("%Y-%m-%dT%H:%M:%S.0000000Z") for i in range(4)]
    rows = [{key: k, "n": counts, time: axis} for k, counts in groups.items()]
    line = f"make-series n = count() default = 0 on {time} from datetime(2024-02-28) to datetime(2024-03-03) step 1d by {key}"
    d.sets.clear()
    return d.put(line, Relation({key: Type.STRING, "n": Type.DYNAMIC, time: Type.DYNAMIC}, rows), ordered=False)


FLAT_STEPS: list[Step] = [
    _where, _where, _extend, _extend, _project, _project_away, _rename, _distinct, _summarize, _sort_take, _top, _mv_expand,
]  # fmt: skip
STEPS: list[Step] = [
    *FLAT_STEPS, _in_table, _count, _sort, _window, _window, _top_of_each, _join, _join, _lookup, _union, _mv_apply, _series,
]  # fmt: skip
