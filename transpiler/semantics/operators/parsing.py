"""parse and parse-where: the pattern becomes one regular expression with a group per column (patterns.py).

A simple or regex pattern is strict: one column that is not of its type makes all columns null. A relaxed one makes only that
column null.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from transpiler.kql import syntax
from transpiler.plan.relations import Filter, Origin, Project
from transpiler.plan.scalars import Call, Column, ColumnRef, Constant, Scalar
from transpiler.semantics.dispatch import bind_scalar, binds_operator
from transpiler.semantics.operators.columns import place
from transpiler.semantics.operators.parameters import kind_of, word
from transpiler.semantics.operators.patterns import has_shape, regex_pattern, text_pattern, type_of
from transpiler.semantics.scalars.calls import call_function, convert, make_call, overload_of
from transpiler.semantics.scalars.expressions import connect
from transpiler.semantics.scope import Openness, Scope, Tabular
from transpiler.semantics.shaping import column_for, origin_of, over, project
from transpiler.types import INTEGERS, Type

_KINDS = ("simple", "regex", "relaxed")


@dataclass(frozen=True, slots=True)
class Field:
    """A column that a pattern gives: its name in the query, its name within the match, its type.

    ``is_digits``: its text is a whole number or missing.
    """

    name: str
    inner: str
    type: Type
    is_digits: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A pattern over a text: ``options`` as functions/parsing.py says. ``is_strict``: all columns or none."""

    text: Scalar
    fields: tuple[Field, ...]
    pattern: str
    is_kusto: bool = False
    is_strict: bool = False

    def call(self, scope: Scope, name: str, node: syntax.Node) -> Call:
        """The match as a test, as one group, or as all groups."""
        names = tuple(f.inner for f in self.fields)
        return replace(
            call_function(scope, name, [self.text], node.span), options=(self.pattern, self.is_kusto, *names)
        )


def inner_names(names: Sequence[str]) -> list[str]:
    """Names for the groups of a match: the columns' own where they are plain and differ, ignoring case."""
    plain = all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", n) for n in names)
    if plain and len({n.lower() for n in names}) == len(names):
        return list(names)
    return [f"p{i}" for i in range(1, len(names) + 1)]


def check_names(scope: Scope, names: Sequence[str], node: syntax.Node) -> None:
    """Raises KQL101 for a name that comes twice."""
    if len(set(names)) != len(names):
        raise scope.error("KQL101", "a column is given twice", node.span)


@binds_operator(syntax.Parse)
def _parse(scope: Scope, tabular: Tabular, node: syntax.Parse) -> Tabular:
    kind, flags = _kind(scope, node), word(node, "flags")
    text = convert(scope, bind_scalar(scope.over(tabular), node.operand), Type.STRING)
    columns = [(p, f) for p, f in zip_longest(node.parts, node.parts[1:]) if p.column is not None]
    names = [str(part.column) for part, _ in columns]
    check_names(scope, names, node)
    replaced = [_is_replaced(scope, tabular, part) for part, _ in columns]
    is_regex = kind == "regex"
    fields = []
    for inner, (part, following) in zip(inner_names(names), columns, strict=True):
        is_digits = type_of(part) in INTEGERS and has_shape(part, following, is_regex=is_regex)
        fields.append(Field(str(part.column), inner, type_of(part), is_digits))
    pattern = regex_pattern(scope, node, flags) if is_regex else text_pattern(scope, node)
    match = Match(text, tuple(fields), pattern, is_regex, kind != "relaxed")
    result = matched(scope, tabular, match, node, must_match=node.must_match)
    return replace(result, openness=max(result.openness, Openness.DISPUTED)) if any(replaced) else result


def _kind(scope: Scope, node: syntax.Parse) -> str:
    """The kind of a parse. Raises KqlError for one that Kusto does not take, and for flags and texts that it does not."""
    kind, flags = kind_of(scope, node, _KINDS), word(node, "flags")
    if kind == "relaxed" and node.must_match:
        raise scope.error("KQL105", "parse-where has the kinds simple and regex, not 'relaxed'", node.span)
    if kind == "regex" and "x" in flags:
        reason = "the flag x, with which blanks of a pattern count for nothing, is not RE2's"
        raise scope.error("KQL205", reason, node.span)
    if set(flags) - set("imsU") or (flags and kind != "regex"):
        raise scope.error("KQL105", f"the flags '{flags}' are not known; kind=regex has i, m, s and U", node.span)
    empty = next((p for p in node.parts if p.text == ""), None)
    if empty is not None:
        raise scope.error("KQL105", "a text of the pattern is empty", empty.span)
    return kind


def _is_replaced(scope: Scope, tabular: Tabular, part: syntax.ParsePart) -> bool:
    """Whether a parsed column takes the place of another. Raises KQL101 where that has another type.

    One of the same type is replaced where it stands, as extend does it: so it was measured. Microsoft's binder shows both,
    and of which type the name is then was not measured.
    """
    old = tabular.column(str(part.column))
    if old is not None and old.type is not type_of(part):
        message = f"there is a column '{old.name}' ({old.type}) already, and the parsed one is a {type_of(part)}"
        raise scope.error("KQL101", message, part.span, hint="give the parsed one another name")
    return old is not None


def matched(scope: Scope, tabular: Tabular, match: Match, node: syntax.Node, *, must_match: bool = False) -> Tabular:
    """The rows with the columns of a match; ``must_match``: only the rows that match."""
    keyword = "parse"
    origin = origin_of(scope, node, keyword)
    typed = match.is_strict and any(f.type is not Type.STRING for f in match.fields)
    if must_match and not typed:
        tabular = _filtered(tabular, match.call(scope, "parse test", node), origin)
        origin = origin.without_text
    if not match.fields:
        return tabular
    tabular, fields, origin = _extracted(scope, tabular, match, node, origin)
    values = {f: _typed(scope, f, s, node) for f, s in zip(match.fields, fields, strict=True)}
    if not typed or (len(values) == 1 and not must_match):
        return _placed(tabular, values, origin)
    return _strict(scope, tabular, values, node, origin, must_match=must_match)


def _filtered(tabular: Tabular, predicate: Scalar, origin: Origin) -> Tabular:
    relation = Filter(columns=tabular.relation.columns, origin=origin, input=tabular.relation, predicate=predicate)
    return over(tabular, relation)


def _with_hidden(tabular: Tabular, computed: dict[Column, Scalar], origin: Origin) -> Tabular:
    """The relation with further columns that the query does not see."""
    columns = (*tabular.relation.columns, *computed)
    return over(tabular, Project(columns=columns, origin=origin, input=tabular.relation, computed=computed))


def _extracted(
    scope: Scope, tabular: Tabular, match: Match, node: syntax.Node, origin: Origin
) -> tuple[Tabular, list[Scalar], Origin]:
    """The texts of the groups: directly for one, else over a hidden column that holds them all."""
    if len(match.fields) == 1:
        return tabular, [match.call(scope, "parse group", node)], origin
    groups = Column("parsed", Type.UNKNOWN, True)
    tabular = _with_hidden(tabular, {groups: match.call(scope, "parse groups", node)}, origin)
    fields: list[Scalar] = []
    for field in match.fields:
        call = call_function(scope, "parse field", [ColumnRef(groups)], node.span)
        fields.append(replace(call, options=(field.inner,)))
    return tabular, fields, origin.without_text


def _typed(scope: Scope, field: Field, text: Scalar, node: syntax.Node) -> Scalar:
    if field.is_digits:
        name = "parse whole" if field.type is Type.LONG else "parse whole int"
        return call_function(scope, name, [text], node.span)
    return convert(scope, text, field.type)


def _placed(tabular: Tabular, values: dict[Field, Scalar], origin: Origin) -> Tabular:
    """The rows with the values as columns, each where one of its name stands, else at the end."""
    visible = list(tabular.visible)
    computed: dict[Column, Scalar] = {}
    for field, value in values.items():
        place(visible, computed, column_for(field.name, value), value)
    return project(tabular, visible, computed, origin)


def _strict(
    scope: Scope,
    tabular: Tabular,
    values: dict[Field, Scalar],
    node: syntax.Node,
    origin: Origin,
    *,
    must_match: bool,
) -> Tabular:
    """All columns, where every typed one has a value; else none of them, or no row."""
    typed = {f: column_for(f.name, v) for f, v in values.items() if f.type is not Type.STRING}
    tabular = _with_hidden(tabular, {c: values[f] for f, c in typed.items()}, origin)
    origin = origin.without_text
    tests = {c: call_function(scope, "isnotnull", [ColumnRef(c)], node.span) for c in typed.values()}
    results: dict[Field, Scalar] = {f: ColumnRef(typed[f]) if f in typed else v for f, v in values.items()}
    if must_match:
        return _placed(
            _filtered(tabular, connect(scope, "and", list(tests.values()), node.span), origin), results, origin
        )
    for field, value in results.items():
        others = [t for c, t in tests.items() if c is not typed.get(field)]
        if others:
            results[field] = _only_if(scope, connect(scope, "and", list(others), node.span), value, node)
    return _placed(tabular, results, origin)


def _only_if(scope: Scope, condition: Scalar, value: Scalar, node: syntax.Node) -> Scalar:
    nothing = Constant(value.type, "" if value.type is Type.STRING else None, node.span)
    return make_call(scope, overload_of("case"), (condition, value, nothing), node.span, value.type)
