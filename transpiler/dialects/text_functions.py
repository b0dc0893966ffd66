"""String functions whose shape is the same in every target; a target gives the few templates in which they differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from transpiler.dialects.computed import guarded, hygienic
from transpiler.dialects.literals import FARTHEST, constant_text, constant_whole, need_array, need_text, overlaps_itself
from transpiler.dialects.regex_functions import RegexForms, count_of_matches
from transpiler.dialects.spelling import Speller, Spelling, number, text
from transpiler.dialects.terms import term_operator
from transpiler.plan.scalars import Call, Constant, Scalar
from transpiler.types import Type

MOST_TERMS = 1000
Builder = Callable[[Speller, Call], exp.Expr]


@dataclass(frozen=True, slots=True)
class TextForms:
    """What a target writes: positions count from 1, lengths in characters. ``divided``: whole numbers, towards zero."""

    length: str
    part: str
    position: str
    nth_position: str
    count_overlapping: str
    greatest: str
    divided: str

    def tail(self, speller: Speller, value: exp.Expr, start: exp.Expr, length: exp.Expr | None) -> exp.Expr:
        """The part from a position on, ``length`` characters long."""
        if length is None:
            return speller.sql(self.part.replace("{n}", "").replace(", )", ")"), s=value, at=start)
        return speller.sql(self.part, s=value, at=start, n=length)


def one_more(tree: exp.Expr) -> exp.Expr:
    """A position that counts from 0 as one that counts from 1."""
    if isinstance(tree, exp.Literal) and not tree.is_string:
        return number(int(tree.name) + 1)
    return exp.Add(this=tree if isinstance(tree, exp.Column) else exp.Paren(this=tree), expression=number(1))


def substring(forms: TextForms) -> Builder:
    """``substring``: a negative start counts from the end, and one before the beginning gives ''.

    Trap: of constants Kusto reads a null start as 0, of rows it makes no text (measured on its emulator).
    """

    def spell(speller: Speller, call: Call) -> exp.Expr:
        value = guarded(speller, call, 0)
        start = constant_whole(call.arguments[1])
        if start is None and all(isinstance(a, Constant) for a in call.arguments):
            start = 0
        length = _length(speller, forms, call.arguments[2]) if len(call.arguments) > 2 else None
        if isinstance(length, exp.Literal) and length.name == "0":
            return text("")
        if start is not None and start >= 0:
            return forms.tail(speller, value, number(min(start, FARTHEST) + 1), length)
        at = speller.value(call.arguments[1])
        return speller.once(value, lambda v: speller.once(at, lambda s: _from_end(speller, forms, v, s, length)))

    return spell


def _length(speller: Speller, forms: TextForms, scalar: Scalar) -> exp.Expr:
    known = constant_whole(scalar)
    if known is not None or isinstance(scalar, Constant):
        return number(min(max(known or 0, 0), FARTHEST))
    return speller.sql(forms.greatest, a=speller.value(scalar), b=number(0))


def _from_end(speller: Speller, forms: TextForms, v: exp.Expr, s: exp.Expr, length: exp.Expr | None) -> exp.Expr:
    size = speller.sql(forms.length, s=v.copy())
    return speller.sql(
        "CASE WHEN {s} >= 0 THEN {front} WHEN {size} + {s} >= 0 THEN {back} ELSE '' END",
        s=s,
        size=size,
        front=forms.tail(speller, v.copy(), one_more(s.copy()), length),
        back=forms.tail(
            speller,
            v.copy(),
            speller.sql("{size} + {s} + 1", size=size.copy(), s=s.copy()),
            length.copy() if length is not None else None,
        ),
    )


def indexof(forms: TextForms) -> Builder:
    """``indexof``: counts from 0, -1 when it is not there, null for an empty needle."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        needle = call.arguments[1]
        if constant_text(needle) == "":
            return speller.dialect.null(Type.LONG)
        found = _found(speller, forms, call)
        if constant_text(needle) is not None:
            return found
        return speller.sql("CASE WHEN {n} <> '' THEN {found} END", n=speller.text(needle), found=found)

    return spell


def _found(speller: Speller, forms: TextForms, call: Call) -> exp.Expr:
    value, needle = speller.text(call.arguments[0]), speller.text(call.arguments[1])
    start, length = window(call)
    nth = occurrence(speller, call)
    if length is not None:
        return _within(speller, call, length, nth)
    template = forms.position if nth == 1 else forms.nth_position

    def position(inside: exp.Expr) -> exp.Expr:
        return hygienic(speller, template, s=inside, n=needle.copy(), k=number(nth))

    return windowed(speller, forms, value, start, position)


def _within(speller: Speller, call: Call, length: Scalar, nth: int) -> exp.Expr:
    """A search of limited length, over constants. Kusto also finds what begins within the length and ends beyond it
    (documentation, third example); what it makes of one that begins beyond is not known."""
    value, needle = constant_text(call.arguments[0]), constant_text(call.arguments[1])
    start, size = constant_whole(call.arguments[2]), constant_whole(length)
    if value is None or needle is None or start is None or size is None:
        raise speller.refuse("indexof: a length is translated where all is constant", length.span)
    origin = start if start >= 0 else max(len(value) + start, 0)
    places = [i for i in range(origin, len(value)) if value.startswith(needle, i)]
    if len(places) < nth:
        return as_long(speller, number(-1))
    if places[nth - 1] >= origin + size:
        raise speller.refuse("indexof: whether a match that begins beyond the length counts is not known", length.span)
    return as_long(speller, number(places[nth - 1]))


def window(call: Call) -> tuple[Scalar | None, Scalar | None]:
    """The start and the length of a search; None where they do not limit it."""
    start = call.arguments[2] if len(call.arguments) > 2 else None
    length = call.arguments[3] if len(call.arguments) > 3 else None
    if start is not None and constant_whole(start) == 0:
        start = None
    if length is not None and (constant_whole(length) or 0) < 0:
        length = None
    return start, length


def occurrence(speller: Speller, call: Call) -> int:
    """Which occurrence is looked for. Raises KqlError where that is not a positive constant."""
    if len(call.arguments) < 5:
        return 1
    nth = constant_whole(call.arguments[4])
    if nth is None or nth < 1:
        raise speller.refuse("the occurrence must be a constant from 1 on", call.arguments[4].span)
    return nth


def windowed(
    speller: Speller,
    forms: TextForms,
    value: exp.Expr,
    start: Scalar | None,
    position: Callable[[exp.Expr], exp.Expr],
) -> exp.Expr:
    """A position from a start on, as one that counts from 0 within the whole text; -1 for none."""
    if start is None:
        return speller.sql("{p} - 1", p=position(value))
    known = constant_whole(start)
    if known is not None and known >= 0:
        inside = forms.tail(speller, value, number(known + 1), None)
        return speller.once(
            position(inside),
            lambda p: speller.sql(f"CASE WHEN {{p}} > 0 THEN {{p}} + {known - 1} ELSE -1 END", p=p),
        )
    return _from_computed(speller, forms, value, start, position)


def _from_computed(
    speller: Speller,
    forms: TextForms,
    value: exp.Expr,
    start: Scalar,
    position: Callable[[exp.Expr], exp.Expr],
) -> exp.Expr:
    def within(v: exp.Expr, s: exp.Expr) -> exp.Expr:
        inside = forms.tail(speller, v.copy(), one_more(s.copy()), None)
        return speller.once(
            position(inside),
            lambda p: speller.sql("CASE WHEN {p} > 0 THEN {p} + {s} - 1 ELSE -1 END", p=p, s=s.copy()),
        )

    def over(v: exp.Expr) -> exp.Expr:
        back = speller.sql("{n} + {s}", n=speller.sql(forms.length, s=v.copy()), s=speller.value(start))
        origin = speller.sql(
            "CASE WHEN {s} < 0 THEN {low} ELSE {s} END",
            s=speller.value(start),
            low=speller.sql(forms.greatest, a=back, b=number(0)),
        )
        return speller.once(origin, lambda s: within(v, s))

    return speller.once(value, over)


def countof(forms: TextForms, regexes: RegexForms) -> Builder:
    """``countof``: plain occurrences may overlap, those of a regular expression do not."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        source, search = call.arguments[0], call.arguments[1]
        kind = need_text(speller, call.arguments[2], "the kind") if len(call.arguments) > 2 else "normal"
        if kind == "regex":
            return count_of_matches(speller, regexes, source, search)
        if kind != "normal":
            raise speller.refuse("the kind is 'normal' or 'regex'", call.arguments[2].span)
        return _count_plain(speller, forms, source, search)

    return spell


def _count_plain(speller: Speller, forms: TextForms, source: Scalar, search: Scalar) -> exp.Expr:
    needle = constant_text(search)
    if needle == "":
        return exp.Cast(this=number(0), to=speller.dialect.data_type(Type.LONG))
    value = speller.text(source)
    if needle is None or overlaps_itself(needle):
        counted = forms.count_overlapping
        if needle is None:  # nothing occurs nowhere, though every text starts with it
            counted = f"CASE WHEN {{n}} = '' THEN 0 ELSE {counted} END"
        n = speller.text(search)
        return speller.once(value, lambda v: speller.once(n, lambda m: hygienic(speller, counted, s=v.copy(), n=m)))
    template = f"{forms.length} - {forms.length.replace('{s}', 'REPLACE({s}, {n}, {e})')}"
    if len(needle) > 1:
        template = forms.divided.replace("{a}", template).replace("{b}", str(len(needle)))
    return speller.once(value, lambda v: speller.sql(template, s=v, n=text(needle), e=text("")))


def element_index(speller: Speller, call: Call) -> exp.Expr:
    """The index that ``split`` is asked for. Raises KqlError for a negative constant, whose meaning is not known."""
    index = call.arguments[2]
    known = constant_whole(index)
    if known is not None and known < 0:
        raise speller.refuse("what a negative index of split means is not known", index.span)
    return speller.value(index) if known is None or known <= FARTHEST else number(FARTHEST)


def replace_strings(speller: Speller, call: Call) -> exp.Expr:
    """Several replacements: a text that was put in is not looked at again, so that marks stand for it until the end.

    The marks are noncharacters of Unicode (U+FDD0 on), which no text has. A lookup that is no text is passed over; what is
    to be replaced by no text stays, and no other lookup finds a part of it (the function's page).
    """
    lookups = need_array(speller, call.arguments[1], "the lookups")
    rewrites = need_array(speller, call.arguments[2], "the replacements")
    if len(lookups) != len(rewrites) or len(lookups) > 32:
        raise speller.refuse("lookups and replacements must be as many, and at most 32", call.span)
    texts = [(x, r) for x, r in zip(lookups, rewrites, strict=True) if x and isinstance(x, str)]
    pairs = [(x, r if isinstance(r, str) else x) for x, r in texts]
    tree = speller.value(call.arguments[0])
    if len(pairs) < 2:
        for lookup, rewrite in pairs:
            tree = speller.sql("REPLACE({t}, {a}, {b})", t=tree, a=text(lookup), b=text(rewrite))
        return tree
    marks = [chr(0xFDD0 + i) for i in range(len(pairs))]
    steps = [(lookup, mark) for (lookup, _), mark in zip(pairs, marks, strict=True)]
    steps += [(mark, rewrite) for (_, rewrite), mark in zip(pairs, marks, strict=True)]
    for old, new in steps:
        tree = speller.sql("REPLACE({t}, {a}, {b})", t=tree, a=text(old), b=text(new))
    return tree


def translate(speller: Speller, call: Call) -> exp.Expr:
    """``translate``: the last replacement stands for all the characters that have none; no replacement deletes."""
    search = need_text(speller, call.arguments[0], "the characters looked for")
    replacement = need_text(speller, call.arguments[1], "the replacements")
    pairs: dict[str, str] = {}
    for i, c in enumerate(search):
        pairs.setdefault(c, replacement[min(i, len(replacement) - 1)] if replacement else "")
    value = speller.value(call.arguments[2])
    if not pairs:
        return value
    return speller.sql("TRANSLATE({v}, {a}, {b})", v=value, a=text("".join(pairs)), b=text("".join(pairs.values())))


def _listed(values: Scalar) -> list[object]:
    """The whole numbers of ``range`` over constants; [] for another value."""
    if not isinstance(values, Call) or values.overload.name != "range" or values.type is not Type.DYNAMIC:
        return []
    bounds = [constant_whole(a) for a in values.arguments]
    known = [b for b in bounds if b is not None]
    if len(known) < len(bounds) or len(known) not in (2, 3):
        return []
    first, last, step = (*known, 1)[:3]
    found: list[object] = list(range(first, last + (1 if step > 0 else -1), step)) if step else []
    return found if len(found) <= MOST_TERMS else []


def has_any_index(speller: Speller, call: Call) -> exp.Expr:
    """The index of the first of several terms that occurs, by the rules of ``has``."""
    source, values = call.arguments
    terms = _listed(values) or need_array(speller, values, "the terms")
    has = term_operator(left=True, right=True, fold=True)
    ifs = []
    for i, term in enumerate(terms):
        needle = Constant(Type.STRING, str(term), values.span)
        test = has(speller, Call(call.overload, (source, needle), Type.BOOL, False, call.span))
        ifs.append(exp.If(this=test, true=number(i)))
    return as_long(speller, exp.Case(ifs=ifs, default=number(-1)) if ifs else number(-1))


def as_long(speller: Speller, tree: exp.Expr) -> exp.Expr:
    """A tree of small literals as a long, which DuckDB would take for 32 bits."""
    return exp.Cast(this=tree, to=speller.dialect.data_type(Type.LONG))


def strcmp(speller: Speller, call: Call) -> exp.Expr:
    """-1, 0 or 1, by code points."""
    a, b = speller.text(call.arguments[0]), speller.text(call.arguments[1])
    order = speller.once(
        a,
        lambda x: speller.once(
            b, lambda y: speller.sql("CASE WHEN {x} < {y} THEN -1 WHEN {x} > {y} THEN 1 ELSE 0 END", x=x, y=y)
        ),
    )
    return as_long(speller, order)


def shared_spellings(forms: TextForms, regexes: RegexForms) -> dict[str, Spelling]:
    """The spellings of this module for a target."""
    return {
        "substring": substring(forms),
        "indexof": indexof(forms),
        "countof": countof(forms, regexes),
        "strcmp": strcmp,
        "replace_string": "REPLACE({text}, {lookup}, {rewrite})",
        "replace_strings": replace_strings,
        "translate": translate,
        "has_any_index": has_any_index,
        # Letter by letter: ß has no capital letter in Kusto, SS in BigQuery and ẞ in DuckDB.
        "toupper": "REPLACE(UPPER(REPLACE({value}, 'ß', CHR(57567))), CHR(57567), 'ß')",
        "tolower": "LOWER({value})",
    }
