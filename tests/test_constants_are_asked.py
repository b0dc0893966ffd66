"""What a declaration says must be a constant (``#``) is refused where a row says it, never left out of the answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from transpiler import KqlError, transpile
from transpiler.dialects import TARGETS
from transpiler.functions.registry import FUNCTIONS, Kind, Overload, Parameter
from transpiler.types import Type

CONSTANTS = {
    Type.STRING: "'a'",
    Type.LONG: "1",
    Type.REAL: "1.5",
    Type.BOOL: "true",
    Type.DYNAMIC: "dynamic([1])",
    Type.DATETIME: "datetime(2024-01-01)",
    Type.TIMESPAN: "1h",
}
TABLE = {f"c_{t}": str(t) for t in CONSTANTS}


def kind_of(parameter: Parameter) -> Type:
    return next(t for t in CONSTANTS if t in parameter.accepts)


def argument(parameter: Parameter, *, is_column: bool) -> str:
    kind = kind_of(parameter)
    return f"c_{kind}" if is_column or not parameter.constant else CONSTANTS[kind]


def calls_of(overload: Overload) -> Iterator[str]:
    for place in overload.constants:
        given = overload.parameters[: max(place + 1, overload.least)]
        yield ", ".join(argument(p, is_column=i == place) for i, p in enumerate(given))


CALLS = sorted(
    {
        f"T | {'summarize' if f.kind is Kind.AGGREGATE else 'sort by c_long asc | extend'} x = {f.name}({arguments})"
        for f in FUNCTIONS
        if not f.refusal and f.name.isidentifier()
        for overload in f.overloads
        for arguments in calls_of(overload)
    }
)


def test_there_are_such_functions() -> None:
    assert len(CALLS) > 30


@pytest.mark.parametrize("target", sorted(TARGETS))
@pytest.mark.parametrize("query", CALLS)
def test_a_column_is_refused_where_a_constant_is_asked(query: str, target: str) -> None:
    with pytest.raises(KqlError):
        transpile(query, target, {"T": TABLE})
