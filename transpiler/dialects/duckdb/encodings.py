"""DuckDB's spellings: encodings and hashes. Blobs are handled as hexadecimal text; a decoder that raises stands in TRY."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects import geography
from transpiler.dialects.computed import hygienic
from transpiler.dialects.duckdb import formats, polygons
from transpiler.dialects.encodings import EncodingForms, encoding_spellings
from transpiler.dialects.formats import digest
from transpiler.dialects.geohash import GeohashForms, geohash_spellings
from transpiler.dialects.spelling import Speller, Spelling
from transpiler.plan.scalars import Call


def _array(speller: Speller, decoded: exp.Expr) -> exp.Expr:
    template = (
        "CAST(to_json(list_transform(range(length({h}) // 2), "
        "lambda @i@: CAST('0x' || substr({h}, 2 * @i@ + 1, 2) AS INTEGER))) AS TEXT)"
    )
    return speller.once(speller.sql("hex({b})", b=decoded), lambda h: hygienic(speller, template, h=h))


def _from_array(speller: Speller, call: Call) -> exp.Expr:
    # Trap: the cast also takes texts, bools and fractions for bytes, and leaves out nulls and what is no byte.
    template = (
        "CASE WHEN list_bool_and(list_transform(TRY_CAST({a} AS JSON[]), "
        "lambda @e@: COALESCE(regexp_matches(CAST(@e@ AS TEXT), '^(?:\\d{1,2}|1\\d\\d|2[0-4]\\d|25[0-5])$'), FALSE))) "
        "THEN to_base64(from_hex(array_to_string(list_transform(TRY_CAST({a} AS UTINYINT[]), "
        "lambda @b@: lpad(to_hex(@b@), 2, '0')), ''))) END"
    )
    return hygienic(speller, template, a=speller.sql("CAST({a} AS JSON)", a=speller.value(call.arguments[0])))


_FORMS = EncodingForms(
    decoded="CASE WHEN regexp_matches({x}, {valid}) THEN from_base64({x}) END",
    read="TRY(decode({b}))",
    to_guid="TRY_CAST(NULLIF(regexp_replace(hex({b}), {whole}, {swapped}), '') AS UUID)",
    from_guid="to_base64(from_hex(regexp_replace(replace(CAST({g} AS TEXT), '-', ''), {bytes}, {swapped})))",
    url_encode="array_to_string(list_transform(regexp_extract_all({x}, '(?s).'), lambda @c@: "
    "CASE WHEN regexp_matches(@c@, {safe}) THEN @c@ WHEN @c@ = ' ' THEN {blank} "
    "ELSE regexp_replace(lower(hex(@c@)), '(..)', {escape}, 'g') END), '')",
    url_decode="TRY(decode(from_hex(array_to_string(list_transform(regexp_extract_all(replace({x}, '+', ' '), {pieces}), "
    "lambda @p@: CASE WHEN length(@p@) = 3 THEN substr(@p@, 2) ELSE hex(@p@) END), ''))))",
    array=_array,
)
_GEOHASHES = GeohashForms(
    total="CAST(list_sum(list_transform(range(0, {n}), lambda @i@: <body>)) AS BIGINT)",
    joined="array_to_string(list_transform(range(0, <n>), lambda <i>: <body>), '<separator>')",
    real="CAST(to_json(<x>) AS VARCHAR)",
    error="CAST(error(concat({message}, ': ', <value>)) AS BIGINT)",
    text_type="VARCHAR",
    is_geohash="regexp_matches({h}, {pattern})",
)

SPELLINGS: dict[str, Spelling] = {
    "hash_md5": digest("md5", "md5({v})"),
    "hash_sha1": digest("sha1", "sha1({v})"),
    "hash_sha256": digest("sha256", "sha256({v})"),
    "base64_encode_tostring": "to_base64(encode({string}))",
    "base64_encode_fromarray": _from_array,
    **encoding_spellings(_FORMS),
    **formats.SPELLINGS,
    **geography.SPELLINGS,
    **geohash_spellings(_GEOHASHES),
    **polygons.SPELLINGS,
}
