"""Columns of type JSON: inside a query they are text, and what needs no text reads the column itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from transpiler.dialects.spelling import fill

if TYPE_CHECKING:
    from transpiler.dialects.dialect import Dialect

_STORED = "stored_json"
_WHOLE = "whole_json"
_WRITTEN = "written_json"


def _marked(dialect: Dialect, template: str, value: exp.Expr, mark: str) -> exp.Expr:
    tree = fill(template, dialect.sqlglot_name, {"x": value})
    tree.meta[mark] = True
    return tree


def json_text(dialect: Dialect, value: exp.Expr) -> exp.Expr:
    """A stored JSON value as text. A missing value and a JSON null are both NULL."""
    return _marked(dialect, "NULLIF(TO_JSON_STRING({x}), 'null')", value, _STORED)


def stored_json(tree: exp.Expr) -> exp.Expr | None:
    """The value of type JSON that a tree is the text of, fresh; None for any other tree."""
    if not isinstance(tree, exp.Anonymous) or not tree.meta_get(_STORED):
        return None
    value: exp.Expr = tree.expressions[0].expressions[0]
    return value.copy()


def whole_text(dialect: Dialect, value: exp.Expr) -> exp.Expr:
    """A value of type JSON as text, ``null`` for null: for what looks inside, where a JSON null has nothing."""
    return _marked(dialect, "TO_JSON_STRING({x})", value, _WHOLE)


def compact_json(dialect: Dialect, value: exp.Expr) -> exp.Expr:
    """A stored text that holds JSON, without the blanks with which it may be written."""
    return _marked(dialect, "JSON_QUERY({x}, '$')", value, _WRITTEN)


def written_json(tree: exp.Expr) -> exp.Expr | None:
    """The stored text that a tree is the compact form of, fresh, for what takes JSON however written; None for any other."""
    if not isinstance(tree, exp.Anonymous) or not tree.meta_get(_WRITTEN):
        return None
    value: exp.Expr = tree.expressions[0]
    return value.copy()


def scalar_in(dialect: Dialect, tree: exp.Expr) -> exp.Expr | None:
    """The text of the string, number or bool that the JSON text ``tree`` holds; None for a tree that is long to write twice."""
    if (stored := stored_json(tree)) is not None:
        return fill("JSON_VALUE({x})", dialect.sqlglot_name, {"x": stored})
    if not is_queried(tree):
        return None
    source, path = tree.expressions
    if source.meta_get(_WHOLE):
        source = source.expressions[0]
    elif not isinstance(source, exp.Column):
        return None
    return fill("JSON_VALUE({x}, {p})", dialect.sqlglot_name, {"x": source.copy(), "p": path.copy()})


def is_queried(tree: exp.Expr) -> bool:
    """Whether a tree is the JSON text at a path, which is NULL for a JSON null."""
    return isinstance(tree, exp.Anonymous) and tree.name == "JSON_QUERY" and len(tree.expressions) == 2
