"""The values of literals: strings with their escapes, numbers, typed literals such as ``datetime(2020-01-01)``.

Microsoft's parser takes any text between the parentheses of a typed literal. What is no value of the type becomes a
Literal whose value is None and whose ``malformed`` holds the text; the binder refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from transpiler.kql.instants import instant_ticks, timespan_ticks
from transpiler.kql.syntax import Literal
from transpiler.source import Span

Value: TypeAlias = str | bool | int | float

# Every spelling of a type's name, and the type.
TYPE_NAMES: dict[str, str] = {
    "bool": "bool", "boolean": "bool",
    "int": "int", "int8": "int", "int16": "int", "int32": "int", "uint": "int", "uint8": "int", "uint16": "int",
    "uint32": "int",
    "long": "long", "int64": "long", "ulong": "long", "uint64": "long",
    "real": "real", "double": "real", "float": "real",
    "decimal": "decimal", "string": "string", "dynamic": "dynamic",
    "datetime": "datetime", "date": "datetime",
    "timespan": "timespan", "time": "timespan",
    "guid": "guid", "uuid": "guid", "uniqueid": "guid",
}  # fmt: skip

_SIMPLE_ESCAPES = {
    "\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
}  # fmt: skip
_ESCAPES = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([0-3][0-7]{2}|[0-7]{1,2})|(.))")
_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def string_value(text: str) -> str:
    """The value of one string token: prefix h, verbatim @, triple quotes and escapes taken away.

    ValueError when an escape names no character (``\\UFFFFFFFF``).
    """
    if text[0] in "hH":
        text = text[1:]
    verbatim = text[0] == "@"
    if verbatim:
        text = text[1:]
    quote = text[0]
    if quote in "`~":
        return text[3:-3]
    body = text[1:-1]
    if verbatim:
        return body.replace(quote * 2, quote)
    if "\\" not in body:
        return body
    value = _ESCAPES.sub(_unescape, body)
    return _SURROGATES.sub(_join_surrogates, value)


def _unescape(match: re.Match[str]) -> str:
    if match[5] is not None:
        return _SIMPLE_ESCAPES[match[5]]
    if match[4] is not None:
        return chr(int(match[4], 8))
    return chr(int(match[1] or match[2] or match[3], 16))


def _join_surrogates(match: re.Match[str]) -> str:
    """Two halves written as two escapes are one character, as in UTF-16."""
    high, low = ord(match[0][0]), ord(match[0][1])
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def long_value(text: str) -> int:
    """The value of a long token, decimal or hexadecimal, with or without a sign.

    ValueError for more digits than any number type holds (Python bounds them too, for good reason).
    """
    if len(text) > 400:
        raise ValueError(text)
    unsigned = text.lstrip("+-")
    value = int(unsigned, 16) if unsigned[:2] in ("0x", "0X") else int(unsigned)
    return -value if text.startswith("-") else value


_INTEGER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|[0-9]+)\Z")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_HEX32 = re.compile(r"[0-9a-fA-F]{32}\Z")
# A guid within a text: its dashes may be missing. Braces stand on both sides or on none; an optional one at the end would be
# left out where the shortest match counts.
_DIGITS = "[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}"
GUID_TEXT = rf"\{{{_DIGITS}\}}|{_DIGITS}"
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_INFINITIES = {"+inf": "inf", "inf": "inf", "-inf": "-inf", "nan": "nan", "+nan": "nan", "-nan": "nan"}
_BOOLS = {"true": True, "false": False, "1": True, "0": False}


def _integer(text: str, bits: int) -> int | None:
    if not _INTEGER.match(text) or len(text) > 400:
        return None
    value = long_value(text)
    return value if -(1 << (bits - 1)) <= value < (1 << (bits - 1)) else None


def _int(text: str) -> Value | None:
    return _integer(text, 32)


def _long(text: str) -> Value | None:
    return _integer(text, 64)


def _real(text: str) -> Value | None:
    special = _INFINITIES.get(text.lower())
    if special:
        return float(special)
    return float(text) if _NUMBER.match(text) else None


def _decimal(text: str) -> Value | None:
    return text.removeprefix("+") if _NUMBER.match(text) else None


def _bool(text: str) -> Value | None:
    if _INTEGER.match(text) and len(text) <= 400:
        return long_value(text) != 0
    return _BOOLS.get(text.lower())


def _guid(text: str) -> Value | None:
    bare = text[1:-1] if text[:1] + text[-1:] in ("{}", "()") else text
    if _HEX32.match(bare):
        bare = f"{bare[:8]}-{bare[8:12]}-{bare[12:16]}-{bare[16:20]}-{bare[20:]}"
    return bare.lower() if _GUID.match(bare) else None


_TYPED: dict[str, Callable[[str], Value | None]] = {
    "int": _int,
    "long": _long,
    "real": _real,
    "decimal": _decimal,
    "bool": _bool,
    "guid": _guid,
    "datetime": instant_ticks,
    "timespan": timespan_ticks,
}
_QUOTED_KINDS = frozenset({"datetime", "timespan", "guid"})
# ``datetime(2025, 6, 14)``, measured on Kusto's emulator.
_DATE_PARTS = re.compile(r"(\d{4})\s*,\s*(\d\d?)\s*,\s*(\d\d?)", re.ASCII)


def typed_literal(text: str, span: Span) -> Literal:
    """The literal of a token such as ``int(5)``, ``datetime(null)``, ``timespan("1.00:00:00")``."""
    name, _, rest = text.partition("(")
    kind = TYPE_NAMES[name]
    inner = rest[:-1].strip()
    if inner in ("null", ""):
        return Literal(kind, None, span=span, malformed=None if inner else "")
    body = inner
    if kind in _QUOTED_KINDS and len(body) >= 2 and body[0] == body[-1] and body[0] in "'\"":
        body = body[1:-1].strip()
    elif kind == "datetime" and (parts := _DATE_PARTS.fullmatch(inner)):
        body = "-".join(parts.groups())
    value = _TYPED[kind](body)
    return Literal(kind, value, span=span, malformed=inner if value is None else None)
