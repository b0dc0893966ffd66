"""What the targets share of Base64, GUIDs in bytes, and URL encoding: the patterns, and when a text is none of the encoding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from transpiler.dialects.computed import hygienic
from transpiler.dialects.spelling import Builder, Speller, Spelling, text
from transpiler.plan.scalars import Call

_BASE64 = r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
_URL_SAFE = r"^[A-Za-z0-9_.!*()-]$"
_URL_PIECES = r"(?s)%[0-9A-Fa-f]{2}|."
# A GUID's first three numbers are stored from the low byte.
_GUID_BYTES = r"(..)(..)(..)(..)(..)(..)(..)(..)(.{16})"
_GUID_SWAPPED = r"\4\3\2\1\6\5\8\7\9"


@dataclass(frozen=True, slots=True)
class EncodingForms:
    """Encodings in a target's SQL. Hexadecimal digits are matched by ``{bytes}`` and put in order by ``{swapped}``.

    ``decoded``: the bytes of the Base64 text ``{x}``, NULL where it does not match ``{valid}``. ``read``: bytes ``{b}`` as a text,
    NULL where they are none. ``to_guid``: bytes ``{b}`` as a GUID, NULL for more or fewer than 16 (``{whole}`` is ``{bytes}`` with
    nothing before and behind). ``from_guid``: the Base64 of the GUID ``{g}``. ``url_encode``: ``{x}`` with the bytes of each
    character that does not match ``{safe}`` as ``{escape}``, a blank as ``{blank}``. ``url_decode``: ``{x}`` out of ``{pieces}``.
    ``array``: bytes as a JSON array.
    """

    decoded: str
    read: str
    to_guid: str
    from_guid: str
    url_encode: str
    url_decode: str
    array: Callable[[Speller, exp.Expr], exp.Expr]


def encoding_spellings(forms: EncodingForms) -> dict[str, Spelling]:
    """The functions that decode Base64, turn GUIDs into it and back, and encode URLs."""
    return {
        "base64_decode_tostring": lambda s, c: s.sql(forms.read, b=_decoded(s, forms, s.value(c.arguments[0]))),
        "base64_decode_toarray": lambda s, c: forms.array(s, _decoded(s, forms, s.text(c.arguments[0]))),
        "base64_decode_toguid": _to_guid(forms),
        "base64_encode_fromguid": _from_guid(forms),
        "url_encode": _url_encode(forms, "+"),
        "url_encode_component": _url_encode(forms, "%20"),
        "url_decode": _url_decode(forms),
    }


def _decoded(speller: Speller, forms: EncodingForms, source: exp.Expr) -> exp.Expr:
    return speller.once(source, lambda x: speller.sql(forms.decoded, x=x, valid=text(_BASE64)))


def _to_guid(forms: EncodingForms) -> Builder:
    def spell(speller: Speller, call: Call) -> exp.Expr:
        b = _decoded(speller, forms, speller.value(call.arguments[0]))
        whole = text(f"^{_GUID_BYTES}$")
        return speller.sql(forms.to_guid, b=b, bytes=text(_GUID_BYTES), whole=whole, swapped=text(_GUID_SWAPPED))

    return spell


def _from_guid(forms: EncodingForms) -> Builder:
    def spell(speller: Speller, call: Call) -> exp.Expr:
        g = speller.value(call.arguments[0])
        return speller.sql(forms.from_guid, g=g, bytes=text(_GUID_BYTES), swapped=text(_GUID_SWAPPED))

    return spell


def _url_encode(forms: EncodingForms, blank: str) -> Builder:
    def spell(speller: Speller, call: Call) -> exp.Expr:
        x = speller.value(call.arguments[0])
        safe, escape = text(_URL_SAFE), text(r"%\1")
        return hygienic(speller, forms.url_encode, x=x, safe=safe, blank=text(blank), escape=escape)

    return spell


def _url_decode(forms: EncodingForms) -> Builder:
    def spell(speller: Speller, call: Call) -> exp.Expr:
        return hygienic(speller, forms.url_decode, x=speller.value(call.arguments[0]), pieces=text(_URL_PIECES))

    return spell
