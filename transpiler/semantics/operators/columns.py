"""Operators that shape columns: extend, project and its family, print, range, serialize."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from transpiler.kql import syntax
from transpiler.plan.relations import OrderKey, Project, Series, Values
from transpiler.plan.scalars import Column, ColumnRef, Constant, Scalar
from transpiler.plan.ticks import ticks_beyond, whole_microseconds
from transpiler.semantics.dispatch import MULTI_BINDERS, bind_column_of, bind_constant, bind_scalar, binds_operator
from transpiler.semantics.names import UniqueNames, result_name, unnamed_beside
from transpiler.semantics.scalars.arrays import check_finite
from transpiler.semantics.scalars.calls import CAST_HINT, convert
from transpiler.semantics.scalars.reflection import asked_for
from transpiler.semantics.scope import Openness, Scope, Tabular, did_you_mean
from transpiler.semantics.shaping import column_for, origin_of, project
from transpiler.source import Span
from transpiler.types import NUMBERS, Type, widest


def item_of(scope: Scope, item: syntax.Expr) -> tuple[str | None, bool, list[tuple[str | None, Scalar]]]:
    """One item of extend, project or summarize by: (name, whether it was written, named scalars)."""
    if isinstance(item, syntax.NamedExpression):
        scalars = expand_item(scope, item.value)
        # A function of several columns yields as many as are named.
        named: list[tuple[str | None, Scalar]] = [
            (name, scalar) for name, (_, scalar) in zip(item.names, scalars, strict=False)
        ]
        if len(item.names) > len(scalars):
            raise scope.error("KQL101", f"{len(item.names)} names are given for {len(scalars)} columns", item.span)
        return (item.names[0] if item.names else None), True, named
    return result_name(item), False, expand_item(scope, item)


def expand_item(scope: Scope, expression: syntax.Expr) -> list[tuple[str | None, Scalar]]:
    """The scalars of one expression: one, or several for functions that yield several columns (series_fit_line …)."""
    if isinstance(expression, syntax.Call) and (binder := MULTI_BINDERS.get(expression.name)) is not None:
        return binder(scope, expression)
    if isinstance(expression, syntax.Index) and (picked := bind_column_of(scope, expression)) is not None:
        return [picked]
    scalar = bind_scalar(scope, expression)
    return [(result_name(expression) or asked_for(scope, expression, scalar), scalar)]


@binds_operator(syntax.Extend, syntax.Serialize)
def _extend(scope: Scope, tabular: Tabular, node: syntax.Extend | syntax.Serialize) -> Tabular:
    serialize = isinstance(node, syntax.Serialize)
    if serialize:
        tabular = replace(tabular, serialized=True)
        if not node.columns:
            return tabular
    row = scope.over(tabular)
    visible = list(tabular.visible)
    declared: set[str] = set()
    computed: dict[Column, Scalar] = {}
    for item in node.columns:
        for name, explicit, scalar in named_scalars(row, item):
            if name is not None and (explicit or is_column(name, scalar)):
                if name in declared:
                    raise scope.error("KQL101", f"a column named '{name}' is computed twice", item.span)
                declared.add(name)
            final = name or unnamed_beside({c.name for c in tabular.visible}, scope.environment)
            if isinstance(item, syntax.Call) and item.name in MULTI_BINDERS:
                # Trap: theirs are the only names that nobody wrote which replace no column.
                final = UniqueNames(c.name for c in (*tabular.visible, *visible)).unique(final)
            place(visible, computed, column_for(final, scalar), scalar)
    return project(tabular, visible, computed, origin_of(scope, node, "serialize" if serialize else "extend"))


def is_column(name: str, scalar: Scalar) -> bool:
    """Whether a scalar is a column under its own name, which counts as written: ``s``, or ``tostring(s)`` of a string."""
    return isinstance(scalar, ColumnRef) and scalar.column.name == name


def final_name(scope: Scope, names: UniqueNames, item: tuple[str | None, bool, Scalar], span: Span) -> str:
    """The name of one item of project, distinct or by. Raises KqlError for a name that is declared twice."""
    name, explicit, scalar = item
    if name is None:
        return names.unnamed(scope.environment)
    if not explicit and not is_column(name, scalar):
        return names.unique(name)
    if (final := names.declare(name)) is None:
        raise scope.error("KQL101", f"a column named '{name}' is given twice", span)
    return final


def named_scalars(scope: Scope, item: syntax.Expr) -> list[tuple[str | None, bool, Scalar]]:
    """(name, whether it was written, scalar) of one item."""
    _, explicit, scalars = item_of(scope, item)
    return [(name, explicit and name is not None, scalar) for name, scalar in scalars]


def place(visible: list[Column], computed: dict[Column, Scalar], column: Column, scalar: Scalar) -> None:
    """Puts a column where one of its name stands, else at the end."""
    computed[column] = scalar
    for i, old in enumerate(visible):
        if old.name == column.name:
            visible[i] = column
            computed.pop(old, None)
            return
    visible.append(column)


@binds_operator(syntax.Project)
def _project(scope: Scope, tabular: Tabular, node: syntax.Project) -> Tabular:
    row = scope.over(tabular)
    items = [named for item in node.columns for named in _project_item(row, tabular, item)]
    columns, computed = output_columns(scope, items, node)
    result = project(tabular, columns, computed, origin_of(scope, node, "project"))
    has_star = any(isinstance(i, syntax.Star) for i in node.columns)
    openness = tabular.openness.asked_whole() if has_star else Openness.CLOSED
    return result if result.openness is openness else replace(result, openness=openness)


def _project_item(row: Scope, tabular: Tabular, item: syntax.Expr) -> list[tuple[str | None, bool, Scalar]]:
    if isinstance(item, syntax.Star):
        return [(c.name, False, ColumnRef(c)) for c in tabular.visible]
    if isinstance(item, syntax.Name) and row.column(item.name) is not None:
        return [(item.name, True, bind_scalar(row, item))]
    return named_scalars(row, item)


def output_columns(
    scope: Scope, items: Sequence[tuple[str | None, bool, Scalar]], node: syntax.Node
) -> tuple[list[Column], dict[Column, Scalar]]:
    """Columns of a new output."""
    names = UniqueNames()
    columns: list[Column] = []
    computed: dict[Column, Scalar] = {}
    for item in items:
        _, _, scalar = item
        final = final_name(scope, names, item, node.span)
        if isinstance(scalar, ColumnRef) and scalar.column.name == final and scalar.column not in columns:
            columns.append(scalar.column)
            continue
        is_absent = isinstance(scalar, ColumnRef) and scalar.column.is_absent
        column = replace(column_for(final, scalar), is_absent=is_absent)
        columns.append(column)
        computed[column] = scalar
    return columns, computed


def matching(
    scope: Scope, tabular: Tabular, selectors: Iterable[syntax.Expr], *, must_exist: bool = True
) -> list[Column]:
    """The columns that names and wildcards choose, in the order of the table."""
    chosen: list[Column] = []
    for selector in selectors:
        match selector:
            case syntax.Star():
                found = list(tabular.visible)
            case syntax.NamePattern():
                found = _like(tabular, selector.pattern)
            case syntax.Name():
                found = [c for c in tabular.visible if c.name == selector.name]
                if not found and must_exist and not tabular.is_open:
                    known = [c.name for c in tabular.visible]
                    raise scope.error(
                        "KQL100", f"no column '{selector.name}'", selector.span, hint=did_you_mean(selector.name, known)
                    )
            case _:
                raise scope.error("KQL104", "a column's name is expected here", selector.span)
        chosen += [c for c in found if c not in chosen]
    return chosen


def _like(tabular: Tabular, pattern: str) -> list[Column]:
    """The columns whose names match, in the order of the table; ``*`` alone is a wildcard."""
    escaped = re.sub(r"[\[?]", r"[\g<0>]", pattern)
    return [c for c in tabular.visible if fnmatch.fnmatchcase(c.name, escaped)]


@binds_operator(syntax.ProjectAway)
def _project_away(scope: Scope, tabular: Tabular, node: syntax.ProjectAway) -> Tabular:
    away = set(matching(scope, tabular, node.columns))
    kept = [c for c in tabular.visible if c not in away]
    result = project(tabular, kept, {}, origin_of(scope, node, "project-away"))
    return replace(result, openness=tabular.openness.asked_whole())


@binds_operator(syntax.ProjectKeep)
def _project_keep(scope: Scope, tabular: Tabular, node: syntax.ProjectKeep) -> Tabular:
    keep = set(matching(scope, tabular, node.columns))
    kept = [c for c in tabular.visible if c in keep]
    result = project(tabular, kept, {}, origin_of(scope, node, "project-keep"))
    are_names = all(isinstance(i, syntax.Name) for i in node.columns)
    return replace(result, openness=Openness.CLOSED if are_names else tabular.openness.asked_whole())


@binds_operator(syntax.ProjectRename)
def _project_rename(scope: Scope, tabular: Tabular, node: syntax.ProjectRename) -> Tabular:
    visible = list(tabular.visible)
    computed: dict[Column, Scalar] = {}
    for item in node.columns:
        if not isinstance(item, syntax.NamedExpression) or not isinstance(item.value, syntax.Name):
            raise scope.error("KQL104", "project-rename takes new = old", item.span)
        (old,) = matching(scope, tabular, [item.value])
        if old not in visible:
            raise scope.error("KQL101", f"column '{old.name}' is renamed twice", item.span)
        if item.names[0] != old.name and tabular.column(item.names[0]) is not None:
            raise scope.error("KQL101", f"a column named '{item.names[0]}' is there already", item.span)
        new = replace(old, name=item.names[0])
        visible[visible.index(old)] = new
        computed[new] = ColumnRef(old, item.span)
    names = [c.name for c in visible]
    if len(set(names)) != len(names):
        raise scope.error("KQL101", "project-rename gives a name that another column has", node.span)
    return project(tabular, visible, computed, origin_of(scope, node, "project-rename"))


@binds_operator(syntax.ProjectReorder)
def _project_reorder(scope: Scope, tabular: Tabular, node: syntax.ProjectReorder) -> Tabular:
    """Each column where the first name or wildcard chooses it (documentation: project-reorder), the rest as it was."""
    names = [s.column.name for s in node.columns if isinstance(s.column, syntax.Name)]
    chosen: list[Column] = []
    for item in node.columns:
        found = [c for c in matching(scope, tabular, [item.column]) if c not in chosen]
        if isinstance(item.column, syntax.Name) and names.count(item.column.name) > 1:
            raise scope.error("KQL101", f"column '{item.column.name}' is given twice", item.column.span)
        chosen += found if isinstance(item.column, syntax.Name) else _reordered(found, item.order)
    rest = [c for c in tabular.visible if c not in chosen]
    result = project(tabular, [*chosen, *rest], {}, origin_of(scope, node, "project-reorder"))
    are_names = all(isinstance(i.column, syntax.Name) for i in node.columns)
    return result if are_names else replace(result, openness=tabular.openness.asked_whole())


@binds_operator(syntax.ProjectByNames)
def _project_by_names(scope: Scope, tabular: Tabular, node: syntax.ProjectByNames) -> Tabular:
    """Columns in the order in which texts, and arrays of texts, ask for them first.

    A name that no column has is passed over (the operator's page); names and wildcards heed case (the binder).
    """
    if tabular.is_open:
        raise scope.error("KQL203", "which of these columns there are depends on data that is not declared", node.span)
    wanted = [name for item in node.columns for name in _names_in(scope, item)]
    chosen = list(dict.fromkeys(c for name in wanted for c in _like(tabular, name)))
    if not chosen:
        raise scope.error("KQL105", "project-by-names keeps no column", node.span)
    result = project(tabular, chosen, {}, origin_of(scope, node, "project-by-names"))
    return result if any("*" in name for name in wanted) else replace(result, openness=Openness.CLOSED)


def _names_in(scope: Scope, item: syntax.Expr) -> list[str]:
    constant = bind_constant(scope.without_row(), item, "a column's name")
    found = json.loads(str(constant.value)) if constant.type is Type.DYNAMIC and constant.value else constant.value
    asked = found if isinstance(found, list) else [found]
    names = [name for name in asked if isinstance(name, str)]
    if len(names) != len(asked):
        raise scope.error("KQL104", "project-by-names takes texts and arrays of texts", item.span)
    return names


def _reordered(columns: list[Column], order: str | None) -> list[Column]:
    if order is None:
        return columns
    natural = order.startswith("granny")

    def key(column: Column) -> list[tuple[int, int, str]]:
        parts = re.findall(r"\d+|\D+", column.name.lower() if not natural else column.name)
        return [(0, int(p), "") if p.isdigit() and natural else (1, 0, p) for p in parts]

    return sorted(columns, key=key, reverse=order.endswith("desc"))


@binds_operator(syntax.Print)
def _print(scope: Scope, tabular: Tabular | None, node: syntax.Print) -> Tabular:
    names = UniqueNames()
    items: list[tuple[str, Scalar]] = []
    scope = scope.without_row()
    for position, item in enumerate(node.columns):
        scalars = named_scalars(scope, item)
        several = len(scalars) > 1 or (isinstance(item, syntax.Index) and bind_column_of(scope, item) is not None)
        for name, explicit, scalar in scalars:
            if explicit and name is not None:
                final = names.declare(name)
            else:
                final = names.unique(name if name is not None and several else f"print_{position}")
            if final is None:
                raise scope.error("KQL101", f"a column named '{name}' is given twice", item.span)
            items.append((final, scalar))
    computed = {column_for(name, scalar): scalar for name, scalar in items}
    origin = origin_of(scope, node, "print")
    one = Values(columns=(), origin=origin, rows=((),))
    columns = tuple(computed)
    return Tabular(Project(columns=columns, origin=origin, input=one, computed=computed), columns)


def _range_type(scope: Scope, start: Scalar, stop: Scalar, step: Scalar) -> Type:
    """The type of a range's values: the widest number, or the start's where it is a time."""
    types = {s.type for s in (start, stop, step)}
    if types <= NUMBERS:
        return widest(types)
    if start.type is stop.type is Type.DATETIME and step.type is Type.TIMESPAN:
        return Type.DATETIME
    if types == {Type.TIMESPAN}:
        return Type.TIMESPAN
    listed = ", ".join(str(s.type) for s in (start, stop, step))
    raise scope.error(
        "KQL102",
        f"range runs over numbers or times of one kind, these are {listed}",
        start.span.to(step.span),
        hint=CAST_HINT if Type.DYNAMIC in types else "",
    )


@binds_operator(syntax.Range)
def _range(scope: Scope, tabular: Tabular | None, node: syntax.Range) -> Tabular:
    scope = scope.without_row()
    start, stop = bind_scalar(scope, node.start), bind_scalar(scope, node.stop)
    step = bind_scalar(scope, node.step) if node.step is not None else Constant(Type.LONG, 1, node.span)
    t = _range_type(scope, start, stop, step)
    start, stop = convert(scope, start, t), convert(scope, stop, t)
    step = convert(scope, step, Type.TIMESPAN if t is Type.DATETIME else t)
    check_finite(scope, (start, stop, step))
    if isinstance(step, Constant) and step.value == 0:
        raise scope.error("KQL104", "a step of zero never ends", step.span)
    column = Column(node.column, t, False, is_end=ticks_beyond(start) > 0)
    origin = origin_of(scope, node, "range")
    is_down = isinstance(step, Constant) and isinstance(step.value, int | float) and step.value < 0
    if isinstance(step, Constant):
        # All its values are whole microseconds, or it is refused where start or step are written.
        stop = whole_microseconds(stop, upward=is_down)
    series = Series(columns=(column,), origin=origin, start=start, stop=stop, step=step)
    return Tabular(series, (column,), ordinal=OrderKey(ColumnRef(column), is_down, not is_down), serialized=True)
