"""DuckDB's spellings: addresses. The ``inet`` extension is none of DuckDB's own, so that an address is read by a pattern."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from transpiler.dialects import addresses_in_text
from transpiler.dialects.addresses import IPV4, SUFFIX, Addresses, AddressSql
from transpiler.dialects.addresses_ipv6 import LONG_SUFFIX, MAPPED, LongAddresses, LongAddressSql
from transpiler.dialects.dialect import bound_name
from transpiler.dialects.duckdb.paths import elements_at
from transpiler.dialects.spelling import Speller, Spelling, text

# A block's start and prefix in one integer, so that sorting is by start.
_BLOCKS = (
    "list_sort(list_concat("
    "list_transform(list_filter(range(33), lambda k: ({a} + (1 << k) - 1) >> k < ({b} + 1) >> k "
    "AND (({a} + (1 << k) - 1) >> k) & 1 = 1), lambda k: ((({a} + (1 << k) - 1) >> k << k) << 6) + 32 - k), "
    "list_transform(list_filter(range(33), lambda k: ({a} + (1 << k) - 1) >> k < ({b} + 1) >> k "
    "AND (({b} + 1) >> k) & 1 = 1), lambda k: (((({b} + 1) >> k) - 1 << k) << 6) + 32 - k)))"
)
_DOTTED = "CAST({n} >> 24 AS TEXT) || '.' || ({n} >> 16 & 255) || '.' || ({n} >> 8 & 255) || '.' || ({n} & 255)"
_CIDR = (
    "CASE WHEN {a} <= {b} THEN "
    f"'[' || array_to_string(list_transform({_BLOCKS}, lambda e: "
    f"'\"' || {_DOTTED.replace('{n}', '(e >> 6)')} || '/' || (e & 63) || '\"'), ',') || ']' END"
)


def any_of(speller: Speller, array: exp.Expr, test: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """Whether the test holds for an element of a JSON array of strings; NULL when it is NULL for one and true for none."""
    name, tree = bound_name(lambda e: speller.sql("COALESCE(CAST({t} AS INT) * 2, 1)", t=test(e)))
    function = exp.Lambda(this=tree, expressions=[exp.to_identifier(name)], colon=True)
    return speller.sql(
        "CASE WHEN json_type({a}) = 'ARRAY' THEN NULLIF(COALESCE(list_max({t}), 0), 1) = 2 END",
        a=array,
        t=exp.Anonymous(
            this="list_transform",
            expressions=[elements_at(array.copy(), "->>"), function],
        ),
    )


_NUMBER = "list_reduce(TRY_CAST(string_split(regexp_extract({x}, {p}, 1), '.') AS BIGINT[]), lambda a, b: a * 256 + b)"
_PREFIX = "TRY_CAST(regexp_extract({x}, {p}, 1) AS BIGINT)"

_H = "[0-9a-fA-F]{1,4}"
_GROUPS = (
    rf"^(?:(?:{_H}:){{7}}{_H}|(?:{_H}:){{1,7}}:|(?:{_H}:){{1,6}}:{_H}|(?:{_H}:){{1,5}}(?::{_H}){{1,2}}|"
    rf"(?:{_H}:){{1,4}}(?::{_H}){{1,3}}|(?:{_H}:){{1,3}}(?::{_H}){{1,4}}|(?:{_H}:){{1,2}}(?::{_H}){{1,5}}|"
    rf"{_H}:(?::{_H}){{1,6}}|:(?:(?::{_H}){{1,7}}|:))$"
)
_HEXADECIMAL = rf"^([0-9a-fA-F:]+){LONG_SUFFIX}$"
_ENDS_DOTTED = rf"^[0-9a-fA-F:]*:({IPV4}){SUFFIX}$"
# Every group gets three zeros in front and is cut to its last four digits.
_PADDED = "regexp_replace(regexp_replace({t}, {group}, {longer}, 'g'), {last}, {first}, 'g')"
_BITS = (
    "CAST(CAST(from_hex(rpad(replace(split_part({g}, '::', 1), ':', ''), "
    "CAST(32 - length(replace(split_part({g}, '::', 2), ':', '')) AS INTEGER), '0') || replace(split_part({g}, '::', 2), ':', '')) "
    "AS BIT) AS TEXT)"
)


def _bits(speller: Speller, x: exp.Expr) -> exp.Expr:
    """The 128 bits as a text of zeros and ones: a dotted end becomes two groups, then ``::`` is filled up with zeros."""
    groups = speller.sql(
        "CASE WHEN regexp_matches({x}, {mapped}) THEN '::ffff:' || {a} "
        "WHEN contains({x}, '.') THEN regexp_extract({x}, '^(.*:)', 1) || {b} "
        "ELSE regexp_extract({x}, {hexadecimal}, 1) END",
        x=x,
        mapped=text(MAPPED),
        hexadecimal=text(_HEXADECIMAL),
        a=_two_groups(speller, x, MAPPED),
        b=_two_groups(speller, x, _ENDS_DOTTED),
    )

    def filled(t: exp.Expr) -> exp.Expr:
        wide = speller.sql(
            _PADDED,
            t=t,
            group=text("([0-9a-fA-F]+)"),
            longer=text(r"000\1"),
            last=text("[0-9a-fA-F]*([0-9a-fA-F]{4})"),
            first=text(r"\1"),
        )
        padded = speller.once(wide, lambda g: speller.sql(_BITS, g=g))
        return speller.sql(
            "CASE WHEN regexp_matches({t}, {valid}) THEN {b} END", t=t.copy(), valid=text(_GROUPS), b=padded
        )

    return speller.once(groups, filled)


def _two_groups(speller: Speller, x: exp.Expr, pattern: str) -> exp.Expr:
    found = speller.sql(_NUMBER, x=x.copy(), p=text(pattern))
    return speller.once(found, lambda n: speller.sql("to_hex({n} >> 16) || ':' || to_hex({n} & 65535)", n=n))


SPELLINGS: dict[str, Spelling] = {
    **Addresses(
        AddressSql(
            number=_NUMBER,
            prefix=_PREFIX,
            dotted=_DOTTED,
            sign="CAST(sign({n}) AS BIGINT)",
            xor="xor({a}, {b})",
            cidr=_CIDR,
            any_of=any_of,
        )
    ).spellings(),
    **LongAddresses(
        LongAddressSql(
            bits=_bits,
            prefix=_PREFIX,
            first="left({b}, {p})",
            shown=r"rtrim(regexp_replace(lower(hex(CAST(CAST(rpad(left({b}, {p}), 128, '0') AS BIT) AS BLOB))), "
            r"'(....)', '\1:', 'g'), ':')",
            any_of=any_of,
        )
    ).spellings(),
    **addresses_in_text.spellings(any_of),
}
