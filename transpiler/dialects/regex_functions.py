"""Functions with regular expressions; a target gives the templates in which they differ."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from transpiler.dialects.computed import hygienic
from transpiler.dialects.literals import FARTHEST, constant_text, constant_whole, need_array, need_text
from transpiler.dialects.regex import Regex, refusal, regex_of
from transpiler.dialects.regex_marks import WORDS
from transpiler.dialects.regex_syntax import RegexError, always_captures
from transpiler.dialects.spelling import Speller, Spelling, number, text
from transpiler.plan.scalars import Call, Constant, Scalar
from transpiler.semantics.constants.folding import OF_PATTERNS

Builder = Callable[[Speller, Call], exp.Expr]
_REWRITE = re.compile(r"\\(.?)", re.DOTALL)
_QUOTED = f"({OF_PATTERNS})"


@dataclass(frozen=True, slots=True)
class RegexForms:
    """What a target writes, over slots ``s`` (text), ``p`` (pattern), ``g`` (group), ``r`` (rewrite).

    ``marked``: a text with ``n`` marks at either end of what matches; ``unmarked``: one without its marks.
    """

    extract: str
    extract_whole: str
    replace: str
    count: str
    all_of_group: str
    all_of_group_but_empty: str
    rows_of_groups: Callable[[Speller, exp.Expr, list[str]], exp.Expr]
    marked: str
    unmarked: str


def group_of(speller: Speller, scalar: Scalar, regex: Regex) -> int:
    """A constant group: its number, or its name. Raises KqlError for another."""
    group = constant_whole(scalar)
    if group is None or group < 0:
        raise speller.refuse("the capture group must be a constant", scalar.span)
    return group


def captured(speller: Speller, pattern: Scalar, regex: Regex, group: int) -> tuple[str, bool]:
    """The pattern that captures one group. Raises KqlError (KQL205)."""
    try:
        return regex.capturing(group)
    except RegexError as e:
        raise refusal(speller, e, pattern) from None


def extract(forms: RegexForms) -> Builder:
    """``extract``: one group of the first match, '' when there is none."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        pattern, group, source = call.arguments
        regex = regex_of(speller, pattern, "extract")
        wanted = group_of(speller, group, regex)
        if wanted > regex.groups:
            return text("")
        try:
            written, has_group = regex.capturing(wanted)
        except RegexError as e:
            kept = frozenset({wanted} if wanted else ())
            over = over_marks(speller, forms, speller.value(source), regex, refusal(speller, e, pattern), kept)
            template = forms.extract if wanted else forms.extract_whole
            return speller.sql(forms.unmarked, s=speller.sql(template, s=over.text, p=text(over.pattern)))
        template = forms.extract if has_group else forms.extract_whole
        return speller.sql(template, s=speller.value(source), p=text(written))

    return spell


def extract_all(forms: RegexForms) -> Builder:
    """``extract_all``: an array of one group's texts, or of arrays when there are several groups; null for no match."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        pattern, source = call.arguments[0], call.arguments[-1]
        regex = regex_of(speller, pattern, "extract_all")
        if not regex.groups:
            raise speller.refuse("extract_all needs a group in its pattern", pattern.span, code="KQL205")
        groups = list(range(1, regex.groups + 1))
        if len(call.arguments) == 3:
            groups = _selected(speller, call, regex) or groups
        if regex.matches_nothing:
            raise speller.refuse("the pattern also matches nothing", pattern.span, code="KQL205")
        value = speller.text(source)
        try:
            written, takes_rest = _for_all(regex, groups)
        except RegexError as e:
            error = refusal(speller, e, pattern)
            overs = [over_marks(speller, forms, value, regex, error, frozenset({g})) for g in groups]
            found = _texts_of(speller, forms, overs[0].text, [o.pattern for o in overs])
            return speller.sql(forms.unmarked, s=found)
        if takes_rest:
            return hygienic(speller, forms.all_of_group_but_empty, s=value, p=text(written[0]))
        return _texts_of(speller, forms, value, written)

    return spell


def _texts_of(speller: Speller, forms: RegexForms, value: exp.Expr, patterns: list[str]) -> exp.Expr:
    """The texts of one group in all matches, or of several side by side."""
    if len(patterns) == 1:
        return hygienic(speller, forms.all_of_group, s=value, p=text(patterns[0]))
    return speller.once(value, lambda v: forms.rows_of_groups(speller, v, patterns))


def _for_all(regex: Regex, groups: list[int]) -> tuple[list[str], bool]:
    """The patterns of the groups for all matches, and whether the rest of the text is one, too. RegexError for a boundary."""
    found = [regex.repeating(g) for g in groups]
    takes_rest = any(rest for _, rest in found)
    if takes_rest and (len(groups) > 1 or not always_captures(regex.node, groups[0])):
        return [regex.only(g) for g in groups], False
    return [written for written, _ in found], takes_rest


def _selected(speller: Speller, call: Call, regex: Regex) -> list[int]:
    """The groups that are asked for, in their order. One beyond the last is passed over (measured on Kusto's emulator)."""
    found: list[int] = []
    for given in need_array(speller, call.arguments[1], "the groups"):
        group = regex.names.get(given) if isinstance(given, str) else given
        if type(group) is not int or group < 1:
            raise speller.refuse(f"the pattern has no group {given!r}", call.arguments[1].span)
        found.append(group)
    return [g for g in found if g <= regex.groups]


def replacement(speller: Speller, rewrite: Scalar, groups: int) -> str:
    """A rewrite pattern (``\\1``, ``\\0``, ``\\\\``), checked. It is RE2's in both targets."""
    value = need_text(speller, rewrite, "the rewrite pattern")
    for match in _REWRITE.finditer(value):
        c = match[1]
        if not ((c.isdigit() and c.isascii() and int(c) <= groups) or c == "\\"):
            raise speller.refuse(f"'\\{c}' in the rewrite pattern names no group", rewrite.span, code="KQL205")
    if "$" in value:
        raise speller.refuse("a '$' in the rewrite pattern is not translated", rewrite.span, code="KQL205")
    return value


def replace(forms: RegexForms, *, source: int, pattern: int, rewrite: int) -> Builder:
    """``replace_regex`` and ``replace``: every match is replaced."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        regex = regex_of(speller, call.arguments[pattern], call.overload.name)
        written = replacement(speller, call.arguments[rewrite], regex.groups)
        # A missing text is an empty one, which a pattern may match that matches nothing.
        of = call.arguments[source]
        value = speller.text(of) if regex.matches_nothing else speller.value(of)
        try:
            return speller.sql(forms.replace, s=value, p=text(regex.replacing()), r=text(written))
        except RegexError as e:
            over = over_marks(speller, forms, value, regex, refusal(speller, e, call.arguments[pattern]))
        replaced = speller.sql(forms.replace, s=over.text, p=text(over.pattern), r=text(written))
        return speller.sql(forms.unmarked, s=replaced)

    return spell


@dataclass(frozen=True, slots=True)
class OverMarks:
    """A text whose boundaries are marked, and the pattern for it."""

    text: exp.Expr
    pattern: str


def over_marks(
    speller: Speller,
    forms: RegexForms,
    value: exp.Expr,
    regex: Regex,
    otherwise: Exception,
    kept: frozenset[int] | None = None,
) -> OverMarks:
    """A text and a pattern in which marks tell the boundaries; the error where they do not."""
    try:
        pattern, marks = regex.over_marks(kept)
    except RegexError:
        raise otherwise from None
    return OverMarks(speller.sql(forms.marked, s=value, p=text(WORDS), g=text(r"\1"), n=number(marks)), pattern)


def matches(forms: RegexForms) -> Builder:
    """``matches regex``: a match anywhere in the text."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        source, pattern = call.arguments
        regex = regex_of(speller, pattern, "matches regex")
        # A missing text is an empty one, which a pattern may match that matches nothing.
        value = speller.text(source) if regex.matches_nothing else speller.value(source)
        try:
            written = regex.matching()
        except RegexError as e:
            over = over_marks(speller, forms, value, regex, refusal(speller, e, pattern), frozenset())
            value, written = over.text, over.pattern
        return speller.sql(speller.dialect.regex_matches, text=value, pattern=text(written))

    return spell


def count_of_matches(speller: Speller, forms: RegexForms, source: Scalar, pattern: Scalar) -> exp.Expr:
    """How often a pattern matches, without overlaps."""
    regex = regex_of(speller, pattern, "countof")
    if regex.matches_nothing:
        raise speller.refuse("the pattern also matches nothing, and how that counts is not known", pattern.span)
    value = speller.text(source)
    try:
        return speller.sql(forms.count, s=value, p=text(regex.bare()))
    except RegexError as e:
        over = over_marks(speller, forms, value, regex, refusal(speller, e, pattern), frozenset())
    return speller.sql(forms.count, s=over.text, p=text(over.pattern))


def trim(forms: RegexForms, *, start: bool, end: bool) -> Builder:
    """``trim``: one match at the beginning, then one at the end of what is left."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        pattern, source = call.arguments
        regex = regex_of(speller, pattern, call.overload.name)
        try:
            bare = regex.bare()
        except RegexError as e:
            raise refusal(speller, e, pattern) from None
        tree = speller.value(source)
        if start:
            tree = speller.sql(forms.replace, s=tree, p=text(f"^(?:{bare})"), r=text(""))
        if end:
            tree = speller.sql(forms.replace, s=tree, p=text(f"(?:{bare})$"), r=text(""))
        return tree

    return spell


def regex_quote(forms: RegexForms) -> Builder:
    """The text as a pattern that matches just it."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        return speller.sql(forms.replace, s=speller.value(call.arguments[0]), p=text(_QUOTED), r=text(r"\\\1"))

    return spell


@dataclass(frozen=True, slots=True)
class Sought:
    """What ``indexof_regex`` looks for: from a position (0: in the whole text), and which of the matches (from 1)."""

    regex: Regex
    start: int
    occurrence: int

    @property
    def is_first(self) -> bool:
        """Whether it is the first match in the whole text."""
        return self.start == 0 and self.occurrence == 1


# What looks at the text around it: an anchor, a boundary.
_LOOKS_AROUND = re.compile(r"\\[bBAzZ<>]|(?<!\[)\^|\$")
# Flags that make ``x*`` take as little as it can.
_UNGREEDY = re.compile(r"\(\?[a-z]*U")


def sought(speller: Speller, call: Call) -> Sought | None:
    """The constants of ``indexof_regex``; None where a negative one makes the answer null."""
    whole = [constant_whole(a) for a in call.arguments[2:]]
    if None in whole:
        raise speller.refuse("indexof_regex: start, length and occurrence must be constants", call.span)
    start, length, occurrence = (*(w or 0 for w in whole), *(0, -1, 1)[len(whole) :])
    if start < 0 or length < -1 or occurrence < 0:
        return None
    if occurrence == 0:
        raise speller.refuse("indexof_regex: an occurrence is counted from 1", call.span)
    found = Sought(regex_of(speller, call.arguments[1], "indexof_regex"), min(start, FARTHEST), occurrence)
    if length != -1 and not _ends_within(call, start, length, occurrence):
        raise speller.refuse("indexof_regex: whether a match may end beyond the length is not known", call.span)
    pattern = str(call.arguments[1].value) if isinstance(call.arguments[1], Constant) else "^"
    if found.regex.matches_nothing or _UNGREEDY.search(pattern):
        span = call.arguments[1].span
        raise speller.refuse("indexof_regex takes no pattern that matches nothing, nor the flag U", span)
    if not found.is_first and _LOOKS_AROUND.search(pattern):
        raise speller.refuse(
            "indexof_regex with a start or an occurrence takes no pattern that looks around it", call.span
        )
    return found


# What means the same to Python as to Kusto, of a text in ASCII: no anchor, no flag, no class by name, no repeated group. Trap:
# Python tries every way, which of many choices takes for ever.
_SHARED = re.compile(
    r"(?:[A-Za-z0-9 _,;:.@=/*+?|()-]|\\[dwsDWS.]|\[\^?(?:[A-Za-z0-9 _,;:.@]|[a-z]-[a-z]|[0-9]-[0-9])+\])*"
)
_REPEATED_GROUP = re.compile(r"\)[*+?]")
_CHOICES = re.compile(r"[*+?|]")
_MOST_CHOICES = 3
_MOST_CHARACTERS = 100


def _ends_within(call: Call, start: int, length: int, occurrence: int) -> bool:
    """Whether the matches of a constant text, up to the one that is looked for, lie within the length as a whole, or beyond it
    where that one is not there: then it does not matter whether a match may end beyond."""
    source, pattern = constant_text(call.arguments[0]), constant_text(call.arguments[1])
    if source is None or pattern is None or not source.isascii() or len(source) > _MOST_CHARACTERS:
        return False
    bare = pattern.replace("(?:", "(")
    if not _SHARED.fullmatch(pattern) or _REPEATED_GROUP.search(bare) or len(_CHOICES.findall(bare)) > _MOST_CHOICES:
        return False
    found = list(re.finditer(pattern, source[start:], re.ASCII))
    if len(found) >= occurrence:
        return found[occurrence - 1].end() <= length
    return all(m.end() <= length or m.start() >= length for m in found)


def indexof_patterns(speller: Speller, call: Call, regex: Regex) -> tuple[str, str]:
    """Two patterns for the first match: one whose group is all before it, and one for a test."""
    try:
        return regex.measuring(), regex.matching()
    except RegexError as e:
        raise refusal(speller, e, call.arguments[1]) from None


def regex_spellings(forms: RegexForms) -> dict[str, Spelling]:
    """The spellings of this module for a target."""
    return {
        "matches regex": matches(forms),
        "extract": extract(forms),
        "extract_all": extract_all(forms),
        "extract_all groups": extract_all(forms),
        "replace_regex": replace(forms, source=0, pattern=1, rewrite=2),
        "replace": replace(forms, source=2, pattern=0, rewrite=1),
        "trim": trim(forms, start=True, end=True),
        "trim_start": trim(forms, start=True, end=False),
        "trim_end": trim(forms, start=False, end=True),
        "regex_quote": regex_quote(forms),
    }
