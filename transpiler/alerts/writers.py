"""The targets' writers: what each says in its own way. One class per target, in one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from transpiler.alerts.spelling import SortKey, Words, Writer
from transpiler.dialects import check_targets
from transpiler.dialects.dialect import Dialect
from transpiler.dialects.spelling import call, number

_CAPITALS = ("0B", "0E", "0F", "1A", "1B", "1C", "1D", "1E", "1F")
"""The control characters that DuckDB escapes with capital digits."""


class DuckDbWriter(Writer):
    """DuckDB: lists."""

    words = Words(
        as_text="CAST({x} AS VARCHAR)",
        raw_text="CAST({x} AS VARCHAR)",
        json_text="CAST(to_json({x}) AS VARCHAR)",
        sha256="sha256({x})",
        instant="strftime({x}, '%Y-%m-%dT%H:%M:%S.%fZ')",
        byte_length="strlen({x})",
        earlier="{x} - INTERVAL '%d' %s",
        later="{x} + INTERVAL '%d' %s",
        matches="regexp_matches({x}, {p})",
        without="regexp_replace({x}, {p}, '', 'g')",
    )

    def same_escapes(self, tree: exp.Expr) -> exp.Expr:
        # JSON holds no bare control character, so one can stand for an escaped backslash meanwhile.
        changes = [("\\\\", "\x01"), *((f"\\u00{h}", f"\\u00{h.lower()}") for h in _CAPITALS)]
        changes += [("\u2028", "\\u2028"), ("\u2029", "\\u2029"), ("\x01", "\\\\")]
        for old, new in changes:
            tree = call("REPLACE", tree, self.literal(old), self.literal(new))
        return tree

    def dynamic_text(self, text: exp.Expr, raw: exp.Expr) -> exp.Expr:
        return self.sql(
            "CASE WHEN LEFT({raw}, 1) IN ('[', '{') THEN {same} ELSE {x} END",
            raw=raw, same=self.same_escapes(text.copy()), x=text,
        )  # fmt: skip

    def first(self, tree: exp.Expr, keys: Sequence[SortKey]) -> exp.Expr:
        return call("first", self.ordered(tree, keys))

    def listed(self, tree: exp.Expr, keys: Sequence[SortKey], most: int) -> exp.Expr:
        sliced = call("list_slice", call("list", self.ordered(tree, keys)), number(1), number(most))
        return call("array_to_string", sliced, self.literal(","))

    def distinct(self, tree: exp.Expr, most: int) -> exp.Expr:
        listed = f"list_slice(list_sort(list_distinct(list({{x}}))), 1, {most})"
        return self.sql(f"NULLIF(array_to_string({listed}, ','), '')", x=tree)

    def repeated(self, rows: exp.Select, values: exp.Expr, name: str) -> exp.Select:
        rows.append("expressions", self.named(call("unnest", values), name))
        return rows


class BigQueryWriter(Writer):
    """BigQuery: aggregates that order and limit."""

    words = Words(
        as_text="CAST({x} AS STRING)",
        raw_text="{x}",
        json_text="TO_JSON_STRING({x})",
        sha256="TO_HEX(SHA256({x}))",
        instant="FORMAT_TIMESTAMP('%Y-%m-%dT%H:%M:%E6SZ', {x}, 'UTC')",
        byte_length="BYTE_LENGTH({x})",
        earlier="TIMESTAMP_SUB({x}, INTERVAL %d %s)",
        later="TIMESTAMP_ADD({x}, INTERVAL %d %s)",
        matches="REGEXP_CONTAINS({x}, {p})",
        without="REGEXP_REPLACE({x}, {p}, '')",
    )

    def first(self, tree: exp.Expr, keys: Sequence[SortKey]) -> exp.Expr:
        array = call("ARRAY_AGG", exp.Limit(this=self.ordered(tree, keys), expression=number(1)))
        return exp.Bracket(this=array, expressions=[call("SAFE_OFFSET", number(0))])

    def listed(self, tree: exp.Expr, keys: Sequence[SortKey], most: int) -> exp.Expr:
        limited = exp.Limit(this=self.ordered(self.literal(","), keys), expression=number(most))
        return call("STRING_AGG", tree, limited)

    def distinct(self, tree: exp.Expr, most: int) -> exp.Expr:
        limited = exp.Limit(this=self.ordered(self.literal(","), [SortKey(tree)]), expression=number(most))
        return call("STRING_AGG", exp.Distinct(expressions=[tree.copy()]), limited)

    def repeated(self, rows: exp.Select, values: exp.Expr, name: str) -> exp.Select:
        unnest = exp.Unnest(expressions=[values], alias=exp.TableAlias(columns=[exp.to_identifier(name)]))
        rows.set("joins", [exp.Join(this=unnest, kind="CROSS")])
        return rows

    def order(self, keys: Sequence[SortKey]) -> list[exp.Expr]:
        # BigQuery's aggregates take no NULLS FIRST; NULL comes first there anyway.
        return [exp.Ordered(this=k.tree.copy(), nulls_first=True) for k in keys]


WRITERS: Mapping[str, type[Writer]] = {"duckdb": DuckDbWriter, "bigquery": BigQueryWriter}
check_targets(WRITERS, "the writers of alerts")


def writer_of(dialect: Dialect) -> Writer:
    """The writer of a target's SQL."""
    return WRITERS[dialect.name](dialect)
