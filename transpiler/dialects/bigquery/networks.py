"""BigQuery's spellings: addresses. What an address is, a pattern says; ``NET`` does the arithmetic."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from transpiler.dialects import addresses_in_text
from transpiler.dialects.addresses import SUFFIX, Addresses, AddressSql
from transpiler.dialects.addresses_ipv6 import LONG_SUFFIX, MAPPED, LongAddresses, LongAddressSql
from transpiler.dialects.dialect import bound_name
from transpiler.dialects.spelling import Speller, Spelling, text

_LOW = "(({a} + (1 << k) - 1) >> k)"
_HIGH = "(({b} + 1) >> k)"
_DOTTED = "NET.IP_TO_STRING(NET.IPV4_FROM_INT64({n}))"
_CIDR = (
    "(SELECT CONCAT('[', STRING_AGG(CONCAT('\"', "
    f"{_DOTTED.replace('{n}', 's')}, '/', CAST(32 - k AS STRING), '\"'), ',' ORDER BY s), ']') "
    "FROM UNNEST(GENERATE_ARRAY(0, 32)) AS k, "
    f"UNNEST([IF({_LOW} & 1 = 1, {_LOW} << k, NULL), IF({_HIGH} & 1 = 1, ({_HIGH} - 1) << k, NULL)]) AS s "
    f"WHERE {_LOW} < {_HIGH} AND s IS NOT NULL)"
)


def any_of(speller: Speller, array: exp.Expr, test: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """Whether the test holds for an element of a JSON array of strings; NULL when it is NULL for one and true for none."""
    name, tree = bound_name(test)
    return speller.sql(
        "CASE WHEN STARTS_WITH({a}, '[') THEN {s} END",
        a=array,
        s=exp.Subquery(
            this=exp.Select(
                expressions=[
                    speller.sql("NULLIF(COALESCE(MAX(COALESCE(CAST({t} AS INT64) * 2, 1)), 0), 1) = 2", t=tree)
                ],
                from_=exp.From(
                    this=exp.Unnest(
                        expressions=[speller.sql("JSON_VALUE_ARRAY({a})", a=array.copy())],
                        alias=exp.TableAlias(columns=[exp.to_identifier(name)]),
                    )
                ),
            )
        ),
    )


_PREFIX = "SAFE_CAST(REGEXP_EXTRACT({x}, {p}) AS INT64)"
_LONG = rf"^([0-9a-fA-F]*:[0-9a-fA-F:]*){LONG_SUFFIX}$"
_ENDS_DOTTED = rf"^([0-9a-fA-F]*:[0-9a-fA-F:]*\.[\d.]+){SUFFIX}$"
_BITS = (
    "COALESCE(FROM_HEX('00000000000000000000ffff') || NET.SAFE_IP_FROM_STRING(REGEXP_EXTRACT({x}, {mapped})), "
    "NET.SAFE_IP_FROM_STRING(REGEXP_EXTRACT({x}, {long})), NET.SAFE_IP_FROM_STRING(REGEXP_EXTRACT({x}, {dotted})))"
)


def _bits(speller: Speller, x: exp.Expr) -> exp.Expr:
    return speller.sql(_BITS, x=x, mapped=text(MAPPED), long=text(_LONG), dotted=text(_ENDS_DOTTED))


SPELLINGS: dict[str, Spelling] = {
    **Addresses(
        AddressSql(
            number="NET.IPV4_TO_INT64(NET.SAFE_IP_FROM_STRING(REGEXP_EXTRACT({x}, {p})))",
            prefix=_PREFIX,
            dotted=_DOTTED,
            sign="SIGN({n})",
            xor="{a} ^ {b}",
            cidr=_CIDR,
            any_of=any_of,
        )
    ).spellings(),
    **LongAddresses(
        LongAddressSql(
            bits=_bits,
            prefix=_PREFIX,
            first="NET.IP_TRUNC({b}, {p})",
            shown=r"RTRIM(REGEXP_REPLACE(TO_HEX(NET.IP_TRUNC({b}, {p})), '(....)', '\\1:'), ':')",
            any_of=any_of,
        )
    ).spellings(),
    **addresses_in_text.spellings(any_of),
}
