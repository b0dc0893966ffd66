"""Everything the product says when it cannot go on: one class, one table of codes, one way to show a place.

``KqlError`` is the only exception that leaves ``parse`` and ``transpile``; ``RuleError`` the only one that leaves
``load_rule``. Both carry a code, a message in plain words, a span, and a hint where there is a way out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from transpiler.source import NOWHERE, Source, Span

CODES: dict[str, str] = {
    "KQL001": "the text holds a character or token that KQL does not have",
    "KQL002": "a string, bracketed name or literal is not closed or not well formed",
    "KQL003": "the syntax is not KQL's",
    "KQL004": "the query is nested too deeply, or comes to more than is translated",
    "KQL005": "the query is empty",
    "KQL100": "a table, column, function or variable is not known",
    "KQL101": "a name is used twice where it must be unique, or is ambiguous",
    "KQL102": "an operand or argument has the wrong type",
    "KQL103": "a function got the wrong number of arguments",
    "KQL104": "an argument must be a constant, a column or of another form",
    "KQL105": "the operator is used in a way that KQL does not allow",
    "KQL106": "functions or lets refer to each other without end",
    "KQL107": "a query parameter has no value, or one that its type does not hold",
    "KQL200": "an operator is not translated",
    "KQL201": "a function or plugin is not translated",
    "KQL202": "the result depends on data that only Kusto has, or on its internals",
    "KQL203": "the columns depend on the data and are not declared",
    "KQL204": "the target cannot compute this exactly",
    "KQL205": "a regular expression is outside what the target's engine accepts",
    "KQL206": "a value lies outside what the target can hold",
    "KQL207": "the translated statement is too large for the target",
    "RULE001": "the file is not well-formed YAML or JSON",
    "RULE002": "a field is missing",
    "RULE003": "a field is not known",
    "RULE004": "a field has the wrong type or form",
    "RULE005": "a key is given twice",
    "RULE006": "the kind of file is not supported",
    "RULE007": "a value lies outside its limits",
    "RULE008": "fields contradict each other",
    "RULE009": "the file cannot be read",
}


_LONGEST_WORD = 200
_LONGEST_MESSAGE = 4_000


def shortened(message: str) -> str:
    """A message that a person can read, whatever names it quotes: a name may be as long as the query."""
    text = re.sub(rf"(\S{{{_LONGEST_WORD // 2}}})\S{{{_LONGEST_WORD // 2},}}", r"\1…", message)
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]} …"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message points: file (or query) name, line and column from 1, the line's text, the caret's width."""

    name: str
    line: int
    column: int
    text: str
    indent: int
    width: int


def place_of(source: Source, span: Span) -> Place:
    """The place of a span as a reader of the surrounding file sees it."""
    line, column = source.file_position(span.start)
    own_line, own_column = source.position(span.start)
    text = source.line_text(own_line)
    width = max(1, min(span.end - span.start, len(text) - own_column + 1))
    name = source.embedding.path if source.embedding else source.name
    return Place(name, line, column, text, own_column - 1, width)


class RulesqlError(Exception):
    """The family of all refusals: ``code``, ``message``, ``hint``, ``span`` (of the query or file), ``line``, ``column``."""

    def __init__(
        self, code: str, message: str, span: Span = NOWHERE, *, hint: str = "", source: Source | None = None
    ) -> None:
        super().__init__(shortened(message))
        self.code = code
        self.message = shortened(message)
        self.span = span
        self.hint = shortened(hint)
        self.source = source

    def in_source(self, source: Source) -> RulesqlError:
        """The same error, with the text it speaks of; a source already known is kept."""
        if self.source is None:
            self.source = source
        return self

    @property
    def place(self) -> Place | None:
        """Where the message points, or None when no text is known."""
        return place_of(self.source, self.span) if self.source else None

    @property
    def line(self) -> int:
        """The line from 1 in the file (or query); 0 when no text is known."""
        return self.place.line if self.place else 0

    @property
    def column(self) -> int:
        """The column from 1 in the file (or query); 0 when no text is known."""
        return self.place.column if self.place else 0

    def __str__(self) -> str:
        lines = [f"{self.code} {self.message}"]
        if self.place:
            lines += show_place(self.place)
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


class KqlError(RulesqlError):
    """A query that is not KQL, does not fit its tables, or cannot be translated exactly."""


class RuleError(RulesqlError):
    """A rule, fixture, source or schema file that cannot be used."""


def show_place(place: Place) -> list[str]:
    """``file:line:column``, the line itself, and carets under the offending text."""
    text = "".join(c if c.isprintable() else " " if c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in place.text)
    start = max(0, place.indent - 80)
    shown = text[start : start + 120]
    width = max(1, min(place.width, len(shown) - (place.indent - start)))
    return [
        f"{place.name}:{place.line}:{place.column}",
        f"  {shown}",
        f"  {' ' * (place.indent - start)}{'^' * width}",
    ]
