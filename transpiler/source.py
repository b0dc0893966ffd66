"""Text and places in it: a query, the file that holds it, and the way from one to the other.

Offsets are counted in characters (not bytes) from the start of a text, lines and columns from 1.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from operator import add
from typing import NamedTuple


class Span(NamedTuple):
    """The half-open range ``[start, end)`` of characters of one text."""

    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The smallest span that holds both."""
        return Span(min(self.start, other.start), max(self.end, other.end))


NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Embedding:
    """How a query lies in the file that holds it (a YAML block scalar, most often).

    ``lines[i]`` is the place (line, column, both from 1) in the file at which line i of the query begins. Where a
    query's line is not one piece of the file (folded and quoted scalars), ``marks`` says for each piece, in order, at
    which offset of the query it begins and at which line and column of the file.
    """

    path: str
    text: str
    lines: tuple[tuple[int, int], ...]
    marks: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A query's text. ``name`` is shown in messages; ``embedding`` leads to the surrounding file."""

    text: str
    name: str = "query"
    embedding: Embedding | None = None
    _starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        lines = self.text.split("\n")
        # Each line begins behind all before it, and behind a line feed for each of them.
        starts = map(add, accumulate(map(len, lines), initial=0), range(len(lines)))
        object.__setattr__(self, "_starts", tuple(starts))

    def line_of(self, offset: int) -> int:
        """The line (from 1, of the query itself) on which the offset lies."""
        return bisect_right(self._starts, offset)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, in the query itself."""
        line = self.line_of(offset)
        return line, offset - self._starts[line - 1] + 1

    def file_position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset in the surrounding file, or in the query when there is none."""
        line, column = self.position(offset)
        if self.embedding is not None and self.embedding.marks:
            index = bisect_right(self.embedding.marks, offset, key=lambda mark: mark[0]) - 1
            start, file_line, file_column = self.embedding.marks[max(index, 0)]
            return file_line, file_column + max(0, offset - start)
        if self.embedding is None or line > len(self.embedding.lines):
            return line, column
        file_line, file_column = self.embedding.lines[line - 1]
        return file_line, file_column + column - 1

    def line_text(self, line: int) -> str:
        """The text of a line (from 1), without its line break."""
        start = self._starts[line - 1]
        end = self._starts[line] - 1 if line < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r")

    def slice(self, span: Span) -> str:
        """The text under a span."""
        return self.text[span.start : span.end]
