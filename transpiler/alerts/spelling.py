"""What alerts need of a target's SQL: ordered and distinct aggregates, hashes, lengths, instants. ``writers`` has the targets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from sqlglot import exp

from transpiler.dialects.dialect import Dialect
from transpiler.dialects.spelling import call, fill
from transpiler.dialects.times import interval_of
from transpiler.plan.scalars import Constant
from transpiler.types import Type


@dataclass(frozen=True, slots=True)
class Words:
    """A target's templates: ``{x}`` is a text, an instant or a JSON value, ``{p}`` a pattern."""

    as_text: str
    raw_text: str
    json_text: str
    sha256: str
    instant: str
    byte_length: str
    earlier: str
    later: str
    matches: str
    without: str


@dataclass(frozen=True, slots=True)
class SortKey:
    """A key of an order: a tree, and whether it may be NULL (which then comes first)."""

    tree: exp.Expr
    nullable: bool = False


@dataclass(frozen=True)
class Writer(ABC):
    """Builds trees in one target's SQL."""

    dialect: Dialect
    words: ClassVar[Words]

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

    def as_text(self, tree: exp.Expr) -> exp.Expr:
        """A number as text."""
        return self.sql(self.words.as_text, x=tree)

    def raw_text(self, tree: exp.Expr) -> exp.Expr:
        """The text of a JSON value; DuckDB's JSON is a type of its own, which checks what is cut from it."""
        return self.sql(self.words.raw_text, x=tree)

    def json_text(self, tree: exp.Expr) -> exp.Expr:
        """A text as a JSON string, quotes and escapes included."""
        return self.sql(self.words.json_text, x=tree)

    def same_escapes(self, tree: exp.Expr) -> exp.Expr:
        """JSON text with BigQuery's escapes: small hexadecimal digits, and U+2028 and U+2029 are escaped."""
        return tree

    def dynamic_text(self, text: exp.Expr, raw: exp.Expr) -> exp.Expr:
        """``tostring`` of a dynamic value, whose JSON has BigQuery's escapes where it is an array or a bag."""
        return text

    def sha256(self, tree: exp.Expr) -> exp.Expr:
        """The SHA-256 of a text in UTF-8, in hexadecimal digits."""
        return self.sql(self.words.sha256, x=tree)

    def instant(self, tree: exp.Expr) -> exp.Expr:
        """An instant as ``2026-03-02T10:00:00.000000Z``."""
        return self.sql(self.words.instant, x=tree)

    def byte_length(self, tree: exp.Expr) -> exp.Expr:
        """A text's length in bytes of UTF-8."""
        return self.sql(self.words.byte_length, x=tree)

    def matches(self, tree: exp.Expr, pattern: str) -> exp.Expr:
        """Whether a text holds a match of a regular expression."""
        return self.sql(self.words.matches, x=tree, p=self.literal(pattern))

    def without(self, tree: exp.Expr, pattern: str) -> exp.Expr:
        """A text less every match of a regular expression."""
        return self.sql(self.words.without, x=tree, p=self.literal(pattern))

    def shifted(self, tree: exp.Expr, by: timedelta) -> exp.Expr:
        """An instant, earlier (a negative ``by``) or later."""
        count, unit = interval_of(abs(by) // timedelta(microseconds=1))
        if not count:
            return tree
        template = self.words.earlier if by < timedelta() else self.words.later
        return self.sql(template % (count, unit), x=tree)

    @abstractmethod
    def first(self, tree: exp.Expr, keys: Sequence[SortKey]) -> exp.Expr:
        """The value in the first row of an order, NULL included."""

    @abstractmethod
    def listed(self, tree: exp.Expr, keys: Sequence[SortKey], most: int) -> exp.Expr:
        """Up to so many texts in an order, with commas between; NULL for no row."""

    @abstractmethod
    def distinct(self, tree: exp.Expr, most: int) -> exp.Expr:
        """Up to so many different texts, in the order of their code points, with commas between; NULL for none."""

    @abstractmethod
    def repeated(self, rows: exp.Select, values: exp.Expr, name: str) -> exp.Select:
        """The rows, each once for every value of an array, with the value as a further column."""

    def order(self, keys: Sequence[SortKey]) -> list[exp.Expr]:
        """The keys of an ORDER BY."""
        return [exp.Ordered(this=k.tree.copy(), nulls_first=k.nullable) for k in keys]

    def ordered(self, tree: exp.Expr, keys: Sequence[SortKey]) -> exp.Expr:
        """An aggregate's argument, in an order."""
        return exp.Order(this=tree.copy(), expressions=self.order(keys))
