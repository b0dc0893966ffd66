"""Control commands that hold a query: a stored function's declaration, a table that is filled from a query.

Microsoft's parser takes them for KQL text, and so they are read; a query cannot hold one, so the binder refuses it.
"""

from __future__ import annotations

from transpiler.kql.cursor import Cursor
from transpiler.kql.names import name
from transpiler.kql.statements import function_body, statement_list
from transpiler.kql.syntax import ControlCommand, Statement
from transpiler.kql.tokens import END

_FUNCTION_VERBS = frozenset({"create", "create-or-alter", "alter"})
_TABLE_VERBS = frozenset({"set", "append", "set-or-append", "set-or-replace"})


def commands(c: Cursor) -> tuple[Statement, ...]:
    """The commands of a text that begins with a dot, to its end. Raises KqlError for those without a query in them."""
    found: list[Statement] = []
    while c.kind != END:
        found.append(_command(c))
    return tuple(found)


def _command(c: Cursor) -> ControlCommand:
    start = c.expect(".")
    verb = _verb(c)
    if verb in _FUNCTION_VERBS and c.token_text(c.pos) == "function":
        c.pos += 1
        declared = name(c, "a function's name")
        body = function_body(c)
        return ControlCommand(verb, declared, (body,), span=c.span_from(start))
    if verb in _TABLE_VERBS:
        declared = name(c, "a table's name")
        c.expect("<|", f"the table {declared}")
        return ControlCommand(verb, declared, statement_list(c), span=c.span_from(start))
    raise c.error(
        f"the control command .{verb} is not a query",
        c.token_span(start),
        hint="a query begins with a table, an operator or let",
    )


def _verb(c: Cursor) -> str:
    """``create-or-alter``: words and dashes without a blank between."""
    start = c.pos
    c.pos += 1
    while c.touches(0) and "-" in (c.kind, c.kinds[c.pos - 1]):
        c.pos += 1
    return c.text[c.starts[start] : c.ends[c.pos - 1]]
