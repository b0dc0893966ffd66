r"""The term operators (has, has_any and family) and their kin, the heart of the translation.

A term is a maximal run of letters and digits of any script; ``_`` is not one. ``has`` finds the needle verbatim, case
folded, where neither end cuts a term: at each end either the neighbour or the needle's own edge is no term character. An
edge that is punctuation imposes no boundary. ``\b`` is wrong on ``_`` and on non-ASCII text.

One operator gives one answer whatever the SQL's shape: that of RE2's ``(?i)``. A ``LOWER`` prefilter is written only
where it cannot differ: RE2 folds ſ with s, K with k, and the targets disagree on İ.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

from sqlglot import exp

from transpiler.dialects.comparisons import total
from transpiler.dialects.spelling import Speller, Spelling, text
from transpiler.plan.scalars import Call, Constant, InRelation, Scalar

TERM = r"[\pL\pN]"
NOT_TERM = r"[^\pL\pN]"
MAX_NEEDLES = 200
"""How many needles one regular expression takes: past a few hundred both engines' RE2 leaves its fast path (measured)."""

_SPECIAL = frozenset(r"\.+*?()|[]{}^$")
_FOLDS_BEYOND_LOWER = frozenset("ski")


def is_term(character: str) -> bool:
    """Whether a character belongs to a term: a letter or a number of any script."""
    return unicodedata.category(character)[0] in "LN"


def escaped(needle: str) -> str:
    """A needle as a regular expression that matches just it, in RE2's syntax, safe in any literal."""
    return needle.translate(_ESCAPES)


_ESCAPES = {n: f"\\x{{{n:x}}}" for n in (*range(32), 127)} | {ord(c): f"\\{c}" for c in _SPECIAL}


def term_pattern(needle: str, *, left: bool, right: bool) -> str:
    """The pattern of one needle with the boundaries that its edges need."""
    start = f"(?:^|{NOT_TERM})" if left and needle and is_term(needle[0]) else ""
    end = f"(?:$|{NOT_TERM})" if right and needle and is_term(needle[-1]) else ""
    return f"{start}{escaped(needle)}{end}"


def list_pattern(needles: Sequence[str]) -> str:
    """One alternation for many needles; those with the same edges share their boundaries."""
    groups: dict[tuple[bool, bool], list[str]] = {}
    for needle in needles:
        groups.setdefault((is_term(needle[0]), is_term(needle[-1])), []).append(escaped(needle))
    parts = []
    for (left, right), members in groups.items():
        body = members[0] if len(members) == 1 else f"(?:{'|'.join(members)})"
        parts.append(f"{f'(?:^|{NOT_TERM})' if left else ''}{body}{f'(?:$|{NOT_TERM})' if right else ''}")
    return parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"


def _constant_text(scalar: Scalar) -> str | None:
    if isinstance(scalar, Constant):
        return "" if scalar.value is None else str(scalar.value)
    return None


def _true() -> exp.Expr:
    return total(exp.Boolean(this=True))


def term_operator(*, left: bool, right: bool, fold: bool) -> Callable[[Speller, Call], exp.Expr]:
    """Has (both ends), hasprefix (left end), hassuffix (right end), each with and without case."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        hay, term = call.arguments
        needle = _constant_text(term)
        if needle is None:
            return _per_row(speller, hay, term, left=left, right=right, fold=fold)
        if not needle:
            return _true()
        pattern = ("(?i)" if fold else "") + term_pattern(needle, left=left, right=right)
        return _guarded(speller, hay, needle, pattern, fold=fold)

    return spell


def _guarded(speller: Speller, hay: Scalar, needle: str, pattern: str, *, fold: bool) -> exp.Expr:
    """The regular expression, behind a substring test where that test cannot lose a row (3 to 10 times faster)."""
    value = speller.value(hay)
    matches = speller.sql(speller.dialect.regex_matches, text=value, pattern=text(pattern))
    if fold and not (needle.isascii() and not _FOLDS_BEYOND_LOWER & set(needle.lower())):
        return matches
    if speller.dialect.is_costly(value):
        return matches
    value = value.copy()
    where = speller.sql(
        speller.dialect.contains,
        text=speller.dialect.fold(value) if fold else value,
        term=text(needle.lower() if fold else needle),
    )
    return total(exp.Case(ifs=[exp.If(this=where, true=matches)], default=exp.Boolean(this=False)))


def _per_row(speller: Speller, hay: Scalar, term: Scalar, *, left: bool, right: bool, fold: bool) -> exp.Expr:
    """The needle is computed: its pattern is built in SQL, boundaries included; an empty needle matches everything."""
    pattern = row_pattern(speller, speller.text(term), left=left, right=right)
    if fold:
        pattern = speller.sql("'(?i)' || {p}", p=pattern)
    return total(speller.sql(speller.dialect.regex_matches, text=speller.text(hay), pattern=pattern))


def row_pattern(speller: Speller, needle: exp.Expr, *, left: bool, right: bool) -> exp.Expr:
    """``(?:^|\\W)`` + escaped needle + ``(?:$|\\W)`` in SQL, each boundary only where the needle's edge is a term character."""

    def build(n: exp.Expr) -> exp.Expr:
        parts: list[exp.Expr] = []
        dialect = speller.dialect
        if left:
            test = speller.sql(dialect.regex_matches, text=n.copy(), pattern=text(f"^{TERM}"))
            parts.append(speller.sql("CASE WHEN {t} THEN {a} ELSE '' END", t=test, a=text(f"(?:^|{NOT_TERM})")))
        parts.append(speller.sql(dialect.regex_escape, text=n.copy()))
        if right:
            test = speller.sql(dialect.regex_matches, text=n.copy(), pattern=text(f"{TERM}$"))
            parts.append(speller.sql("CASE WHEN {t} THEN {a} ELSE '' END", t=test, a=text(f"(?:$|{NOT_TERM})")))
        tree = parts[0]
        for part in parts[1:]:
            tree = exp.DPipe(this=tree, expression=part, safe=False)
        return exp.Paren(this=tree)

    return speller.once(needle, build)


def has_any(speller: Speller, call: Call) -> exp.Expr:
    """``has_any`` over scalars: one case-insensitive alternation for the constants, one test for each computed needle."""
    hay, *terms = call.arguments
    constants = [c for c in (_constant_text(t) for t in terms) if c is not None]
    if "" in constants:
        return _true()
    needles = list(dict.fromkeys(n for n in constants))
    tests: list[exp.Expr] = []
    if len(needles) == 1:
        tests.append(
            _guarded(speller, hay, needles[0], "(?i)" + term_pattern(needles[0], left=True, right=True), fold=True)
        )
    else:
        for start in range(0, len(needles), MAX_NEEDLES):
            pattern = "(?i)" + list_pattern(needles[start : start + MAX_NEEDLES])
            tests.append(speller.sql(speller.dialect.regex_matches, text=speller.value(hay), pattern=text(pattern)))
    computed = [t for t in terms if _constant_text(t) is None]
    tests += [_per_row(speller, hay, t, left=True, right=True, fold=True) for t in computed]
    return any_of(tests) if tests else total(exp.Boolean(this=False))


def has_all(speller: Speller, call: Call) -> exp.Expr:
    """``has_all``: every needle on its own."""
    hay, *terms = call.arguments
    spell = term_operator(left=True, right=True, fold=True)
    tests = [spell(speller, Call(call.overload, (hay, t), call.type, call.nullable, call.span)) for t in terms]
    tests = [t for t in tests if not (isinstance(t, exp.Boolean) and t.this)]
    return all_of(tests) if tests else _true()


def any_of(tests: list[exp.Expr]) -> exp.Expr:
    """The tests joined by OR."""
    tree = tests[0]
    for other in tests[1:]:
        tree = exp.Or(this=tree, expression=other)
    return tree


def all_of(tests: list[exp.Expr]) -> exp.Expr:
    """The tests joined by AND."""
    tree = tests[0]
    for other in tests[1:]:
        tree = exp.And(this=tree, expression=other)
    return tree


def plain_operator(before: str, after: str, template: str, *, fold: bool) -> Callable[[Speller, Call], exp.Expr]:
    """contains, startswith, endswith: a substring test with case, a regular expression without."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        hay, term = call.arguments
        needle = _constant_text(term)
        if needle == "":
            return _true()
        if not fold:
            slot = getattr(speller.dialect, template)
            return speller.sql(slot, text=speller.value(hay) if needle else speller.text(hay), term=speller.text(term))
        text_of = speller.value if needle else speller.text
        if needle is None:
            escape = speller.sql(speller.dialect.regex_escape, text=speller.text(term))
            pattern = speller.sql("{a} || {e} || {b}", a=text("(?i)" + before), e=escape, b=text(after))
        elif needle.isascii() and not _FOLDS_BEYOND_LOWER & set(needle.lower()):
            slot = getattr(speller.dialect, template)
            return speller.sql(slot, text=speller.dialect.fold(speller.value(hay)), term=text(needle.lower()))
        else:
            pattern = text(f"(?i){before}{escaped(needle)}{after}")
        return speller.sql(speller.dialect.regex_matches, text=text_of(hay), pattern=pattern)

    return spell


def equal_folded(speller: Speller, call: Call) -> exp.Expr:
    """``=~``: equal but for case, by RE2's fold."""
    left, right = call.arguments
    constant, other = (left, right) if isinstance(left, Constant) else (right, left)
    needle = _constant_text(constant)
    if needle is None:
        pattern = speller.sql(
            "{a} || {e} || {b}",
            a=text("(?i)^(?:"),
            e=speller.sql(speller.dialect.regex_escape, text=speller.text(right)),
            b=text(")$"),
        )
        return total(speller.sql(speller.dialect.regex_matches, text=speller.text(left), pattern=pattern))
    if not needle:
        return total(exp.EQ(this=speller.text(other), expression=text("")))
    return _equal_to(speller, other, needle)


def _equal_to(speller: Speller, other: Scalar, needle: str) -> exp.Expr:
    if needle.isascii() and not _FOLDS_BEYOND_LOWER & set(needle.lower()):
        return exp.EQ(this=speller.dialect.fold(speller.value(other)), expression=text(needle.lower()))
    return speller.sql(
        speller.dialect.regex_matches, text=speller.value(other), pattern=text(f"(?i)^{escaped(needle)}$")
    )


def in_folded(speller: Speller, call: Call) -> exp.Expr:
    """``in~``: one alternation for constants."""
    value, *items = call.arguments
    constants = [_constant_text(i) for i in items]
    needles = list(dict.fromkeys(c for c in constants if c is not None))
    tests: list[exp.Expr] = []
    plain = all(n.isascii() and not _FOLDS_BEYOND_LOWER & set(n.lower()) for n in needles)
    tree = speller.text(value) if "" in needles else speller.value(value)
    if needles and plain:
        lowered = list(dict.fromkeys(n.lower() for n in needles))
        tests.append(exp.In(this=speller.dialect.fold(tree), expressions=[text(n) for n in lowered]))
    else:
        for start in range(0, len(needles), MAX_NEEDLES):
            body = "|".join(escaped(n) for n in needles[start : start + MAX_NEEDLES])
            tests.append(
                speller.sql(speller.dialect.regex_matches, text=tree.copy(), pattern=text(f"(?i)^(?:{body})$"))
            )
    for item in (i for i, c in zip(items, constants, strict=True) if c is None):
        tests.append(equal_folded(speller, Call(call.overload, (value, item), call.type, call.nullable, call.span)))
    return any_of(tests) if tests else total(exp.Boolean(this=False))


def has_relation(speller: Speller, scalar: InRelation) -> exp.Expr:
    """``has_any (tabular)``: one alternation, built by an uncorrelated subquery over the relation's CTE."""
    table, column = speller.relation(scalar.relation, scalar.column)
    needle = speller.dialect.coalesce(column, text("")) if scalar.column.nullable else column
    pattern = row_pattern(speller, needle, left=True, right=True)
    joined = speller.sql("'(?i)' || STRING_AGG({p}, '|')", p=pattern)
    select = exp.Select(expressions=[joined], from_=exp.From(this=table))
    tree = speller.sql(
        speller.dialect.regex_matches, text=speller.text(scalar.value), pattern=exp.Subquery(this=select)
    )
    return tree if speller.loose else speller.dialect.coalesce(tree, exp.Boolean(this=False))


TERMS: dict[str, Spelling] = {
    "has": term_operator(left=True, right=True, fold=True),
    "has_cs": term_operator(left=True, right=True, fold=False),
    "hasprefix": term_operator(left=True, right=False, fold=True),
    "hasprefix_cs": term_operator(left=True, right=False, fold=False),
    "hassuffix": term_operator(left=False, right=True, fold=True),
    "hassuffix_cs": term_operator(left=False, right=True, fold=False),
    "contains": plain_operator("", "", "contains", fold=True),
    "contains_cs": plain_operator("", "", "contains", fold=False),
    "startswith": plain_operator("^", "", "starts_with", fold=True),
    "startswith_cs": plain_operator("^", "", "starts_with", fold=False),
    "endswith": plain_operator("", "$", "ends_with", fold=True),
    "endswith_cs": plain_operator("", "$", "ends_with", fold=False),
    "has_any": has_any,
    "has_all": has_all,
    "=~": equal_folded,
    "in~": in_folded,
}
