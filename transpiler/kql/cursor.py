"""The place in the token arrays at which the parser stands, and what every rule of the grammar does there.

The grammar's rules are functions of a Cursor, one module per subject. Three rules are needed before the module that
defines them can be imported (an expression in parentheses may be a pipeline, mv-apply holds operators, macro-expand
statements): the cursor carries them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from transpiler.diagnostics import KqlError
from transpiler.kql.syntax import Expr, Node, Operator, Statement
from transpiler.kql.tokens import DECLARED_KEYWORDS, END, IDENT, KEYWORDS, SOFT_KEYWORDS, Tokens
from transpiler.source import Source, Span

# The one stated limit of nesting: brackets, operands and pipelines that are open at once; a bracket with an expression
# in it counts two. The parser needs at most three Python frames for each, so that it stays far below Python's default
# limit of 1,000 frames and leaves as much to whoever walks the tree.
MAX_NESTING = 128
NAME_KINDS = SOFT_KEYWORDS | {IDENT}
DECLARED_KINDS = DECLARED_KEYWORDS | {IDENT}

# What ends a list of anything, wherever it stands.
LIST_END = frozenset({")", "]", "}", "|", ";", END})

_FOUND = {"IDENT": "the name ", "LONG": "the number ", "REAL": "the number "}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Recursion:
    """The rules that rules defined before them need: where the grammar closes upon itself."""

    pipeline: Callable[[Cursor], Expr]
    operator: Callable[[Cursor], Operator]
    operators: Callable[[Cursor], tuple[Operator, ...]]
    statements: Callable[[Cursor], tuple[Statement, ...]]


class Cursor:
    """Reads one text's tokens from left to right; the state of a parse."""

    __slots__ = (
        "depth",
        "ends",
        "kinds",
        "most",
        "operator",
        "operators",
        "pipeline",
        "pos",
        "source",
        "starts",
        "statements",
        "text",
    )

    def __init__(
        self,
        source: Source,
        tokens: Tokens,
        recursion: Recursion,
    ) -> None:
        self.source = source
        self.text = source.text
        self.kinds = tokens.kinds
        self.starts = tokens.starts
        self.ends = tokens.ends
        self.pipeline = recursion.pipeline
        self.operator = recursion.operator
        self.operators = recursion.operators
        self.statements = recursion.statements
        self.pos = 0
        self.depth = 0
        self.most = 0  # the deepest nesting or longest chain so far: the query's height is measured where it matters

    # ------------------------------------------------------------ reading

    @property
    def kind(self) -> str:
        """The kind of the token at the cursor."""
        return self.kinds[self.pos]

    def peek(self, offset: int) -> str:
        """The kind of a later token; END beyond the last one."""
        index = self.pos + offset
        return self.kinds[index] if index < len(self.kinds) else END

    def token_text(self, index: int) -> str:
        """The text of the token with that index."""
        return self.text[self.starts[index] : self.ends[index]]

    def touches(self, offset: int) -> bool:
        """Whether the token at the offset begins where the one before it ends."""
        index = self.pos + offset
        return index < len(self.kinds) and self.starts[index] == self.ends[index - 1]

    def accept(self, kind: str) -> bool:
        """Steps over a token of that kind, if it is there."""
        if self.kinds[self.pos] == kind:
            self.pos += 1
            return True
        return False

    def expect(self, kind: str, after: str = "") -> int:
        """Steps over a token that must be there and gives its index."""
        index = self.pos
        if self.kinds[index] != kind:
            self.fail(f"'{kind}'", after)
        self.pos = index + 1
        return index

    def span_from(self, start: int) -> Span:
        """From the token with index ``start`` to the last token read."""
        return Span(self.starts[start], self.ends[self.pos - 1])

    def spanning(self, start: int) -> Span:
        """From a character's offset to the end of the last token read."""
        return Span(start, self.ends[self.pos - 1])

    def token_span(self, index: int) -> Span:
        """The place of one token."""
        return Span(self.starts[index], self.ends[index])

    def comma_list(self, element: Callable[[Cursor], T], *, trailing: frozenset[str] = frozenset()) -> tuple[T, ...]:
        """One element or more, separated by commas; a comma may be followed by one of ``trailing`` instead."""
        items = [element(self)]
        while self.kinds[self.pos] == ",":
            self.pos += 1
            if self.kinds[self.pos] in trailing:
                break
            items.append(element(self))
        return tuple(items)

    # ------------------------------------------------------------ nesting

    def enter(self) -> None:
        """Counts one more open bracket or operand; KqlError beyond the limit."""
        self.depth += 1
        if self.depth > self.most:
            self.most = self.depth
            if self.depth > MAX_NESTING:
                raise self.too_deep(self.token_span(self.pos))

    def too_deep(self, span: Span) -> KqlError:
        """The error for a query that nests beyond the limit."""
        return KqlError(
            "KQL004",
            f"the query is nested too deeply: more than {MAX_NESTING} brackets, operands and pipelines are open here",
            span,
            hint="a part of the expression can be named with let or extend",
            source=self.source,
        )

    # ------------------------------------------------------------ errors

    def found(self, index: int | None = None) -> str:
        """The token in words: ``the keyword 'by'``, ``')'``, ``the end of the query``."""
        index = self.pos if index is None else index
        kind = self.kinds[index]
        if kind == END:
            return "the end of the query"
        text = self.token_text(index)
        shown = text if len(text) <= 40 else text[:37] + "…"
        words = {"IDENT": "the name ", "STRING": "the string ", "LONG": "the number ", "REAL": "the number "}
        return words.get(kind, "the keyword " if kind in KEYWORDS else "") + (
            shown if kind == "STRING" else f"'{shown}'"
        )

    def fail(self, expected: str, after: str = "", hint: str = "") -> NoReturn:
        """Raises: this was expected, that was found."""
        where = f" after {after}" if after else ""
        raise self.error(f"expected {expected}{where}, found {self.found()}", hint=hint or self._keyword_hint(expected))

    def error(self, message: str, span: Span | None = None, hint: str = "", code: str = "KQL003") -> KqlError:
        """An error at a place, the cursor's own token where none is given."""
        return KqlError(code, message, span or self.token_span(self.pos), hint=hint, source=self.source)

    def refuse(self, message: str, node: Node, hint: str = "") -> NoReturn:
        """Raises an error about something already read."""
        raise self.error(message, node.span, hint)

    def _keyword_hint(self, expected: str) -> str:
        kind = self.kinds[self.pos]
        wants_name = "name" in expected or "expression" in expected
        if wants_name and kind in KEYWORDS and kind[0].isalpha():
            return f"a column of that name is written ['{kind}']"
        return ""
