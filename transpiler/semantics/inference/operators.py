"""What operators make of the rows, and what they tell of the columns of undeclared tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from transpiler.kql import syntax
from transpiler.semantics.inference.rows import Function, Place, Reading, Rows, is_open
from transpiler.semantics.inference.types import Term, ordered, summed, unfit
from transpiler.semantics.inference.values import children, fill, predicate, read, read_all
from transpiler.semantics.names import result_name
from transpiler.semantics.operators.joins import KINDS
from transpiler.semantics.operators.parameters import word
from transpiler.types import TYPE_NAMES, Type

_LOOKUPS = frozenset({"ipv4_lookup", "ipv6_lookup", "geo_polygon_lookup"})
# Plugins over a timeline: how many arguments stand before the dimensions, and what they count.
_ANALYSES: dict[str, tuple[int, tuple[str, ...]]] = {
    "sliding_window_counts": (6, ("Count", "Dcount")),
    "activity_counts_metrics": (5, ("count", "dcount", "new_dcount", "aggregated_dcount")),
    "activity_engagement": (6, ("dcount_activities_inner", "dcount_activities_outer")),
    "session_count": (6, ("count_sessions",)),
    "rolling_percentile": (5, ()),
}


def after(reading: Reading, place: Place, operator: syntax.Operator) -> Rows:
    """The rows behind an operator."""
    reader = _READERS.get(type(operator))
    if reader is not None:
        return reader(reading, place, operator)
    read_all(reading, place, children(operator))
    return place.rows


def _made(reading: Reading, place: Place, items: Iterable[syntax.Expr]) -> dict[str, Term]:
    """The columns that the items of an operator give; each is read over the rows before."""
    found: dict[str, Term] = {}
    for item in items:
        if isinstance(item, syntax.Star | syntax.NamePattern):
            continue
        term = read(reading, place, item)
        if isinstance(item, syntax.NamedExpression):
            kind = TYPE_NAMES.get(item.type_name or "")
            found |= dict.fromkeys(item.names, None if len(item.names) > 1 else kind or term)
        elif (name := result_name(item)) is not None:
            found[name] = term
    return found


def _is_whole(items: Iterable[syntax.Node]) -> bool:
    return any(isinstance(i, syntax.Star | syntax.NamePattern) for i in items)


def _where(reading: Reading, place: Place, node: syntax.Where) -> Rows:
    predicate(reading, place, node.predicate)
    return place.rows


def _extend(reading: Reading, place: Place, node: syntax.Extend | syntax.Serialize) -> Rows:
    return place.rows.with_columns(_made(reading, place, node.columns))


def _project(reading: Reading, place: Place, node: syntax.Project | syntax.Distinct | syntax.ProjectKeep) -> Rows:
    made = _made(reading, place, node.columns)
    return place.rows.with_columns(made) if _is_whole(node.columns) else Rows(made)


def _reorder(reading: Reading, place: Place, node: syntax.ProjectReorder) -> Rows:
    read_all(reading, place, [i.column for i in node.columns if isinstance(i.column, syntax.Name)])
    return place.rows


def _away(reading: Reading, place: Place, node: syntax.ProjectAway) -> Rows:
    read_all(reading, place, [i for i in node.columns if isinstance(i, syntax.Name)])
    return place.rows


def _summarize(reading: Reading, place: Place, node: syntax.Summarize) -> Rows:
    made: dict[str, Term] = {}
    whole = False
    for item in node.aggregates:
        names, term = _aggregate(reading, place, item)
        call = item.value if isinstance(item, syntax.NamedExpression) else item
        if isinstance(call, syntax.Call) and call.name in ("arg_max", "arg_min"):
            made |= _made(reading, place, [a for a in call.arguments if not isinstance(a, syntax.Star)])
        whole = whole or (isinstance(call, syntax.Call) and _is_whole(call.arguments))
        made |= dict.fromkeys(names, term)
    made = {**_made(reading, place, node.by), **made}
    return place.rows.with_columns(made) if whole else Rows(made)


def _aggregate(reading: Reading, place: Place, item: syntax.Expr) -> tuple[tuple[str, ...], Term]:
    """The names and the type of one aggregate."""
    term = read(reading, place, item)
    if isinstance(item, syntax.NamedExpression):
        return item.names, None if len(item.names) > 1 else term
    name = result_name(item)
    return ((name,) if name is not None else ()), term


def _ordered(reading: Reading, place: Place, node: syntax.Sort | syntax.Top) -> Rows:
    for key in node.keys:
        ordered(read(reading, place, key.value))
    if isinstance(node, syntax.Top):
        read(reading, place, node.count)
    return place.rows


def _count(reading: Reading, place: Place, node: syntax.Count) -> Rows:
    return Rows({node.name or "Count": Type.LONG})


def _join(reading: Reading, place: Place, node: syntax.Join | syntax.Lookup) -> Rows:
    from transpiler.semantics.inference.contract import table

    left, right = place.rows, table(reading, place.lets, node.right)
    for key in node.on:
        _key(reading, left, right, key)
    kind = KINDS.get(word(node, "kind").lower(), "")
    # A name may now be either side's, and a watchlist is given none by guessing.
    if reading.watchlists and is_open(left):
        return Rows(left.made)
    if kind in ("leftsemi", "leftanti"):
        return left
    if kind in ("rightsemi", "rightanti"):
        return right
    return Rows(below=(left, right), is_join=True)


def _key(reading: Reading, left: Rows, right: Rows, node: syntax.Node) -> None:
    """The keys of a join are columns of both sides."""
    match node:
        case syntax.Name() if not node.name.startswith("$"):
            keys = reading.column(left, node.name), reading.column(right, node.name)
            reading.facts.same(*keys, is_demanded=True)
        case syntax.Binary(operator="=="):
            keys = _of_side(reading, left, right, node.left), _of_side(reading, left, right, node.right)
            reading.facts.same(*keys, is_demanded=True)
        case syntax.Logical():
            for operand in node.operands:
                _key(reading, left, right, operand)
        case _:
            pass


def _of_side(reading: Reading, left: Rows, right: Rows, node: syntax.Node) -> Term:
    match node:
        case syntax.Member(base=syntax.Name(name="$left")):
            return reading.column(left, node.name)
        case syntax.Member(base=syntax.Name(name="$right")):
            return reading.column(right, node.name)
        case syntax.Call(arguments=(inner, *_)):
            _of_side(reading, left, right, inner)
            return None
        case _:
            return None


def _union(reading: Reading, place: Place, node: syntax.Union) -> Rows:
    from transpiler.semantics.inference.contract import table

    sides = [place.rows] if place.rows.made or place.rows.root or place.rows.below else []
    sides += [table(reading, place.lets, o) for o in node.operands]
    if reading.watchlists:
        return Rows(place.rows.made)
    source = word(node, "withsource")
    return Rows({source: Type.STRING} if source else {}, below=tuple(sides))


def _expand(reading: Reading, place: Place, node: syntax.MvExpand | syntax.MvApply) -> Rows:
    made: dict[str, Term] = {}
    for column in node.columns:
        value = column.value if isinstance(column, syntax.NamedExpression) else column
        fill(read(reading, place, value), Type.DYNAMIC)
        names = column.names if isinstance(column, syntax.NamedExpression) else ()
        written = column.type_name if isinstance(column, syntax.NamedExpression) else None
        name = names[0] if names else result_name(value)
        if name is not None:
            made[name] = TYPE_NAMES.get(written or "dynamic")
    if index := word(node, "with_itemindex"):
        made[index] = Type.LONG
    rows = place.rows.with_columns(made)
    if isinstance(node, syntax.MvExpand):
        return rows
    from transpiler.semantics.inference.contract import operators

    body = operators(reading, place.lets, rows, node.body.operators)
    return rows.with_columns(body.made)


def _parse(reading: Reading, place: Place, node: syntax.Parse) -> Rows:
    fill(read(reading, place, node.operand), Type.STRING)
    made = {p.column: TYPE_NAMES.get(p.type_name or "string") for p in node.parts if p.column is not None}
    return place.rows.with_columns(made)


def _parse_kv(reading: Reading, place: Place, node: syntax.ParseKv) -> Rows:
    fill(read(reading, place, node.operand), Type.STRING)
    return place.rows.with_columns({c.name: TYPE_NAMES.get(c.type_name) for c in node.columns})


def _make_series(reading: Reading, place: Place, node: syntax.MakeSeries) -> Rows:
    made = _made(reading, place, node.by)
    for item in node.aggregates:
        names, _ = _aggregate(reading, place, item.value)
        made |= dict.fromkeys(names, Type.DYNAMIC)
    axis = read(reading, place, node.axis)
    unfit(axis, "make-series does not run over a string", node.axis.span)
    for bound in (node.start, node.stop):
        if bound is not None:
            reading.facts.same(axis, read(reading, place, bound), by_comparison=True)
    reading.facts.arithmetic("-", axis, read(reading, place, node.step), node.step.span)
    name = result_name(node.axis)
    return Rows({**made, **({name: Type.DYNAMIC} if name else {})})


def _top_nested(reading: Reading, place: Place, node: syntax.TopNested) -> Rows:
    made: dict[str, Term] = {}
    for clause in node.clauses:
        read_all(reading, place, [e for e in (clause.count, clause.others) if e is not None])
        made |= _made(reading, place, [clause.value])
        names, term = _aggregate(reading, place, clause.by)
        written = isinstance(clause.by, syntax.NamedExpression)
        made |= dict.fromkeys(names if written else [f"aggregated_{n}" for n in made], term)
    return Rows(made)


def _sample_distinct(reading: Reading, place: Place, node: syntax.SampleDistinct) -> Rows:
    return Rows(_made(reading, place, [node.of]))


def _top_hitters(reading: Reading, place: Place, node: syntax.TopHitters) -> Rows:
    made = _made(reading, place, [node.value])
    if node.by is not None:
        summed(read(reading, place, node.by))
    names = [f"approximate_sum_{n}" for n in map(result_name, [node.by] if node.by else []) if n]
    return Rows({**made, "approximate_count_": Type.LONG, **dict.fromkeys(names)})


def _partition(reading: Reading, place: Place, node: syntax.Partition) -> Rows:
    from transpiler.semantics.inference.contract import operators, table

    read(reading, place, node.by)
    if node.body.source is not None:
        return table(reading, place.lets, node.body)
    return operators(reading, place.lets, place.rows, node.body.operators)


def _scan(reading: Reading, place: Place, node: syntax.Scan) -> Rows:
    read_all(reading, place, [*(k.value for k in node.order), *node.partition])
    rows = place.rows.with_columns({c.name: TYPE_NAMES.get(c.type_name) for c, _ in node.declare})
    steps = {step.name: Rows() for step in node.steps}
    within = Place(rows, {**place.lets, **steps})
    for step in node.steps:
        _steps(reading, within, step.condition, steps)
        for assignment in step.assignments:
            _steps(reading, within, assignment.value, steps)
    return rows


def _steps(reading: Reading, place: Place, node: syntax.Node, steps: dict[str, Rows]) -> None:
    """An expression of a step: ``s.Column`` is a column of the row that step s has seen."""
    if isinstance(node, syntax.Member) and isinstance(node.base, syntax.Name) and node.base.name in steps:
        reading.column(place.rows, node.name)
        return
    below = list(children(node))
    if any(_names_step(c, steps) for c in below):
        for child in below:
            _steps(reading, place, child, steps)
    else:
        read(reading, place, node)


def _names_step(node: syntax.Node, steps: dict[str, Rows]) -> bool:
    from transpiler.semantics.inference.contract import walk

    return any(isinstance(n, syntax.Name) and n.name in steps for n in walk(node))


def _search(reading: Reading, place: Place, node: syntax.Search | syntax.Find) -> Rows:
    from transpiler.semantics.inference.contract import table

    sides = [table(reading, place.lets, t) for t in node.tables] or [place.rows]
    rows = Rows({"$table": Type.STRING}, below=tuple(sides))
    predicate(reading, Place(rows, place.lets), node.predicate)
    if isinstance(node, syntax.Search) or not node.project:
        return rows
    made = _made(reading, Place(rows, place.lets), node.project)
    return Rows({word(node, "withsource", "source_"): Type.STRING, **made})


def _evaluate(reading: Reading, place: Place, node: syntax.Evaluate) -> Rows:
    from transpiler.semantics.inference.contract import table

    made: dict[str, Term] = {c.name: TYPE_NAMES.get(c.type_name) for c in node.schema or ()}
    call = node.call
    if call.name in _LOOKUPS and call.arguments:
        right = table(reading, place.lets, call.arguments[0])
        both = Rows(made, below=(place.rows, right), is_join=True)
        for position, argument in enumerate(call.arguments[1:], start=1):
            read(reading, Place(place.rows if position == 1 else right, place.lets), argument)
        return both
    terms = [read(reading, place, a) for a in call.arguments]
    if call.name in _ANALYSES and len(terms) >= _ANALYSES[call.name][0]:
        return _analysis(reading, call, terms)
    if call.name == "bag_unpack" and terms:
        fill(terms[0], Type.DYNAMIC)
    if call.name == "pivot":
        return Rows(made)
    return place.rows.with_columns(made)


def _analysis(reading: Reading, call: syntax.Call, terms: list[Term]) -> Rows:
    """A timeline, its dimensions and what is counted along it."""
    before, counts = _ANALYSES[call.name]
    is_rolling = call.name == "rolling_percentile"
    place, step = (2, 3) if is_rolling else (1, 4)
    for limit in () if is_rolling else terms[2:4]:
        reading.facts.same(terms[place], limit, by_comparison=True)
    reading.facts.arithmetic("-", terms[place], terms[step], call.arguments[place].span)
    made: dict[str, Term] = dict.fromkeys(counts, Type.LONG)
    if call.name == "activity_engagement":
        made["activity_ratio"] = Type.REAL
    if is_rolling:
        summed(terms[0])
        points = [str(getattr(a, "value", "")) for a in (call.arguments[4], call.arguments[1])]
        made[f"rolling_{points[0]}_percentile_{result_name(call.arguments[0])}_{points[1]}"] = terms[0]
    kept = [(call.arguments[i], terms[i]) for i in (place, *range(before, len(terms)))]
    return Rows({**{result_name(a) or "": t for a, t in kept}, **made})


def _invoke(reading: Reading, place: Place, node: syntax.Invoke) -> Rows:
    from transpiler.semantics.inference.contract import called

    function = place.lets.get(node.call.name)
    if not isinstance(function, Function):
        return Rows()
    found = called(reading, place, function, node.call, place.rows)
    return found if isinstance(found, Rows) else Rows()


def _closed(reading: Reading, place: Place, node: syntax.Operator) -> Rows:
    read_all(reading, place, children(node))
    return Rows()


def _print(reading: Reading, place: Place, node: syntax.Print) -> Rows:
    return Rows(_made(reading, place, node.columns))


def _range(reading: Reading, place: Place, node: syntax.Range) -> Rows:
    term = read(reading, place, node.start)
    read_all(reading, place, [e for e in (node.stop, node.step) if e is not None])
    return Rows({node.column: term})


def _same(reading: Reading, place: Place, node: syntax.Operator) -> Rows:
    return place.rows


_READERS: dict[type[syntax.Node], Callable[..., Rows]] = {
    syntax.Where: _where,
    syntax.Extend: _extend,
    syntax.Serialize: _extend,
    syntax.Project: _project,
    syntax.Distinct: _project,
    syntax.ProjectKeep: _project,
    syntax.ProjectRename: _extend,
    syntax.ProjectReorder: _reorder,
    syntax.ProjectAway: _away,
    syntax.Summarize: _summarize,
    syntax.Count: _count,
    syntax.Sort: _ordered,
    syntax.Top: _ordered,
    syntax.Join: _join,
    syntax.Lookup: _join,
    syntax.Union: _union,
    syntax.MvExpand: _expand,
    syntax.MvApply: _expand,
    syntax.Parse: _parse,
    syntax.ParseKv: _parse_kv,
    syntax.MakeSeries: _make_series,
    syntax.TopNested: _top_nested,
    syntax.TopHitters: _top_hitters,
    syntax.SampleDistinct: _sample_distinct,
    syntax.Partition: _partition,
    syntax.Scan: _scan,
    syntax.Search: _search,
    syntax.Find: _search,
    syntax.Evaluate: _evaluate,
    syntax.Invoke: _invoke,
    syntax.GetSchema: _closed,
    syntax.Reduce: _closed,
    syntax.Print: _print,
    syntax.Range: _range,
    syntax.Render: _same,
    syntax.Consume: _same,
}
