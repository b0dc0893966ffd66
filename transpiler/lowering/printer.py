"""sqlglot's tree as text. sqlglot prints; it decides nothing.

The compiled build of sqlglot cannot be subclassed, so the changes of style (what is short stays on its line, columns
fill lines) go into the generator's own dispatch table, for this instance only. SELECT is among them for one reason more:
for BigQuery sqlglot would rewrite it in six ways before it prints.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as SqlglotDialect
from sqlglot.errors import ErrorLevel

from transpiler.dialects.dialect import Dialect, is_quoted

LINE_WIDTH = 100
SHORT = 80
_SPACES = re.compile("[\u00a0\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff]")
_QUOTES = str.maketrans("'\"$", "\u2019\u201d\uff04")


def print_sql(tree: exp.Expr, dialect: Dialect) -> str:
    """One statement, indented, ending in a newline."""
    generator = _generator(dialect.sqlglot_name)
    comments = tree.comments  # printing a WITH takes those of its SELECT away
    sql = str(generator.generate(tree, copy=False))
    if dialect.sqlglot_name == "duckdb" and not sql.isascii() and _SPACES.search(sql):
        tree.comments = comments
        _without_quotes_in_comments(tree)
        sql = str(generator.generate(tree, copy=False))
    return sql + "\n"


# Any: the generator's type is sqlglot's compiled class, one per dialect.
def _generator(sqlglot_name: str) -> Any:
    generator = _dialect(sqlglot_name).generator(
        pretty=True, max_text_width=LINE_WIDTH, unsupported_level=ErrorLevel.RAISE, normalize_functions=False
    )
    generator._dispatch = _dispatch(sqlglot_name)
    return generator


@cache
def _dialect(sqlglot_name: str) -> SqlglotDialect:
    return SqlglotDialect.get_or_raise(sqlglot_name)


# Any: as above.
@cache
def _dispatch(sqlglot_name: str) -> dict[type[exp.Expr], Any]:
    return {**_dialect(sqlglot_name).generator()._dispatch, **_STYLES, **_OWN_STYLES.get(sqlglot_name, {})}


def _without_quotes_in_comments(tree: exp.Expr) -> None:
    """Other quotes in the comments of a statement that holds spaces beyond ASCII.

    Trap: DuckDB writes such a space as a plain one wherever it takes it to stand outside of quotes, and it takes a quote
    in a comment, or ``$$``, for the start or end of a text.
    """
    for node in tree.walk():
        if node.comments:
            node.comments = [comment.translate(_QUOTES) for comment in node.comments]


# Any: as above. sqlglot asks its dialect about each name that is not quoted, which no compiled code answers.
def _identifier(generator: Any, expression: exp.Identifier) -> str:
    args = expression.args
    name: str = args["this"]
    return (
        name if _is_bare(name, args.get("quoted"), generator.__class__) else str(generator.identifier_sql(expression))
    )


# Any: as above.
@lru_cache(maxsize=8192)
def _is_bare(name: str, has_quotes: bool | None, printing: Any) -> bool:
    return not has_quotes and not is_quoted(name) and name.lower() not in printing.RESERVED_KEYWORDS


# Any: as above. The name is written as ``_identifier`` does, once more: nothing is printed more often.
def _column(generator: Any, expression: exp.Column) -> str:
    args = expression.args
    identifier = args["this"]
    if len(args) > 1 or not isinstance(identifier, exp.Identifier):
        return str(generator.column_sql(expression))
    args = identifier.args
    name: str = args["this"]
    return (
        name if _is_bare(name, args.get("quoted"), generator.__class__) else str(generator.identifier_sql(identifier))
    )


# Any: as above.
def _paren(generator: Any, expression: exp.Paren | exp.Subquery) -> str:
    inner = generator.sql(expression, "this")
    if "\n" not in inner and len(inner) < LINE_WIDTH:
        return f"({inner})"
    return f"({generator.seg(generator.indent(inner), sep='')}{generator.seg(')', sep='')}"


# Any: as above; ``top`` is a spelling of other dialects.
def _limit(generator: Any, expression: exp.Limit, top: bool = False) -> str:
    count = generator.sql(expression, "expression")
    inner = generator.sql(expression, "this")
    return f"{inner} LIMIT {count}" if inner else f"{generator.seg('LIMIT')} {count}"


# Any: as above.
def _select(generator: Any, expression: exp.Select) -> str:
    words = ["SELECT", *(["DISTINCT"] if expression.args.get("distinct") else [])]
    words += ["AS", str(expression.args["kind"])] if expression.args.get("kind") else []
    lines = _filled(_items(generator, expression.expressions), expression.expressions)
    if len(lines) == 1 and len(lines[0]) < LINE_WIDTH and "\n" not in lines[0]:
        listed = f" {lines[0]}"
    else:
        listed = f"{generator.sep()}{generator.indent(f',{generator.sep()}'.join(lines))}"
    from_ = generator.sql(expression, "from_", comment=False)
    sql = generator.query_modifiers(expression, f"{' '.join(words)}{listed}", "", from_)
    if expression.args.get("with_"):
        sql = generator.maybe_comment(sql, expression)
        expression.pop_comments()
    elif isinstance(expression.parent, exp.Subquery | exp.Array | exp.In) and not expression.comments:
        return _joined(sql)
    return str(generator.prepend_ctes(expression, sql))


# Any: as above.
def _items(generator: Any, items: list[exp.Expr]) -> list[str]:
    return [_column(generator, e) if isinstance(e, exp.Column) else generator.sql(e) for e in items]


def _joined(sql: str) -> str:
    """A short SELECT within an expression on one line; a line break within a text stays (its lines have odd quotes)."""
    lines = sql.split("\n")
    whole = " ".join(line.strip() for line in lines)
    is_plain = all(line.count(quote) % 2 == 0 for line in lines for quote in "'\"`") and "/*" not in sql
    return whole if len(whole) < SHORT and is_plain else sql


# Any: as above; ``[…]`` is the same node.
def _array(generator: Any, expression: exp.Array) -> str:
    query = expression.expressions[0] if len(expression.expressions) == 1 else None
    if not isinstance(query, exp.Query) or expression.args.get("value_constructor"):
        return f"[{generator.expressions(expression, dynamic=True, new_line=True, skip_first=True, skip_last=True)}]"
    inner = generator.sql(query)
    return (
        f"ARRAY({inner})"
        if "\n" not in inner
        else f"ARRAY({generator.seg(generator.indent(inner), sep='')}{generator.seg(')', sep='')}"
    )


# Any: as above.
def _subquery(generator: Any, expression: exp.Subquery) -> str:
    if any(value for key, value in expression.args.items() if key != "this"):
        return str(generator.subquery_sql(expression))
    # Printed once: whoever tries a query on a line and then prints it again takes twice as long for each level of nesting.
    return _paren(generator, expression)


_PLAIN = (exp.Column, exp.Literal)


def _filled(printed: list[str], items: list[exp.Expr]) -> list[str]:
    """The items of a list by lines: columns and literals side by side, the rest on lines of its own; one line if it is short."""
    whole = ", ".join(printed)
    if len(whole) < LINE_WIDTH and "\n" not in whole:
        return [whole]
    lines: list[str] = []
    is_open = False
    for text, item in zip(printed, items, strict=True):
        is_column = isinstance(item if isinstance(item, exp.Column) else item.unalias(), _PLAIN) and "\n" not in text
        if is_open and is_column and len(lines[-1]) + len(text) + 2 < LINE_WIDTH:
            lines[-1] += f", {text}"
        else:
            lines.append(text)
        is_open = is_column
    return lines


# Any: as above.
def _where(generator: Any, expression: exp.Where | exp.Qualify) -> str:
    word = "WHERE" if isinstance(expression, exp.Where) else "QUALIFY"
    condition = generator.sql(expression, "this")
    if "\n" not in condition and len(condition) < LINE_WIDTH:
        return f"{generator.seg(word)} {condition}"
    return f"{generator.seg(word)}{generator.sep()}{generator.indent(condition)}"


# Any: as above.
def _group(generator: Any, expression: exp.Group) -> str:
    return f"{generator.seg('GROUP BY')} {', '.join(generator.sql(e) for e in expression.expressions)}"


# Any: as above.
def _order(generator: Any, expression: exp.Order) -> str:
    flat = str(generator.order_sql(expression, flat=True))
    if expression.args.get("this"):
        return flat
    return str(generator.seg(flat) if "\n" not in flat and len(flat) < LINE_WIDTH else generator.order_sql(expression))


# Any: as above. IF evaluates no more than CASE does.
def _if(generator: Any, expression: exp.Case) -> str:
    branches = expression.args["ifs"]
    if len(branches) > 1 or expression.this:
        return _case(generator, expression)
    return str(
        generator.func("IF", branches[0].this, branches[0].args["true"], expression.args.get("default") or exp.Null())
    )


# Any: as above.
def _case(generator: Any, expression: exp.Case) -> str:
    lines = [f"CASE {generator.sql(expression, 'this')}".rstrip()]
    for branch in expression.args["ifs"]:
        test, value = (generator.sql(branch, key) for key in ("this", "true"))
        is_short = "\n" not in test and "\n" not in value and len(test) + len(value) < LINE_WIDTH
        lines += [f"WHEN {test} THEN {value}"] if is_short else [f"WHEN {test}", f"THEN {value}"]
    if default := generator.sql(expression, "default"):
        lines.append(f"ELSE {default}")
    lines.append("END")
    whole = " ".join(lines)
    if "\n" not in whole and len(whole) < LINE_WIDTH:
        return whole
    return str(generator.indent("\n".join(lines), skip_first=True, skip_last=True))


# Any: as above.
def _in(generator: Any, expression: exp.In) -> str:
    if not expression.expressions:
        return str(generator.in_sql(expression))
    lines = _filled(_items(generator, expression.expressions), expression.expressions)
    listed = lines[0]
    if len(lines) > 1:
        listed = f"{generator.sep()}{generator.indent(f',{generator.sep()}'.join(lines))}{generator.sep()}"
    return f"{generator.sql(expression, 'this')} IN ({listed})"


# Any: as above. A pattern is read more easily, and is shorter, where its backslashes stand once.
def _literal(generator: Any, expression: exp.Literal) -> str:
    value: str = expression.args["this"]
    if expression.args["is_string"] and "\\" in value and _RAW.fullmatch(value):
        return f"r'{value}'"
    return str(generator.literal_sql(expression))


# Trap: a raw text has no escapes, so that it holds neither its quote nor a line break, nor ends in a backslash.
_RAW = re.compile(r"[^'\x00-\x1f\x7f]*[^'\x00-\x1f\x7f\\]")

# Any: as above.
_STYLES: dict[type[exp.Expr], Any] = {
    exp.Identifier: _identifier,
    exp.Column: _column,
    exp.Paren: _paren,
    exp.Array: _array,
    exp.Case: _case,
    exp.In: _in,
    exp.Limit: _limit,
    exp.Select: _select,
    exp.Subquery: _subquery,
    exp.Where: _where,
    exp.Qualify: _where,
    exp.Group: _group,
    exp.Order: _order,
}
# Any: as above.
_OWN_STYLES: dict[str, dict[type[exp.Expr], Any]] = {"bigquery": {exp.Case: _if, exp.Literal: _literal}}
