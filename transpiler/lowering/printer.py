"""sqlglot's tree as text. sqlglot prints; it decides nothing.

The compiled build of sqlglot cannot be subclassed, so the changes of style (a short parenthesis and the LIMIT of an
aggregate stay on their line) go into the generator's own dispatch table, for this instance only.
"""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as SqlglotDialect
from sqlglot.errors import ErrorLevel

from transpiler.dialects.dialect import Dialect

LINE_WIDTH = 100
_SPACES = re.compile("[\u00a0\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff]")
_QUOTES = str.maketrans("'\"", "\u2019\u201d")


def print_sql(tree: exp.Expr, dialect: Dialect) -> str:
    """One statement, indented, ending in a newline."""
    generator = SqlglotDialect.get_or_raise(dialect.sqlglot_name).generator(
        pretty=True, max_text_width=LINE_WIDTH, unsupported_level=ErrorLevel.RAISE, normalize_functions=False
    )
    if dialect.sqlglot_name == "duckdb":
        _without_quotes_in_comments(tree)
    generator._dispatch = {**generator._dispatch, exp.Paren: _paren, exp.Limit: _limit}
    return generator.generate(tree, copy=False) + "\n"


def _without_quotes_in_comments(tree: exp.Expr) -> None:
    """Other quotes in the comments of a statement that holds spaces beyond ASCII.

    Trap: DuckDB writes such a space as a plain one wherever it takes it to stand outside of quotes, and it takes a quote
    in a comment for the start or end of a text.
    """
    names = tree.find_all(exp.Literal, exp.Identifier)
    if not any(not n.name.isascii() and _SPACES.search(n.name) for n in names):
        return
    for node in tree.walk():
        if node.comments:
            node.comments = [comment.translate(_QUOTES) for comment in node.comments]


# Any: the generator's type is sqlglot's compiled class, one per dialect.
def _paren(generator: Any, expression: exp.Paren) -> str:
    inner = generator.sql(expression, "this")
    if "\n" not in inner and len(inner) < LINE_WIDTH:
        return f"({inner})"
    return f"({generator.seg(generator.indent(inner), sep='')}{generator.seg(')', sep='')}"


# Any: as above; ``top`` is a spelling of other dialects.
def _limit(generator: Any, expression: exp.Limit, top: bool = False) -> str:
    count = generator.sql(expression, "expression")
    inner = generator.sql(expression, "this")
    return f"{inner} LIMIT {count}" if inner else f"{generator.seg('LIMIT')} {count}"
