"""The formats of ``format_datetime`` and ``format_timespan``, cut into pieces.

A run of one letter is cut into the longest elements that Kusto knows: ``dddd`` is ``dd`` twice, ``ddd`` is ``dd`` and ``d``
(oracle: ``format_datetime(…, 'dddd')`` of the 5th gives ``0505``). A character that is neither a letter of the format nor one
of the separators is refused by the engine, ``T`` among them.
"""

from __future__ import annotations

from dataclasses import dataclass

_SEPARATORS = frozenset(" /-:,._[]")
_SEVEN = (7, 6, 5, 4, 3, 2, 1)
_DATETIME: dict[str, tuple[int, ...]] = {
    **dict.fromkeys("MdHhms", (2, 1)),
    "y": (4, 2, 1),
    "t": (2,),
    "f": _SEVEN,
    "F": _SEVEN,
}
_TIMESPAN: dict[str, tuple[int, ...]] = {
    **dict.fromkeys("Hhms", (2, 1)),
    "d": (8, *_SEVEN),
    "f": _SEVEN,
    "F": _SEVEN,
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A letter and how often it stands, or a literal text (``letter`` is '')."""

    letter: str
    count: int
    text: str = ""


def _pieces(form: str, elements: dict[str, tuple[int, ...]]) -> list[Piece] | None:
    found: list[Piece] = []
    i = 0
    while i < len(form):
        c = form[i]
        run = len(form[i:]) - len(form[i:].lstrip(c))
        count = next((n for n in elements.get(c, ()) if n <= run), 0)
        if count:
            found.append(Piece(c, count))
        elif c in _SEPARATORS and found and not found[-1].letter:
            found[-1] = Piece("", 0, found[-1].text + c)
        elif c in _SEPARATORS:
            found.append(Piece("", 0, c))
        else:
            return None
        i += count or 1
    return found


def datetime_pieces(form: str) -> list[Piece] | None:
    """The pieces of a ``format_datetime`` format; None when it holds a character that Kusto does not take."""
    return _pieces(form, _DATETIME)


def timespan_pieces(form: str) -> list[Piece] | None:
    """The pieces of a ``format_timespan`` format; None when it holds a character that Kusto does not take."""
    return _pieces(form, _TIMESPAN)
