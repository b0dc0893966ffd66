"""``in``, ``has_any`` and kin: lists of scalars, dynamic lists, and tables."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from transpiler.diagnostics import KqlError
from transpiler.kql import syntax
from transpiler.plan.relations import Filter, Origin
from transpiler.plan.scalars import Column, ColumnRef, Constant, InRelation, Scalar, ScalarSubquery
from transpiler.semantics.dispatch import bind_scalar, bind_source, binds_scalar
from transpiler.semantics.operators.expand import Item, expanded
from transpiler.semantics.operators.summarize import AggregateItem, aggregated
from transpiler.semantics.scalars.aggregates import list_with_nulls
from transpiler.semantics.scalars.calls import call_function, convert, make_call, overload_of
from transpiler.semantics.scalars.expressions import as_number, connect
from transpiler.semantics.scalars.packing import as_dynamic
from transpiler.semantics.scope import Scope, Tabular, TabularLet, check_first, check_whole
from transpiler.semantics.shaping import converted_column
from transpiler.semantics.tables import is_tabular_call
from transpiler.source import Span
from transpiler.types import NUMBERS, Type, widest


@binds_scalar(syntax.InList)
def bind_membership(scope: Scope, node: syntax.InList) -> Scalar:
    """The membership test of a value (or, for ``*``, of any column)."""
    negated = node.operator.startswith("!")
    operator = node.operator.lstrip("!")
    if isinstance(node.left, syntax.Star):
        check_whole(scope, "'*'", node.left.span)
        columns = scope.row.columns if scope.row else ()
        values: list[Scalar] = [convert(scope, ColumnRef(c), Type.STRING) for c in columns if not c.is_absent]
        tests = [_test(scope, node, operator, v) for v in values]
        call = connect(scope, "or", tests, node.span)
    else:
        call = _test(scope, node, operator, bind_scalar(scope, node.left))
    return call_function(scope, "not", [call], node.span) if negated else call


def _test(scope: Scope, node: syntax.InList, operator: str, value: Scalar) -> Scalar:
    if operator != "in" and value.type is not Type.STRING:
        if value.type not in (Type.DYNAMIC, Type.UNKNOWN):
            raise scope.error("KQL102", f"'{node.operator}' compares strings, this is {value.type}", node.left.span)
        value = convert(scope, value, Type.STRING)
    if len(node.items) == 1 and (tabular := _as_table(scope, node.items[0])) is not None:
        return _in_table(scope, operator, value, tabular, node.span)
    items = [bind_scalar(scope, i) for i in node.items]
    flat = [s for item in items for s in _spread(item, value.type, operator.startswith("has"))]
    if operator == "has_all" and any(
        isinstance(i, Constant) and i.type is Type.DYNAMIC and i.value is None for i in items
    ):
        return Constant(Type.BOOL, False, node.span)
    arrays = [s for s in flat if s.type is Type.DYNAMIC and not isinstance(s, Constant)]
    scalars = [s for s in flat if s not in arrays]
    tests = [_array_test(scope, operator, value, a, node.span) for a in arrays]
    if scalars or not arrays:
        tests.append(_list_test(scope, operator, value, scalars, node.span))
    connector = "and" if operator == "has_all" else "or"
    return connect(scope, connector, tests, node.span)


def _as_table(scope: Scope, item: syntax.Expr) -> Tabular | None:
    """The relation that a lone item stands for, if it is one."""
    without_row = scope.without_row()
    match item:
        case syntax.Pipeline() | syntax.DataTable() | syntax.ExternalData():
            return bind_source(without_row, item)
        case syntax.Name():
            if scope.column(item.name) is not None:
                return None
            binding = scope.bindings.get(item.name)
            if isinstance(binding, TabularLet) or (binding is None and scope.environment.has_table(item.name)):
                return bind_source(without_row, item)
            return None
        case syntax.Call():
            return bind_source(without_row, item) if is_tabular_call(scope, item) else None
        case _:
            return None


def _elements(scope: Scope, tabular: Tabular, column: Column, wanted: Type, span: Span) -> Tabular:
    """The elements of a table's arrays, and its other values: Kusto makes one list of nested ones (the page of ``in``).

    So ``x in (T)`` over ``T | summarize make_set(y)`` is membership in the set.
    """
    node = syntax.MvExpand(keyword="mv-expand", columns=(), span=span)
    arrays = ColumnRef(column, span)
    origin = Origin("where", span, "", scope.source.line_of(span.start))
    known = Filter(
        columns=tabular.relation.columns, origin=origin, input=tabular.relation,
        predicate=call_function(scope, "isnotnull", [arrays], span),
    )  # fmt: skip
    tabular = replace(tabular, relation=known, visible=(column,))
    return expanded(scope, tabular, node, [Item(column.name, arrays, wanted, True)], None)


def _in_table(scope: Scope, operator: str, value: Scalar, tabular: Tabular, span: Span) -> Scalar:
    if not tabular.visible:
        raise scope.error("KQL105", "the table has no column", span)
    check_first(scope, tabular, span)
    column = tabular.visible[0]
    if column.type is Type.DYNAMIC:
        wanted = Type.STRING if value.type is Type.DYNAMIC else value.type
        tabular = _elements(scope, tabular, column, wanted, span)
        column = tabular.visible[0]
    if value.type is Type.DYNAMIC:
        value = convert(scope, value, column.type)
    if column.type is not value.type and not {column.type, value.type} <= NUMBERS:
        tabular, column = converted_column(scope, tabular, column, value.type)
    if operator == "has_all":
        return _array_test(scope, operator, value, _one_list(scope, tabular, column, span), span)
    return InRelation(operator, value, tabular.relation, column, span)


def _one_list(scope: Scope, tabular: Tabular, column: Column, span: Span) -> Scalar:
    """All values of a column as one array: only ``NOT EXISTS`` asks whether all rows pass a test, and BigQuery does not take it
    with a regular expression of the row outside.
    """
    call = list_with_nulls(scope, column.name, ColumnRef(column, span), (), span, has_rows=False)
    # Of no rows SQL makes no list.
    found: list[Scalar] = [ColumnRef(call.columns[0]), Constant(Type.DYNAMIC, "[]", span)]
    listed = Column(column.name, Type.DYNAMIC, False)
    item = AggregateItem((call,), ((listed, call_function(scope, "coalesce", found, span)),))
    origin = Origin("summarize", span, "", scope.source.line_of(span.start))
    return ScalarSubquery(aggregated(tabular, {}, [item], origin).relation, listed, span)


_TEXTS = frozenset({Type.STRING, Type.DYNAMIC, Type.UNKNOWN})
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?", re.ASCII)


def _spread(item: Scalar, wanted: Type, has_terms: bool) -> Sequence[Scalar]:
    """The elements of a constant dynamic array that may equal a value of a type, as constants; anything else as it is.

    As in an array of the row, a text of a number is that number, no other text is any, and an element of another type is
    no value of this one. A null is no value either, but as a term it is the empty text, which is in every text.
    """
    if not (isinstance(item, Constant) and item.type is Type.DYNAMIC):
        return [item]
    if item.value is None:
        return []
    parsed = json.loads(str(item.value), parse_float=_Real)
    elements = parsed if isinstance(parsed, list) else [parsed]
    if wanted is Type.TIMESPAN and any(type(e) in (int, _Real) for e in elements):
        # Trap: among them is every timespan that is written in a dynamic literal.
        reason = "what Kusto makes of a number in a dynamic value as a time is not known"
        raise KqlError("KQL204", reason, item.span, hint="in (1d, 2d) takes timespans")
    if has_terms:
        elements = ["" if e is None else e for e in elements]
    if wanted in NUMBERS:
        elements = [_number_in(e) if type(e) is str else e for e in elements]
    found = [c for c in (_element(e, item.span) for e in elements) if c is not None]
    return [
        c for c in found if c.type is wanted or {c.type, wanted} <= NUMBERS or not {c.type, wanted}.isdisjoint(_TEXTS)
    ]


def _number_in(written: str) -> int | _Real | None:
    if _NUMBER.fullmatch(written) is None:
        return None
    return int(written) if written.lstrip("+-").isdigit() else _Real(written)


class _Real(str):
    """The text of a real within JSON."""


def _element(value: object, span: Span) -> Constant | None:
    match value:
        case None:
            return None
        case _Real():
            return Constant(Type.REAL, float(value), span)
        case bool():
            return Constant(Type.BOOL, value, span)
        case int():
            fits = -(2**63) <= value < 2**63
            return Constant(Type.LONG, value, span) if fits else Constant(Type.REAL, float(value), span)
        case str():
            return Constant(Type.STRING, value, span)
        case _:
            return Constant(Type.STRING, json.dumps(value, ensure_ascii=False, separators=(",", ":")), span)


def _list_test(scope: Scope, operator: str, value: Scalar, items: list[Scalar], span: Span) -> Scalar:
    if not items and operator in ("in", "in~"):
        return Constant(Type.BOOL, False, span)
    if operator != "in":
        texts = [_text_of(scope, i) for i in items]
        return make_call(scope, overload_of(operator), (value, *texts), span, Type.BOOL)
    if value.type is Type.DYNAMIC:
        value = convert(scope, value, _list_type(items))
    if value.type is Type.STRING:
        texts = [_text_of(scope, i) for i in items]
        return make_call(scope, overload_of("in", "in string"), (value, *texts), span, Type.BOOL)
    if value.type is Type.BOOL and any(i.type in NUMBERS for i in items):
        value = as_number(scope, value)
    return make_call(scope, overload_of("in", "in"), (value, *_comparable_items(scope, value, items)), span, Type.BOOL)


def _list_type(items: list[Scalar]) -> Type:
    types = {i.type for i in items} - {Type.DYNAMIC}
    if len(types) == 1:
        (only,) = types
        return Type.LONG if only is Type.INT else only
    return widest(types) if types and types <= NUMBERS else Type.STRING


def _text_of(scope: Scope, item: Scalar) -> Scalar:
    if isinstance(item, Constant) and item.type in (Type.LONG, Type.INT) and item.value is not None:
        return Constant(Type.STRING, str(item.value), item.span)
    if isinstance(item, Constant) and item.type is Type.BOOL and item.value is not None:
        return Constant(Type.STRING, str(item.value).lower(), item.span)
    return convert(scope, item, Type.STRING)


def _comparable_items(scope: Scope, value: Scalar, items: list[Scalar]) -> list[Scalar]:
    found: list[Scalar] = []
    for given in items:
        item = as_number(scope, given) if value.type in NUMBERS else given
        if item.type is value.type or {item.type, value.type} <= NUMBERS:
            found.append(convert(scope, item, value.type) if Type.DECIMAL in (item.type, value.type) else item)
        elif item.type in (Type.STRING, Type.DYNAMIC):
            found.append(convert(scope, item, value.type))
        else:
            raise scope.error("KQL102", f"'in' does not compare {value.type} with {item.type}", item.span)
    return found


def _array_test(scope: Scope, operator: str, value: Scalar, array: Scalar, span: Span) -> Scalar:
    """A test against the elements of an array: texts by their text, numbers by theirs, the rest by what it is in JSON."""
    if value.type in NUMBERS:
        return call_function(scope, "in array", [value, array], span)
    if value.type not in (Type.STRING, Type.DYNAMIC, Type.UNKNOWN):
        return call_function(scope, "set_has_element", [array, as_dynamic(scope, value)], span)
    text = convert(scope, value, Type.STRING)
    return call_function(scope, f"{operator} array", [text, array], span)
