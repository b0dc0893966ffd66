"""A target: its types, literals, spellings, and the few strategies in which warehouses differ.

A new target is a package with one Dialect and its tables of spellings. At import every function of the registry must be
spelled or refused in it, once; what is missing, unknown or there twice is named.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cache, lru_cache
from itertools import chain, count
from typing import Any, ClassVar, TypeAlias

from sqlglot import exp

from transpiler.catalog import Physical
from transpiler.diagnostics import KqlError
from transpiler.dialects.keywords import RESERVED
from transpiler.dialects.spelling import Speller, Spelling, call, operand, sql_type
from transpiler.functions.registry import FUNCTIONS, Kind
from transpiler.plan.relations import AggregateCall, Expand, Scan, Series
from transpiler.plan.scalars import Column, Constant, Scalar
from transpiler.types import Type

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


# The scalar is a Path, WindowCall, InRelation or ScalarSubquery: each key of ``special`` takes its own kind.
SpecialBuilder: TypeAlias = Callable[[Speller, Any], exp.Expr]
AggregateBuilder: TypeAlias = Callable[[Speller, AggregateCall], dict[Column, exp.Expr]]


class Dialect(ABC):
    """One target. Instances are stateless. ``name`` is what callers and files call it, ``title`` what people do.

    The templates ``regex_matches``, ``regex_escape``, ``contains``, ``starts_with`` and ``ends_with`` are the primitives that
    the term operators are built of; their slots are ``text``, ``pattern`` and ``term``. ``is_nan`` tests ``{x}``;
    ``nan_is_greatest``: NaN equals itself and is above every number, where IEEE 754 (and Kusto) find it neither;
    ``has_nulls_clause``: an aggregate's ORDER BY takes NULLS FIRST and NULLS LAST in either direction.
    ``takes_no_table``: the node within which a subquery must not read a table. ``rows_stay_out``: subqueries and window
    functions stay out of TRY and lambdas; ``windowed``: what is spelled as subqueries with window functions, which stay out of
    conditionals.
    ``real_key``: what rows with equal reals are parted by. ``has_run_time``: a scheduler tells each run its time.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    sqlglot_name: ClassVar[str]
    types: ClassVar[Mapping[Type, str]]
    spellings: ClassVar[Mapping[str, Spelling]]
    special: ClassVar[Mapping[str, SpecialBuilder]]
    aggregates: ClassVar[Mapping[str, AggregateBuilder]] = {}
    regex_matches: ClassVar[str]
    regex_escape: ClassVar[str]
    contains: ClassVar[str]
    starts_with: ClassVar[str]
    ends_with: ClassVar[str]
    nan_is_greatest: ClassVar[bool] = False
    has_nulls_clause: ClassVar[bool] = True
    takes_no_table: ClassVar[type[exp.Expr]]
    rows_stay_out: ClassVar[bool] = False
    windowed: ClassVar[frozenset[str]] = frozenset()
    real_key: ClassVar[str] = "{x}"
    has_run_time: ClassVar[bool] = False
    is_nan: ClassVar[str]
    max_bytes: ClassVar[int] = 1_000_000_000

    def identifier(self, name: str) -> exp.Identifier:
        """A name, quoted where it is not plain or is a word of either target."""
        return identifier(name)

    def output_name(self, name: str, ending: str) -> str:
        """What a column of the result is called, with the ending that tells it from others."""
        return f"{name}{ending}"

    def data_type(self, t: Type) -> exp.Expr:
        """The SQL type that holds a KQL type inside the query."""
        return sql_type(self.types[t], self.sqlglot_name)

    def null(self, t: Type) -> exp.Expr:
        """A typed NULL."""
        return exp.Cast(this=exp.Null(), to=self.data_type(t))

    def coalesce(self, tree: exp.Expr, default: exp.Expr) -> exp.Expr:
        """The tree, or a default where it is NULL."""
        trees = tree.expressions if isinstance(tree, exp.Anonymous) and tree.name == "COALESCE" else [tree]
        return call("COALESCE", *trees, default)

    def fold(self, tree: exp.Expr) -> exp.Expr:
        """A text in lower case."""
        return call("LOWER", tree)

    def is_costly(self, tree: exp.Expr) -> bool:
        """Whether a tree is too much to write twice."""
        return not isinstance(tree, exp.Column | exp.Literal)

    def equal_keys(self, left: exp.Expr, right: exp.Expr, t: Type, *, null_safe: bool) -> exp.Expr:
        """The equality of one pair of join keys; ``null_safe``: both may be NULL, and two nulls match (as in Kusto)."""
        kind = exp.NullSafeEQ if null_safe else exp.EQ
        return kind(this=operand(left), expression=operand(right))

    def equal_reals(self, left: exp.Expr, right: exp.Expr, *, null_safe: bool) -> exp.Expr:
        """As ``equal_keys``, of reals that may be NaN: as join keys, two NaN match in Kusto."""
        return self.equal_keys(left, right, Type.REAL, null_safe=null_safe)

    def projected(self, scalar: Scalar, tree: exp.Expr) -> exp.Expr:
        """A computed column; a target may have to give it its type."""
        return tree

    def order_key(self, speller: Speller, value: Scalar) -> exp.Expr:
        """A sort key; a missing string sorts as ''."""
        return speller.text(value) if value.type is Type.STRING else speller.value(value)

    def group_key(self, tree: exp.Expr, t: Type) -> exp.Expr:
        """A grouping key, of a type that the target can group by."""
        return tree

    def aggregate(self, speller: Speller, aggregate: AggregateCall) -> dict[Column, exp.Expr]:
        """The trees of an aggregate's columns (several for arg_max and percentiles)."""
        builder = self.aggregates.get(aggregate.call.overload.key)
        if builder is not None:
            return builder(speller, aggregate)
        return {aggregate.columns[0]: speller.value(aggregate.call)}

    def materialize(self, cte: exp.CTE) -> None:
        """Makes a CTE run once although it is read several times: what reads it must see the same order of equal rows."""
        cte.set("materialized", True)

    @abstractmethod
    def table(self, identifier: tuple[str, ...]) -> exp.Table:
        """A physical table by its parts."""

    @abstractmethod
    def constant(self, constant: Constant) -> exp.Expr:
        """A literal of the constant's type. Raises KqlError (KQL206) for a value that the target cannot hold."""

    @abstractmethod
    def now(self) -> exp.Expr:
        """The engine's current time in UTC."""

    @abstractmethod
    def run_time(self, delay: timedelta) -> exp.Expr:
        """The scheduled time of the run minus a delay. Raises KqlError where the target has none."""

    @abstractmethod
    def shifted(self, now: exp.Expr, micros: int) -> exp.Expr:
        """``now()`` and a constant time later (or earlier): one interval, in its largest unit."""

    @abstractmethod
    def bind_once(self, tree: exp.Expr, body: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
        """The body over a value that is computed once."""

    @abstractmethod
    def values(
        self, names: Sequence[exp.Identifier], types: Sequence[Type], rows: Sequence[Sequence[exp.Expr]]
    ) -> exp.Expr:
        """A SELECT that yields rows of constants under the given column names."""

    @abstractmethod
    def series(self, speller: Speller, series: Series, name: exp.Identifier) -> exp.Expr:
        """A SELECT that yields the values of ``range``."""

    @abstractmethod
    def stored(self, reference: exp.Expr, t: Type) -> exp.Expr:
        """A stored column as the plan holds it (JSON as text, intervals as microseconds), or the same tree."""

    @abstractmethod
    def read(self, physical: Physical, t: Type) -> exp.Expr:
        """A raw column of a source's shape: a column or STRUCT field, or a path into JSON (text, or JSON text for dynamic)."""

    def shard_filter(self, speller: Speller, scan: Scan) -> list[exp.Expr]:
        """The predicates that choose daily tables by their suffix. Raises KqlError where a target has no such tables."""
        raise KqlError("KQL204", f"{self.name} has no date-sharded tables", scan.origin.span)

    @abstractmethod
    def shown(self, reference: exp.Expr, t: Type) -> exp.Expr:
        """A column of the plan as it leaves the query (text as JSON, microseconds as an interval), or the same tree."""

    @abstractmethod
    def expand(
        self, speller: Speller, expand: Expand, source: exp.Expr, kept: Sequence[exp.Expr], names: Mapping[Column, str]
    ) -> exp.Select:
        """A SELECT that yields a row per element of dynamic values."""


@cache
def stored_otherwise(dialect: Dialect) -> frozenset[Type]:
    """The types of which a stored column is another value inside the query."""
    stored = exp.Null()
    return frozenset(t for t in Type if dialect.stored(stored, t) is not stored)


@cache
def shown_otherwise(dialect: Dialect) -> frozenset[Type]:
    """The types of which a column leaves the query as another value than it has inside."""
    inside = exp.Null()
    return frozenset(t for t in Type if dialect.shown(inside, t) is not inside)


_temporary = count()


def bound_name(body: Callable[[exp.Expr], exp.Expr]) -> tuple[str, exp.Expr]:
    """A variable's name and the body over it. The name is the first of v, v1, v2 … that the body does not use itself."""
    marker = f"kqlbound_{next(_temporary)}"
    tree = body(exp.Column(this=exp.to_identifier(marker)))
    used = {i.name for i in tree.find_all(exp.Identifier)}
    name = next(n for n in chain(("v",), (f"v{i}" for i in count(1))) if n not in used)
    for identifier in list(tree.find_all(exp.Identifier)):
        if identifier.name == marker:
            identifier.set("this", name)
    return name, tree


def one(tree: exp.Expr) -> exp.Expr:
    """A value as the only element of a list.

    Trap: sqlglot writes a list of a subquery as ``ARRAY(SELECT …)``, the list of its rows, without an element where it has none.
    """
    may_be_empty = isinstance(tree, exp.Subquery) and tree.this.args.get("limit") is not None
    return exp.Paren(this=tree) if may_be_empty else tree


def side_by_side(*own: Mapping[str, Spelling], shared: Sequence[Mapping[str, Spelling]]) -> dict[str, Spelling]:
    """A target's tables of spellings as one: its own, and what targets share where it has none of its own.

    Raises ImportError for a key in two tables. Trap: the later one would win, and the other would only seem to be in use.
    """
    return {**_disjoint(shared), **_disjoint(own)}


def _disjoint(tables: Sequence[Mapping[str, Spelling]]) -> dict[str, Spelling]:
    found: dict[str, Spelling] = {}
    for table in tables:
        if twice := found.keys() & table.keys():
            raise ImportError(f"two tables spell: {', '.join(sorted(twice))}")
        found |= table
    return found


_OF_THE_PLAN = frozenset({"path", "toscalar", "in relation", "in~ relation", "has_any relation"})
"""What ``special`` spells beside window functions: scalars of the plan that are no calls."""


def check_complete(dialect: Dialect) -> None:
    """Raises ImportError with what a dialect neither spells nor refuses, and with what it spells although nobody declares it."""
    for declared, spelled in (
        (FUNCTIONS.keys(Kind.SCALAR, Kind.AGGREGATE), dialect.spellings.keys() | dialect.aggregates.keys()),
        (FUNCTIONS.keys(Kind.WINDOW) | _OF_THE_PLAN, dialect.special.keys()),
    ):
        if missing := declared - spelled:
            raise ImportError(f"{dialect.name} does not spell: {', '.join(sorted(missing))}")
        if unknown := spelled - declared:
            raise ImportError(f"{dialect.name} spells what is not declared: {', '.join(sorted(unknown))}")


def identifier(name: str) -> exp.Identifier:
    """A name, quoted where it is not plain or is a word of either target."""
    return exp.Identifier(this=name, quoted=is_quoted(name))


@lru_cache(maxsize=8192)
def is_quoted(name: str) -> bool:
    """Whether a name is not plain, or is a word of either target."""
    return not _PLAIN.match(name) or name.upper() in RESERVED
