"""The patterns of ``parse`` for a target: all groups at once, one group, or a test, out of one pattern.

Both targets run RE2. DuckDB names several groups of one match; BigQuery gives one group of one pattern, so there the other
groups are written as such that capture nothing.
"""

from __future__ import annotations

import re
from itertools import takewhile

from transpiler.dialects.regex import compiled
from transpiler.dialects.regex_syntax import Group, Node, RegexError, Sequence, can_be_empty
from transpiler.dialects.spelling import Speller
from transpiler.plan.scalars import Call

BLANKS = r"\A\s+|\s+\z"
"""The blanks around a key or a value, which count for nothing."""
_GROUP = re.compile(r"\(\?P<([gt](\d+))>")


def names_of(call: Call) -> list[str]:
    """The names of the groups, in order."""
    return [str(n) for n in call.options[2:]]


def pair_patterns(speller: Speller, call: Call) -> tuple[str, str]:
    """The patterns that capture the keys and the values of all pairs of a text: those of one expression's two groups.

    Raises KqlError (KQL205) for a regular expression that RE2 cannot do exactly, or that has other than two groups.
    """
    try:
        regex = compiled(str(call.options[0]))
        if regex.groups != 2:
            raise RegexError("the regex of parse-kv has two groups, the key and the value", 0)
        if regex.matches_nothing:
            raise RegexError("the pattern also matches nothing", 0)
        (keys, _), (values, _) = regex.repeating(1), regex.repeating(2)
    except RegexError as error:
        raise speller.refuse(error.reason, call.span, code="KQL205") from None
    return keys, values


def pattern_of(speller: Speller, call: Call, kept: int | None) -> str:
    """The pattern in RE2's spelling, in which the group of a number captures; None: all the named groups, -1: none.

    Raises KqlError (KQL205) for a regular expression that RE2 cannot do exactly.
    """
    pattern = str(call.options[0])
    if not call.options[1]:
        return _GROUP.sub(lambda m: "(" if kept is None or int(m[2]) == kept else "(?:", pattern)
    try:
        regex = compiled(pattern)
        names = {int(number): name for name, number in _GROUP.findall(pattern)}
        if not regex.names.keys() >= set(names.values()):
            raise RegexError("a column's group lies inside a class or quotation of the pattern around it", 0)
        _check_ends(regex.node)
        if kept == -1:
            return regex.bare()
        if kept is not None:
            return regex.only(regex.names[names[kept]])
        return regex.keeping(frozenset(regex.names.values()))
    except RegexError as error:
        raise speller.refuse(error.reason, call.span, code="KQL205") from None


def _check_ends(node: Node) -> None:
    """RegexError where a datetime or timespan, whose group is named t…, stands before a pattern that may match nothing.

    It is at the end of the text then, where Kusto's answers follow from no pattern.
    """
    parts = node.parts if isinstance(node, Sequence) else ()
    for i, part in enumerate(parts):
        if isinstance(part, Group) and part.name.startswith("t"):
            after = tuple(takewhile(lambda p: not (isinstance(p, Group) and p.name), parts[i + 1 :]))
            if after and can_be_empty(Sequence(after)):
                raise RegexError("which texts a time takes before a pattern that may match nothing is not known", 0)
