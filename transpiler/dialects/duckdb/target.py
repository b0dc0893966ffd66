"""DuckDB as a target: types, literals, relations. Functions are spelled in the modules beside this one, by subject."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from sqlglot import exp

from transpiler.catalog import Physical
from transpiler.diagnostics import KqlError
from transpiler.dialects.choices import CHOICES
from transpiler.dialects.comparisons import STANDARD, in_relation, to_scalar
from transpiler.dialects.dialect import AggregateBuilder, Dialect, SpecialBuilder, bound_name, one, side_by_side
from transpiler.dialects.duckdb import (
    conversions,
    datetimes,
    decomposition,
    dynamics,
    encodings,
    guards,
    lookups,
    networks,
    numbers,
    parsing,
    segmented_lines,
    series,
    stored,
    strings,
    windows,
    xml,
)
from transpiler.dialects.duckdb.aggregates import AGGREGATES, SIMPLE_AGGREGATES
from transpiler.dialects.duckdb.arithmetic import ARITHMETIC, is_narrow
from transpiler.dialects.duckdb.expanding import expand as expand_rows
from transpiler.dialects.duckdb.versions import VERSIONS
from transpiler.dialects.literals import decimal_text
from transpiler.dialects.spelling import Speller, Spelling, call, fill, number, sql_type, text
from transpiler.dialects.terms import TERMS, has_relation
from transpiler.dialects.times import instant_text, interval_of, microseconds
from transpiler.plan.relations import AggregateCall, Expand, Series
from transpiler.plan.scalars import Column, Constant, Scalar
from transpiler.types import INTEGERS, Type

_WIDE = INTEGERS | {Type.TIMESPAN}
_AGGREGATED = frozenset({"expr", "maximized", "minimized", "returned"})


class DuckDB(Dialect):
    """DuckDB 1.4 and later (lambdas are written ``lambda x: …``)."""

    name = "duckdb"
    title = "DuckDB"
    sqlglot_name = "duckdb"
    takes_no_table = exp.Lambda
    windowed = frozenset({"parse_command_line", "parse_xml"})
    rows_stay_out = True
    types: ClassVar[Mapping[Type, str]] = {
        Type.BOOL: "BOOLEAN",
        Type.INT: "BIGINT",
        Type.LONG: "BIGINT",
        Type.REAL: "DOUBLE",
        Type.DECIMAL: "DECIMAL(38, 18)",
        Type.STRING: "TEXT",
        Type.DATETIME: "TIMESTAMP",
        Type.TIMESPAN: "BIGINT",
        Type.GUID: "UUID",
        Type.DYNAMIC: "TEXT",
        Type.UNKNOWN: "TEXT",
    }
    nan_is_greatest = True
    is_nan = "isnan({x})"
    regex_matches = "regexp_matches({text}, {pattern})"
    regex_escape = "regexp_escape({text})"
    contains = "contains({text}, {term})"
    starts_with = "starts_with({text}, {term})"
    ends_with = "ends_with({text}, {term})"
    spellings: ClassVar[Mapping[str, Spelling]] = side_by_side(
        VERSIONS,
        ARITHMETIC,
        SIMPLE_AGGREGATES,
        conversions.SPELLINGS,
        datetimes.SPELLINGS,
        decomposition.SPELLINGS,
        segmented_lines.SPELLINGS,
        dynamics.SPELLINGS,
        encodings.SPELLINGS,
        xml.SPELLINGS,
        guards.SPELLINGS,
        lookups.SPELLINGS,
        networks.SPELLINGS,
        numbers.SPELLINGS,
        parsing.SPELLINGS,
        series.SPELLINGS,
        stored.SPELLINGS,
        strings.SPELLINGS,
        shared=(STANDARD, TERMS, CHOICES),
    )
    special: ClassVar[Mapping[str, SpecialBuilder]] = {
        "in relation": in_relation,
        "in~ relation": in_relation,
        "has_any relation": has_relation,
        "toscalar": to_scalar,
        **dynamics.SPECIAL,
        **windows.SPECIAL,
    }
    aggregates: ClassVar[Mapping[str, AggregateBuilder]] = AGGREGATES

    def table(self, identifier: tuple[str, ...]) -> exp.Table:
        parts = [self.identifier(p) for p in identifier]
        names = ("this", "db", "catalog")
        return exp.Table(**dict(zip(names, reversed(parts), strict=False)))

    def constant(self, constant: Constant) -> exp.Expr:
        if constant.value is None:
            return text("") if constant.type is Type.STRING else self.null(constant.type)
        return _LITERALS[constant.type](self, constant)

    def now(self) -> exp.Expr:
        return fill("now() AT TIME ZONE 'UTC'", self.sqlglot_name, {})

    def shifted(self, now: exp.Expr, micros: int) -> exp.Expr:
        count, unit = interval_of(abs(micros))
        if not count:
            return now
        sign = "-" if micros < 0 else "+"
        return fill(f"{{now}} {sign} INTERVAL {count} {unit}", self.sqlglot_name, {"now": now})

    def bind_once(self, tree: exp.Expr, body: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
        name, inner = bound_name(body)
        function = exp.Lambda(this=inner, expressions=[exp.to_identifier(name)], colon=True)
        listed = call("list_transform", exp.Array(expressions=[one(tree)]), function)
        return exp.Bracket(this=listed, expressions=[exp.Literal.number(1)], offset=1, safe=True)

    def run_time(self, delay: timedelta) -> exp.Expr:
        raise KqlError("KQL204", "DuckDB has no scheduled run time; now is given as a literal there")

    def values(
        self, names: Sequence[exp.Identifier], types: Sequence[Type], rows: Sequence[Sequence[exp.Expr]]
    ) -> exp.Expr:
        if not rows:
            nothing = [exp.Alias(this=self.null(t), alias=n) for n, t in zip(names, types, strict=True)]
            return exp.Select(expressions=nothing, where=exp.Where(this=exp.Boolean(this=False)))
        tuples = [exp.Tuple(expressions=list(row)) for row in rows]
        alias = exp.TableAlias(this=exp.to_identifier("t"), columns=list(names))
        columns = [
            exp.Alias(this=exp.Cast(this=exp.Column(this=n.copy()), to=self.data_type(t)), alias=n.copy())
            if t not in (Type.STRING, Type.BOOL, Type.DATETIME)
            else exp.Column(this=n.copy())
            for n, t in zip(names, types, strict=True)
        ]
        values = exp.Values(expressions=tuples, alias=alias)
        return exp.Select(expressions=columns, from_=exp.From(this=values))

    def series(self, speller: Speller, series: Series, name: exp.Identifier) -> exp.Expr:
        start, stop, step = (speller.value(s) for s in (series.start, series.stop, series.step))
        t = series.columns[0].type
        if t is Type.DATETIME:
            item = speller.sql("unnest(generate_series({a}, {b}, to_microseconds({c})))", a=start, b=stop, c=step)
        elif t is Type.REAL:
            item = speller.sql(
                "{a} + unnest(range(CAST(floor(({b} - {a}) / {c}) AS BIGINT) + 1)) * {c}", a=start, b=stop, c=step
            )
        else:
            item = speller.sql(
                "unnest(generate_series(CAST({a} AS BIGINT), CAST({b} AS BIGINT), CAST({c} AS BIGINT)))",
                a=start,
                b=stop,
                c=step,
            )
        return exp.Select(expressions=[exp.Alias(this=item, alias=name)])

    def stored(self, reference: exp.Expr, t: Type) -> exp.Expr:
        if t is Type.TIMESPAN:
            return call("epoch_us", reference)
        if t is Type.DYNAMIC:
            return fill("NULLIF({x}, 'null')", self.sqlglot_name, {"x": reference})
        return reference

    def read(self, physical: Physical, t: Type) -> exp.Expr:
        reference = self._path(physical.column)
        if physical.is_bare:
            is_json = physical.type.upper() == "JSON"
            return fill("NULLIF({x}, 'null')", self.sqlglot_name, {"x": reference}) if is_json else reference
        path = text(physical.json_path)
        if physical.parse:
            reference = exp.JSONExtractScalar(this=reference, expression=path)
            return fill(
                "CASE WHEN json_valid({x}) THEN {y} END", self.sqlglot_name, {"x": reference, "y": reference.copy()}
            )
        spelling = "NULLIF(({x} -> {p}), 'null')" if t is Type.DYNAMIC else "{x} ->> {p}"
        return fill(spelling, self.sqlglot_name, {"x": reference, "p": path})

    def _path(self, parts: tuple[str, ...]) -> exp.Expr:
        tree: exp.Expr = exp.Column(this=self.identifier(parts[0]))
        for part in parts[1:]:
            tree = exp.Dot(this=tree, expression=self.identifier(part))
        return tree

    def projected(self, scalar: Scalar, tree: exp.Expr) -> exp.Expr:
        """A literal is a 32-bit INTEGER in DuckDB; a column of longs or timespans is 64 bits wide."""
        if scalar.type in _WIDE and is_narrow(scalar):
            return exp.Cast(this=tree, to=self.data_type(Type.LONG))
        return tree

    def aggregate(self, speller: Speller, aggregate: AggregateCall) -> dict[Column, exp.Expr]:
        """The extreme of literals, and one of them, is as narrow as they are."""
        trees = super().aggregate(speller, aggregate)
        parameters = map(aggregate.call.overload.parameter, range(len(aggregate.call.arguments)))
        values = [a for a, p in zip(aggregate.call.arguments, parameters, strict=True) if p and p.name in _AGGREGATED]
        if not any(a.type in _WIDE and is_narrow(a) for a in values):
            return trees
        wide = self.data_type(Type.LONG)
        return {c: exp.Cast(this=t, to=wide.copy()) if c.type in _WIDE else t for c, t in trees.items()}

    def shown(self, reference: exp.Expr, t: Type) -> exp.Expr:
        if t is Type.DYNAMIC:
            return exp.Cast(this=reference, to=sql_type("JSON", "duckdb"))
        if t is Type.TIMESPAN:
            return call("to_microseconds", reference)
        return reference

    def expand(
        self, speller: Speller, expand: Expand, source: exp.Expr, kept: Sequence[exp.Expr], names: Mapping[Column, str]
    ) -> exp.Select:
        return expand_rows(speller, expand, source, kept, names)


def _real(dialect: DuckDB, constant: Constant) -> exp.Expr:
    value = constant.value
    assert isinstance(value, int | float)
    if isinstance(value, float) and (math.isnan(value) or math.isinf(value)):
        word = "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
        return exp.Cast(this=text(word), to=dialect.data_type(Type.REAL))
    # A plain 1.5 is DECIMAL in DuckDB; the exponent makes it DOUBLE.
    return number(f"{float(value)!r}" if "e" in repr(float(value)) else f"{float(value)!r}e0")


def _integer(dialect: DuckDB, constant: Constant) -> exp.Expr:
    return number(int(str(constant.value)))


def _timespan(dialect: DuckDB, constant: Constant) -> exp.Expr:
    return number(microseconds(int(str(constant.value)), constant.span))


def _cast(dialect: DuckDB, constant: Constant) -> exp.Expr:
    return exp.Cast(this=text(str(constant.value)), to=dialect.data_type(constant.type))


def _datetime(dialect: DuckDB, constant: Constant) -> exp.Expr:
    return exp.Cast(
        this=text(instant_text(int(str(constant.value)), constant.span)), to=dialect.data_type(Type.DATETIME)
    )


def _text(dialect: DuckDB, constant: Constant) -> exp.Expr:
    value = str(constant.value)
    if "\0" in value:
        # DuckDB's lexer ends a statement at a NUL character.
        parts = [text(p) for p in value.split("\0")]
        tree = parts[0]
        for part in parts[1:]:
            tree = exp.DPipe(this=exp.DPipe(this=tree, expression=call("chr", number(0))), expression=part)
        return exp.Paren(this=tree)
    return text(value)


_LITERALS: dict[Type, Callable[[DuckDB, Constant], exp.Expr]] = {
    Type.BOOL: lambda d, c: exp.Boolean(this=bool(c.value)),
    Type.INT: _integer,
    Type.LONG: _integer,
    Type.REAL: _real,
    Type.DECIMAL: lambda d, c: _cast(d, replace(c, value=decimal_text(c, 20))),
    Type.STRING: _text,
    Type.DATETIME: _datetime,
    Type.TIMESPAN: _timespan,
    Type.GUID: _cast,
    Type.DYNAMIC: _text,
}

DUCKDB = DuckDB()
