"""From a YAML scalar back to the file: where each character of the value stands.

PyYAML says where a scalar begins and ends; what lies between (indentation, folding, escapes) is read again here, after
the rules of YAML 1.1, so that an offset in a query leads to the exact line and column of the file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import pairwise

from transpiler.source import Embedding

_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_ESCAPES = {
    "0": "\0",
    "a": "\x07",
    "b": "\x08",
    "t": "\t",
    "\t": "\t",
    "n": "\n",
    "v": "\x0b",
    "f": "\x0c",
    "r": "\r",
    "e": "\x1b",
    " ": " ",
    '"': '"',
    "/": "/",
    "\\": "\\",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}
_HEX = {"x": 2, "u": 4, "U": 8}

Piece = tuple[str, int]
"""A character of the value (or "") and the offset in the file at which it stands."""


class Lines:
    """The lines of a file: offsets to line and column, both from 1."""

    def __init__(self, text: str) -> None:
        self.starts = [0, *(m.end() for m in re.finditer(r"\r\n|\n|\r", text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1


def embed(path: str, text: str, lines: Lines, start: int, end: int, style: str, value: str) -> Embedding:
    """The embedding of a scalar's value that stands at ``text[start:end]``, written in a YAML style ('' is plain)."""
    offsets = _offsets(text, start, end, style, value)
    starts = [0, *(i + 1 for i, char in enumerate(value) if char == "\n")]
    places = [lines.position(offsets[i]) for i in starts]
    if style == "|":
        return Embedding(path, text, tuple(places))
    marks = [(0, *places[0])]
    for index, (before, here) in enumerate(pairwise(offsets[: len(value)]), 1):
        if here != before + 1 or value[index - 1] == "\n":
            marks.append((index, *lines.position(here)))
    return Embedding(path, text, tuple(places), tuple(marks))


def _offsets(text: str, start: int, end: int, style: str, value: str) -> list[int]:
    """For each character of the value, and for its end, an offset of the file."""
    pieces = _block(text, start, style, value) if style in ("|", ">") and style else _flow(text, start, end, style)
    if "".join(char for char, _ in pieces)[: len(value)] != value:
        # A form that is not read here as PyYAML reads it: the scalar's beginning is the best that is known.
        return [start] * (len(value) + 1)
    offsets = [at for _, at in pieces[: len(value)]]
    last = offsets[-1] + 1 if offsets else min(start + 1, end)
    return [*offsets, pieces[len(value)][1] if len(pieces) > len(value) else last]


def _block(text: str, start: int, style: str, value: str) -> list[Piece]:
    """The pieces of a block scalar, as if all trailing line breaks were kept."""
    header = _BREAK.search(text, start)
    if header is None:
        return []
    rest = header.end()
    digit = re.match(r"[|>][+-]?([1-9])", text[start : start + 3])
    first = re.compile(r"(?:[ ]*(?:\r\n|[\n\r\x85\u2028\u2029]))*([ ]*)").match(text, rest)
    found = len(first.group(1)) if first else 0
    # With an indentation indicator the count starts at the parent's indent, which only the value tells for sure.
    for indent in range(int(digit.group(1)), found + 1) if digit else (found,):
        pieces = _literal(text, rest, indent) if style == "|" else _folded(text, rest, indent)
        if "".join(char for char, _ in pieces).startswith(value):
            return pieces
    return []


def _content_lines(text: str, start: int, indent: int) -> list[tuple[int, int, int]]:
    """(start of content, end of content, start of the next line) of the lines that belong to a block scalar."""
    lines = []
    while start < len(text):
        match = _BREAK.search(text, start)
        end, following = (match.start(), match.end()) if match else (len(text), len(text))
        spaces = len(text[start:end]) - len(text[start:end].lstrip(" "))
        if spaces < indent and start + spaces < end:
            break
        lines.append((min(start + indent, end), end, following))
        start = following
    return lines


def _broken(text: str, end: int, following: int) -> str:
    """The line break as the value has it: CR and CR LF are read as a line feed."""
    return text[end] if following == end + 1 and text[end] in "\u2028\u2029" else "\n"


def _literal(text: str, start: int, indent: int) -> list[Piece]:
    pieces: list[Piece] = []
    for begin, end, following in _content_lines(text, start, indent):
        pieces += [(text[i], i) for i in range(begin, end)]
        if following > end:
            pieces.append((_broken(text, end, following), end))
    return pieces


def _folded(text: str, start: int, indent: int) -> list[Piece]:
    """Folding after libyaml: a single break between two lines that begin with text is a space, more lose one."""
    pieces: list[Piece] = []
    leading: list[Piece] = []
    trailing: list[Piece] = []
    was_blank = False
    seen = False
    for begin, end, following in _content_lines(text, start, indent):
        brk: list[Piece] = [(_broken(text, end, following), end)] if following > end else []
        if begin == end:
            trailing += brk
            continue
        blank = text[begin] in " \t"
        if seen and leading and leading[0][0] == "\n" and not was_blank and not blank:
            pieces += trailing or [(" ", leading[0][1])]
        else:
            pieces += leading + trailing
        pieces += [(text[i], i) for i in range(begin, end)]
        leading, trailing, was_blank, seen = brk, [], blank, True
    return pieces + leading + trailing


def _flow(text: str, start: int, end: int, style: str) -> list[Piece]:
    """The pieces of a plain or quoted scalar."""
    if style in ("'", '"'):
        start, end = start + 1, end - 1
    pieces: list[Piece] = []
    at = start
    while at < end:
        blank = _blank_run(text, at, end)
        if blank is not None:
            found, at = blank
            pieces += found
        elif text[at] == "'" and style == "'":
            pieces.append(("'", at))
            at += 2
        elif text[at] == "\\" and style == '"':
            piece, at = _escape(text, at, end)
            pieces += piece
        else:
            pieces.append((text[at], at))
            at += 1
    return pieces


def _blank_run(text: str, at: int, end: int) -> tuple[list[Piece], int] | None:
    """Blanks, or blanks with line breaks among them, folded; None when there is no blank here."""
    match = re.compile(r"(?:[ \t]|\r\n|[\n\r\x85\u2028\u2029])+").match(text, at, end)
    if match is None:
        return None
    breaks = list(_BREAK.finditer(text, at, match.end()))
    if not breaks:
        return [(text[i], i) for i in range(at, match.end())], match.end()
    if len(breaks) == 1:
        return [(" ", breaks[0].start())], match.end()
    return [(_broken(text, b.start(), b.end()), b.start()) for b in breaks[1:]], match.end()


def _escape(text: str, at: int, end: int) -> tuple[list[Piece], int]:
    code = text[at + 1 : at + 2]
    if code in _HEX:
        stop = at + 2 + _HEX[code]
        return [(chr(int(text[at + 2 : stop], 16)), at)], stop
    if code in _ESCAPES:
        return [(_ESCAPES[code], at)], at + 2
    # An escaped line break joins two lines; blanks at the next line's start are dropped, further breaks are kept.
    match = re.compile(r"(?:[ \t]|\r\n|[\n\r\x85\u2028\u2029])*").match(text, at + 1, end)
    stop = match.end() if match else end
    kept = list(_BREAK.finditer(text, at + 1, stop))[1:]
    return [(_broken(text, b.start(), b.end()), b.start()) for b in kept], stop
