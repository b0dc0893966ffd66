"""parse and parse-where: the pattern becomes one regular expression with a group per column.

A simple pattern holds for the whole text (``*`` at an end lets it go on), takes the shortest texts that fit, and is strict:
one column that is not of its type makes all columns null. A relaxed one makes only that column null. A pattern of regular
expressions begins at the text's start, need not reach its end, and takes the longest texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from transpiler.diagnostics import KqlError
from transpiler.kql import syntax
from transpiler.plan.relations import Filter, Origin, Project
from transpiler.plan.scalars import Call, Column, ColumnRef, Constant, Scalar
from transpiler.semantics.dispatch import bind_scalar, binds_operator
from transpiler.semantics.operators.parameters import kind_of, word
from transpiler.semantics.scalars.calls import call_function, convert, make_call, overload_of
from transpiler.semantics.scalars.expressions import connect
from transpiler.semantics.scope import Scope, Tabular
from transpiler.semantics.shaping import column_for, origin_of, over, project
from transpiler.types import INTEGERS, NUMBERS, TYPE_NAMES, Type

_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
_WHOLE = "-?[0-9]+"
_NUMBER = r"[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?"
_KINDS = ("simple", "regex", "relaxed")


def escaped(text: str) -> str:
    """A text as a regular expression that matches just it."""
    return _SPECIAL.sub(lambda m: f"\\{m[0]}", text)


@dataclass(frozen=True, slots=True)
class Field:
    """A column that a pattern gives: its name in the query, its name within the match, its type."""

    name: str
    inner: str
    type: Type


@dataclass(frozen=True, slots=True)
class Match:
    """A pattern over a text: ``options`` as functions/parsing.py says. ``is_strict``: all columns or none."""

    text: Scalar
    fields: tuple[Field, ...]
    pattern: str
    is_kusto: bool = False
    is_strict: bool = False
    whole_is_digits: bool = True

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


def check_new(scope: Scope, tabular: Tabular, names: Sequence[str], node: syntax.Node) -> None:
    """Raises KQL101 for a name that comes twice, or that a column has: where Kusto would put the new one is not known."""
    if len(set(names)) != len(names):
        raise scope.error("KQL101", "a column is given twice", node.span)
    taken = next((n for n in names if tabular.column(n) is not None), None)
    if taken is not None:
        raise scope.error(
            "KQL101", f"there is a column '{taken}' already", node.span, hint="give the parsed one another name"
        )


@binds_operator(syntax.Parse)
def _parse(scope: Scope, tabular: Tabular, node: syntax.Parse) -> Tabular:
    kind = kind_of(scope, node, _KINDS)
    flags = word(node, "flags")
    if set(flags) - set("imsU") or (flags and kind != "regex"):
        raise scope.error("KQL105", f"the flags '{flags}' are not known; kind=regex has i, m, s and U", node.span)
    text = convert(scope, bind_scalar(scope.over(tabular), node.operand), Type.STRING)
    columns = [p for p in node.parts if p.column is not None]
    names = [str(p.column) for p in columns]
    check_new(scope, tabular, names, node)
    fields = tuple(
        Field(name, inner, TYPE_NAMES[part.type_name or "string"])
        for name, inner, part in zip(names, inner_names(names), columns, strict=True)
    )
    pattern = _regex_pattern(scope, node, flags) if kind == "regex" else _text_pattern(scope, node, kind == "relaxed")
    match = Match(text, fields, pattern, kind == "regex", kind != "relaxed", kind != "relaxed")
    return matched(scope, tabular, match, node, must_match=node.must_match)


def _text_pattern(scope: Scope, node: syntax.Parse, relaxed: bool) -> str:
    parts = node.parts
    written = ["(?s)"] if parts and parts[0].star else [r"(?s)\A"]
    group = 0
    for i, part in enumerate(parts):
        following = parts[i + 1] if i + 1 < len(parts) else None
        if part.text is not None:
            written.append(escaped(part.text))
        elif part.star:
            if following is not None and i:
                written.append(".*?")
        else:
            inner = _text_group(scope, part, following, relaxed)
            # Microsoft's own parser of sshd reads "port 22" with "port" and a whole number.
            blanks = r"\s*" if inner in (_WHOLE, _NUMBER) else ""
            written.append(f"{blanks}(?P<g{group}>{inner})")
            group += 1
    if parts and parts[-1].text is not None:
        written.append(r"\z")
    if parts and parts[-1].column is not None and not written[-1].endswith(".*)"):
        written.append(r"\z")
    return "".join(written)


def _text_group(scope: Scope, part: syntax.ParsePart, following: syntax.ParsePart | None, relaxed: bool) -> str:
    t = TYPE_NAMES[part.type_name or "string"]
    number = _WHOLE if t in INTEGERS else _NUMBER if t in NUMBERS else None
    if following is not None and following.column is not None:
        raise _endless(scope, part, following, t)
    if following is not None and following.text is None:
        if number is None:
            raise _endless(scope, part, following, t)
        return f"(?:{number})?" if relaxed else number
    if t in INTEGERS and not relaxed:
        return _WHOLE
    return ".*" if following is None else ".*?"


def _endless(scope: Scope, part: syntax.ParsePart, following: syntax.ParsePart, kind: Type) -> KqlError:
    what = "'*'" if following.star else f"column '{following.column}'"
    if following.column is not None and kind in NUMBERS:
        text = f"{what} cannot follow column '{part.column}': a text stands between two columns"
        return scope.error("KQL105", text, part.span)
    if kind is Type.STRING:
        text = f"{what} cannot follow column '{part.column}' ({kind}), which has no end"
        return scope.error("KQL105", text, part.span)
    reason = f"where column '{part.column}' ({kind}) ends before {what} is not documented"
    return scope.error("KQL204", reason, part.span, hint="a text of the pattern between them says it")


def _regex_pattern(scope: Scope, node: syntax.Parse, flags: str) -> str:
    written = [f"(?{flags})" if flags else "", r"\A"]
    group = 0
    for part, following in zip_longest(node.parts, node.parts[1:]):
        if part.text is not None:
            written.append(f"(?:{part.text})")
        elif part.star:
            written.append(".*?")
        else:
            t = TYPE_NAMES[part.type_name or "string"]
            if following is not None and following.column is not None:
                raise _endless(scope, part, following, t)
            inner = _WHOLE if t in INTEGERS else ".*"
            written.append(f"(?P<g{group}>{inner})")
            group += 1
    if node.parts and node.parts[-1].star:
        written.pop()
    return "".join(written)


def matched(scope: Scope, tabular: Tabular, match: Match, node: syntax.Node, *, must_match: bool = False) -> Tabular:
    """The rows with the columns of a match; ``must_match``: only the rows that match."""
    keyword = "parse"
    origin = origin_of(scope, node, keyword)
    typed = match.is_strict and any(f.type is not Type.STRING for f in match.fields)
    if must_match and not typed:
        tabular = _filtered(tabular, match.call(scope, "parse test", node), origin)
        origin = replace(origin, text="")
    if not match.fields:
        return tabular
    tabular, fields, origin = _extracted(scope, tabular, match, node, origin)
    values = {f: _typed(scope, match, f, s, node) for f, s in zip(match.fields, fields, strict=True)}
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
    return tabular, fields, replace(origin, text="")


def _typed(scope: Scope, match: Match, field: Field, text: Scalar, node: syntax.Node) -> Scalar:
    if field.type in INTEGERS and match.whole_is_digits:
        name = "parse whole" if field.type is Type.LONG else "parse whole int"
        return call_function(scope, name, [text], node.span)
    return convert(scope, text, field.type)


def _placed(tabular: Tabular, values: dict[Field, Scalar], origin: Origin) -> Tabular:
    computed = {column_for(field.name, value): value for field, value in values.items()}
    return project(tabular, (*tabular.visible, *computed), computed, origin)


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
    origin = replace(origin, text="")
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
