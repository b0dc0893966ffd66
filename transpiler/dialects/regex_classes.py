"""Character classes of Kusto's regular expressions in RE2's spelling.

``\\d``, ``\\s`` and ``\\w`` are Unicode in Kusto (a no-break space is ``\\s``, ``é`` is ``\\w``) and ASCII in RE2, so that they are
written out by their Unicode categories.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum


class Wordness(Enum):
    """Whether the characters of a class are of words (``\\w``), which decides a boundary."""

    WORD = "word"
    OTHER = "other"
    MIXED = "mixed"


DIGIT = r"\p{Nd}"
SPACE = r"\t-\r\x{85}\pZ"
# Letters, marks, decimal digits, letter numbers and connectors, the two joiners, and the circled letters, which Unicode counts
# as alphabetic.
WORD = r"\pL\pM\p{Nd}\p{Nl}\p{Pc}\x{200c}\x{200d}\x{24b6}-\x{24e9}\x{1f130}-\x{1f149}\x{1f150}-\x{1f169}\x{1f170}-\x{1f189}"
_LINES_BEYOND_ASCII = r"\x{203f}\x{2040}\x{2054}\x{fe33}\x{fe34}\x{fe4d}-\x{fe4f}\x{ff3f}"
_WORD_WITHOUT_LINE = WORD.replace(r"\p{Pc}", _LINES_BEYOND_ASCII)
# Ignoring case would put the Kelvin sign among the ASCII letters.
_OTHER_WORD = WORD.removeprefix(r"\pL").replace(r"\p{Nd}", "").replace(r"\p{Pc}", _LINES_BEYOND_ASCII)
WORD_BEYOND_ASCII = rf"(?-i:[^\x00-\x7f\PL]|[^\x00-\x7f\P{{Nd}}]|[{_OTHER_WORD}])"
ASCII_OR_NO_WORD = rf"(?-i:[\x00-\x7f]|[^{WORD}])"
_BROAD_SPACE = r"\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
_MEMBERS = {"d": DIGIT, "s": SPACE, "w": WORD}
_SHORT_CATEGORIES = frozenset(
    "C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs".split()
)
_LONG_CATEGORIES = {
    "Letter": "L", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll", "Mark": "M", "Number": "N", "Decimal_Number": "Nd",
    "Punctuation": "P", "Symbol": "S", "Separator": "Z", "Space_Separator": "Zs", "Control": "Cc",
}  # fmt: skip
_SCRIPTS = frozenset(
    "Arabic Armenian Bengali Common Cyrillic Devanagari Georgian Greek Gujarati Han Hangul Hebrew Hiragana Inherited "
    "Katakana Khmer Lao Latin Malayalam Mongolian Sinhala Tamil Telugu Thai Tibetan".split()
)
_PROPERTY = re.compile(r"\\([pP])(?:([A-Z])|\{(\^?)(\w+)\})")
_POSIX = re.compile(r"\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]")
_CODE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|[xuU]\{([0-9a-fA-F]+)\})")
# A member that holds ASCII only: a character or range that begins and ends there, or an escaped one.
_ASCII_ONE = r"(?:\\x\{[0-7]?[0-9a-f]\}|\\[]\\^\[nrtfva-]|[\x00-\x5b\x5d-\x7f])"
_ASCII = re.compile(rf"{_ASCII_ONE}(?:-{_ASCII_ONE})?")
_CONTROLS = frozenset("nrtfva")
ANY = "(?s:.)"
NEVER = r"[^\x00-\x{10ffff}]"
"""What no character is."""
DEPTH = 20
# What of ``.`` and of the classes beyond ASCII is of words, and what is not.
ANY_BUT_LINE = (f"[{WORD}]", rf"[^\n{WORD}]")
ANY_SPLIT = (f"[{WORD}]", f"[^{WORD}]")
CLASS_SPLITS = {
    f"[^{SPACE}]": (f"[{WORD}]", f"[^{SPACE}{WORD}]"),
    r"\P{Nd}": (f"[{WORD}]".replace(DIGIT, ""), f"[^{WORD}]"),
}


def wordness_of(character: str) -> Wordness:
    """Whether one character is of words."""
    category = unicodedata.category(character)
    of_word = category[0] in "LM" or category in ("Nd", "Nl", "Pc")
    return Wordness.WORD if of_word else Wordness.OTHER


def _property(pattern: str, at: int) -> tuple[str, int] | None:
    match = _PROPERTY.match(pattern, at)
    if match is None:
        return None
    name = match[2] or match[4]
    name = _LONG_CATEGORIES.get(name, name)
    if name not in _SHORT_CATEGORIES and name not in _SCRIPTS:
        raise ValueError(f"the class '{match[0]}' is not known to RE2")
    negated = (match[1] == "P") != bool(match[3])
    letter = "P" if negated else "p"
    return (f"\\{letter}{name}" if len(name) == 1 else f"\\{letter}{{{name}}}"), match.end()


def parse_escape_class(pattern: str, at: int) -> tuple[str, Wordness, int] | None:
    """``\\d``, ``\\W``, ``\\pL`` … outside a class: RE2's spelling, its wordness, where it ends; None for another escape."""
    c = pattern[at + 1 : at + 2]
    if c and c in "dsw":
        text = DIGIT if c == "d" else f"[{_MEMBERS[c]}]"
        return text, Wordness.OTHER if c == "s" else Wordness.WORD, at + 2
    if c and c in "DSW":
        text = r"\P{Nd}" if c == "D" else f"[^{_MEMBERS[c.lower()]}]"
        return text, Wordness.OTHER if c == "W" else Wordness.MIXED, at + 2
    found = _property(pattern, at)
    return None if found is None else (found[0], Wordness.MIXED, found[1])


class UnclosedError(ValueError):
    """A class has no end."""


@dataclass(frozen=True, slots=True)
class ClassText:
    """A class in RE2's spelling; ``split`` as of a Character; ``end``: where it ends in the pattern."""

    text: str
    wordness: Wordness
    is_ascii: bool
    split: tuple[str, str] | None
    end: int


Members = list[tuple[str, Wordness]]


def parse_class(pattern: str, at: int) -> ClassText:
    """A class in brackets that begins at a position. ValueError for set operations and nested negations.

    A bracket within begins a class within, unless that leaves this one without an end: public rules have ``[[]``.
    """
    try:
        return _parse_class(pattern, at, nested=True)
    except UnclosedError:
        return _parse_class(pattern, at, nested=False)


def _parse_class(pattern: str, at: int, *, nested: bool, depth: int = 0) -> ClassText:
    negated = pattern.startswith("[^", at)
    position = at + (2 if negated else 1)
    members: Members = []
    apart: set[str] = set()
    first, joins = True, depth > 0
    while True:
        if position >= len(pattern):
            raise UnclosedError("a class is not closed")
        if pattern[position] == "]":
            if not first:
                break
            # At the beginning it is itself, and begins no range.
            members.append((r"\]", Wordness.OTHER))
            position, joins = position + 1, True
        elif pattern[position] == "[" and nested and not _POSIX.match(pattern, position):
            joins = True
            position = _class_within(pattern, position, members, depth + 1)
        else:
            position = _member(pattern, position, members, apart)
        first = False
    if joins:  # a dash at the end of what is joined would make a range with what follows
        members = [(r"\-" if m == "-" else m, k) for m, k in members]
    kinds = {k for _, k in members} | {Wordness.OTHER if a == "W" else Wordness.MIXED for a in apart}
    wordness = kinds.pop() if len(kinds) == 1 and not negated else Wordness.MIXED
    if negated and not apart and any(m == WORD for m, _ in members):
        wordness = Wordness.OTHER
    is_ascii = not negated and not apart and all(_ASCII.fullmatch(m) for m, _ in members)
    split = None if apart or wordness is not Wordness.MIXED else _split(members, negated)
    return ClassText(_spelled([m for m, _ in members], apart, negated), wordness, is_ascii, split, position + 1)


def _split(members: Members, negated: bool) -> tuple[str, str] | None:
    # What stands alone may come to stand first, or between two others.
    alone = {"-": r"\-", "^": r"\^"}
    kinds = {kind: "".join(alone.get(m, m) for m, k in members if k is kind) for kind in Wordness}
    if negated:
        # Of words without some of their letters there is no class.
        words = "" if kinds[Wordness.WORD] or kinds[Wordness.MIXED] else f"[{WORD}]"
        return words, f"[^{WORD}{''.join(kinds.values())}]"
    if kinds[Wordness.MIXED] or not kinds[Wordness.WORD] or not kinds[Wordness.OTHER]:
        return None
    return f"[{kinds[Wordness.WORD]}]", f"[{kinds[Wordness.OTHER]}]"


def _class_within(pattern: str, at: int, members: Members, depth: int) -> int:
    if depth > DEPTH:
        raise ValueError("classes are nested too deeply")
    found = _parse_class(pattern, at, nested=True, depth=depth)
    if not found.text.startswith("[") or found.text.startswith("[^"):
        raise ValueError("a negated class within a class is not RE2's")
    members.append((found.text[1:-1], found.wordness))
    return found.end


def _member(pattern: str, at: int, members: Members, apart: set[str]) -> int:
    """Reads one member (a character, a range, a named class) and tells where the next begins."""
    if pattern[at : at + 2] in ("&&", "--", "~~"):
        raise ValueError("a set operation within a class is not RE2's")
    posix = _POSIX.match(pattern, at)
    if posix is not None:
        members.append((posix[0], Wordness.MIXED))
        return posix.end()
    c = pattern[at + 1 : at + 2] if pattern[at] == "\\" else ""
    if c and c in "SW":
        apart.add(c)
        return at + 2
    if c and c in "dswD":
        kind = {"s": Wordness.OTHER, "D": Wordness.MIXED}.get(c, Wordness.WORD)
        members.append((r"\P{Nd}" if c == "D" else _MEMBERS[c], kind))
        return at + 2
    known = _property(pattern, at)
    if known is not None:
        members.append((known[0], Wordness.MIXED))
        return known[1]
    return _range(pattern, at, members)


def _range(pattern: str, at: int, members: Members) -> int:
    low, value, at = parse_character(pattern, at)
    is_range = pattern[at : at + 1] == "-" and pattern[at + 1 : at + 2] not in ("]", "-", "")
    if not is_range:
        members.append((low, wordness_of(chr(value))))
        return at
    high, top, at = parse_character(pattern, at + 1)
    if top < value:
        raise ValueError(f"the range '{low}-{high}' is empty")
    narrow = top < 128 and len({wordness_of(chr(c)) for c in range(value, top + 1)}) == 1
    members.append((f"{low}-{high}", wordness_of(chr(value)) if narrow else Wordness.MIXED))
    return at


def parse_character(pattern: str, at: int) -> tuple[str, int, int]:
    """One character of a class: RE2's spelling, its code point, where the next begins."""
    code = _CODE.match(pattern, at)
    if code is not None:
        value = int(next(g for g in code.groups() if g), 16)
        if value > 0x10FFFF:
            raise ValueError("no such character")
        return f"\\x{{{value:x}}}", value, code.end()
    c = pattern[at]
    if c != "\\":
        return ("\\" + c if c in "[]" else c), ord(c), at + 1
    escaped = pattern[at + 1 : at + 2]
    if escaped in _CONTROLS and escaped:
        return "\\" + escaped, ord({"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "a": "\a"}[escaped]), at + 2
    if not escaped or escaped.isalnum() or not escaped.isascii():
        raise ValueError(f"the escape '\\{escaped}' is not known within a class")
    return ("\\" + escaped if escaped in "\\]^-[" else escaped), ord(escaped), at + 2


def _spelled(members: list[str], apart: set[str], negated: bool) -> str:
    """A class with its members. ``\\S`` and ``\\W`` have no spelling within brackets, and stand apart."""
    if not apart:
        return f"[{'^' if negated else ''}{''.join(members)}]"
    if not negated:
        if len(apart) == 2 or any(_MEMBERS[a.lower()] in members for a in apart):
            return ANY
        (letter,) = apart
        outside = f"[^{_MEMBERS[letter.lower()]}]"
        return f"(?:{outside}|[{''.join(members)}])" if members else outside
    if apart == {"W"} and set(members) <= {"_"}:
        return f"[{_WORD_WITHOUT_LINE if members else WORD}]"
    controls = {r"\t": 9, r"\n": 10, r"\v": 11, r"\f": 12, r"\r": 13, " ": 32}
    if apart == {"S"} and set(members) <= controls.keys():
        kept = "".join(f"\\x{{{c:x}}}" for m, c in controls.items() if m not in members)
        return f"[{kept}{_BROAD_SPACE}]"
    raise ValueError("a negated class with \\S or \\W in it is not RE2's")
