"""DuckDB's spellings: encodings and hashes. Blobs are handled as hexadecimal text; a decoder that raises stands in TRY."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects import geography
from transpiler.dialects.computed import hygienic
from transpiler.dialects.duckdb import formats, polygons
from transpiler.dialects.formats import BASE64, GUID_BYTES, GUID_SWAPPED, URL_PIECES, URL_SAFE
from transpiler.dialects.geohash import GeohashForms, geohash_spellings
from transpiler.dialects.spelling import Speller, Spelling, text
from transpiler.plan.scalars import Call

_DECODED = "CASE WHEN regexp_matches({x}, {valid}) THEN from_base64({x}) END"


def _decoded(speller: Speller, source: exp.Expr) -> exp.Expr:
    """The bytes of a text in Base64, NULL for another text."""
    return speller.once(source, lambda x: speller.sql(_DECODED, x=x, valid=text(BASE64)))


def _to_string(speller: Speller, call: Call) -> exp.Expr:
    return speller.sql("TRY(decode({b}))", b=_decoded(speller, speller.value(call.arguments[0])))


def _to_array(speller: Speller, call: Call) -> exp.Expr:
    template = (
        "CAST(to_json(list_transform(range(length({h}) // 2), "
        "lambda @i@: CAST('0x' || substr({h}, 2 * @i@ + 1, 2) AS INTEGER))) AS TEXT)"
    )
    hexadecimal = speller.sql("hex({b})", b=_decoded(speller, speller.text(call.arguments[0])))
    return speller.once(hexadecimal, lambda h: hygienic(speller, template, h=h))


def _from_array(speller: Speller, call: Call) -> exp.Expr:
    template = (
        "to_base64(from_hex(array_to_string(list_transform(TRY_CAST({a} AS UTINYINT[]), "
        "lambda @b@: lpad(to_hex(@b@), 2, '0')), '')))"
    )
    return hygienic(speller, template, a=speller.sql("CAST({a} AS JSON)", a=speller.value(call.arguments[0])))


def _to_guid(speller: Speller, call: Call) -> exp.Expr:
    return speller.sql(
        "TRY_CAST(NULLIF(regexp_replace(hex({b}), {bytes}, {swapped}), '') AS UUID)",
        b=_decoded(speller, speller.value(call.arguments[0])),
        bytes=text(f"^{GUID_BYTES}$"),
        swapped=text(GUID_SWAPPED),
    )


def _from_guid(speller: Speller, call: Call) -> exp.Expr:
    return speller.sql(
        "to_base64(from_hex(regexp_replace(replace(CAST({g} AS TEXT), '-', ''), {bytes}, {swapped})))",
        g=speller.value(call.arguments[0]),
        bytes=text(GUID_BYTES),
        swapped=text(GUID_SWAPPED),
    )


def _url_encode(blank: str) -> Spelling:
    template = (
        "array_to_string(list_transform(regexp_extract_all({x}, '(?s).'), lambda @c@: "
        "CASE WHEN regexp_matches(@c@, {safe}) THEN @c@ WHEN @c@ = ' ' THEN {blank} "
        "ELSE regexp_replace(lower(hex(@c@)), '(..)', {escape}, 'g') END), '')"
    )

    def spell(speller: Speller, call: Call) -> exp.Expr:
        x = speller.value(call.arguments[0])
        return hygienic(speller, template, x=x, safe=text(URL_SAFE), blank=text(blank), escape=text(r"%\1"))

    return spell


def _url_decode(speller: Speller, call: Call) -> exp.Expr:
    template = (
        "TRY(decode(from_hex(array_to_string(list_transform(regexp_extract_all(replace({x}, '+', ' '), {pieces}), "
        "lambda @p@: CASE WHEN length(@p@) = 3 THEN substr(@p@, 2) ELSE hex(@p@) END), ''))))"
    )
    return hygienic(speller, template, x=speller.value(call.arguments[0]), pieces=text(URL_PIECES))


_GEOHASHES = GeohashForms(
    total="CAST(list_sum(list_transform(range(0, {n}), lambda @i@: <body>)) AS BIGINT)",
    joined="array_to_string(list_transform(range(0, <n>), lambda <i>: <body>), '<separator>')",
    real="CAST(to_json(<x>) AS VARCHAR)",
    error="CAST(error(concat({message}, ': ', <value>)) AS BIGINT)",
    text_type="VARCHAR",
    is_geohash="regexp_matches({h}, {pattern})",
)

SPELLINGS: dict[str, Spelling] = {
    "hash_md5": "md5({source})",
    "hash_sha1": "sha1({source})",
    "hash_sha256": "sha256({source})",
    "base64_encode_tostring": "to_base64(encode({string}))",
    "base64_decode_tostring": _to_string,
    "base64_decode_toarray": _to_array,
    "base64_encode_fromarray": _from_array,
    "base64_decode_toguid": _to_guid,
    "base64_encode_fromguid": _from_guid,
    "url_encode": _url_encode("+"),
    "url_encode_component": _url_encode("%20"),
    "url_decode": _url_decode,
    **formats.SPELLINGS,
    **geography.SPELLINGS,
    **geohash_spellings(_GEOHASHES),
    **polygons.SPELLINGS,
}
