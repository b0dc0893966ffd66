"""The pattern of parse as one regular expression with a group per column.

A simple or relaxed pattern is text: it begins where the text does, reaches its end (``*`` at an end lets it go on), and takes
the shortest texts that fit. One of regular expressions stands anywhere and takes the longest. A typed column is text that is
converted afterwards; where nothing tells its end (before a star, and everywhere among regular expressions) it has the shape of
its type. The shapes were measured on Kusto's emulator, and are not the same in both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from transpiler.diagnostics import KqlError
from transpiler.kql import syntax
from transpiler.kql.literals import GUID_TEXT
from transpiler.semantics.scope import Scope
from transpiler.types import INTEGERS, NUMBERS, TYPE_NAMES, Type

_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
_NAMED = re.compile(r"\(\?P?<[A-Za-z_]\w*>")
_TIMES = (Type.DATETIME, Type.TIMESPAN)
# Alternatives and not (?i:…), after which a pattern's letters may be others than ASCII's.
_TRUTH = "[tT][rR][uU][eE]|[fF][aA][lL][sS][eE]"
_WHOLE = "[-+]?[0-9]+"
_CLOCK = "[0-9]{1,2}:[0-9]{1,2}"
_ZONE = "[Zz]|[-+][0-9]{1,2}(?::[0-9]{1,2})?"
_DATETIME = (
    "(?:[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{1,4})"
    rf"(?:[Tt ]\s*{_CLOCK}(?::[0-9]{{1,2}}(?:\.[0-9]*)?)?)?(?:{_ZONE})?"
)
_TIMESPAN = rf"-?(?:[0-9]+\.{_CLOCK}:[0-9]{{1,2}}|{_CLOCK}(?::[0-9]{{1,2}})?)(?:\.[0-9]*)?"
_WHOLES = dict.fromkeys(INTEGERS, _WHOLE)
# Trap: no exponent, 1e3 is 1; a dot at either end here, and none below.
_TEXT_REAL = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
_REGEX_REAL = r"[-+]?[0-9]+(?:\.[0-9]+)?"

TEXT_SHAPES: dict[Type, str] = {
    **dict.fromkeys(NUMBERS, _TEXT_REAL),
    **_WHOLES,
    Type.BOOL: f"{_TRUTH}|{_WHOLE}",
    Type.GUID: GUID_TEXT,
}
"""What a typed column is before a star of a simple or relaxed pattern; others have no known end there."""
REGEX_SHAPES: dict[Type, str] = {
    **dict.fromkeys(NUMBERS, _REGEX_REAL),
    **_WHOLES,
    Type.BOOL: _TRUTH,
    Type.GUID: GUID_TEXT,
    Type.DATETIME: _DATETIME,
    Type.TIMESPAN: _TIMESPAN,
}
"""What a typed column is among regular expressions; others are all that fits."""


def escaped(text: str) -> str:
    """A text as a regular expression that matches just it."""
    return _SPECIAL.sub(lambda m: f"\\{m[0]}", text)


def type_of(part: syntax.ParsePart) -> Type:
    """The type of a pattern's column."""
    return TYPE_NAMES[part.type_name or "string"]


def has_shape(part: syntax.ParsePart, following: syntax.ParsePart | None, *, is_regex: bool) -> bool:
    """Whether a column's group matches the shape of its type and nothing else."""
    if is_regex:
        return type_of(part) in REGEX_SHAPES
    return following is not None and following.star


def text_pattern(scope: Scope, node: syntax.Parse) -> str:
    """A simple or relaxed pattern. Raises KqlError for a column that has no end."""
    parts = node.parts
    written = ["(?s)"] if parts and parts[0].star else [r"(?s)\A"]
    group = 0
    for i, part in enumerate(parts):
        following = parts[i + 1] if i + 1 < len(parts) else None
        if part.text is not None:
            written.append(escaped(part.text))
        elif part.star:
            if following is not None and i:
                written.append(".*?")
        else:
            written.append(_text_group(scope, node, i, f"(?P<g{group}>"))
            group += 1
    if parts and not parts[-1].star and not written[-1].endswith(".*)"):
        written.append(r"\z")
    return "".join(written)


def _text_group(scope: Scope, node: syntax.Parse, index: int, opening: str) -> str:
    part = node.parts[index]
    following = node.parts[index + 1] if index + 1 < len(node.parts) else None
    kind = type_of(part)
    if following is not None and following.column is not None:
        raise _endless(scope, part, following)
    if following is not None and following.star:
        if kind not in TEXT_SHAPES:
            raise _endless(scope, part, following)
        # Trap: before a star that ends the pattern the column may be missing; a relaxed pattern keeps the others then.
        shape = TEXT_SHAPES[kind] if index + 2 < len(node.parts) else f"(?:{TEXT_SHAPES[kind]})?"
        return rf"\s*{opening}{shape})"
    if kind is Type.BOOL:
        return rf"\s*{opening}.*?)\s*"
    return f"{opening}.*)" if following is None else f"{opening}.*?)"


def _endless(scope: Scope, part: syntax.ParsePart, following: syntax.ParsePart) -> KqlError:
    kind = type_of(part)
    what = "'*'" if following.star else f"column '{following.column}'"
    if following.column is not None and kind in NUMBERS:
        text = f"{what} cannot follow column '{part.column}': a text stands between two columns"
        return scope.error("KQL105", text, part.span)
    if kind is Type.STRING:
        text = f"{what} cannot follow column '{part.column}' ({kind}), which has no end"
        return scope.error("KQL105", text, part.span)
    reason = f"where column '{part.column}' ({kind}) ends before {what} is not documented"
    return scope.error("KQL204", reason, part.span, hint="a text of the pattern between them says it")


def regex_pattern(scope: Scope, node: syntax.Parse, flags: str) -> str:
    """A pattern of regular expressions. Raises KqlError for a column that has no end, or that Kusto finds in its own way."""
    written = [f"(?{flags})" if flags else ""]
    if any(re.search(r"\(\?[a-zA-Z]*U", part.text or "") for part in node.parts):
        flags += "U"
    group = 0
    for part, following in zip_longest(node.parts, node.parts[1:]):
        if part.text is not None:
            written.append(_regex_text(scope, part, part.text))
        elif part.star:
            written.append(".*?")
        else:
            written.append(_regex_group(scope, part, following, flags, group))
            group += 1
    if node.parts and node.parts[-1].star:
        written.pop()
    return "".join(written)


def _regex_group(
    scope: Scope, part: syntax.ParsePart, following: syntax.ParsePart | None, flags: str, group: int
) -> str:
    kind = type_of(part)
    if following is not None and (following.column is not None or (following.star and kind is Type.STRING)):
        raise _endless(scope, part, following)
    shape = REGEX_SHAPES.get(kind)
    if shape is None:
        return f"(?P<g{group}>.*)"
    if kind not in _TIMES:
        return rf"\s*(?P<g{group}>{shape})"
    if following is None or "U" in flags:
        where = "under the flag U" if following is not None else "at the end of a pattern of regular expressions"
        reason = (
            f"which texts column '{part.column}' ({kind}) takes {where} follows from no pattern: Kusto's answers differ"
        )
        hint = "parse it as a string and convert it with extend, or put a text or * behind it"
        raise scope.error("KQL204", reason, part.span, hint=hint)
    return rf"\s*(?P<t{group}>{shape})"


def _regex_text(scope: Scope, part: syntax.ParsePart, text: str) -> str:
    """A text of the pattern, which stands between its neighbours as it is written: flags hold on behind it.

    Raises KqlError (KQL205) where what stands beside it would be a part of an alternative, or be repeated.
    """
    depth = 0
    for token in _tokens(balanced(text)):
        depth += token.startswith("(") - (token == ")")
        if token == "|" and depth == 0:
            reason = "whether the columns beside it belong to an alternative is not documented"
            raise scope.error("KQL205", reason, part.span, hint="put the alternatives in parentheses")
    if re.match(r"[*+?]|\{\d+(?:,\d*)?\}", text):
        raise scope.error("KQL205", "a repetition follows nothing that can be repeated", part.span)
    return balanced(text)


def balanced(text: str) -> str:
    """A regular expression whose unpaired parentheses are themselves, as Kusto has them, and whose groups have no names.

    Trap: unescaped, a parenthesis would pair with one of another text, or of a column's group.
    """
    tokens = list(_tokens(text))
    unpaired: list[int] = []
    opened: list[int] = []
    for i, token in enumerate(tokens):
        if token[0] == "(":
            opened.append(i)
        elif token == ")" and opened:
            opened.pop()
        elif token == ")":
            unpaired.append(i)
    for i in (*unpaired, *opened):
        # What an unpaired ``(?:`` is to Kusto is not known: it stays, and is refused.
        if len(tokens[i]) == 1 and tokens[i + 1 : i + 2] != ["?"]:
            tokens[i] = f"\\{tokens[i]}"
    return "".join("(?:" if _NAMED.fullmatch(t) else t for t in tokens)


def _tokens(text: str) -> Iterator[str]:
    """The parts of a regular expression: escapes, classes with all that is in them, openings of named groups, characters."""
    at = 0
    while at < len(text):
        named = _NAMED.match(text, at)
        end = at + 1
        if named is not None:
            end = named.end()
        elif text[at] == "\\":
            end = at + 2
        elif text[at] == "[":
            end = _class_end(text, at)
        yield text[at:end]
        at = end


def _class_end(text: str, start: int) -> int:
    """Where a class ends; the text's end for one that is not closed."""
    at = start + 1
    at += text.startswith("^", at)
    at += text.startswith("]", at)
    while at < len(text) and text[at] != "]":
        if text[at] == "[":
            at = _class_end(text, at)
        else:
            at += 2 if text[at] == "\\" else 1
    return min(at + 1, len(text))
