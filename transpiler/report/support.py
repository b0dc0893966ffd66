"""The support matrix: every operator, function, aggregate and plugin of KQL, its state on each target, and why not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from transpiler.api import transpile
from transpiler.diagnostics import KqlError
from transpiler.dialects import TARGET_NAMES, TARGETS
from transpiler.dialects.dialect import Dialect
from transpiler.dialects.spelling import Refusal
from transpiler.functions import FUNCTIONS
from transpiler.functions.registry import Function, Kind, Overload
from transpiler.report import kusto_names, probes
from transpiler.semantics.dispatch import FUNCTION_BINDERS, MULTI_BINDERS

_NAME = re.compile(r"[A-Za-z_]\w*\Z")
_REFUSALS = frozenset({"KQL200", "KQL201", "KQL202", "KQL203", "KQL204", "KQL205"})


class State(StrEnum):
    """PARTLY: some forms or types are refused. REFUSED: known, and not translated for a reason."""

    TRANSLATED = "translated"
    PARTLY = "partly"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Support:
    """A target's state of a feature, with the reason and the way out of what is refused."""

    state: State
    reason: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Feature:
    """``kind``: statement, source, operator, scalar operator, function, window function, aggregate or plugin."""

    kind: str
    name: str
    targets: Mapping[str, Support]

    @property
    def is_translated(self) -> bool:
        """Whether every target translates it, all or in part."""
        return all(s.state is not State.REFUSED for s in self.targets.values())


_YES = Support(State.TRANSLATED)
_UNKNOWN = Support(State.REFUSED, "not translated yet")


def support_matrix() -> tuple[Feature, ...]:
    """Every feature of KQL, by kind, in the order of their names. Operators and plugins are tried on small queries."""
    found = [
        *_probed("statement", probes.STATEMENTS),
        *_probed("source", probes.SOURCES),
        *_probed("operator", probes.OPERATORS),
        *_probed("scalar operator", probes.SCALARS),
    ]
    found += _functions()
    plugins = {name: probes.PLUGINS.get(name, f"T | evaluate {name}()") for name in sorted(kusto_names.PLUGINS)}
    found += _probed("plugin", plugins)
    return tuple(found)


def _probed(kind: str, queries: Mapping[str, str]) -> Iterator[Feature]:
    for name, query in queries.items():
        yield Feature(kind, name, {target: _tried(query, target) for target in TARGET_NAMES})


def _tried(query: str, target: str) -> Support:
    try:
        transpile(query, target, probes.TABLES)
    except KqlError as error:
        reason = "not translated yet" if error.code == "KQL100" else error.message
        return Support(State.REFUSED, reason, error.hint)
    return _YES


def _functions() -> Iterator[Feature]:
    declared = {(f.kind is Kind.AGGREGATE, f.name): f for f in FUNCTIONS}
    names = {(False, n) for n in (*kusto_names.FUNCTIONS, *FUNCTION_BINDERS, *MULTI_BINDERS)}
    names |= {(True, n) for n in kusto_names.AGGREGATES}
    names |= {key for key in declared if _NAME.match(key[1]) and key[1] not in _SCALAR_WORDS}
    # Two underscores begin Kusto's internal names, which no rule calls.
    names = {(kind, name) for kind, name in names if name not in probes.TABLE_FUNCTIONS and not name.startswith("__")}
    for is_aggregate, name in sorted(names):
        function = FUNCTIONS.find(name, aggregate=is_aggregate)
        kind = "aggregate" if is_aggregate else "window function" if _is_window(function) else "function"
        yield Feature(kind, name, {target: _function(name, function, is_aggregate, target) for target in TARGET_NAMES})


_SCALAR_WORDS = frozenset(
    "and or between in has has_cs hasprefix hasprefix_cs hassuffix hassuffix_cs contains contains_cs startswith "
    "startswith_cs endswith endswith_cs has_any has_all negate".split()
)
"""Operators that are declared like functions; they are among the scalar operators of the matrix."""


def _is_window(function: Function | None) -> bool:
    return function is not None and function.kind is Kind.WINDOW


def _function(name: str, function: Function | None, is_aggregate: bool, target: str) -> Support:
    if function is not None and function.refusal:
        refused = Support(State.REFUSED, function.refusal, function.hint)
        # What is declared as refused may have rules of its own, under which some calls are translated.
        return refused if is_aggregate or name not in FUNCTION_BINDERS else _called(name, target, refused)
    if function is not None and function.overloads:
        return _spelled(function.overloads, TARGETS[target])
    if not is_aggregate and name in {**FUNCTION_BINDERS, **MULTI_BINDERS}:
        return _called(name, target)
    return _UNKNOWN


def _spelled(overloads: Iterable[Overload], dialect: Dialect) -> Support:
    """The state of a declared function: from the spellings of its overloads."""
    found = [(o, _refusal(o, dialect)) for o in overloads]
    refused = [(o, r) for o, r in found if r is not None]
    if not refused:
        return _YES
    overload, refusal = refused[0]
    if len(refused) == len(found):
        return Support(State.REFUSED, refusal.reason, refusal.hint)
    form = ", ".join("|".join(p.families) for p in overload.parameters)
    return Support(State.PARTLY, f"not for ({form}): {refusal.reason}", refusal.hint)


def _refusal(overload: Overload, dialect: Dialect) -> Refusal | None:
    """Why an overload is refused; None where it is spelled."""
    spelling = dialect.spellings.get(overload.key)
    return spelling if isinstance(spelling, Refusal) else None


def _called(name: str, target: str, declared: Support | None = None) -> Support:
    """The state of a function with rules of its own: it is called in many ways, until one is understood.

    It is translated in part where simpler calls are refused. ``declared``: what is said of the calls that are refused, where
    only constants are understood.
    """
    refusal: KqlError | None = None
    for arguments in probes.ARGUMENTS:
        try:
            transpile(f"T | extend x = {name}({arguments})", target, probes.TABLES)
        except KqlError as error:
            refusal = error if error.code in _REFUSALS and refusal is None else refusal
        else:
            is_constant = arguments in probes.CONSTANT_ARGUMENTS
            if declared:
                return replace(declared, state=State.PARTLY) if is_constant else _YES
            return Support(State.PARTLY, refusal.message, refusal.hint) if refusal else _YES
    # Where no call was understood and none refused, the probes were wrong, not the function.
    return declared or (Support(State.REFUSED, refusal.message, refusal.hint) if refusal else _YES)


@dataclass(frozen=True, slots=True)
class Count:
    """How many features of a kind are translated on a target, of how many."""

    kind: str
    target: str
    translated: int
    total: int


def counts(features: Iterable[Feature]) -> tuple[Count, ...]:
    """The numbers by kind and target. A feature that is translated in part counts as translated."""
    tally: dict[tuple[str, str], list[bool]] = {}
    for feature in features:
        for target, support in feature.targets.items():
            tally.setdefault((feature.kind, target), []).append(support.state is not State.REFUSED)
    return tuple(Count(kind, target, sum(states), len(states)) for (kind, target), states in tally.items())
