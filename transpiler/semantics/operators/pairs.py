"""parse-kv: each key is found by a regular expression of its own, so that the pairs may stand in any order.

The first pair of a key counts. Blanks around keys and values fall away. A quoted value may hold delimiters; what stands
before a key is skipped in whole values, so that a quoted text that looks like a pair is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from transpiler.kql import syntax
from transpiler.plan.scalars import Column, Constant, Scalar
from transpiler.semantics.constants.pairs import paired
from transpiler.semantics.dispatch import bind_scalar, binds_operator
from transpiler.semantics.operators.parsing import Field, Match, check_names
from transpiler.semantics.operators.patterns import escaped
from transpiler.semantics.scalars.calls import call_function, convert
from transpiler.semantics.scalars.constant_functions import known_constant
from transpiler.semantics.scope import Scope, Tabular
from transpiler.semantics.shaping import column_for, origin_of, project
from transpiler.types import TYPE_NAMES, Type

_OPTIONS = ("pair_delimiter", "kv_delimiter", "quote", "escape", "greedy", "regex")


@dataclass(frozen=True, slots=True)
class Pairs:
    """How the pairs of a text are written."""

    pair: str
    separator: str
    opening: str = ""
    closing: str = ""
    escape: str = ""
    greedy: bool = False

    @property
    def quoted(self) -> str:
        """A quoted text, '' when there are no quotes."""
        return f"{escaped(self.opening)}{self._within}{escaped(self.closing)}" if self.opening else ""

    @property
    def _within(self) -> str:
        inner = f"[^{_in_class(self.closing)}{_in_class(self.escape)}]"
        return rf"(?:{inner}|{escaped(self.escape)}.)*" if self.escape else f"{inner}*"

    def pattern(self, key: str, value: str) -> str:
        """The pattern whose group is the value of a key. ``value``: the pattern of the value alone."""
        start = r"(?s)(?:\A|" + escaped(self.pair) + ")"
        if self.quoted:
            before = f"(?:[^{_in_class(self.opening)}]|{self.quoted})*?"
            start = rf"(?s)\A(?:{before}{escaped(self.pair)})?"
        named = escaped(key)
        if self.quoted:
            named = f"(?:{named}|{escaped(self.opening)}{named}{escaped(self.closing)})"
        end = r"(?:" + escaped(self.pair) + r"|\z)"
        if self.greedy:
            word = f"[^{_in_class(self.pair)}{_in_class(self.separator)}]+"
            end = rf"(?:{escaped(self.pair)}\s*{word}\s*{escaped(self.separator)}|\z)"
        return rf"{start}\s*{named}\s*{escaped(self.separator)}\s*{value}\s*{end}"

    @property
    def inside(self) -> str:
        """A quoted value whose group is what stands within the quotes."""
        return f"{escaped(self.opening)}(?P<g0>{self._within}){escaped(self.closing)}"

    @property
    def bare(self) -> str:
        """A value that does not begin with a quote."""
        return f"(?P<g0>(?:[^{_in_class(self.opening)}].*?)?)"

    @property
    def whole(self) -> str:
        """A value with its quotes."""
        return f"(?P<g0>{self.quoted}|.*?)" if self.quoted else "(?P<g0>.*?)"


def _in_class(characters: str) -> str:
    return "".join(f"\\{c}" if c in r"\]^-[" else c for c in characters)


@binds_operator(syntax.ParseKv)
def _parse_kv(scope: Scope, tabular: Tabular, node: syntax.ParseKv) -> Tabular:
    text = convert(scope, bind_scalar(scope.over(tabular), node.operand), Type.STRING)
    check_names(scope, [c.name for c in node.columns], node)
    _check_new(scope, tabular, node)
    options = _options(scope, node)
    told = _told(text, node, options)
    pairs = None if "regex" in options or told is not None else _pairs(scope, node, options)
    computed: dict[Column, Scalar] = {}
    for column in node.columns:
        wanted = TYPE_NAMES[column.type_name]
        if told is not None:
            value = convert(scope, Constant(Type.STRING, told[column.name], node.span), wanted)
        elif pairs is None:
            value = convert(scope, _matched(scope, text, options, column.name, node), wanted)
        else:
            value = _value(scope, text, pairs, Field(column.name, "", wanted), node)
        computed[column_for(column.name, value)] = value
    return project(tabular, (*tabular.visible, *computed), computed, origin_of(scope, node, "parse-kv"))


def _told(text: Scalar, node: syntax.ParseKv, options: Mapping[str, object]) -> Mapping[str, str] | None:
    """The values in a constant text without delimiters, where there is no doubt which words are pairs."""
    known = known_constant(text)
    if known is None or not options.keys() <= {"quote", "escape"}:
        return None
    quote, escape = str(options.get("quote") or ""), str(options.get("escape") or "")
    if len(quote) > 2 or len(escape) > 1:
        return None
    return paired(str(known.value), [c.name for c in node.columns], quote, escape)


def _check_new(scope: Scope, tabular: Tabular, node: syntax.ParseKv) -> None:
    """Raises KQL101 for a name that a column has: unlike parse's, where Kusto would put the new one was not measured."""
    taken = next((c.name for c in node.columns if tabular.column(c.name) is not None), None)
    if taken is not None:
        hint = "give the old one another name with project-rename: the parsed one has that of its key"
        raise scope.error("KQL101", f"there is a column '{taken}' already", node.span, hint=hint)


def _matched(scope: Scope, text: Scalar, options: Mapping[str, object], key: str, node: syntax.ParseKv) -> Scalar:
    """The value of a key among the pairs that a regular expression with two groups finds."""
    others = [name for name in options if name != "regex"]
    if others or not isinstance(options["regex"], str):
        raise scope.error("KQL105", "parse-kv has a regex, which is a text, or the other options", node.span)
    call = call_function(scope, "parse pair", [text], node.span)
    return replace(call, options=(options["regex"], key))


def _value(scope: Scope, text: Scalar, pairs: Pairs, field: Field, node: syntax.ParseKv) -> Scalar:
    def group(value: str) -> Scalar:
        return Match(text, (field,), pairs.pattern(field.name, value)).call(scope, "parse group", node)

    if pairs.escape:
        inside = _unquoted(scope, group(pairs.inside), rf"(?s){escaped(pairs.escape)}(.)", node)
        found: Scalar = call_function(scope, "strcat", [inside, group(pairs.bare)], node.span)
    elif pairs.opening:
        quotes = rf"(?s)\A{escaped(pairs.opening)}(.*){escaped(pairs.closing)}\z"
        found = _unquoted(scope, group(pairs.whole), quotes, node)
    else:
        found = group(pairs.whole)
    return convert(scope, found, field.type)


def _unquoted(scope: Scope, value: Scalar, pattern: str, node: syntax.ParseKv) -> Scalar:
    return replace(call_function(scope, "parse unquoted", [value], node.span), options=(pattern,))


def _pairs(scope: Scope, node: syntax.ParseKv, options: Mapping[str, object]) -> Pairs:
    pair, separator = options.get("pair_delimiter"), options.get("kv_delimiter")
    if not isinstance(pair, str) or not isinstance(separator, str) or not pair or not separator:
        raise scope.error(
            "KQL200",
            "parse-kv without delimiters is translated for constant texts that leave no doubt: which words it takes for"
            " pairs is not documented",
            node.span,
            hint='with (pair_delimiter=",", kv_delimiter="=")',
        )
    quote, escape = str(options.get("quote") or ""), str(options.get("escape") or "")
    if len(quote) > 2 or len(escape) > 1:
        raise scope.error("KQL104", "a quote has one or two characters, an escape one", node.span)
    greedy = options.get("greedy") is True
    if greedy and (len(pair) > 1 or len(separator) > 1 or quote):
        raise scope.error(
            "KQL200", "greedy parse-kv is translated for delimiters of one character, unquoted", node.span
        )
    return Pairs(pair, separator, quote[:1], quote[-1:], escape, greedy)


def _options(scope: Scope, node: syntax.ParseKv) -> Mapping[str, object]:
    found: dict[str, object] = {}
    for option in node.properties:
        value = bind_scalar(scope.without_row(), option.value)
        if option.name not in _OPTIONS or not isinstance(value, Constant):
            raise scope.error("KQL105", f"parse-kv has the constants {', '.join(_OPTIONS)}", option.span)
        if option.name in found:
            raise scope.error("KQL200", f"several values of {option.name} are not translated", option.span)
        found[option.name] = value.value
    return found
