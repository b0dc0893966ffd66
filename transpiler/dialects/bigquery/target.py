"""BigQuery as a target: types, literals, relations. Functions are spelled in the modules beside this one, by subject."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import ClassVar

from sqlglot import exp

from transpiler.catalog import Physical
from transpiler.dialects.bigquery import (
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
from transpiler.dialects.bigquery.aggregates import AGGREGATES, SIMPLE_AGGREGATES
from transpiler.dialects.bigquery.arithmetic import ARITHMETIC
from transpiler.dialects.bigquery.columns import compact_json, json_text, stored_json
from transpiler.dialects.bigquery.expanding import expand as expand_rows
from transpiler.dialects.bigquery.output import output_name
from transpiler.dialects.choices import CHOICES
from transpiler.dialects.comparisons import STANDARD, in_relation, to_scalar
from transpiler.dialects.dialect import AggregateBuilder, Dialect, SpecialBuilder, bound_name, one, side_by_side
from transpiler.dialects.literals import decimal_text
from transpiler.dialects.spelling import Speller, Spelling, call, fill, number, operand, text
from transpiler.dialects.terms import TERMS, has_relation
from transpiler.dialects.times import instant_text, interval_of, microseconds
from transpiler.plan.relations import Expand, Scan, Series
from transpiler.plan.scalars import Call, Column, Constant, columns_of
from transpiler.types import Type


class BigQuery(Dialect):
    """GoogleSQL as BigQuery runs it: no UDF, no session setting, no construct that only the offline engine has."""

    name = "bigquery"
    title = "BigQuery"
    sqlglot_name = "bigquery"
    types: ClassVar[Mapping[Type, str]] = {
        Type.BOOL: "BOOL",
        Type.INT: "INT64",
        Type.LONG: "INT64",
        Type.REAL: "FLOAT64",
        Type.DECIMAL: "BIGNUMERIC",
        Type.STRING: "STRING",
        Type.DATETIME: "TIMESTAMP",
        Type.TIMESPAN: "INT64",
        Type.GUID: "STRING",
        Type.DYNAMIC: "STRING",
        Type.UNKNOWN: "STRING",
    }
    max_bytes = 1_000_000
    has_nulls_clause = False
    windowed = frozenset({"parse_command_line", "parse_xml", *decomposition.SPELLINGS})
    takes_no_table = exp.Select
    real_key = "CAST({x} + 0 AS STRING)"  # Trap: there is no PARTITION BY of floats; -0.0 is 0.0 but another text.
    has_run_time = True
    is_nan = "IS_NAN({x})"
    regex_matches = "REGEXP_CONTAINS({text}, {pattern})"
    # The characters that RE2 reads as syntax; a backslash before a letter or beyond ASCII would be refused.
    regex_escape = r"REGEXP_REPLACE({text}, '([\\\\.+*?()|\\[\\]{}^$])', '\\\\\\1')"
    contains = "STRPOS({text}, {term}) > 0"
    starts_with = "STARTS_WITH({text}, {term})"
    ends_with = "ENDS_WITH({text}, {term})"
    spellings: ClassVar[Mapping[str, Spelling]] = side_by_side(
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

    def output_name(self, name: str, ending: str) -> str:
        """One that the service takes for a result's column."""
        return output_name(name, ending)

    def materialize(self, cte: exp.CTE) -> None:
        """The service keeps the rows of recursive CTEs only; every other one runs again wherever it is read."""
        if not isinstance(cte.this, exp.Union):
            itself = exp.Table(this=cte.args["alias"].this.copy())
            none = exp.Where(this=exp.Boolean(this=False))
            rest = exp.Select(expressions=[exp.Star()], from_=exp.From(this=itself), where=none)
            cte.set("this", exp.Union(this=cte.this, expression=rest, distinct=False))

    def table(self, identifier: tuple[str, ...]) -> exp.Table:
        return exp.Table(this=exp.Identifier(this=".".join(identifier), quoted=True))

    def constant(self, constant: Constant) -> exp.Expr:
        if constant.value is None:
            return text("") if constant.type is Type.STRING else self.null(constant.type)
        return _LITERALS[constant.type](self, constant)

    def now(self) -> exp.Expr:
        return fill("CURRENT_TIMESTAMP()", self.sqlglot_name, {})

    def run_time(self, delay: timedelta) -> exp.Expr:
        tree: exp.Expr = exp.Parameter(this=exp.Var(this="run_time"))
        return self.shifted(tree, -(delay // timedelta(microseconds=1)))

    def shifted(self, now: exp.Expr, micros: int) -> exp.Expr:
        """The delay of the run time and the shift come to one interval: ``TIMESTAMP_SUB(@run_time, INTERVAL 20 MINUTE)``."""
        earlier = now.meta.get("shift", 0) if now._meta else 0
        base = now.expressions[0] if earlier else now
        count, unit = interval_of(abs(earlier + micros))
        if not count:
            return base
        name = "TIMESTAMP_SUB" if earlier + micros < 0 else "TIMESTAMP_ADD"
        interval = exp.Interval(this=number(count), unit=exp.Var(this=unit))
        tree = call(name, base, interval)
        tree.meta["shift"] = earlier + micros
        return tree

    def bind_once(self, tree: exp.Expr, body: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
        name, inner = bound_name(body)
        unnest = exp.Unnest(
            expressions=[exp.Array(expressions=[one(tree)])], alias=exp.TableAlias(columns=[exp.to_identifier(name)])
        )
        select = exp.Select(expressions=[inner], from_=exp.From(this=unnest))
        return exp.Subquery(this=select)

    def values(
        self, names: Sequence[exp.Identifier], types: Sequence[Type], rows: Sequence[Sequence[exp.Expr]]
    ) -> exp.Expr:
        if not rows:
            nothing = [exp.Alias(this=self.null(t), alias=n) for n, t in zip(names, types, strict=True)]
            return exp.Select(
                expressions=nothing, from_=exp.From(this=_no_rows()), where=exp.Where(this=exp.Boolean(this=False))
            )
        fields = ", ".join(f"{n.sql(dialect='bigquery')} {self.types[t]}" for n, t in zip(names, types, strict=True))
        first = exp.DataType.build(f"STRUCT<{fields}>", dialect="bigquery")
        structs: list[exp.Expr] = [exp.Tuple(expressions=list(row)) for row in rows]
        if len(names) == 1:
            structs = [exp.Struct(expressions=list(row)) for row in rows]
        array = exp.Array(expressions=structs)
        typed = exp.Cast(this=array, to=exp.DataType.build("ARRAY", expressions=[first], nested=True))
        unnest = exp.Unnest(expressions=[typed])
        return exp.Select(expressions=[exp.Star()], from_=exp.From(this=unnest))

    def series(self, speller: Speller, series: Series, name: exp.Identifier) -> exp.Expr:
        start, stop, step = (speller.value(s) for s in (series.start, series.stop, series.step))
        t = series.columns[0].type
        if t is Type.DATETIME:
            array = speller.sql("GENERATE_ARRAY(UNIX_MICROS({a}), UNIX_MICROS({b}), {c})", a=start, b=stop, c=step)
            item: exp.Expr = speller.sql("TIMESTAMP_MICROS({v})", v=exp.column("v"))
        elif t is Type.REAL:
            array = speller.sql(
                "GENERATE_ARRAY(0, CAST(FLOOR(({b} - {a}) / {c}) AS INT64))", a=start.copy(), b=stop, c=step.copy()
            )
            item = speller.sql("{a} + {v} * {c}", a=start, v=exp.column("v"), c=step)
        else:
            array = speller.sql("GENERATE_ARRAY({a}, {b}, {c})", a=start, b=stop, c=step)
            item = exp.column("v")
        unnest = exp.Unnest(expressions=[array], alias=exp.TableAlias(columns=[exp.to_identifier("v")]))
        return exp.Select(expressions=[exp.Alias(this=item, alias=name)], from_=exp.From(this=unnest))

    def stored(self, reference: exp.Expr, t: Type) -> exp.Expr:
        if t is Type.DYNAMIC:
            return json_text(self, reference)
        if t is Type.TIMESPAN:
            return fill("UNIX_MICROS(TIMESTAMP '1970-01-01 00:00:00+00' + {x})", self.sqlglot_name, {"x": reference})
        return reference

    def read(self, physical: Physical, t: Type) -> exp.Expr:
        reference = self._path(physical.column)
        stored = physical.type.upper()
        if physical.parse:
            return compact_json(self, self._json_value(reference, physical) if physical.path else reference)
        if physical.is_bare:
            return json_text(self, _in_json(reference, stored)) if stored not in _SCALAR_TYPES else reference
        if t is Type.DYNAMIC:
            found = call("JSON_QUERY", _in_json(reference, stored), text(physical.json_path))
            return found if stored == "STRING" else json_text(self, found)
        return self._json_value(reference, physical)

    def _json_value(self, reference: exp.Expr, physical: Physical) -> exp.Expr:
        """A field that no entry ever had is not in the STRUCT; through its JSON form it is missing, not an error."""
        return call("JSON_VALUE", _in_json(reference, physical.type.upper()), text(physical.json_path))

    def _path(self, parts: tuple[str, ...]) -> exp.Expr:
        tree: exp.Expr = exp.Column(this=self.identifier(parts[0]))
        for part in parts[1:]:
            tree = exp.Dot(this=tree, expression=self.identifier(part))
        return tree

    def shard_filter(self, speller: Speller, scan: Scan) -> list[exp.Expr]:
        """Constant bounds on ``_TABLE_SUFFIX``, so that only the window's days are read."""
        on_time = (w for w in scan.window if isinstance(w, Call) and scan.time_column in columns_of(w))
        low, high = (w.arguments[1] for w in on_time)
        bounds = [speller.sql("FORMAT_TIMESTAMP('%Y%m%d', {t}, 'UTC')", t=speller.value(b)) for b in (low, high)]
        suffix = exp.Column(this=exp.to_identifier("_TABLE_SUFFIX"))
        return [exp.Between(this=suffix, low=bounds[0], high=bounds[1])]

    def equal_keys(self, left: exp.Expr, right: exp.Expr, t: Type, *, null_safe: bool) -> exp.Expr:
        """Two nulls match through two plain equalities: the service takes nothing else in an outer join."""
        if not null_safe:
            return exp.EQ(this=operand(left), expression=operand(right))
        default = _DEFAULTS.get(t, "''")
        template = f"COALESCE({{a}}, {default}) = COALESCE({{b}}, {default}) AND ({{a}} IS NULL) = ({{b}} IS NULL)"
        return fill(template, self.sqlglot_name, {"a": left, "b": right})

    def equal_reals(self, left: exp.Expr, right: exp.Expr, *, null_safe: bool) -> exp.Expr:
        """The text of two NaN is equal, the values are not; the sum makes one zero of -0.0 and 0.0."""
        tree = fill("TO_JSON_STRING({a} + 0.0) = TO_JSON_STRING({b} + 0.0)", self.sqlglot_name, {"a": left, "b": right})
        return (
            tree
            if null_safe
            else exp.And(this=tree, expression=exp.Not(this=exp.Is(this=left.copy(), expression=exp.Null())))
        )

    def shown(self, reference: exp.Expr, t: Type) -> exp.Expr:
        if (stored := stored_json(reference)) is not None:
            return fill("IF(JSON_TYPE({x}) = 'null', NULL, {x})", self.sqlglot_name, {"x": stored})
        if t is Type.DYNAMIC:
            return fill("SAFE.PARSE_JSON({x}, wide_number_mode => 'round')", self.sqlglot_name, {"x": reference})
        return reference

    def expand(
        self, speller: Speller, expand: Expand, source: exp.Expr, kept: Sequence[exp.Expr], names: Mapping[Column, str]
    ) -> exp.Select:
        return expand_rows(speller, expand, source, kept, names)


_SCALAR_TYPES = frozenset("STRING INT64 FLOAT64 BOOL TIMESTAMP NUMERIC BIGNUMERIC DATE DATETIME BYTES".split())


_DEFAULTS: dict[Type, str] = {
    Type.BOOL: "FALSE",
    Type.INT: "0",
    Type.LONG: "0",
    Type.REAL: "0.0",
    Type.DECIMAL: "BIGNUMERIC '0'",
    Type.DATETIME: "TIMESTAMP '1970-01-01 00:00:00+00'",
    Type.TIMESPAN: "0",
}


def _in_json(reference: exp.Expr, stored: str) -> exp.Expr:
    """A STRUCT or ARRAY in its JSON form: TO_JSON_STRING alone would quote the INT64 that a FLOAT64 does not hold."""
    return reference if stored in ("JSON", "STRING") else call("TO_JSON", reference)


def _no_rows() -> exp.Expr:
    return exp.Unnest(expressions=[exp.Array(expressions=[exp.Literal.number(1)])])


def _real(dialect: BigQuery, constant: Constant) -> exp.Expr:
    value = constant.value
    assert isinstance(value, int | float)
    if isinstance(value, float) and (math.isnan(value) or math.isinf(value)):
        word = "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
        return exp.Cast(this=text(word), to=dialect.data_type(Type.REAL))
    return number(repr(float(value)))


def _integer(dialect: BigQuery, constant: Constant) -> exp.Expr:
    return number(int(str(constant.value)))


def _timespan(dialect: BigQuery, constant: Constant) -> exp.Expr:
    return number(microseconds(int(str(constant.value)), constant.span))


def _decimal(dialect: BigQuery, constant: Constant) -> exp.Expr:
    return exp.Cast(this=text(decimal_text(constant, 38)), to=dialect.data_type(Type.DECIMAL))


def _datetime(dialect: BigQuery, constant: Constant) -> exp.Expr:
    written = instant_text(int(str(constant.value)), constant.span) + "+00"
    return exp.Cast(this=text(written), to=dialect.data_type(Type.DATETIME))


def _text(dialect: BigQuery, constant: Constant) -> exp.Expr:
    return text(str(constant.value))


def _json(dialect: BigQuery, constant: Constant) -> exp.Expr:
    """The service's own functions escape these two separators in the texts that they make, and texts are compared."""
    return text(str(constant.value).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))


_LITERALS: dict[Type, Callable[[BigQuery, Constant], exp.Expr]] = {
    Type.BOOL: lambda d, c: exp.Boolean(this=bool(c.value)),
    Type.INT: _integer,
    Type.LONG: _integer,
    Type.REAL: _real,
    Type.DECIMAL: _decimal,
    Type.STRING: _text,
    Type.DATETIME: _datetime,
    Type.TIMESPAN: _timespan,
    Type.GUID: _text,
    Type.DYNAMIC: _json,
}

BIGQUERY = BigQuery()
