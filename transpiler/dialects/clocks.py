"""Formats of instants and durations: Kusto's letters cut into pieces, which each target writes.

A run of one letter is read two at a time: ``dddd`` is ``dd`` twice, ``ddd`` is ``dd`` and ``d`` (oracle: ``format_datetime(…,
'dddd')`` of the 5th gives ``0505``). ``f`` and ``F`` take up to seven.
"""

from __future__ import annotations

from dataclasses import dataclass

DATETIME_LETTERS = frozenset("yMdhHmstfF")
TIMESPAN_LETTERS = frozenset("dhHmsfF")
SEPARATORS = frozenset(" /-:,._[]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A letter and how often it stands, or a literal text (``letter`` is '')."""

    letter: str
    count: int
    text: str = ""


def pieces(format_: str, letters: frozenset[str], *, longest: dict[str, int]) -> list[Piece] | None:
    """The pieces of a format; None when it holds a character that Kusto does not take."""
    found: list[Piece] = []
    i = 0
    while i < len(format_):
        c = format_[i]
        if c in letters:
            most = longest.get(c, 2)
            j = i
            while j < len(format_) and format_[j] == c and j - i < most:
                j += 1
            found.append(Piece(c, j - i))
            i = j
        elif c in SEPARATORS:
            found.append(Piece("", 0, c))
            i += 1
        else:
            return None
    return _joined(found)


def _joined(found: list[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for piece in found:
        if joined and not piece.letter and not joined[-1].letter:
            joined[-1] = Piece("", 0, joined[-1].text + piece.text)
        else:
            joined.append(piece)
    return joined


def datetime_pieces(format_: str) -> list[Piece] | None:
    """The pieces of a ``format_datetime`` format."""
    return pieces(format_, DATETIME_LETTERS, longest={"y": 4, "f": 7, "F": 7})


def timespan_pieces(format_: str) -> list[Piece] | None:
    """The pieces of a ``format_timespan`` format; ``d`` takes up to eight."""
    return pieces(format_, TIMESPAN_LETTERS, longest={"d": 8, "f": 7, "F": 7})
