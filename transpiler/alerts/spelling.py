"""Where the targets differ in what alerts need: ordered and distinct aggregates, hashes, lengths, instants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlglot import exp

from transpiler.dialects import check_targets
from transpiler.dialects.dialect import Dialect
from transpiler.dialects.spelling import call, fill, number
from transpiler.dialects.times import interval_of
from transpiler.plan.scalars import Constant
from transpiler.types import Type


@dataclass(frozen=True, slots=True)
class Words:
    """A target's templates: ``{x}`` is a text or an instant, ``{n}`` a number of values."""

    json_text: str
    sha256: str
    instant: str
    byte_length: str
    earlier: str
    later: str
    distinct: str
    matches: str


WORDS: Mapping[str, Words] = {
    "duckdb": Words(
        json_text="CAST(to_json({x}) AS VARCHAR)",
        sha256="sha256({x})",
        instant="strftime({x}, '%Y-%m-%dT%H:%M:%S.%fZ')",
        byte_length="strlen({x})",
        earlier="{x} - INTERVAL '%d' %s",
        later="{x} + INTERVAL '%d' %s",
        distinct="NULLIF(array_to_string(list_slice(list_sort(list_distinct(list({x}))), 1, %d), ','), '')",
        matches="regexp_matches({x}, {p})",
    ),
    "bigquery": Words(
        json_text="TO_JSON_STRING({x})",
        sha256="TO_HEX(SHA256({x}))",
        instant="FORMAT_TIMESTAMP('%Y-%m-%dT%H:%M:%E6SZ', {x}, 'UTC')",
        byte_length="BYTE_LENGTH({x})",
        earlier="TIMESTAMP_SUB({x}, INTERVAL %d %s)",
        later="TIMESTAMP_ADD({x}, INTERVAL %d %s)",
        distinct="",
        matches="REGEXP_CONTAINS({x}, {p})",
    ),
}


check_targets(WORDS, "the words of alerts")

_CAPITALS = ("0B", "0E", "0F", "1A", "1B", "1C", "1D", "1E", "1F")
"""The control characters that DuckDB escapes with capital digits."""


@dataclass(frozen=True, slots=True)
class SortKey:
    """A key of an order: a tree, and whether it may be NULL (which then comes first)."""

    tree: exp.Expr
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Writer:
    """Builds trees in one target's SQL."""

    dialect: Dialect

    @property
    def is_bigquery(self) -> bool:
        """Whether the target is BigQuery."""
        return self.dialect.sqlglot_name == "bigquery"

    @property
    def _words(self) -> Words:
        return WORDS[self.dialect.name]

    def sql(self, template: str, **slots: exp.Expr | Sequence[exp.Expr]) -> exp.Expr:
        """A template of the target's SQL, filled."""
        return fill(template, self.dialect.sqlglot_name, slots)

    def column(self, name: str) -> exp.Expr:
        """A column by its name."""
        return exp.Column(this=self.dialect.identifier(name))

    def literal(self, value: str) -> exp.Expr:
        """A text."""
        return self.dialect.constant(Constant(Type.STRING, value))

    def named(self, tree: exp.Expr, name: str) -> exp.Expr:
        """``tree AS name``."""
        return exp.Alias(this=tree, alias=self.dialect.identifier(name))

    def concat(self, parts: Sequence[exp.Expr | str]) -> exp.Expr:
        """Texts, none of them NULL, one after the other; neighbouring literals become one."""
        joined: list[exp.Expr | str] = []
        for part in parts:
            if isinstance(part, str) and joined and isinstance(joined[-1], str):
                joined[-1] += part
            elif part != "":
                joined.append(part)
        trees = [self.literal(p) if isinstance(p, str) else p for p in joined]
        return trees[0] if len(trees) == 1 else call("CONCAT", *trees)

    def json_text(self, tree: exp.Expr) -> exp.Expr:
        """A text as a JSON string, quotes and escapes included."""
        return self.sql(self._words.json_text, x=tree)

    def same_escapes(self, tree: exp.Expr) -> exp.Expr:
        """JSON text with BigQuery's escapes: small hexadecimal digits, and U+2028 and U+2029 are escaped."""
        if self.is_bigquery:
            return tree
        # JSON holds no bare control character, so one can stand for an escaped backslash meanwhile.
        changes = [("\\\\", "\x01"), *((f"\\u00{h}", f"\\u00{h.lower()}") for h in _CAPITALS)]
        changes += [("\u2028", "\\u2028"), ("\u2029", "\\u2029"), ("\x01", "\\\\")]
        for old, new in changes:
            tree = call("REPLACE", tree, self.literal(old), self.literal(new))
        return tree

    def sha256(self, tree: exp.Expr) -> exp.Expr:
        """The SHA-256 of a text in UTF-8, in hexadecimal digits."""
        return self.sql(self._words.sha256, x=tree)

    def instant(self, tree: exp.Expr) -> exp.Expr:
        """An instant as ``2026-03-02T10:00:00.000000Z``."""
        return self.sql(self._words.instant, x=tree)

    def byte_length(self, tree: exp.Expr) -> exp.Expr:
        """A text's length in bytes of UTF-8."""
        return self.sql(self._words.byte_length, x=tree)

    def matches(self, tree: exp.Expr, pattern: str) -> exp.Expr:
        """Whether a text holds a match of a regular expression."""
        return self.sql(self._words.matches, x=tree, p=self.literal(pattern))

    def shifted(self, tree: exp.Expr, by: timedelta) -> exp.Expr:
        """An instant, earlier (a negative ``by``) or later."""
        count, unit = interval_of(abs(by) // timedelta(microseconds=1))
        if not count:
            return tree
        template = self._words.earlier if by < timedelta() else self._words.later
        return self.sql(template % (count, unit), x=tree)

    def first(self, tree: exp.Expr, keys: Sequence[SortKey]) -> exp.Expr:
        """The value in the first row of an order, NULL included."""
        ordered = self._ordered(tree, keys)
        if not self.is_bigquery:
            return call("first", ordered)
        array = call("ARRAY_AGG", exp.Limit(this=ordered, expression=number(1)))
        return exp.Bracket(this=array, expressions=[call("SAFE_OFFSET", number(0))])

    def listed(self, tree: exp.Expr, keys: Sequence[SortKey], most: int) -> exp.Expr:
        """Up to so many texts in an order, with commas between; NULL for no row."""
        if self.is_bigquery:
            limited = exp.Limit(this=self._ordered(self.literal(","), keys), expression=number(most))
            return call("STRING_AGG", tree, limited)
        sliced = call("list_slice", call("list", self._ordered(tree, keys)), number(1), number(most))
        return call("array_to_string", sliced, self.literal(","))

    def distinct(self, tree: exp.Expr, most: int) -> exp.Expr:
        """Up to so many different texts, in the order of their code points, with commas between; NULL for none."""
        if not self.is_bigquery:
            return self.sql(self._words.distinct % most, x=tree)
        ordered = exp.Limit(this=self._ordered(self.literal(","), [SortKey(tree)]), expression=number(most))
        return call("STRING_AGG", exp.Distinct(expressions=[tree.copy()]), ordered)

    def order(self, keys: Sequence[SortKey]) -> list[exp.Expr]:
        """The keys of an ORDER BY."""
        # BigQuery's aggregates take no NULLS FIRST; NULL comes first there anyway.
        return [exp.Ordered(this=k.tree.copy(), nulls_first=k.nullable or self.is_bigquery) for k in keys]

    def _ordered(self, tree: exp.Expr, keys: Sequence[SortKey]) -> exp.Expr:
        return exp.Order(this=tree.copy(), expressions=self.order(keys))
