"""IPv4 addresses: numbers of 32 bits with a prefix, the same arithmetic in every target.

Two readings of one text would be two answers, so an address is what one pattern says it is: four decimal octets without
leading zeros, then perhaps ``/0`` to ``/32``; blanks may stand in front (measured on Kusto's emulator). Constants are read here, in
Python.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlglot import exp

from transpiler.dialects.spelling import Speller, Spelling, number, text
from transpiler.dialects.terms import any_of
from transpiler.plan.scalars import Call, Constant, Scalar
from transpiler.types import Type

OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
IPV4 = rf"(?:{OCTET}\.){{3}}{OCTET}"
SUFFIX = r"(?:/(?:[12]?\d|3[0-2]))?"
_WHOLE = rf"^ *({IPV4}){SUFFIX}$"
PREFIX = r"/(\d+)$"
# No more than 32: what follows is computed whether or not the address is one.
_PREFIX = r"/([12]?\d|3[0-2])$"
_PRIVATE = r"^ *(?:10|172\.(?:1[6-9]|2\d|3[01])|192\.168)\."
_ADDRESS = re.compile(_WHOLE, re.ASCII)


@dataclass(frozen=True, slots=True)
class AddressSql:
    """How a target reads and writes addresses. Templates; the patterns are passed as slots.

    ``number``: ``{x}`` and a pattern ``{p}`` whose group is a dotted address, to an integer or NULL. ``prefix``: ``{x}``
    and a pattern of digits ``{p}``, to an integer or NULL. ``dotted``: an integer ``{n}`` as text. ``sign`` of ``{n}``,
    ``xor`` of ``{a}`` and ``{b}``. ``cidr``: from ``{a}`` to ``{b}``. ``any_of`` tests the elements of a dynamic array.
    """

    number: str
    prefix: str
    dotted: str
    sign: str
    xor: str
    cidr: str
    any_of: Callable[[Speller, exp.Expr, Callable[[exp.Expr], exp.Expr]], exp.Expr]


@dataclass(frozen=True, slots=True)
class Address:
    """An address in SQL, or known: its number and its prefix."""

    number: exp.Expr | int
    prefix: exp.Expr | int


def read_address(value: str) -> tuple[int, int] | None:
    """The number and the prefix of a text, None for a text that is no address."""
    match = _ADDRESS.fullmatch(value)
    if match is None:
        return None
    found = 0
    for octet in match[1].split("."):
        found = found * 256 + int(octet)
    return found, int(value.partition("/")[2] or 32)


def network(found: int, prefix: int) -> int:
    """The number of an address with the bits beyond its prefix cleared."""
    return found >> (32 - prefix) << (32 - prefix)


def tree(value: exp.Expr | int) -> exp.Expr:
    """A value that may be known, as SQL."""
    return number(value) if isinstance(value, int) else value


def whole(speller: Speller, value: exp.Expr | int) -> exp.Expr:
    """A value as a result: a literal alone would be narrower than a long in DuckDB."""
    if isinstance(value, int):
        return exp.Cast(this=number(value), to=speller.dialect.data_type(Type.LONG))
    return value


def constant_text(scalar: Scalar) -> str | None:
    """The text of a constant string, None for a computed one."""
    return str(scalar.value or "") if isinstance(scalar, Constant) and scalar.type is Type.STRING else None


def constant_elements(scalar: Scalar) -> list[str] | None:
    """The strings in a constant array, None for a computed one."""
    if not isinstance(scalar, Constant):
        return None
    parsed = json.loads(str(scalar.value)) if scalar.value is not None else []
    return [e for e in (parsed if isinstance(parsed, list) else [parsed]) if isinstance(e, str)]


def least(*values: exp.Expr | int) -> exp.Expr | int:
    """The least of several prefixes; 32 bits are all there are, so that 32 says nothing beside others."""
    known = min((v for v in values if isinstance(v, int)), default=32)
    computed = [v for v in values if not isinstance(v, int)]
    if not computed:
        return known
    trees = computed if known == 32 else [number(known), *computed]
    return trees[0] if len(trees) == 1 else exp.Anonymous(this="LEAST", expressions=trees)


class Addresses:
    """The spellings of the IPv4 functions over a target's primitives."""

    def __init__(self, sql: AddressSql) -> None:
        self._sql = sql

    def spellings(self) -> dict[str, Spelling]:
        """Every IPv4 function but those that search in a text."""
        return {
            "parse_ipv4": self._parse,
            "parse_ipv4_mask": self._parse_mask,
            "ipv4_netmask_suffix": self._suffix,
            "ipv4_is_private": self._is_private,
            "ipv4_compare": self._compare,
            "ipv4_is_match": self._is_match,
            "ipv4_is_in_range": self._in_any_range,
            "ipv4_is_in_any_range": self._in_any_range,
            "ipv4_is_in_any_range array": self._in_array,
            "ipv4_range_to_cidr_list": self._cidr_list,
            "format_ipv4": self._format,
            "format_ipv4 long": self._format,
            "format_ipv4_mask": self._format,
            "format_ipv4_mask long": self._format,
        }

    def _read(self, speller: Speller, x: exp.Expr) -> Address:
        found = speller.sql(self._sql.number, x=x.copy(), p=text(_WHOLE))
        prefix = speller.sql(self._sql.prefix, x=x.copy(), p=text(_PREFIX))
        return Address(found, speller.sql("COALESCE({p}, 32)", p=prefix))

    def _over(self, speller: Speller, scalar: Scalar, t: Type, body: Callable[[Address], exp.Expr]) -> exp.Expr:
        """The body over an address, a computed text computed once; NULL of a type for a constant that is no address."""
        known = constant_text(scalar)
        if known is None:
            return speller.once(speller.value(scalar), lambda x: body(self._read(speller, x)))
        parsed = read_address(known)
        return speller.dialect.null(t) if parsed is None else body(Address(*parsed))

    def _masked(self, speller: Speller, address: Address, *limits: exp.Expr | int) -> exp.Expr | int:
        """The number of an address without the bits beyond its prefix and the limits."""
        prefix = least(address.prefix, *limits)
        if isinstance(address.number, int) and isinstance(prefix, int):
            return network(address.number, prefix)
        if prefix == 32:
            return address.number
        if isinstance(prefix, int):
            return speller.sql("{n} & {mask}", n=tree(address.number), mask=number(network(2**32 - 1, prefix)))
        return speller.sql("{n} & -(1 << (32 - {p}))", n=tree(address.number), p=tree(prefix))

    def _parse(self, speller: Speller, call: Call) -> exp.Expr:
        return self._over(speller, call.arguments[0], Type.LONG, lambda a: whole(speller, self._masked(speller, a)))

    def _parse_mask(self, speller: Speller, call: Call) -> exp.Expr:
        ip, prefix = call.arguments

        def masked(n: exp.Expr | int) -> exp.Expr:
            return self._over(speller, ip, Type.LONG, lambda a: whole(speller, self._masked(speller, a, n)))

        return within(speller, prefix, 32, Type.LONG, masked)

    def _suffix(self, speller: Speller, call: Call) -> exp.Expr:
        def body(a: Address) -> exp.Expr:
            if isinstance(a.number, int):
                return whole(speller, a.prefix)
            return speller.sql("CASE WHEN {n} IS NOT NULL THEN {p} END", n=a.number, p=tree(a.prefix))

        return self._over(speller, call.arguments[0], Type.LONG, body)

    def _is_private(self, speller: Speller, call: Call) -> exp.Expr:
        def body(x: exp.Expr) -> exp.Expr:
            matches = speller.dialect.regex_matches
            valid = speller.sql(matches, text=x.copy(), pattern=text(_WHOLE))
            private = speller.sql(matches, text=x.copy(), pattern=text(_PRIVATE))
            return speller.sql("CASE WHEN {v} THEN {p} END", v=valid, p=private)

        return speller.once(speller.value(call.arguments[0]), body)

    def _pair(
        self, speller: Speller, call: Call, body: Callable[[Address, Address, exp.Expr | int], exp.Expr]
    ) -> exp.Expr:
        """The body over two addresses and the prefix that they are compared by."""
        left, right, *limit = call.arguments
        t = call.type

        def compared(n: exp.Expr | int) -> exp.Expr:
            def first(a: Address) -> exp.Expr:
                return self._over(speller, right, t, lambda b: body(a, b, least(a.prefix, b.prefix, n)))

            return self._over(speller, left, t, first)

        return within(speller, limit[0], 32, t, compared) if limit else compared(32)

    def _compare(self, speller: Speller, call: Call) -> exp.Expr:
        def body(a: Address, b: Address, prefix: exp.Expr | int) -> exp.Expr:
            def ordered(p: exp.Expr) -> exp.Expr:
                template = "({a} >> (32 - {p})) - ({b} >> (32 - {p}))"
                return speller.sql(self._sql.sign, n=speller.sql(template, a=tree(a.number), b=tree(b.number), p=p))

            return speller.once(tree(prefix), ordered)

        return self._pair(speller, call, body)

    def _is_match(self, speller: Speller, call: Call) -> exp.Expr:
        return self._pair(speller, call, lambda a, b, p: self._equal(speller, tree(a.number), tree(b.number), p))

    def _equal(self, speller: Speller, a: exp.Expr, b: exp.Expr, prefix: exp.Expr | int) -> exp.Expr:
        if prefix == 32:
            return speller.sql("{a} = {b}", a=a, b=b)
        return speller.sql("({d} >> (32 - {p})) = 0", d=speller.sql(self._sql.xor, a=a, b=b), p=tree(prefix))

    def _within(self, speller: Speller, n: exp.Expr, around: Address) -> exp.Expr:
        """Whether a number is in the range of an address with its prefix."""
        if not isinstance(around.number, int) or not isinstance(around.prefix, int):
            return self._equal(speller, n, tree(around.number), around.prefix)
        low = network(around.number, around.prefix)
        high = low + (1 << (32 - around.prefix)) - 1
        if low == high:
            return speller.sql("{n} = {low}", n=n, low=number(low))
        return speller.sql("{n} BETWEEN {low} AND {high}", n=n, low=number(low), high=number(high))

    def _in_any_range(self, speller: Speller, call: Call) -> exp.Expr:
        ip, *ranges = call.arguments

        def test(around: Scalar) -> Callable[[exp.Expr], exp.Expr]:
            return lambda n: self._over(speller, around, Type.BOOL, lambda a: self._within(speller, n, a))

        return self._in_ranges(speller, ip, [test(r) for r in ranges])

    def _in_array(self, speller: Speller, call: Call) -> exp.Expr:
        ip, array = call.arguments
        known = constant_elements(array)
        if known is not None:
            ranges = [Constant(Type.STRING, e) for e in known]
            return self._in_any_range(speller, replace(call, arguments=(ip, *ranges)))

        def any_of(n: exp.Expr) -> exp.Expr:
            def test(element: exp.Expr) -> exp.Expr:
                return self._within(speller, n.copy(), self._read(speller, element))

            return self._sql.any_of(speller, speller.value(array), test)

        return self._in_ranges(speller, ip, [any_of])

    def _in_ranges(self, speller: Speller, ip: Scalar, tests: list[Callable[[exp.Expr], exp.Expr]]) -> exp.Expr:
        def body(address: Address) -> exp.Expr:
            masked = tree(self._masked(speller, address))
            if not tests:
                return speller.sql("CASE WHEN {n} IS NOT NULL THEN FALSE END", n=masked)
            if len(tests) == 1:
                return tests[0](masked)
            return speller.once(masked, lambda n: exp.Paren(this=any_of([t(n.copy()) for t in tests])))

        return self._over(speller, ip, Type.BOOL, body)

    def _cidr_list(self, speller: Speller, call: Call) -> exp.Expr:
        first, last = call.arguments

        def body(a: Address, b: Address) -> exp.Expr:
            low, high = (tree(self._masked(speller, each)) for each in (a, b))
            return speller.once(low, lambda x: speller.once(high, lambda y: speller.sql(self._sql.cidr, a=x, b=y)))

        def over(a: Address) -> exp.Expr:
            return self._over(speller, last, Type.DYNAMIC, lambda b: body(a, b))

        return self._over(speller, first, Type.DYNAMIC, over)

    def _format(self, speller: Speller, call: Call) -> exp.Expr:
        ip, *limit = call.arguments
        with_prefix = call.overload.name == "format_ipv4_mask"

        def dotted(number: exp.Expr | int) -> exp.Expr:
            return speller.once(tree(number), lambda m: speller.sql(self._sql.dotted, n=m))

        def written(a: Address, n: exp.Expr | int) -> exp.Expr:
            if not with_prefix:
                return dotted(self._masked(speller, a, n))

            def both(p: exp.Expr) -> exp.Expr:
                shown = dotted(self._masked(speller, Address(a.number, p)))
                return speller.sql("{d} || '/' || CAST({p} AS TEXT)", d=shown, p=p.copy())

            shortest = least(a.prefix, n)
            if isinstance(shortest, int):
                shown = dotted(self._masked(speller, Address(a.number, shortest)))
                return speller.sql("{d} || {p}", d=shown, p=text(f"/{shortest}"))
            return speller.once(shortest, both)

        def over(n: exp.Expr | int) -> exp.Expr:
            if ip.type is Type.STRING:
                return self._over(speller, ip, Type.STRING, lambda a: written(a, n))
            in_range = "CASE WHEN {v} BETWEEN 0 AND 4294967295 THEN {v} END"
            return written(Address(speller.once(speller.value(ip), lambda v: speller.sql(in_range, v=v)), 32), n)

        return within(speller, limit[0], 32, Type.STRING, over) if limit else over(32)


def within(speller: Speller, limit: Scalar, most: int, t: Type, body: Callable[[exp.Expr | int], exp.Expr]) -> exp.Expr:
    """The body over a prefix of the query; NULL of a type where it is not from 0 to ``most``."""
    if isinstance(limit, Constant):
        value = int(limit.value) if limit.value is not None else -1
        return body(value) if 0 <= value <= most else speller.dialect.null(t)
    return speller.once(
        speller.value(limit),
        lambda n: speller.sql(f"CASE WHEN {{n}} BETWEEN 0 AND {most} THEN {{x}} END", n=n.copy(), x=body(n)),
    )
