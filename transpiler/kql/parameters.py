"""Operators' parameters: ``kind=inner``, ``hint.strategy=shuffle``, ``withsource=T``.

Every operator takes its own parameters and, before its operands, any that some other operator knows; what has no
meaning there is for the binder to refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from transpiler.kql.cursor import DECLARED_KINDS, LIST_END, Cursor
from transpiler.kql.names import try_name
from transpiler.kql.syntax import Expr, Name, NameList, Property
from transpiler.kql.tokens import IDENT, KEYWORDS

# Parameters that may be written with any operator.
KNOWN_PARAMETERS = frozenset(
    """__crossCluster __crossDB __id __isFuzzy __noWithSource __packedColumn __sourceColumnIndex bagexpansion
    bin_legacy cycles decodeblocks expandoutput force_remote hint.concurrency hint.distribution hint.materialized
    hint.num_partitions hint.pass_filters hint.pass_filters_column hint.progressive_top hint.remote hint.shufflekey
    hint.spread hint.strategy isfuzzy kind with_itemindex with_match_id with_source with_step_name
    withsource""".split()
)
_ALIASES = {"with_source": "withsource", "__isFuzzy": "isfuzzy"}
# Words that are keywords and yet values: kind=relaxed, output=last, cycles=none, accumulate=…
_WORD_VALUES = frozenset({"simple", "relaxed", "last", "first", "all", "any", "none", "nooptimization"})

TEXT = "text"  # an expression without operators: a string, a call
NAMES = "names"  # one name or several
VALUE = "value"  # a literal or one word


def parameter_table(names: str, form: str = VALUE) -> dict[str, str]:
    """A table of parameters that all have values of one form."""
    return dict.fromkeys(names.split(), form)


class ParameterRules:
    """How a value of each form is read; literals and paths come from the expressions' module."""

    __slots__ = ("literal", "path")

    def __init__(self, literal: Callable[[Cursor], Expr | None], path: Callable[[Cursor], Expr]) -> None:
        self.literal = literal
        self.path = path

    def leading(self, c: Cursor, own: Mapping[str, str], *, equals_needed: bool = True) -> tuple[Property, ...]:
        """The parameters between an operator's keyword and its operands.

        Where ``equals_needed`` is false the operator's grammar takes the word for a parameter at once.
        """
        found: list[Property] = []
        while True:
            length = self._scan(c, own, equals_needed)
            if not length:
                return tuple(found)
            found.append(self._parameter(c, length, own))

    def listed(self, c: Cursor, own: Mapping[str, str]) -> tuple[Property, ...]:
        """The parameters of a ``with (…)``: only the operator's own, separated by commas; the bracket is not read."""
        return c.comma_list(lambda cursor: self._own(cursor, own))

    def listed_any(self, c: Cursor, own: Mapping[str, str]) -> tuple[Property, ...]:
        """Parameters separated by commas, the operator's own or any other."""

        def one(cursor: Cursor) -> Property:
            length = self._scan(cursor, own, equals_needed=False)
            if not length:
                cursor.fail(f"one of the parameters {', '.join(sorted(own))}")
            return self._parameter(cursor, length, own)

        return c.comma_list(one)

    def single(self, c: Cursor, name: str, form: str = VALUE) -> tuple[Property, ...]:
        """One optional parameter, ``name=…``."""
        if c.kind in END_OF_NAMES or c.peek(1) != "=" or c.token_text(c.pos) != name:
            return ()
        return (self._parameter(c, 1, {name: form}),)

    def value(self, c: Cursor, form: str, name: str, own: Mapping[str, str]) -> Expr:
        """The value of a parameter, after its equals sign."""
        if form == TEXT:
            return self.path(c)
        if form == NAMES:
            return self.names(c, own)
        literal = self.literal(c)
        if literal is not None:
            return literal
        start = c.pos
        if c.kinds[start] in _WORD_VALUES:
            c.pos += 1
            return Name(c.token_text(start), span=c.span_from(start))
        found = try_name(c)
        if found is None:
            c.fail("a value", f"{name}=")
        return Name(found, span=c.span_from(start))

    def names(self, c: Cursor, own: Mapping[str, str]) -> Expr:
        """``a, b``; a comma before another parameter or at the end belongs to the list outside."""
        start = c.pos
        items = [self._list_name(c)]
        while c.kind == ",":
            following = c.peek(1)
            if following in LIST_END or c.token_text(c.pos + 1) in own or c.token_text(c.pos + 1) in KNOWN_PARAMETERS:
                break
            c.pos += 1
            items.append(self._list_name(c))
        return items[0] if len(items) == 1 else NameList(tuple(items), span=c.span_from(start))

    def _list_name(self, c: Cursor) -> Expr:
        start = c.pos
        found = try_name(c, DECLARED_KINDS)
        if found is None:
            c.fail("a column's name")
        return Name(found, span=c.span_from(start))

    def _scan(self, c: Cursor, own: Mapping[str, str], equals_needed: bool) -> int:
        """How many tokens the parameter's name takes; 0 when no parameter follows."""
        kind = c.kinds[c.pos]
        if kind != IDENT and kind not in KEYWORDS and not kind.startswith("hint."):
            return 0
        text = c.token_text(c.pos)
        length = 1
        if text == "hint" and c.peek(1) == ".":
            text, length = f"hint.{c.token_text(c.pos + 2)}", 3
        if text not in own and text not in KNOWN_PARAMETERS:
            return 0
        return length if not equals_needed or c.peek(length) == "=" else 0

    def _own(self, c: Cursor, own: Mapping[str, str]) -> Property:
        if c.kind in END_OF_NAMES or c.token_text(c.pos) not in own:
            c.fail(f"one of the properties {', '.join(sorted(own))}")
        return self._parameter(c, 1, own)

    def _parameter(self, c: Cursor, length: int, own: Mapping[str, str]) -> Property:
        start = c.pos
        c.pos += length
        span = c.span_from(start)
        name = c.text[span.start : span.end]
        c.expect("=", f"the parameter {name}")
        value = self.value(c, own.get(name, VALUE), name, own)
        return Property(_ALIASES.get(name, name), value, span=c.span_from(start))


END_OF_NAMES = LIST_END | {",", "("}
