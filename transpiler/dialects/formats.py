r"""What the targets share of well-known formats: patterns, sizes in bytes, and the Windows command line.

A URL is read as Kusto reads it, and not as RFC 3986 does: nothing is decoded, the port begins at the last colon, a user
needs a password, a parameter needs a name, ``=`` and a value, several of one name are an array, and a slash is no path
where nothing else follows the host (answers of the engine in Kusto-Query-Language issue 112, and measured on Kusto's
emulator; what dataexplorer-docs issue 917 shows, the last of several parameters, was another version's).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from sqlglot import exp

from transpiler.dialects.computed import hygienic
from transpiler.dialects.spelling import Builder, Speller, is_constant, number, text
from transpiler.plan.scalars import Call, Constant, Path, Scalar

# The first record of CSV: quoted fields (where "" is a quote) and plain ones, in which a quote is itself.
_CSV_PLAIN = r"[^,\r\n]*"
_CSV_ONE = rf'(?:"(?:[^"]|"")*"{_CSV_PLAIN}|{_CSV_PLAIN})'
_CSV_RECORD = rf"^{_CSV_ONE}(?:,{_CSV_ONE})*"
_CSV_FIELD = rf"({_CSV_ONE}),"
_CSV_QUOTED = r'(?s)^"(.*)"$'
VERSION = r"^\d{1,8}(?:\.\d{1,8}){0,3}$"

_URL = (
    ("Scheme", r"(?s)^", r"[A-Za-z][A-Za-z0-9+.\-]*", r"://"),
    ("Username", r"(?:", r"[^:@/?#]*", r":"),
    ("Password", r"", r"[^@/?#]*", r"@)?"),
    ("Host", r"", r"[^/?#]*?", r""),
    ("Port", r"(?::", r"[^:/?#]*", r")?"),
    ("Path", r"", r"/[^?#]*", r"?"),
    ("Query Parameters", r"(?:\?", r"[^#]*", r")?"),
    ("Fragment", r"(?:#", r".*", r")?$"),
)
URL_PARAMETER = r"(?s)^[^=]+=."
URL_PARTS = ("Scheme", "Host", "Port", "Path", "Username", "Password", "Query Parameters", "Fragment")

_DRIVE = r"[A-Za-z]:[\\/]"
PATH_PATTERNS = {
    "Scheme": r"(?s)^([A-Za-z][A-Za-z0-9+.\-]+)://",
    "RootPath": rf"(?s)^(?:[A-Za-z][A-Za-z0-9+.\-]+://)?({_DRIVE})",
    "DirectoryPath": r"(?s)^(?:[A-Za-z][A-Za-z0-9+.\-]+://)?(.*)[\\/]",
    "DirectoryName": r"(?s)^(?:[A-Za-z][A-Za-z0-9+.\-]+://)?(?:.*[\\/])?([^\\/]*)[\\/][^\\/]*$",
    "Filename": r"(?s)^(?:.*[\\/])?([^\\/:]*)(?::[^\\/]*)?$",
    "Extension": r"(?s)^(?:.*[\\/])?[^\\/:]*\.([^\\/:.]*)(?::[^\\/]*)?$",
    "AlternateDataStreamName": r"(?s)^(?:.*[\\/])?[^\\/:]*:([^\\/]*)$",
}
"""The members of ``parse_path`` in their order, each with the pattern whose group it is."""


def parse_csv(template: str) -> Builder:
    """``parse_csv`` of the text ``{s}``: its first ``{record}``, of that each ``{field}``; ``{quoted}`` ones hold ``{inner}``."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        record, field, quoted = text(_CSV_RECORD), text(_CSV_FIELD), text(_CSV_QUOTED)
        s = speller.text(call.arguments[0])
        return speller.sql(template, s=s, record=record, field=field, quoted=quoted, inner=text(r"\1"))

    return spell


def url_pattern(wanted: str) -> str:
    """The pattern of a URL with one part as its only group."""
    pieces = {
        part: f"{before}({body}){after}" if part == wanted else f"{before}(?:{body}){after}"
        for part, before, body, after in _URL
    }
    if wanted == "Path":  # of a slash at the end the group is not there
        pieces["Path"] = f"(?:/$|{pieces['Path']}"
        pieces["Fragment"] += ")"
    return "".join(pieces.values())


def parsed_part(scalar: Scalar) -> tuple[Scalar, str] | None:
    """The text and the pattern of ``parse_url(x).Host`` and the like: one part is found without making the whole bag."""
    match scalar:
        case Path(base=Call() as call, steps=(str() as name,)):
            if call.overload.key == "parse_url" and name in URL_PARTS and name != "Query Parameters":
                return call.arguments[0], url_pattern(name)
            if call.overload.key == "parse_path" and name in PATH_PATTERNS:
                return call.arguments[0], PATH_PATTERNS[name]
    return None


_MOST_PLACES = 15
_UNITS = ("Bytes", "KB", "MB", "GB", "TB", "PB", "EB")


def format_bytes(speller: Speller, call: Call) -> exp.Expr:
    """``format_bytes``. How trailing zeros are written is not documented, so fractions are of constants only."""
    size, *rest = call.arguments
    digits = _precision(speller, rest[0]) if rest else 0
    unit = str(rest[1].value or "") if len(rest) > 1 and isinstance(rest[1], Constant) else ""
    if unit and unit not in _UNITS:
        raise speller.refuse(
            f"format_bytes: '{unit}' is no unit", rest[1].span, hint=f"the units are {', '.join(_UNITS)}"
        )
    if isinstance(size, Constant) and size.value is not None:
        return _constant_size(speller, call, Decimal(str(size.value)), digits, unit)
    if digits:
        raise speller.refuse(
            "format_bytes: whether it writes the zeros at the end of a fraction is not known",
            call.span,
            hint="precision 0 is translated; round(size / 1024.0, digits) gives the number",
        )
    return speller.once(speller.value(size), lambda v: _size(speller, v, unit))


def _precision(speller: Speller, scalar: Scalar) -> int:
    """How many places a constant asks for."""
    value = scalar.value if isinstance(scalar, Constant) else None
    places = 0.0 if value is None else float(str(value))
    if not 0 <= places <= _MOST_PLACES:
        raise speller.refuse(f"format_bytes: what {places:g} places are is not known", scalar.span)
    return int(places)


def _constant_size(speller: Speller, call: Call, size: Decimal, digits: int, unit: str) -> exp.Expr:
    if not (size.is_finite() and abs(size) < 2**63):
        raise speller.refuse("format_bytes: what it makes of a number beyond 64 bits is not known", call.span)
    power = _UNITS.index(unit) if unit else next((i for i in range(6, 0, -1) if size >= 1024**i), 0)
    shown = str((size / 1024**power).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
    if digits and shown.endswith("0"):
        raise speller.refuse(
            "format_bytes: whether it writes the zeros at the end of a fraction is not known", call.span
        )
    return text(f"{shown} {_UNITS[power]}")


def _size(speller: Speller, v: exp.Expr, unit: str) -> exp.Expr:
    def shown(power: int) -> exp.Expr:
        divided = speller.sql("{v} / {d}", v=v.copy(), d=number(f"{1024**power}e0")) if power else v.copy()
        return speller.sql("CAST(CAST(ROUND({x}) AS BIGINT) AS TEXT) || {u}", x=divided, u=text(f" {_UNITS[power]}"))

    if unit:
        return shown(_UNITS.index(unit))
    cases = [
        exp.If(this=speller.sql("{v} >= {s}", v=v.copy(), s=number(1024**i)), true=shown(i)) for i in range(6, 0, -1)
    ]
    return exp.Case(ifs=cases, default=shown(0))


def digest(name: str, template: str) -> Callable[[Speller, Call], exp.Expr]:
    """A hash by a template over ``{v}``. That of no text is '' in Kusto, not the digest of no bytes."""
    of_nothing = hashlib.new(name, usedforsecurity=False).hexdigest()

    def spell(speller: Speller, call: Call) -> exp.Expr:
        source = call.arguments[0]
        if isinstance(source, Constant):
            return speller.sql(template, v=speller.value(source)) if source.value else text("")
        value = speller.value(source)
        if is_constant(value):
            return speller.sql(f"CASE WHEN {{v}} <> '' THEN {template} ELSE '' END", v=value)
        return speller.sql(f"REPLACE({template}, {{nothing}}, '')", v=speller.text(source), nothing=text(of_nothing))

    return spell


def windows_arguments(command: str) -> list[str]:
    """The arguments of a Windows command line: quotes group, a backslash counts only before a quote."""
    found: list[str] = []
    word, quoted, started, backslashes = "", False, False, 0
    for c in [*command, None]:
        if c == "\\":
            backslashes += 1
            continue
        if c == '"':
            word += "\\" * (backslashes // 2)
            started = True
            if backslashes % 2:
                word += '"'
            else:
                quoted = not quoted
            backslashes = 0
            continue
        if backslashes:
            word, started, backslashes = word + "\\" * backslashes, True, 0
        if c is None or (c in " \t" and not quoted):
            if started:
                found.append(word)
            word, started = "", False
        else:
            word, started = word + c, True
    return found


COMMAND_LINE_PIECE = r'\\*"|\\+|[ \t]+|[^\\" \t]+'
"""What a command line is read by: backslashes before a quote count, all others are themselves."""


def command_line(template: str) -> Callable[[Speller, Call], exp.Expr]:
    """``parse_command_line``: a constant is read here, a column by a template over ``{text}`` and ``{piece}``."""

    def spell(speller: Speller, parsed: Call) -> exp.Expr:
        command, parser = parsed.arguments
        if str(getattr(parser, "value", "")) != "windows":
            raise speller.refuse("parse_command_line knows the parser 'windows' only", parser.span)
        if isinstance(command, Constant):
            words = windows_arguments(str(command.value or ""))
            return text(json.dumps(words, ensure_ascii=False, separators=(",", ":")))
        return hygienic(speller, template, text=speller.text(command), piece=text(COMMAND_LINE_PIECE))

    return spell
