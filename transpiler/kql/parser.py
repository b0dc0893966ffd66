"""The way in: a query's text becomes a syntax tree, or a KqlError that says what was found and what was expected."""

from __future__ import annotations

from transpiler.diagnostics import KqlError
from transpiler.kql.commands import commands
from transpiler.kql.cursor import Cursor, Recursion
from transpiler.kql.depth import check_height
from transpiler.kql.pipelines import operator, operator_list, pipeline
from transpiler.kql.statements import statement_list
from transpiler.kql.syntax import Query
from transpiler.kql.tokens import DIRECTIVE, END, tokenize
from transpiler.source import Source, Span

# What a word or sign most often means where a query should have ended.
_HINTS = {
    ")": "there is no opening bracket for it",
    "]": "there is no opening bracket for it",
    "}": "there is no opening bracket for it",
    "=": "a comparison is written ==",
    "not": "a negation is written !in, !has, or not(…)",
    "is": "a test for null is isnull(…), for the empty string isempty(…)",
    "and": "KQL's connectives are lower-case: and",
    "or": "KQL's connectives are lower-case: or",
    "matches": "the operator is written matches regex, with one blank",
    "&": "the connective is written and",
    "where": "a pipe stands before an operator",
    "extend": "a pipe stands before an operator",
    "project": "a pipe stands before an operator",
    "summarize": "a pipe stands before an operator",
    "join": "a pipe stands before an operator",
}

_RECURSION = Recursion(pipeline, operator, operator_list, statement_list)


def parse_query(source: Source) -> Query:
    """The syntax tree of a whole text. Only KqlError is raised, whatever the text holds.

    What is accepted is what Microsoft's parser accepts (Kusto.Language 12.4), within a stated limit of nesting
    (``MAX_NESTING`` open brackets, operands and pipelines, ``MAX_HEIGHT`` nodes from the root to a leaf).
    """
    try:
        return _parse(source)
    except RecursionError:  # the caller stood deep in its own stack already
        raise KqlError("KQL004", "the query is nested too deeply to be read here", source=source) from None


def _parse(source: Source) -> Query:
    c = Cursor(source, tokenize(source), _RECURSION)
    while c.accept(DIRECTIVE):
        pass
    if c.kind == END:
        raise KqlError("KQL005", "the query is empty", Span(0, 0), source=source)
    start = c.pos
    statements = commands(c) if c.kind == "." else statement_list(c)
    if c.kind != END:
        c.fail("';', '|' or the end of the query", hint=_HINTS.get(c.token_text(c.pos).lower(), ""))
    query = Query(statements, span=c.span_from(start))
    check_height(query, c.most, source)
    return query
