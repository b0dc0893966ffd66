"""``has_ipv4`` and kin: an address in a text, delimited by what is no letter or number, whole and valid.

A needle that is no address (or no prefix: one to three octets and a dot) is never found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sqlglot import exp

from transpiler.dialects.addresses import IPV4, OCTET, constant_elements, constant_text
from transpiler.dialects.comparisons import total
from transpiler.dialects.spelling import Builder, Speller, Spelling, text
from transpiler.dialects.terms import NOT_TERM, any_of
from transpiler.plan.scalars import Call, Constant, Scalar
from transpiler.types import Type

_START, _END = f"(?:^|{NOT_TERM})", f"(?:$|{NOT_TERM})"
_REST = rf"\.{OCTET}"
_PREFIXES = rf"(?:{OCTET}\.){{1,3}}"
ElementTest = Callable[[Speller, exp.Expr, Callable[[exp.Expr], exp.Expr]], exp.Expr]


def _needle_pattern(needle: str, *, prefix: bool) -> str | None:
    """The pattern of one needle without its delimiters, None for a needle that is never found."""
    escaped = needle.replace(".", r"\.")
    if re.fullmatch(IPV4, needle, re.ASCII):
        return escaped
    if prefix and re.fullmatch(_PREFIXES, needle, re.ASCII):
        return escaped + OCTET + _REST * (3 - needle.count("."))
    return None


def _searches(speller: Speller, source: exp.Expr, needles: Sequence[str], *, prefix: bool) -> exp.Expr | None:
    """One search for all known needles, None when there is nothing to find."""
    found = (_needle_pattern(n, prefix=prefix) for n in dict.fromkeys(needles))
    bodies = [b for b in found if b is not None]
    if not bodies:
        return None
    body = bodies[0] if len(bodies) == 1 else f"(?:{'|'.join(bodies)})"
    return speller.sql(speller.dialect.regex_matches, text=source, pattern=text(_START + body + _END))


def _computed_search(speller: Speller, source: exp.Expr, needle: exp.Expr, *, prefix: bool) -> exp.Expr:
    """The search for a needle that is known per row; the pattern is built from the needle once it is valid."""

    def build(n: exp.Expr) -> exp.Expr:
        matches = speller.dialect.regex_matches
        escaped = speller.sql("REPLACE({n}, '.', {d})", n=n.copy(), d=text(r"\."))

        def case(shape: str, rest: str) -> exp.If:
            valid = speller.sql(matches, text=n.copy(), pattern=text(f"^{shape}$"))
            pattern = speller.sql("{a} || {e} || {b}", a=text(_START), e=escaped.copy(), b=text(rest + _END))
            return exp.If(this=valid, true=speller.sql(matches, text=source.copy(), pattern=pattern))

        cases = [case(IPV4, "")]
        if prefix:
            cases += [case(rf"(?:{OCTET}\.){{{i}}}", OCTET + _REST * (3 - i)) for i in (1, 2, 3)]
        return exp.Case(ifs=cases, default=exp.Boolean(this=False))

    return speller.once(needle, build)


def _search(*, prefix: bool) -> Builder:
    """``has_ipv4(text, needle …)``."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        source, *needles = call.arguments
        known = [n for n in (constant_text(s) for s in needles) if n is not None]
        computed = [s for s in needles if constant_text(s) is None]
        tests = [_searches(speller, speller.value(source), known, prefix=prefix)]
        tests += [_computed_search(speller, speller.value(source), speller.value(s), prefix=prefix) for s in computed]
        found = [t for t in tests if t is not None]
        return any_of(found) if found else total(exp.Boolean(this=False))

    return spell


def _search_array(test_elements: ElementTest, *, prefix: bool) -> Builder:
    """``has_any_ipv4(text, array)``."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        source, array = call.arguments
        known = constant_elements(array)
        if known is not None:
            needles: list[Scalar] = [Constant(Type.STRING, n) for n in known]
            return search(speller, Call(call.overload, (source, *needles), call.type, call.nullable, call.span))

        def test(element: exp.Expr) -> exp.Expr:
            return _computed_search(speller, speller.text(source), element, prefix=prefix)

        return test_elements(speller, speller.value(array), test)

    search = _search(prefix=prefix)
    return spell


def spellings(test_elements: ElementTest) -> dict[str, Spelling]:
    """The functions that search for addresses; ``test_elements`` tests the elements of a dynamic array."""
    return {
        "has_ipv4": _search(prefix=False),
        "has_ipv4_prefix": _search(prefix=True),
        "has_any_ipv4": _search(prefix=False),
        "has_any_ipv4_prefix": _search(prefix=True),
        "has_any_ipv4 array": _search_array(test_elements, prefix=False),
        "has_any_ipv4_prefix array": _search_array(test_elements, prefix=True),
    }
