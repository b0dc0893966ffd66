"""Further steps of random pipelines (``pipelines.py``): what names the same rows twice, numbers them, or takes them apart."""

from __future__ import annotations

import re

from tests.support.pipeline_values import Expr, Relation, Row, json_text, named
from tests.support.pipelines import (
    FLAT_STEPS,
    KINDS,
    STEPS,
    Drawing,
    Step,
    dynamic_column,
    elements,
    joined,
    second_names,
    total_order,
)
from transpiler.types import Type


def let_join(d: Drawing) -> bool:
    """The pipeline so far gets a name and is joined to itself."""
    keys = [n for n, k in d.relation.columns.items() if k in (Type.STRING, Type.LONG)]
    if not keys or d.sets or len(d.relation.rows) > 12 or len(d.lines) < 2:
        return False
    key, kind = d.rnd.choice(keys), d.rnd.choice(KINDS)
    names = second_names(d.relation.columns, d.relation.columns)
    test = d.maker.predicate()
    right = Relation(d.relation.columns, [r for r in d.relation.rows if test.of(r) is True])
    columns, rows = joined(kind, d.relation, right, [(key, key)], names)
    name = f"L{len(d.lets)}"
    d.lets.append(f"let {name} = {'materialize' * d.rnd.randint(0, 1)}({' | '.join(d.lines)})")
    d.lines = [name]
    return d.put(f"join kind={kind} ({name} | where {test.text}) on {key}", Relation(columns, rows), ordered=False)


def let_union(d: Drawing) -> bool:
    """The pipeline so far beside a part of itself, and which is which."""
    if len(d.relation.rows) > 60 or len(d.lines) < 2 or "origin" in d.relation.columns:
        return False
    test = d.maker.predicate()
    name = f"L{len(d.lets)}"
    d.lets.append(f"let {name} = {' | '.join(d.lines)}")
    d.lines = [f"{name} | extend origin = 'all'"]
    kept = [r | {"origin": "some"} for r in d.relation.rows if test.of(r) is True]
    rows = [r | {"origin": "all"} for r in d.relation.rows] + kept
    columns = dict(d.relation.columns) | {"origin": Type.STRING}
    line = f"union ({name} | where {test.text} | extend origin = 'some')"
    return d.put(line, Relation(columns, rows), ordered=False)


def toscalar(d: Drawing) -> bool:
    """A number of all rows beside each."""
    if len(d.lines) < 2:
        return False
    x = d.maker.of(Type.LONG)
    name, new = f"L{len(d.lets)}", f"q{d.rnd.randint(1, 99)}"
    values = [v for r in d.relation.rows if (v := x.of(r)) is not None]
    d.lets.append(f"let {name} = {' | '.join(d.lines)}")
    d.lets.append(f"let n{name} = toscalar({name} | summarize max({x.text}))")
    d.lines = [name]
    rows = [r | {new: max(values, default=None)} for r in d.relation.rows]
    columns = dict(d.relation.columns) | {new: Type.LONG}
    return d.put(f"extend {new} = n{name}", Relation(columns, rows), ordered=False)


def let_function(d: Drawing) -> bool:
    """A function over the row's values."""
    if len(d.lets) > 2 or any("(p:" in line for line in d.lets):
        return False
    a, x = d.maker.of(Type.STRING), d.maker.of(Type.LONG)
    d.lets.append("let F = (p: string, q: long) { strcat(p, '/', q + 1) }")
    new = d.name()
    columns = dict(d.relation.columns) | {new: Type.STRING}
    rows = [r | {new: f"{a.of(r)}/{'' if x.of(r) is None else x.of(r) + 1}"} for r in d.relation.rows]
    d.sets.discard(new)
    return d.put(f"extend {new} = F({a.text}, {x.text})", Relation(columns, rows))


def arg_max(d: Drawing) -> bool:
    """The latest row of each key, by a column of which no two rows have the same value."""
    unique = [
        n
        for n, k in d.relation.columns.items()
        if k in (Type.LONG, Type.DATETIME)
        and None not in (values := [r[n] for r in d.relation.rows])
        and len(set(values)) == len(values)
    ]
    keys = [n for n, k in d.relation.columns.items() if k is Type.STRING]
    if not unique or not keys or d.sets:
        return False
    by, key = d.rnd.choice(unique), d.rnd.choice(keys)
    word = d.rnd.choice(["max", "min"])
    groups: dict[object, list[Row]] = {}
    for row in d.relation.rows:
        groups.setdefault(row[key], []).append(row)
    pick = max if word == "max" else min
    rest = [n for n in d.relation.columns if n not in (by, key)]
    order = [key, by, *rest]
    rows = [{n: best[n] for n in order} for g in groups.values() if (best := pick(g, key=lambda r: r[by]))]
    columns = {n: d.relation.columns[n] for n in order}
    return d.put(f"summarize arg_{word}({by}, *) by {key}", Relation(columns, rows), ordered=False)


def expand_pair(d: Drawing) -> bool:
    """Two values side by side, with the position."""
    names = [n for n, k in d.relation.columns.items() if k is Type.DYNAMIC and n not in d.sets]
    if len(names) < 2 or "i" in d.relation.columns:
        return False
    a, b = d.rnd.sample(names, 2)
    rows: list[Row] = []
    for r in d.relation.rows:
        x, y = elements(r[a]), elements(r[b])
        # A null beside an array is no element of its own.
        x = [] if r[a] is None and y else x
        y = [] if r[b] is None and x else y
        for i in range(max(len(x), len(y))):
            rows.append(r | {a: x[i] if i < len(x) else None, b: y[i] if i < len(y) else None, "i": i})
    columns = dict(d.relation.columns) | {"i": Type.LONG}
    return len(rows) <= 200 and d.put(f"mv-expand with_itemindex=i {a}, {b}", Relation(columns, rows), ordered=False)


def expand_text(d: Drawing) -> bool:
    """The parts of a text."""
    a, new = d.maker.of(Type.STRING), f"t{d.rnd.randint(1, 9)}"
    if new in d.relation.columns:
        return False
    columns = dict(d.relation.columns) | {new: Type.STRING}
    limit = d.rnd.choice([0, 2])
    rows = [r | {new: part} for r in d.relation.rows for part in a.of(r).split(",")[: limit or None]]
    line = f"mv-expand {new} = split({a.text}, ',') to typeof(string)" + f" limit {limit}" * bool(limit)
    return len(rows) <= 200 and d.put(line, Relation(columns, rows), ordered=False)


def apply_top(d: Drawing) -> bool:
    """The first elements of each row, by their texts, numbered."""
    name, new = dynamic_column(d), f"e{d.rnd.randint(1, 9)}"
    if not name or {new, "n", "k"} & set(d.relation.columns):
        return False
    rows = []
    for r in d.relation.rows:
        texts = sorted({json_text(e) for e in elements(r[name])}, reverse=True)
        rows += [r | {"k": text, "n": i} for i, text in enumerate(texts[:2], 1)]
    body = f"summarize by k = tostring({new}) | sort by k desc | extend n = row_number() | where n <= 2"
    line = f"mv-apply {new} = {name} on ({body})"
    columns = dict(d.relation.columns) | {"k": Type.STRING, "n": Type.LONG}
    return len(rows) <= 200 and d.put(line, Relation(columns, rows), ordered=False)


def parse(d: Drawing) -> bool:
    """Two parts of a text around a dash, and a number behind."""
    texts = [n for n, k in d.relation.columns.items() if k is Type.STRING]
    if not texts or {"h", "j"} & set(d.relation.columns):
        return False
    name = d.rnd.choice(texts)
    rows = []
    for r in d.relation.rows:
        m = re.fullmatch("(?s)(.*?)a(.*)", r[name])
        rows.append(r | {"h": m[1] if m else "", "j": m[2] if m else ""})
    columns = dict(d.relation.columns) | {"h": Type.STRING, "j": Type.STRING}
    return d.put(f"parse {name} with h 'a' j", Relation(columns, rows))


def distinct_all(d: Drawing) -> bool:
    """Each row once."""
    if any(k in (Type.DYNAMIC, Type.REAL) for k in d.relation.columns.values()):
        return False
    rows = list({tuple(r.values()): r for r in d.relation.rows}.values())
    return d.put("distinct *", Relation(d.relation.columns, rows), ordered=False)


def reorder(d: Drawing) -> bool:
    """A column to the front."""
    name = d.rnd.choice(list(d.relation.columns))
    columns = {name: d.relation.columns[name]} | dict(d.relation.columns)
    return d.put(f"project-reorder {name}", Relation(columns, d.relation.rows))


def keep(d: Drawing) -> bool:
    """Some columns, in their own order."""
    names = set(d.rnd.sample(list(d.relation.columns), d.rnd.randint(1, len(d.relation.columns))))
    columns = {n: k for n, k in d.relation.columns.items() if n in names}
    rows = [{n: r[n] for n in columns} for r in d.relation.rows]
    return d.put("project-keep " + ", ".join(sorted(names)), Relation(columns, rows))


def innerunique(d: Drawing) -> bool:
    """A bare join over a left side in which each key is once."""
    keys = [n for n, k in d.relation.columns.items() if k in (Type.STRING, Type.LONG)]
    if not keys or d.lets:
        return False
    key = d.rnd.choice(keys)
    left = list({r[key]: {key: r[key]} for r in d.relation.rows}.values())
    kind = {key: d.relation.columns[key]}
    columns, rows = joined(
        "inner", Relation(kind, left), d.relation, [(key, key)], second_names(kind, d.relation.columns)
    )
    right = " | ".join(d.lines)
    d.put(f"project {key}", Relation(kind, left), ordered=False)
    return len(rows) <= 200 and d.put(f"join ({right}) on {key}", Relation(columns, rows), ordered=False)


def sessions(d: Drawing) -> bool:
    """Running values that begin anew where a text changes."""
    found = total_order(d)
    texts = [n for n, k in d.relation.columns.items() if k is Type.STRING]
    if found is None or not texts:
        return False
    key, new = d.rnd.choice(texts), f"w{d.rnd.randint(1, 99)}"
    rows, number, last = [], 0, None
    for r in found[1]:
        number = 1 if last is not None and r[key] != last else number + 1
        last = r[key]
        rows.append(r | {new: number})
    d.put(f"sort by {found[0]}", Relation(d.relation.columns, found[1]), ordered=True)
    columns = dict(d.relation.columns) | {new: Type.LONG}
    return d.put(f"extend {new} = row_number(1, {key} != prev({key}))", Relation(columns, rows), ordered=True)


def case_twins(d: Drawing) -> bool:
    """A column whose name differs from another only by case."""
    names = [n for n in d.relation.columns if n.upper() not in d.relation.columns]
    if not names or len({n.lower() for n in d.relation.columns}) < len(d.relation.columns):
        return False
    name = d.rnd.choice(names)
    made = d.maker.any()
    columns = dict(d.relation.columns) | {name.upper(): made.kind}
    rows = [r | {name.upper(): made.of(r)} for r in d.relation.rows]
    return d.put(f"extend {name.upper()} = {made.text}", Relation(columns, rows))


def words(d: Drawing) -> bool:
    """Names that SQL has other uses for."""
    name = d.rnd.choice(["T", "U", "l", "rows", "timestamp", "value", "row_order", "key", "extend_1", "v1", "T_1"])
    if name in d.relation.columns:
        return False
    old = d.rnd.choice(list(d.relation.columns))
    made: Expr = named(old, d.relation.columns[old])
    columns = dict(d.relation.columns) | {name: made.kind}
    rows = [r | {name: made.of(r)} for r in d.relation.rows]
    d.sets |= {name} if old in d.sets else set()
    return d.put(f"extend {name} = {made.text}", Relation(columns, rows))


MORE_FLAT: tuple[Step, ...] = (arg_max, expand_pair, expand_text, parse, distinct_all, reorder, keep)
MORE: tuple[Step, ...] = (
    *MORE_FLAT, let_join, let_union, toscalar, let_function, apply_top, innerunique, sessions, case_twins, words,
)  # fmt: skip
STEPS.extend(MORE)
FLAT_STEPS.extend(MORE_FLAT)
