"""What a query tells of the types of columns that nobody declared: facts about unknowns, and what follows from them.

An unknown is a column of an undeclared table, or a value that is computed of some. What it is compared with or the
parameter that it fills speaks for its type; two that are compared, united or joined have one type; arithmetic leads from
its operands to its result and back. Trap: a string is compared with a number, but not joined or united with one, so the
type of a join's other key outranks a comparison. Where nothing speaks a column is a string, but TimeGenerated and Timestamp are
datetimes. Trap: a string has no order, and ``isnull`` is never true of one, so there nothing may be guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from transpiler.diagnostics import KqlError
from transpiler.semantics.scope import DECLARE
from transpiler.source import NOWHERE, Span
from transpiler.types import Type

# Weakest evidence first: what reads a property must be dynamic, whatever else is done to it.
_STRENGTH = (
    Type.STRING,
    Type.BOOL,
    Type.LONG,
    Type.REAL,
    Type.DECIMAL,
    Type.GUID,
    Type.TIMESPAN,
    Type.DATETIME,
    Type.DYNAMIC,
)
TIMES = frozenset({"TimeGenerated", "Timestamp"})
_NUMBERS = frozenset({Type.INT, Type.LONG, Type.REAL, Type.DECIMAL})
_SUMMED = _NUMBERS | {Type.TIMESPAN}


@dataclass(slots=True, eq=False)
class Unknown:
    """A type to be found. ``firm``: parameters that it fills and the like; ``compared``: what it is compared with;
    ``demanded``: what a join's other key, or a union's other column of the name, is.

    ``is_number``: it is a long, a real or a decimal. ``table`` is '' for a value that is computed. ``unfit`` says why the
    column cannot be taken for a string when nothing else is known, ``divided`` where longs and reals come to other results;
    ``is_ordered``: rows are ordered by it, or its least or greatest is sought; texts and numbers stand in other orders.
    """

    table: str = ""
    name: str = ""
    firm: set[Type] = field(default_factory=set)
    compared: set[Type] = field(default_factory=set)
    demanded: Type | None = None
    follows: Type | None = None
    is_number: bool = False
    is_summed: bool = False
    unfit: tuple[str, Span] | None = None
    divided: Span | None = None
    is_ordered: bool = False

    def kind(self) -> Type | None:
        """The type that the evidence comes to; None for none."""
        if self.demanded is not None and not self.firm:
            return self.demanded
        told = self.firm or self.compared
        return max(told, key=_STRENGTH.index) if told else self.follows


Term: TypeAlias = Unknown | Type | None
"""The type of an expression: known, unknown as yet, or out of sight."""


def kind_of(term: Term) -> Type | None:
    """The type of a term as far as it is found; an int is taken for a long."""
    found = term.kind() if isinstance(term, Unknown) else term
    return Type.LONG if found is Type.INT else found


def _certain(term: Term) -> Type | None:
    """The type of a term that no comparison alone tells."""
    if not isinstance(term, Unknown):
        return term
    return term.kind() if term.firm or term.demanded is not None else None


@dataclass(frozen=True, slots=True)
class _Same:
    """Two terms of one type. ``by_comparison``: a dynamic value is compared with any; ``is_demanded``: others are refused."""

    left: Term
    right: Term
    by_comparison: bool
    is_demanded: bool

    def follow(self) -> bool:
        changed = False
        for to, of in ((self.left, self.right), (self.right, self.left)):
            found = kind_of(of)
            if found is not None and not (self.by_comparison and found is Type.DYNAMIC):
                changed |= _take(to, found)
            elif isinstance(of, Unknown) and of.is_number:
                changed |= _take_number(to)
        return changed

    def demand(self) -> bool:
        """Hands on a type that is known for certain; whether there was a term to take it."""
        changed = False
        for to, of in ((self.left, self.right), (self.right, self.left)):
            told = _certain(of)
            if isinstance(to, Unknown) and _certain(to) is None and told not in (None, Type.DYNAMIC):
                to.demanded, changed = told, True
        return changed


@dataclass(frozen=True, slots=True)
class _Arithmetic:
    """``result = left operator right``."""

    operator: str
    left: Term
    right: Term
    result: Unknown

    def follow(self) -> bool:
        left, right, result = kind_of(self.left), kind_of(self.right), self.result.kind()
        if Type.DYNAMIC in (left, right):
            other = right if left is Type.DYNAMIC else left
            return other is not None and other is not Type.DYNAMIC and _take(self.result, other)
        found = _SUMS.get((self.operator, left, right, result)) or _SUMS.get((self.operator, left, right, None))
        if found is not None:
            terms = (self.left, self.right, self.result)
            return sum(_take(t, k) for t, k in zip(terms, found, strict=True) if k is not None) > 0
        return self._numbers(left, right, result)

    def _numbers(self, left: Type | None, right: Type | None, result: Type | None) -> bool:
        changed = False
        if left in _NUMBERS or right in _NUMBERS or self._is_number(result):
            for to, other in ((self.left, right), (self.right, left)):
                changed |= _take(to, other) if other in _NUMBERS else _take_number(to)
        if left in _NUMBERS and right in _NUMBERS:
            return _take(self.result, max(left, right, key=_STRENGTH.index)) or changed
        return changed

    def _is_number(self, result: Type | None) -> bool:
        """Trap: a timespan by a timespan is a number as well."""
        return self.operator in "+-" and (result in _NUMBERS or self.result.is_number)

    def guess(self) -> bool:
        """What nothing contradicts: a moment less a moment is a length, and a length is added to a moment."""
        left, right, result = kind_of(self.left), kind_of(self.right), self.result.kind()
        if self.operator == "-" and left is None and right is None and result is Type.TIMESPAN:
            return _take(self.left, Type.DATETIME) | _take(self.right, Type.DATETIME)
        if self.operator == "-" and left is Type.DATETIME and right is None:
            return _take(self.right, Type.DATETIME)
        if self.operator in "+-" and left is None and right is Type.TIMESPAN:
            return _take(self.left, Type.DATETIME)
        return self.operator == "+" and right is None and left is Type.TIMESPAN and _take(self.right, Type.DATETIME)


_Kinds: TypeAlias = tuple[Type | None, Type | None, Type | None]


def _sums() -> dict[tuple[str, Type | None, Type | None, Type | None], _Kinds]:
    """What an operator and the kinds that are known (left, right, result) say of those that are not."""
    moment, length, none = Type.DATETIME, Type.TIMESPAN, None
    found: dict[tuple[str, Type | None, Type | None, Type | None], _Kinds] = {}
    for left, right, result, operator in (
        (moment, length, moment, "+"),
        (length, moment, moment, "+"),
        (moment, length, moment, "-"),
        (moment, moment, length, "-"),
        (length, length, length, "+"),
        (length, length, length, "-"),
    ):
        found[operator, left, right, none] = (left, right, result)
        found[operator, left, none, result] = (left, right, result)
        found[operator, none, right, result] = (left, right, result)
    for known in (none, moment):  # nothing but a length goes with a moment, on its right or from it
        found["+", moment, none, known] = (moment, length, moment)
        found["+", none, moment, known] = (length, moment, moment)
    found["-", none, moment, none] = found["-", none, moment, length] = (moment, moment, length)
    found["-", length, none, none] = (length, length, length)
    found["+", none, none, length] = found["+", length, none, length] = (length, length, length)
    found["/", length, length, none] = found["/", none, length, none] = (length, length, Type.REAL)
    found["/", none, none, length] = (length, none, length)
    return found


_SUMS = _sums()


def _take(term: Term, kind: Type) -> bool:
    """Whether a term was unknown and now has the type."""
    if not isinstance(term, Unknown) or term.kind() is not None or (term.is_number and kind not in _SUMMED):
        return False
    term.follows = Type.LONG if kind is Type.INT else kind
    return True


def _take_number(term: Term) -> bool:
    if not isinstance(term, Unknown) or term.is_number or term.kind() is not None:
        return False
    term.is_number = True
    return True


@dataclass(slots=True)
class Facts:
    """The unknowns of a query and what leads from one to another."""

    unknowns: list[Unknown] = field(default_factory=list)
    _links: list[_Same | _Arithmetic] = field(default_factory=list)
    _divisions: list[tuple[Term, Term, Span]] = field(default_factory=list)

    def unknown(self, table: str = "", name: str = "") -> Unknown:
        """A new unknown."""
        found = Unknown(table, name, follows=Type.DATETIME if table and name in TIMES else None)
        self.unknowns.append(found)
        return found

    def same(self, left: Term, right: Term, *, by_comparison: bool = False, is_demanded: bool = False) -> None:
        """The two have one type."""
        if left is not right and (isinstance(left, Unknown) or isinstance(right, Unknown)):
            self._links.append(_Same(left, right, by_comparison, is_demanded))

    def arithmetic(self, operator: str, left: Term, right: Term, span: Span = NOWHERE) -> Term:
        """The type of an operator's result."""
        result = self.unknown()
        self._links.append(_Arithmetic(operator, left, right, result))
        unfit(left, f"'{operator}' does not take a string", span)
        unfit(right, f"'{operator}' does not take a string", span)
        if operator == "/":
            self._divisions.append((left, right, span))
        return result

    def settle(self) -> None:
        """Draws the conclusions: first what is demanded, then what follows, then what nothing contradicts."""
        demands = [link for link in self._links if isinstance(link, _Same) and link.is_demanded]
        while sum(link.demand() for link in demands):
            pass
        self._follow()
        while any(link.guess() for link in self._links if isinstance(link, _Arithmetic)):
            self._follow()
        for left, right, span in self._divisions:
            for term, other in ((left, right), (right, left)):
                is_open = isinstance(term, Unknown) and term.is_number and term.kind() is None
                if isinstance(term, Unknown) and is_open and kind_of(other) is not Type.REAL:
                    term.divided = span
        self._spread_division()
        for unknown in self.unknowns:
            is_number = unknown.is_number or unknown.is_summed
            if unknown.kind() is None and is_number and unknown.divided is None:
                unknown.follows = Type.REAL

    def _spread_division(self) -> None:
        """What a number comes from, and goes to, is as undecided as the number that is divided."""
        changed = True
        while changed:
            changed = False
            for link in self._links:
                terms = (link.left, link.right) if isinstance(link, _Same) else (link.left, link.right, link.result)
                open_ = [t for t in terms if isinstance(t, Unknown) and t.kind() is None and t.is_number]
                span = next((t.divided for t in open_ if t.divided is not None), None)
                for term in open_:
                    if span is not None and term.divided is None:
                        term.divided, changed = span, True

    def _follow(self) -> None:
        while sum(link.follow() for link in self._links):
            pass


def unfit(term: Term, reason: str, span: Span) -> None:
    """Keeps why a term is no string, where nothing else will tell what it is."""
    if isinstance(term, Unknown) and term.unfit is None:
        term.unfit = (reason, span)


def ordered(term: Term) -> None:
    """Keeps that an order depends on what a term is."""
    if isinstance(term, Unknown):
        term.is_ordered = True


def summed(term: Term) -> None:
    """Keeps that a term is a number, or else a length of time: what only those can be used for."""
    if isinstance(term, Unknown):
        term.is_summed = True


def type_of(column: Unknown) -> Type:
    """The type of a column. Raises KqlError (KQL203) where nothing tells it and a string would be a wrong guess."""
    found = column.kind()
    if found is not None:
        return found
    if column.divided is not None:
        reason, span = "'/' of longs and of reals come to other numbers", column.divided
    elif column.unfit is not None:
        reason, span = column.unfit
    else:
        return Type.STRING
    message = f"nothing here tells the type of column '{column.name}' of {column.table}: {reason}"
    raise KqlError("KQL203", message, span, hint=DECLARE)
