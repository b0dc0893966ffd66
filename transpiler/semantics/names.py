"""The names of columns that a query does not name, as Microsoft's binder gives them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from transpiler.functions.registry import FUNCTIONS, Function, Naming
from transpiler.kql import syntax

if TYPE_CHECKING:
    from transpiler.semantics.environment import Environment


def result_name(expression: syntax.Expr) -> str | None:
    """The name that an expression gives its column: ``d.a[0]`` gives ``d_a_0``, ``tostring(x)`` gives ``x``; None for no name."""
    match expression:
        case syntax.Name():
            return None if expression.name in ("$left", "$right") else expression.name
        case syntax.NamedExpression():
            return expression.names[0] if expression.names else result_name(expression.value)
        case syntax.Member():
            return _stepped(expression.base, expression.name)
        case syntax.Index():
            step = expression.index
            value = step.value if isinstance(step, syntax.Literal) else None
            return _stepped(expression.base, "" if value is None else str(value))
        case syntax.Call():
            function = FUNCTIONS.find(expression.name) or FUNCTIONS.find(expression.name, aggregate=True)
            return call_name(function, expression) if function is not None else None
        case _:
            return None


def _stepped(base: syntax.Expr, step: str) -> str | None:
    if isinstance(base, syntax.Name) and base.name in ("$left", "$right"):
        return step
    name = result_name(base)
    return f"{name}_{step}" if name else step or None


def call_name(function: Function, call: syntax.Call) -> str | None:
    """The name that a call gives its column, by the function's naming rule."""
    first = result_name(call.arguments[0]) if call.arguments else None
    only = first if len(call.arguments) == 1 else None
    match function.naming:
        case Naming.FIRST:
            return first
        case Naming.ONLY:
            return only
        case Naming.NAME_AND_FIRST:
            return f"{function.name}_{first or ''}"
        case Naming.PREFIX_AND_FIRST:
            return f"{function.prefix}_{first or ''}"
        case Naming.PREFIX_ONLY:
            return function.prefix
        case Naming.NONE:
            return None


def sorted_name(array: syntax.Expr, position: int = 0) -> str:
    """The name that ``array_sort_asc`` and ``array_sort_desc`` give the column of one of their arrays: ``list_x_sorted``."""
    return f"{result_name(array) or f'array{position}'}_sorted"


def unnamed_beside(given: Collection[str], environment: Environment) -> str:
    """The next ``ColumnN`` that no column of the input has, for operators that keep their input's columns."""
    while True:
        environment.unnamed += 1
        if (found := f"Column{environment.unnamed}") not in given:
            return found


class UniqueNames:
    """Names of one operator's output: a repeated one gets 1, 2 … behind it; an unnamed one is ``Column1``, ``Column2`` …

    Names are given from left to right. Two that the query declares, by writing them or as bare columns, must differ.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._declared: set[str] = set()

    def declare(self, name: str) -> str | None:
        """The name for a column that is written, with a number where an unwritten one has it; None for a second of that name."""
        if name in self._declared:
            return None
        self._declared.add(name)
        return self.unique(name)

    def take(self, name: str) -> bool:
        """Reserves a name that was written; False when it is taken."""
        if name in self._taken:
            return False
        self._taken.add(name)
        return True

    def unique(self, name: str) -> str:
        """The name, or the name with the first free number behind it."""
        found, n = name, 0
        while found in self._taken:
            n += 1
            found = f"{name}{n}"
        self._taken.add(found)
        return found

    def unnamed(self, environment: Environment) -> str:
        """The next ``ColumnN``: Microsoft's binder counts through the whole query, and anew in a function."""
        environment.unnamed += 1
        return self.unique(f"Column{environment.unnamed}")
