"""union: columns by name and type, fuzzy operands, wildcards over the given tables, the source's name."""

from __future__ import annotations

import fnmatch
from collections import Counter
from dataclasses import replace

from transpiler.catalog.model import is_unknown
from transpiler.diagnostics import KqlError
from transpiler.kql import syntax
from transpiler.plan.relations import Reference, Scan, UnionAll
from transpiler.plan.scalars import Column, ColumnRef, Constant, Scalar
from transpiler.semantics.dispatch import bind_source, binds_operator
from transpiler.semantics.names import UniqueNames
from transpiler.semantics.operators.parameters import kind_of, word
from transpiler.semantics.scope import FunctionLet, Openness, Scope, Tabular, TabularLet
from transpiler.semantics.shaping import origin_of, unordered
from transpiler.semantics.tables import is_table
from transpiler.types import Type


@binds_operator(syntax.Union)
def _union(scope: Scope, tabular: Tabular | None, node: syntax.Union) -> Tabular:
    kind = kind_of(scope, node, ("outer", "inner"))
    fuzzy = word(node, "isfuzzy", "false").lower() == "true"
    source_column = word(node, "withsource")
    sides: list[tuple[str, Tabular]] = []
    if tabular is not None:
        name = tabular.alias or _table_of(scope, tabular) or "union_arg0"
        sides.append((name, tabular))
    for operand in node.operands:
        sides += _operand(scope, operand, fuzzy, len(sides))
    if not sides:
        raise scope.error("KQL100", "none of the union's tables is known", node.span)
    open_sides = [t for _, t in sides if t.openness is Openness.OPEN]
    if open_sides and len(sides) > 1:
        raise scope.error(
            "KQL203",
            "the columns of a side of union depend on data that is not declared",
            node.span,
            hint="project the columns that are wanted first",
        )
    return unite(scope, sides, kind, source_column, node)


def _operand(scope: Scope, operand: syntax.Expr, fuzzy: bool, position: int) -> list[tuple[str, Tabular]]:
    without_row = scope.without_row()
    if isinstance(operand, syntax.TabularWildcard | syntax.NamePattern | syntax.Star):
        pattern = "*" if isinstance(operand, syntax.Star) else operand.pattern
        names = matching_tables(scope, pattern, operand, fuzzy)
        return [(n, bind_source(without_row, syntax.Name(n, span=operand.span))) for n in names]
    if fuzzy and isinstance(operand, syntax.Name | syntax.Call) and not is_table(without_row, operand):
        return []
    try:
        bound = bind_source(without_row, operand)
    except KqlError as error:
        if fuzzy and is_unknown(error):
            return []
        raise
    return [(side_name(scope, operand, bound, position), bound)]


def side_name(scope: Scope, operand: syntax.Expr, bound: Tabular, position: int) -> str:
    """What withsource calls a side: the table's name, or ``union_argN``."""
    if isinstance(operand, syntax.Name) and operand.name not in scope.bindings:
        return operand.name
    if isinstance(operand, syntax.Name | syntax.Call) and is_view(scope, operand.name):
        return operand.name
    table = _renamed_table(scope, operand.name) if isinstance(operand, syntax.Name) else ""
    return bound.alias or table or f"union_arg{position}"


def _table_of(scope: Scope, tabular: Tabular) -> str:
    """The table that the left side is, by its own name or by a let's; nothing when an operator has worked on it."""
    if isinstance(tabular.relation, Reference):
        return _renamed_table(scope, tabular.relation.name)
    return tabular.table_name if isinstance(tabular.relation, Scan) else ""


def _renamed_table(scope: Scope, name: str) -> str:
    """The table that a let only gives another name: withsource tells that table's name (measured on Kusto's emulator)."""
    binding = scope.bindings.get(name)
    return binding.table if isinstance(binding, TabularLet) else ""


def is_view(scope: Scope, name: str) -> bool:
    """Whether a name is a let that is declared with ``view``: it counts as a table."""
    binding = scope.bindings.get(name)
    return isinstance(binding, FunctionLet) and binding.body.is_view


def matching_tables(scope: Scope, pattern: str, node: syntax.Node, fuzzy: bool) -> list[str]:
    """The given tables (and tabular lets) whose names match a wildcard, in order."""
    known = list(scope.environment.catalog.names())
    lets = [n for n in scope.bindings if is_view(scope, n)]
    tables = [n for n in known if scope.environment.has_table(n)]
    names = [n for n in dict.fromkeys([*tables, *lets]) if fnmatch.fnmatchcase(n, pattern)]
    if not names and not fuzzy:
        raise scope.error("KQL100", f"no table matches '{pattern}'", node.span, hint="declare the tables' columns")
    return names


def unite(scope: Scope, sides: list[tuple[str, Tabular]], kind: str, source_column: str, node: syntax.Node) -> Tabular:
    """The rows of all sides. A column that has two types is split into ``name_type`` columns."""
    layout = _layout([t for _, t in sides], inner=kind == "inner")
    disputed = _disputed([t for _, t in sides], layout)
    scope.environment.disputed |= {name: _not_agreed(scope, name, node) for name in disputed}
    stored = {(c.name, c.type) for _, side in sides for c in side.visible if not c.is_end}
    columns = {
        (original, t): Column(name, t, True, is_end=t is Type.DATETIME and (original, t) not in stored)
        for name, t, original in layout
    }
    source = Column(source_column, Type.STRING, False) if source_column else None
    mappings: list[dict[Column, Scalar]] = []
    for name, side in sides:
        mapping: dict[Column, Scalar] = {}
        if source is not None:
            mapping[source] = Constant(Type.STRING, name, node.span)
        for found in side.visible:
            if not found.is_absent and (column := columns.get((found.name, found.type))) is not None:
                mapping[column] = ColumnRef(found)
        mappings.append(mapping)
    output = ([source] if source is not None else []) + list(columns.values())
    arrival = _arrival([t for _, t in sides], mappings)
    relation = UnionAll(
        columns=(*output, *([arrival] if arrival else [])),
        origin=origin_of(scope, node, "union"),
        inputs=tuple(t.relation for _, t in sides),
        sources=tuple(mappings),
    )
    openness = max(t.openness for _, t in sides)
    return replace(unordered(relation, output, openness=openness), arrival=arrival)


def _arrival(sides: list[Tabular], mappings: list[dict[Column, Scalar]]) -> Column | None:
    """A hidden column of when each row arrived, where all sides tell it."""
    told = [side.arrival for side in sides if side.arrival in side.relation.columns]
    if not all(told) or len(told) < len(sides):
        return None
    column = Column("ingestion_time", Type.DATETIME, True)
    for mapping, own in zip(mappings, told, strict=True):
        if own is not None:
            mapping[column] = ColumnRef(own)
    return column


def _disputed(sides: list[Tabular], layout: list[tuple[str, Type, str]]) -> list[str]:
    """The split columns that Microsoft's binder does not split: the first two sides that have them agree upon the type."""
    counts = Counter(original for _, _, original in layout)
    types: dict[str, list[Type]] = {original: [] for original, count in counts.items() if count > 1}
    for column in (c for side in sides for c in side.visible if c.name in types):
        types[column.name].append(column.type)
    return [name for name, _, original in layout if original in types and types[original][0] is types[original][1]]


def _not_agreed(scope: Scope, name: str, node: syntax.Node) -> KqlError:
    return scope.error(
        "KQL204",
        f"column {name} comes from a union of three tables or more whose first two agree upon its type and a later one"
        " does not: the documentation splits such a column by type, Microsoft's own binder does not",
        node.span,
        hint="convert it in the tables of the union, or project the columns that are wanted",
    )


def _layout(sides: list[Tabular], *, inner: bool) -> list[tuple[str, Type, str]]:
    """(output name, type, name in the sides) of each output column, in the order of first appearance."""
    types: dict[str, list[Type]] = {}
    for side in sides:
        for column in side.visible:
            known = types.setdefault(column.name, [])
            if column.type not in known:
                known.append(column.type)
    if inner:
        shared = set.intersection(*({c.name for c in s.visible} for s in sides))
        types = {n: t for n, t in types.items() if n in shared}
    # Trap: Microsoft's binder gives numbers from left to right, the engine to what is split (the page of union shows it).
    names = UniqueNames(n for n, kinds in types.items() if len(kinds) == 1)
    return [
        (name if len(kinds) == 1 else names.unique(f"{name}_{t}"), t, name)
        for name, kinds in types.items()
        for t in kinds
    ]
