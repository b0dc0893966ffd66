"""Columns of type JSON: inside a query they are text, and what needs no text reads the column itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from transpiler.dialects.spelling import fill

if TYPE_CHECKING:
    from transpiler.dialects.dialect import Dialect

_STORED = "stored_json"


def json_text(dialect: Dialect, value: exp.Expr, stored: str = "JSON") -> exp.Expr:
    """A stored JSON value (``stored``: or a STRUCT or ARRAY) as text. A missing value and a JSON null are both NULL."""
    tree = fill("NULLIF(TO_JSON_STRING({x}), 'null')", dialect.sqlglot_name, {"x": value})
    if stored == "JSON":
        tree.meta[_STORED] = True
    return tree


def stored_json(tree: exp.Expr) -> exp.Expr | None:
    """The value of type JSON that a tree is the text of, fresh; None for any other tree."""
    if not isinstance(tree, exp.Anonymous) or not tree.meta_get(_STORED):
        return None
    value: exp.Expr = tree.expressions[0].expressions[0]
    return value.copy()
