"""What XML is written with, as patterns of RE2: ``parse_xml`` is spelled with them in every dialect.

The meaning is that of https://learn.microsoft.com/kusto/query/parse-xml-function, where it says one: an element's name is a
key, attributes are keys with ``@``, a text beside attributes or elements is ``#text``, what repeats is an array, an element
without anything is null, and a text that is no XML gives null. SEMANTICS says how the rest is taken.
"""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.computed import hygienic
from transpiler.dialects.spelling import Builder, Speller, text
from transpiler.plan.scalars import Call

_NAME = r"[\pL_:][\pL\pN_:.-]*"
_REFERENCE = "&(?:lt|gt|amp|apos|quot|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});"
_VALUE = f"""(?:"(?:[^<&"]|{_REFERENCE})*"|'(?:[^<&']|{_REFERENCE})*')"""
_CDATA = r"<!\[CDATA\[.*?\]\]>"
# Not ``.*?``: before a ``$`` it would reach as far as it must.
_SKIPPED = rf"<!--(?:[^-]|-[^-])*-->|<[?]{_NAME}(?:\s(?:[^?]|[?]+[^?>])*)?[?]+>"

TOKEN = rf"(?s)</{_NAME}\s*>|<{_NAME}(?:\s+{_NAME}\s*=\s*{_VALUE})*\s*/?>|(?:[^<&]|{_REFERENCE}|{_CDATA}|{_SKIPPED})+"
"""A tag, or all that stands between two tags. What no token covers is not well-formed."""

BLANK = rf"(?s)^(?:\s|{_SKIPPED})*$"
"""Between two tags: nothing that counts."""

EDGE = rf"(?s)^(?:\s|{_SKIPPED})+|(?:\s|{_SKIPPED})+$"
"""Around a text between elements: what does not count."""

PIECE = rf"(?s)&[^;]*;|{_CDATA}|{_SKIPPED}|[^<&]+"
"""What a text or a value is decoded by."""

ATTRIBUTE = rf"\s({_NAME}\s*=\s*{_VALUE})"
ATTRIBUTE_NAME = r"^[^\s=]+"
ATTRIBUTE_VALUE = r"(?s)=\s*.(.*).$"
TAG = "^<[^!?]"
TAG_NAME = r"^</?([^\s/>]+)"

_PATTERNS = {
    "token": TOKEN,
    "blank": BLANK,
    "edge": EDGE,
    "piece": PIECE,
    "attribute": ATTRIBUTE,
    "attribute_name": ATTRIBUTE_NAME,
    "attribute_value": ATTRIBUTE_VALUE,
    "tag": TAG,
    "tag_name": TAG_NAME,
}


def parse_xml(template: str) -> Builder:
    """``parse_xml`` by a template over ``{text}`` and the patterns above."""

    def spell(speller: Speller, parsed: Call) -> exp.Expr:
        patterns = {name: text(pattern) for name, pattern in _PATTERNS.items()}
        return hygienic(speller, template, text=speller.text(parsed.arguments[0]), **patterns)

    return spell
