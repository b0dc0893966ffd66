"""How names, strings and constants are spelled, and the table through which every node finds its printer."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import Any

from transpiler.kql.instants import TICKS_PER_DAY, instant_text, timespan_text
from transpiler.kql.syntax import Literal, Node
from transpiler.kql.tokens import KEYWORDS

# The printer of each kind of node; each of the printing modules enters its own. Any: a printer takes its own class.
TEXT_OF: dict[type[Node], Callable[[Any], str]] = {}


def text_of(node: Node) -> str:
    """The canonical text of a node."""
    return TEXT_OF[type(node)](node)


def comma(nodes: Iterable[Node]) -> str:
    """Nodes with commas between them."""
    return ", ".join([TEXT_OF[type(node)](node) for node in nodes])


_PLAIN_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_]*\Z")
_UNPRINTABLE = re.compile("[\\\\\"'\x00-\x1f\x7f-\xa0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_BOOLEANS = frozenset({"true", "True", "TRUE", "false", "False", "FALSE"})


def string_text(value: str, quote: str = '"') -> str:
    """A string literal; what cannot be seen is escaped."""

    def escape(match: re.Match[str]) -> str:
        found = match[0]
        if found in "\"'":
            return f"\\{found}" if found == quote else found
        return _ESCAPES.get(found) or f"\\u{ord(found):04x}"

    return quote + _UNPRINTABLE.sub(escape, value) + quote


def name_text(name: str) -> str:
    """A name as it may stand anywhere: a word that is no keyword, or a string in brackets."""
    if _PLAIN_NAME.match(name) and name not in KEYWORDS and name not in _BOOLEANS:
        return name
    return "[" + string_text(name, "'") + "]"


def placeholder_text(name: str) -> str:
    """A name where a constant is due: a placeholder keeps its braces, as no name in brackets may stand there."""
    return name if name.startswith("{") and name.endswith("}") else word_text(name)


def word_text(name: str) -> str:
    """A name where a keyword is understood as one: functions' names, parameters' values."""
    return name if _PLAIN_NAME.match(name) and name not in _BOOLEANS else name_text(name)


def literal_text(literal: Literal) -> str:
    """A constant's canonical text."""
    kind, value = literal.kind, literal.value
    if literal.malformed is not None:
        return f"{kind}({literal.malformed})"
    if value is None:
        return f"{kind}(null)"
    writer = _LITERALS.get(kind)
    return writer(value) if writer else f"{kind}({value})"


def _long_text(value: int) -> str:
    return str(value) if value >= 0 else f"long({value})"


def _real_text(value: float) -> str:
    if math.isnan(value):
        return "real(nan)"
    if math.isinf(value):
        return "real(+inf)" if value > 0 else "real(-inf)"
    text = repr(value)
    text = text if "." in text or "e" in text else f"{text}.0"
    return f"real({text})" if text.startswith("-") else text


def _instant_text(value: int) -> str:
    text = instant_text(value).removesuffix("Z")
    date, _, clock = text.partition("T")
    clock = clock.rstrip("0").rstrip(".") if clock.endswith("0") else clock
    return f"datetime({date})" if clock in ("00:00:", "00:00:00") else f"datetime({text}Z)"


_UNITS = (("d", TICKS_PER_DAY), ("h", 36_000_000_000), ("m", 600_000_000), ("s", 10_000_000), ("ms", 10_000))


def _timespan_text(ticks: int) -> str:
    """``1d``, ``90m``: one unit where a small whole number of it will do, else the clock form."""
    for unit, size in _UNITS:
        if ticks and ticks % size == 0 and abs(ticks) // size < 100_000:
            text = f"{ticks // size}{unit}"
            return text if ticks > 0 else f"timespan({text})"
    return f"timespan({timespan_text(ticks)})"


_LITERALS: dict[str, Callable[[Any], str]] = {  # Any: each takes the values of its own kind
    "string": string_text,
    "bool": lambda value: "true" if value else "false",
    "long": _long_text,
    "real": _real_text,
    "datetime": _instant_text,
    "timespan": _timespan_text,
}
TEXT_OF[Literal] = literal_text
