"""``dynamic(…)``: a JSON value with Kusto's own liberties, as compact JSON text.

Strings may have single quotes, and typed literals may stand for values: an instant or timespan becomes the string that
Kusto prints for it, a guid its lower-case text. Members keep their order and repetition, numbers their spelling as far
as JSON allows it.
"""

from __future__ import annotations

import json
import math
import re

from transpiler.kql.cursor import Cursor
from transpiler.kql.instants import instant_text, timespan_ticks
from transpiler.kql.literals import long_value, typed_literal
from transpiler.kql.names import scan_braced_name, string_text
from transpiler.kql.syntax import Literal


def dynamic_literal(c: Cursor) -> Literal:
    """``dynamic([1, "a"])`` as a Literal with JSON text; ``dynamic(null)`` has the value None."""
    start = c.expect("dynamic")
    c.expect("(", "dynamic")
    text = _value(c)
    c.expect(")", "the value of dynamic")
    return Literal("dynamic", None if text == "null" else text, span=c.span_from(start))


def _value(c: Cursor) -> str:
    kind = c.kinds[c.pos]
    if kind == "{" and scan_braced_name(c):
        raise c.error("a placeholder in braces has no value here")
    rule = _VALUES.get(kind)
    if rule is None:
        c.fail(
            "a JSON value", hint="a name or expression cannot stand in dynamic(…); bag_pack and pack_array make values"
        )
    return rule(c)


def _object(c: Cursor) -> str:
    c.enter()
    c.expect("{")
    members: list[str] = []
    while c.kinds[c.pos] != "}":
        if c.kinds[c.pos] != "STRING":
            c.fail("a member's name in quotes")
        name = string_text_of_one(c)
        c.expect(":", "a member's name")
        members.append(f"{name}:{_value(c)}")
        if not _comma(c, "}"):
            break
    c.expect("}", "the members of the object")
    c.depth -= 1
    return "{" + ",".join(members) + "}"


def _array(c: Cursor) -> str:
    c.enter()
    c.expect("[")
    items: list[str] = []
    while c.kinds[c.pos] != "]":
        items.append(_value(c))
        if not _comma(c, "]"):
            break
    c.expect("]", "the items of the array")
    c.depth -= 1
    return "[" + ",".join(items) + "]"


def _comma(c: Cursor, close: str) -> bool:
    if not c.accept(","):
        return False
    if c.kind == close:
        c.fail("a JSON value", "','")
    return True


def string_text_of_one(c: Cursor) -> str:
    """A member's name: one string literal, as JSON text."""
    if c.peek(1) == "STRING":
        c.pos += 1
        c.fail("':'", "a member's name")
    return _json_text(string_text(c))


def _string(c: Cursor) -> str:
    return _json_text(string_text(c))


def _json_text(value: str) -> str:
    """A JSON string; a lone surrogate half stays an escape, so that the text can be stored."""
    text = json.dumps(value, ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda m: f"\\u{ord(m[0]):04x}", text)


def _word(c: Cursor) -> str:
    text = c.token_text(c.pos).lower()
    c.pos += 1
    return text


def _minus(c: Cursor) -> str:
    c.pos += 1
    if c.kind not in ("LONG", "REAL"):
        c.fail("a number", "'-'")
    text = _number(c)
    return text[1:] if text.startswith("-") else "0" if text == "0" else f"-{text}"


def _number(c: Cursor) -> str:
    text = c.token_text(c.pos)
    if c.kind == "LONG" and text[:2] in ("0x", "0X"):
        text = str(long_value(text)) if len(text) < 400 else text
    c.pos += 1
    return json_number(text)


def json_number(text: str) -> str:
    """A KQL number in JSON's grammar: no leading zeros, a digit on both sides of the point; a whole number has one zero."""
    match = re.match(r"([+-]?)0*([0-9]*)(?:\.([0-9]*))?([eE][+-]?[0-9]+)?", text)
    if match is None:
        return text
    sign = "-" if match[1] == "-" else ""
    point = f".{match[3] or '0'}" if match[3] is not None else ""
    if not (match[2] or point or match[4]):
        return "0"
    return f"{sign}{match[2] or '0'}{point}{match[4] or ''}"


def _timespan(c: Cursor) -> str:
    """A timespan is a number of ticks here, though ``pack_array(1d)`` holds its text (measured on Kusto's emulator)."""
    ticks = timespan_ticks(c.token_text(c.pos))
    c.pos += 1
    return str(ticks or 0)


_REFUSED_TYPES = frozenset({"int"})


def _typed(c: Cursor) -> str:
    literal = typed_literal(c.token_text(c.pos), c.token_span(c.pos))
    if literal.kind in _REFUSED_TYPES:
        c.fail("a JSON value")
    if literal.malformed is not None:
        raise c.error(f"the text {literal.malformed!r} is not a {literal.kind}", code="KQL002")
    c.pos += 1
    value = literal.value
    if value is None:
        return "null"
    if literal.kind == "datetime":
        return f'"{instant_text(int(value))}"'
    if literal.kind == "timespan":
        return str(int(value))
    if literal.kind == "guid":
        return f'"{value}"'
    if isinstance(value, float) and not math.isfinite(value):
        return '"NaN"' if math.isnan(value) else '"Infinity"' if value > 0 else '"-Infinity"'
    return json_number(str(value)) if literal.kind == "decimal" else json.dumps(value)


def _nested(c: Cursor) -> str:
    c.enter()
    literal = dynamic_literal(c)
    c.depth -= 1
    return "null" if literal.value is None else str(literal.value)


_VALUES = {
    "{": _object,
    "[": _array,
    "STRING": _string,
    "BOOL": _word,
    "null": _word,
    "-": _minus,
    "LONG": _number,
    "REAL": _number,
    "TIMESPAN": _timespan,
    "TYPED": _typed,
    "dynamic": _nested,
}
