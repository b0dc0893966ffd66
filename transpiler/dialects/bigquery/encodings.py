"""BigQuery's spellings: encodings and hashes. What is no Base64 is kept from the decoder, which takes more than Kusto's."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects import geography
from transpiler.dialects.bigquery import formats, polygons
from transpiler.dialects.computed import hygienic
from transpiler.dialects.encodings import EncodingForms, encoding_spellings
from transpiler.dialects.formats import digest
from transpiler.dialects.geohash import GeohashForms, geohash_spellings
from transpiler.dialects.spelling import Speller, Spelling
from transpiler.plan.scalars import Call


def _array(speller: Speller, decoded: exp.Expr) -> exp.Expr:
    codes = speller.sql("TO_CODE_POINTS({b})", b=decoded)
    return speller.once(speller.sql("TO_JSON_STRING({c})", c=codes), lambda j: speller.sql("NULLIF({j}, 'null')", j=j))


def _from_array(speller: Speller, call: Call) -> exp.Expr:
    template = (
        "CASE WHEN STARTS_WITH({a}, '[') THEN (SELECT CASE WHEN LOGICAL_AND(COALESCE(@b@ BETWEEN 0 AND 255, FALSE)) "
        "THEN TO_BASE64(FROM_HEX(STRING_AGG(FORMAT('%02x', @b@), '' ORDER BY @o@))) END "
        "FROM (SELECT SAFE_CAST(@e@ AS INT64) AS @b@, @o@ FROM UNNEST(JSON_QUERY_ARRAY({a})) AS @e@ WITH OFFSET AS @o@)) END"
    )
    return speller.once(speller.value(call.arguments[0]), lambda a: hygienic(speller, template, a=a))


_FORMS = EncodingForms(
    decoded="CASE WHEN REGEXP_CONTAINS({x}, {valid}) THEN SAFE.FROM_BASE64({x}) END",
    read="SAFE_CAST({b} AS STRING)",
    to_guid="REGEXP_REPLACE(REGEXP_REPLACE(REGEXP_EXTRACT(TO_HEX({b}), '^.{32}$'), {bytes}, {swapped}), "
    r"'^(.{8})(.{4})(.{4})(.{4})(.{12})$', '\\1-\\2-\\3-\\4-\\5')",
    from_guid="TO_BASE64(FROM_HEX(REGEXP_REPLACE(REPLACE({g}, '-', ''), {bytes}, {swapped})))",
    url_encode="(SELECT STRING_AGG(CASE WHEN REGEXP_CONTAINS(@c@, {safe}) THEN @c@ WHEN @c@ = ' ' THEN {blank} "
    "ELSE REGEXP_REPLACE(TO_HEX(CAST(@c@ AS BYTES)), '(..)', {escape}) END, '' ORDER BY @o@) "
    "FROM UNNEST(SPLIT({x}, '')) AS @c@ WITH OFFSET AS @o@)",
    url_decode="SAFE_CAST(FROM_HEX((SELECT STRING_AGG(CASE WHEN LENGTH(@p@) = 3 THEN SUBSTR(@p@, 2) "
    "ELSE TO_HEX(CAST(@p@ AS BYTES)) END, '' ORDER BY @o@) "
    "FROM UNNEST(REGEXP_EXTRACT_ALL(REPLACE({x}, '+', ' '), {pieces})) AS @p@ WITH OFFSET AS @o@)) AS STRING)",
    array=_array,
)
_GEOHASHES = GeohashForms(
    total="(SELECT SUM(<body>) FROM UNNEST(GENERATE_ARRAY(0, {n} - 1)) AS @i@)",
    joined="(SELECT STRING_AGG(<body>, '<separator>' ORDER BY <i>) FROM UNNEST(GENERATE_ARRAY(0, <n> - 1)) AS <i>)",
    real="TO_JSON_STRING(TO_JSON(<x>))",
    # ERROR would not stand beside window functions.
    error="CAST(CONCAT({message}, ': ', CAST(<value> AS STRING)) AS INT64)",
    text_type="STRING",
    is_geohash="REGEXP_CONTAINS({h}, {pattern})",
)

SPELLINGS: dict[str, Spelling] = {
    "hash_md5": digest("md5", "TO_HEX(MD5({v}))"),
    "hash_sha1": digest("sha1", "TO_HEX(SHA1({v}))"),
    "hash_sha256": digest("sha256", "TO_HEX(SHA256({v}))"),
    "base64_encode_tostring": "TO_BASE64(CAST({string} AS BYTES))",
    "base64_encode_fromarray": _from_array,
    **encoding_spellings(_FORMS),
    **formats.SPELLINGS,
    **geography.SPELLINGS,
    **geohash_spellings(_GEOHASHES),
    **polygons.SPELLINGS,
}
