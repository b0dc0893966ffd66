"""IPv6 addresses: 128 bits, an IPv4 address among them as ``::ffff:a.b.c.d``. What is behind a ``%`` is passed over.

The prefix of an address with a dotted end is an IPv4 one, from 0 to 32, and counts from bit 96 (measured on Kusto's
emulator). ``::a.b.c.d`` with a prefix, or in a comparison, is the IPv4 address too (documentation of ``parse_ipv6_mask`` and
``ipv6_compare``), alone in ``parse_ipv6`` it is what is written (measured).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from transpiler.dialects.addresses import IPV4, PREFIX, SUFFIX, within
from transpiler.dialects.spelling import Speller, Spelling, number, text
from transpiler.dialects.terms import any_of
from transpiler.plan.scalars import Call, Scalar
from transpiler.types import Type

MAPPED = rf"^(?:::)?({IPV4}){SUFFIX}$"
LONG_SUFFIX = r"(?:/(?:12[0-8]|1[01]\d|[1-9]?\d)|%[^/%]+)?"


@dataclass(frozen=True, slots=True)
class LongAddressSql:
    """How a target holds 128 bits. Templates, but for ``bits``, a builder from a text that is cheap to repeat.

    ``prefix``: ``{x}`` and a pattern of digits ``{p}``, to an integer or NULL. ``first``: the bits ``{b}`` up to ``{p}``,
    comparable when of one ``{p}``. ``shown``: the bits ``{b}`` up to ``{p}`` as eight groups. ``any_of`` as for IPv4.
    """

    bits: Callable[[Speller, exp.Expr], exp.Expr]
    prefix: str
    first: str
    shown: str
    any_of: Callable[[Speller, exp.Expr, Callable[[exp.Expr], exp.Expr]], exp.Expr]


class LongAddresses:
    """The spellings of the IPv6 functions over a target's primitives."""

    def __init__(self, sql: LongAddressSql) -> None:
        self._sql = sql

    def spellings(self) -> dict[str, Spelling]:
        """Every IPv6 function."""
        return {
            "parse_ipv6": self._parse,
            "parse_ipv6_mask": self._parse,
            "ipv6_compare": self._compare,
            "ipv6_is_match": self._is_match,
            "ipv6_is_in_range": self._in_any_range,
            "ipv6_is_in_any_range": self._in_any_range,
            "ipv6_is_in_any_range array": self._in_array,
        }

    def _read(self, speller: Speller, x: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
        """The bits and the prefix of a text."""
        prefix = speller.sql(
            "COALESCE({p} + CASE WHEN {x} LIKE '%.%' THEN 96 ELSE 0 END, 128)",
            p=speller.sql(self._sql.prefix, x=x.copy(), p=text(PREFIX)),
            x=x.copy(),
        )
        return self._sql.bits(speller, x), prefix

    def _over(self, speller: Speller, scalar: Scalar, body: Callable[[exp.Expr, exp.Expr], exp.Expr]) -> exp.Expr:
        return speller.once(speller.value(scalar), lambda x: body(*self._read(speller, x)))

    def _shown(self, speller: Speller, x: exp.Expr, limit: exp.Expr | int) -> exp.Expr:
        bits, prefix = self._read(speller, x)
        return speller.sql(self._sql.shown, b=bits, p=_least(prefix, limit))

    def _parse(self, speller: Speller, call: Call) -> exp.Expr:
        ip, *limit = call.arguments

        def written(n: exp.Expr | int) -> exp.Expr:
            return speller.once(speller.value(ip), lambda x: self._shown(speller, x, n))

        if limit:
            return within(speller, limit[0], 128, Type.STRING, written)
        # A group more, and it is no IPv4 address.
        alone, as_written = text(r"^::(\d+\.[\d.]+)$"), text(r"::0:\1")
        source = speller.sql("REGEXP_REPLACE({x}, {p}, {r})", x=speller.value(ip), p=alone, r=as_written)
        return speller.once(source, lambda x: self._shown(speller, x, 128))

    def _pair(self, speller: Speller, call: Call, body: Callable[[exp.Expr, exp.Expr], exp.Expr]) -> exp.Expr:
        """The body over the bits of two addresses up to the prefix that they are compared by."""
        left, right, *limit = call.arguments

        def cut(bits: exp.Expr, p: exp.Expr) -> exp.Expr:
            return speller.sql(self._sql.first, b=bits, p=p.copy())

        def compared(n: exp.Expr | int) -> exp.Expr:
            def both(a: exp.Expr, ap: exp.Expr, b: exp.Expr, bp: exp.Expr) -> exp.Expr:
                return speller.once(_least(ap, bp, n), lambda p: body(cut(a, p), cut(b, p)))

            return self._over(speller, left, lambda a, ap: self._over(speller, right, lambda b, bp: both(a, ap, b, bp)))

        return within(speller, limit[0], 128, call.type, compared) if limit else compared(128)

    def _compare(self, speller: Speller, call: Call) -> exp.Expr:
        template = "CAST(CASE WHEN {a} < {b} THEN -1 WHEN {a} > {b} THEN 1 WHEN {a} = {b} THEN 0 END AS BIGINT)"

        def ordered(a: exp.Expr, b: exp.Expr) -> exp.Expr:
            return speller.once(a, lambda x: speller.once(b, lambda y: speller.sql(template, a=x, b=y)))

        return self._pair(speller, call, ordered)

    def _is_match(self, speller: Speller, call: Call) -> exp.Expr:
        return self._pair(speller, call, lambda a, b: speller.sql("{a} = {b}", a=a, b=b))

    def _within(self, speller: Speller, bits: exp.Expr, around: exp.Expr) -> exp.Expr:
        """Whether bits are in the range of an address with its prefix."""

        def test(x: exp.Expr) -> exp.Expr:
            b, prefix = self._read(speller, x)
            first = self._sql.first
            return speller.once(
                prefix,
                lambda p: speller.sql(
                    "{x} = {y}", x=speller.sql(first, b=bits, p=p), y=speller.sql(first, b=b, p=p.copy())
                ),
            )

        return speller.once(around, test)

    def _in_any_range(self, speller: Speller, call: Call) -> exp.Expr:
        ip, *ranges = call.arguments

        def tests(bits: exp.Expr) -> exp.Expr:
            return any_of([self._within(speller, bits.copy(), speller.value(r)) for r in ranges])

        return self._over(speller, ip, lambda b, _: speller.once(b, tests))

    def _in_array(self, speller: Speller, call: Call) -> exp.Expr:
        ip, array = call.arguments

        def tests(bits: exp.Expr) -> exp.Expr:
            return self._sql.any_of(speller, speller.value(array), lambda e: self._within(speller, bits.copy(), e))

        return self._over(speller, ip, lambda b, _: speller.once(b, tests))


def _least(*values: exp.Expr | int) -> exp.Expr:
    """The least of several prefixes; 128 says nothing beside others."""
    known = min((v for v in values if isinstance(v, int)), default=128)
    computed = [v for v in values if not isinstance(v, int)]
    trees = computed if known == 128 else [number(known), *computed]
    return trees[0] if len(trees) == 1 else exp.Anonymous(this="LEAST", expressions=trees)
