"""How a function is written in SQL: a template in the target's own SQL, a small builder of trees, or a refusal.

A template names its slots: ``"STRPOS({string}, {match}) - 1"``. It is parsed once, with every function name hidden from
sqlglot (which would otherwise translate ``STRPOS`` to ``INSTR`` and the like), and filled by putting trees into the
slots; a slot that stands beside an operator gets parentheses when its tree needs them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from sqlglot import exp, parse_one
from sqlglot.dialects.dialect import Dialect as SqlglotDialect

if TYPE_CHECKING:
    from transpiler.dialects.dialect import Dialect
    from transpiler.plan.relations import Relation
    from transpiler.plan.scalars import Call, Column, Scalar
    from transpiler.source import Span


@dataclass(frozen=True, slots=True)
class Refusal:
    """Stands where a spelling stands: the target cannot do this exactly, for a reason, with a way out if there is one."""

    reason: str
    hint: str = ""


class Speller(Protocol):
    """What a builder may ask of the lowering."""

    @property
    def dialect(self) -> Dialect:
        """The target."""

    @property
    def loose(self) -> bool:
        """Whether the tree being built may be NULL where KQL says false."""

    def value(self, scalar: Scalar) -> exp.Expr:
        """The SQL of a scalar; NULL where Kusto has null (a string may be NULL for '')."""

    def predicate(self, scalar: Scalar) -> exp.Expr:
        """The SQL of a bool where NULL and false mean the same."""

    def text(self, scalar: Scalar) -> exp.Expr:
        """The SQL of a string, never NULL."""

    def sql(self, template: str, **slots: exp.Expr | Sequence[exp.Expr]) -> exp.Expr:
        """A template of the target's SQL, filled."""

    def once(self, tree: exp.Expr, body: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
        """The body over a value that it uses more than once, computed once."""

    def refuse(self, reason: str, span: Span, *, code: str = "KQL204", hint: str = "") -> Exception:
        """The error of a refusal at a place, to be raised."""

    def relation(self, relation: Relation, column: Column) -> tuple[exp.Expr, exp.Expr]:
        """The FROM item of a relation and the name of one of its columns, for a subquery."""


Builder: TypeAlias = "Callable[[Speller, Call], exp.Expr]"
Spelling: TypeAlias = "str | Builder | Refusal"

# A slot begins with a letter, so that ``\d{4}`` in a pattern is none.
_SLOT = re.compile(r"\{([A-Za-z_]\w*)(\*?)\}")
_NAME = re.compile(r"('(?:[^']|'')*'|\"(?:[^\"])*\")|\b([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\(")
# What sqlglot must see as itself, because the parentheses hold syntax and not arguments.
_SYNTAX = frozenset(
    "CAST TRY_CAST SAFE_CAST EXTRACT CASE IN EXISTS OVER FILTER VALUES AND OR NOT WHEN THEN ELSE INTERVAL ARRAY STRUCT "
    "SELECT FROM WHERE AS UNNEST IS BETWEEN BY ON USING DISTINCT COUNT LIMIT DECIMAL NUMERIC VARCHAR".split()
)
_MARK = "kqlslot_"
_MARK_OF_MANY = f"{_MARK}many_"
_FUNCTION = "kqlfn_"
_DOT = "_kqldot_"


def _hide(match: re.Match[str]) -> str:
    if match[1] is not None:
        return match[1]
    name = match[2]
    return f"{name}(" if name.upper() in _SYNTAX else f"{_FUNCTION}{name.replace('.', _DOT)}("


@lru_cache(maxsize=4096)
def compile_template(template: str, sqlglot_name: str) -> exp.Expr:
    """The tree of a template, slots as columns named ``kqlslot_…``. Raises sqlglot's ParseError for a bad template."""
    marked = _SLOT.sub(lambda m: f"{_MARK_OF_MANY if m[2] else _MARK}{m[1]}", template)
    tree = parse_one(_NAME.sub(_hide, marked), dialect=sqlglot_name)
    for function in list(tree.find_all(exp.Anonymous)):
        name = str(function.this)
        if name.lower().startswith(_FUNCTION):
            function.set("this", name[len(_FUNCTION) :].replace(_DOT, "."))
    dialect = SqlglotDialect.get_or_raise(sqlglot_name)
    if dialect.INDEX_OFFSET:
        for bracket in list(tree.find_all(exp.Bracket)):
            _index_as_written(bracket, dialect)
    return _without_positions(tree)


def _index_as_written(bracket: exp.Bracket, dialect: SqlglotDialect) -> None:
    """Lets the printer write an index as the template has it.

    sqlglot counts from 0 and moves an index where it reads it and again where it prints it, for which it works out the types
    of all that has filled the template by then.
    """
    bracket.set("expressions", dialect.generator().bracket_offset_expressions(bracket))
    bracket.set("offset", dialect.INDEX_OFFSET)


def _without_positions(tree: exp.Expr) -> exp.Expr:
    """The tree without the parser's notes on where its parts stood, which take longest of all to copy."""
    for node in tree.walk():
        node._meta = None
    return tree


@lru_cache(maxsize=256)
def _type_filler(spelled: str, sqlglot_name: str) -> Filler:
    return _filling(_without_positions(exp.DataType.build(spelled, dialect=sqlglot_name)))


def sql_type(spelled: str, sqlglot_name: str) -> exp.Expr:
    """A fresh tree of a type as the target spells it."""
    return _type_filler(spelled, sqlglot_name)({}, set())


Slots: TypeAlias = "Mapping[str, exp.Expr | Sequence[exp.Expr]]"
Filler: TypeAlias = "Callable[[Slots, set[str]], exp.Expr]"
ManyFiller: TypeAlias = "Callable[[Slots, set[str]], list[exp.Expr]]"


def fill(template: str, sqlglot_name: str, slots: Slots) -> exp.Expr:
    """A fresh tree of the template with its slots filled. A tree that is used twice is copied the second time."""
    return _filler(template, sqlglot_name)(slots, set())


@lru_cache(maxsize=4096)
def _filler(template: str, sqlglot_name: str) -> Filler:
    return _filling(compile_template(template, sqlglot_name))


def _filling(node: exp.Expr) -> Filler:
    """What makes a node of a template anew: which of its arguments are trees is found out once."""
    if _is_slot(node):
        return _slot(node)
    # Any: an argument that is no tree and no list is a plain value.
    fixed: dict[str, Any] = {}
    trees: list[tuple[str, Filler]] = []
    lists: list[tuple[str, list[Filler]]] = []
    repeated: list[tuple[str, list[ManyFiller]]] = []
    for key, value in node.args.items():
        if isinstance(value, exp.Expr):
            trees.append((key, _filling(value)))
        elif isinstance(value, list):
            if any(_repeated_slot(v) for v in value):
                repeated.append((key, [_element(v) for v in value]))
            else:
                lists.append((key, [_filling(v) for v in value]))
        else:
            fixed[key] = value
    kind = node.__class__

    def made(slots: Slots, used: set[str]) -> exp.Expr:
        arguments = fixed.copy()
        for key, filler in trees:
            arguments[key] = filler(slots, used)
        for key, fillers in lists:
            arguments[key] = [filler(slots, used) for filler in fillers]
        for key, elements in repeated:
            arguments[key] = [tree for element in elements for tree in element(slots, used)]
        return kind(**arguments)

    return made


def _is_slot(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) and node.name.startswith(_MARK)


def _repeated_slot(value: exp.Expr) -> str:
    """The name of the slot that stands for any number of trees; '' for what is none."""
    return value.name[len(_MARK_OF_MANY) :] if _is_slot(value) and value.name.startswith(_MARK_OF_MANY) else ""


def _element(value: exp.Expr) -> ManyFiller:
    """What makes an element of a list: one tree, or for a repeated slot any number."""
    name = _repeated_slot(value)
    if not name:
        filler = _filling(value)
        return lambda slots, used: [filler(slots, used)]

    def made(slots: Slots, used: set[str]) -> list[exp.Expr]:
        many = slots[name]
        return [many] if isinstance(many, exp.Expr) else list(many)

    return made


def _slot(column: exp.Expr) -> Filler:
    name = column.name[len(_MARK) :]
    is_tight = _binds(column)

    def made(slots: Slots, used: set[str]) -> exp.Expr:
        value = slots[name]
        if not isinstance(value, exp.Expr):
            raise TypeError(f"slot {name} takes one tree")
        value = value.copy() if name in used else value
        used.add(name)
        return operand(value) if is_tight else value

    return made


_LOOSE = (exp.Binary, exp.Unary, exp.Between, exp.In, exp.Connector, exp.Interval, exp.Lambda)
_TIGHT = (exp.Dot, exp.Paren, exp.Bracket)


def _binds(place: exp.Expr) -> bool:
    """Whether what is around a place would take an operation there apart."""
    parent = place.parent
    return isinstance(parent, (*_LOOSE, exp.Bracket, exp.Is, exp.Dot, exp.AtTimeZone)) or (
        isinstance(parent, exp.Cast) and parent.args.get("format") is not None
    )


def grouped(tree: exp.Expr) -> exp.Expr:
    """The tree in parentheses, unless it has them."""
    return tree if isinstance(tree, exp.Paren) else exp.Paren(this=tree)


def operand(tree: exp.Expr) -> exp.Expr:
    """The tree as an operand: in parentheses when it is itself an operation."""
    return grouped(tree) if isinstance(tree, _LOOSE) and not isinstance(tree, _TIGHT) else tree


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """``name(arguments)``, just as written."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def text(value: str) -> exp.Expr:
    """A string literal; the generator escapes it for its dialect."""
    return exp.Literal(this=value, is_string=True)


def number(value: int | float | str) -> exp.Expr:
    """A numeric literal as written."""
    written = str(value)
    return exp.Neg(this=number(written[1:])) if written.startswith("-") else exp.Literal(this=written, is_string=False)


def is_constant(tree: exp.Expr) -> bool:
    """Whether a tree is cheap enough to write twice: a literal, a column."""
    return isinstance(tree, exp.Literal | exp.Column | exp.Boolean | exp.Null | exp.Identifier)


def balanced(connector: type[exp.Expr], trees: Sequence[exp.Expr], *, pick: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """A chain of one operator as a tree of logarithmic depth, so that no printer or parser recurses too deeply."""
    level = [pick(t) for t in trees]
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [connector(this=p[0], expression=p[1]) if len(p) == 2 else p[0] for p in pairs]
    return level[0]
