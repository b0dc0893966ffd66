"""Statements in order: lets grow the scope, the last expression is the query."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from transpiler.kql import syntax
from transpiler.kql.instants import MAX_TIMESPAN, length_ticks, moment_ticks
from transpiler.kql.literals import typed_literal
from transpiler.plan.relations import Origin, Plan, Project, Values
from transpiler.plan.scalars import Column, Constant, Scalar
from transpiler.semantics.dispatch import bind_scalar, bind_source
from transpiler.semantics.environment import Environment
from transpiler.semantics.scalars.calls import convert
from transpiler.semantics.scope import DECLARE, FunctionLet, Openness, ScalarLet, Scope, Tabular, TabularLet
from transpiler.semantics.tables import is_table
from transpiler.source import Source
from transpiler.types import TYPE_NAMES, Type

_READ = (Type.INT, Type.LONG, Type.GUID, Type.DECIMAL)
MAX_SCALAR = 20_000
"""How many operations a let may come to: lets that use each other twice double at each step."""


def bind_query(query: syntax.Query, source: Source, environment: Environment) -> tuple[Plan, Tabular]:
    """The typed plan of a query. Raises KqlError for what is not known, does not fit or is not translated."""
    scope = Scope(environment, source)
    scope, results = bind_statements(scope, query.statements)
    if len(results) != 1:
        place = results[1].span if results else query.span
        what = "several results" if results else "no result: every statement is a let"
        raise scope.error("KQL105", f"the query has {what}; one table is translated", place)
    tabular = bind_result(scope, results[0])
    _check_shown(scope, tabular, results[0])
    return Plan(tabular.relation, tabular.visible, tabular.order), tabular


def _check_shown(scope: Scope, tabular: Tabular, result: syntax.Expr) -> None:
    """Raises KqlError for a result that shows columns of which nothing is known (KQL203), or not which name they have (KQL204)."""
    if tabular.is_open and not tabular.visible:
        message, hint = "nothing is known of the result's columns: the query names none of its table's", DECLARE
    elif tabular.openness is Openness.WHOLE:
        message, hint = "the result shows every column, and not all are declared", f"project names them, or {DECLARE}"
    elif tabular.openness is Openness.OPEN:
        message, hint = (
            "the columns of the result depend on data that is not declared",
            "project the columns that are wanted",
        )
    else:
        _check_disputed(scope, tabular, result)
        return
    raise scope.error("KQL203", message, result.span, hint=hint)


def _check_disputed(scope: Scope, tabular: Tabular, result: syntax.Expr) -> None:
    if tabular.openness is Openness.DISPUTED:
        message = "the result shows a column that parse has replaced, beside which Microsoft's binder shows the old one"
        raise scope.error("KQL204", message, result.span, hint="project the columns that are wanted")
    for column in tabular.visible:
        if column.name in scope.environment.disputed:
            raise scope.environment.disputed[column.name]


def bind_result(scope: Scope, expression: syntax.Expr) -> Tabular:
    """The query's table; a scalar is a table of one row."""
    is_let = isinstance(expression, syntax.Name) and isinstance(scope.bindings.get(expression.name), ScalarLet)
    named = isinstance(expression, syntax.Name | syntax.Member) and not is_let
    if named or is_table(scope, expression):
        return bind_source(scope, expression)
    if isinstance(expression, syntax.Call):
        binding = scope.bindings.get(expression.name)
        if not isinstance(binding, FunctionLet):
            return bind_source(scope, expression)
    scalar = bind_scalar(scope, expression)
    column = Column("print_0", scalar.type, scalar.nullable)
    origin = Origin(
        "print", expression.span, scope.source.slice(expression.span), scope.source.line_of(expression.span.start)
    )
    one = Values(columns=(), origin=origin, rows=((),))
    return Tabular(Project(columns=(column,), origin=origin, input=one, computed={column: scalar}), (column,))


def bind_statements(
    scope: Scope, statements: tuple[syntax.Statement, ...], declared: Iterable[str] = ()
) -> tuple[Scope, list[syntax.Expr]]:
    """The scope after the lets, and the expressions that are results, in order.

    ``declared`` are the parameters of the function whose body this is: no let may take their names.
    """
    results: list[syntax.Expr] = []
    taken = set(declared)
    for statement in statements:
        match statement:
            case syntax.Let():
                if statement.name in taken:
                    raise scope.error("KQL101", f"'{statement.name}' is declared a second time", statement.span)
                taken.add(statement.name)
                scope = _let(scope, statement)
            case syntax.DeclareParameters():
                taken.update(p.name for p in statement.parameters)
                scope = _parameters(scope, statement)
            case syntax.QueryStatement():
                results.append(statement.value)
            case syntax.SetOption():
                _set(scope, statement)
            case syntax.ControlCommand():
                hint = "a query begins with a table, an operator or let"
                raise scope.error(
                    "KQL003", f"the control command .{statement.verb} is not a query", statement.span, hint=hint
                )
            case _:
                name = type(statement).__name__
                raise scope.error(
                    "KQL200", f"the statement {_STATEMENTS.get(name, name)} is not translated", statement.span
                )
    return scope, results


_STATEMENTS = {
    "DeclarePattern": "declare pattern",
    "AliasDatabase": "alias database",
    "RestrictAccess": "restrict access",
}


_CHANGES_ROWS = {
    "query_take_max_records": "take … at the query's end",
    "query_datetimescope_column": "where … between (…) says the same",
    "query_datetimescope_from": "where … >= … says the same",
    "query_datetimescope_to": "where … < … says the same",
    "query_results_apply_getschema": "getschema at the query's end",
    "query_datascope": "",
    "query_language": "",
}
"""Options that change which rows a query gives, and how a query says it. Trap: to pass over them would change the answer."""


def _set(scope: Scope, statement: syntax.SetOption) -> None:
    """Keeps an option. Those of limits, tracing and the like change nothing here; those that change rows are refused."""
    name, value = statement.name, statement.value
    if name in _CHANGES_ROWS:
        hint = _CHANGES_ROWS[name]
        raise scope.error(
            "KQL200", f"set {name} changes the query's rows and is not translated", statement.span, hint=hint
        )
    if name == "query_now":
        moment = None if value is None else bind_scalar(scope.without_row(), value)
        if not isinstance(moment, Constant) or moment.type is not Type.DATETIME or moment.value is None:
            raise scope.error("KQL104", "query_now is a constant datetime", statement.span)
        if scope.environment.window is not None:
            reason = "a rule's window ends at its run, which set query_now would not move"
            raise scope.error("KQL105", reason, statement.span, hint="leave it out: now() is the run's own instant")
    if value is not None:
        scope.environment.options[name] = value


def _only_renamed(scope: Scope, value: syntax.Expr) -> str:
    """The table that a let only gives another name."""
    if not isinstance(value, syntax.Name):
        return ""
    binding = scope.bindings.get(value.name)
    if binding is None:
        return value.name if scope.environment.has_table(value.name) else ""
    return binding.table if isinstance(binding, TabularLet) else ""


def _let(scope: Scope, let: syntax.Let) -> Scope:
    value = let.value
    if isinstance(value, syntax.FunctionBody):
        return scope.bind(let.name, FunctionLet(let.name, value, scope, scope.source))
    if is_table(scope, value):
        return scope.bind(let.name, TabularLet(let.name, bind_source(scope, value), _only_renamed(scope, value)))
    if isinstance(value, syntax.Name) and isinstance(scope.bindings.get(value.name), FunctionLet):
        return scope.bind(let.name, scope.bindings[value.name])
    scalar = bind_scalar(scope, value)
    if scope.environment.size_of(scalar) > MAX_SCALAR:
        raise scope.error("KQL004", f"'{let.name}' comes to more than {MAX_SCALAR} operations written out", let.span)
    return scope.bind(let.name, ScalarLet(scalar))


def _parameters(scope: Scope, statement: syntax.DeclareParameters) -> Scope:
    for parameter in statement.parameters:
        wanted = TYPE_NAMES.get(parameter.type_name or "string", Type.STRING)
        if parameter.name in scope.environment.parameters:
            value: Scalar = _given(scope, parameter, wanted)
        elif parameter.default is not None:
            value = convert(scope, bind_scalar(scope, parameter.default), wanted)
        else:
            raise scope.error("KQL107", f"the query parameter '{parameter.name}' has no value", parameter.span)
        scope = scope.bind(parameter.name, ScalarLet(value))
    return scope


def _given(scope: Scope, parameter: syntax.Parameter, wanted: Type) -> Constant:
    """A parameter's value from the caller: bool, int, float, str (of a dynamic: its JSON), datetime (UTC) or timedelta."""
    value = scope.environment.parameters[parameter.name]
    match value:
        case datetime() if wanted is Type.DATETIME:
            return _given_instant(scope, parameter, value)
        case timedelta() if wanted is Type.TIMESPAN and abs(length_ticks(value)) <= MAX_TIMESPAN:
            return Constant(wanted, length_ticks(value), parameter.span)
        case bool() if wanted is Type.BOOL:
            return Constant(wanted, value, parameter.span)
        case int() | float() if wanted is Type.REAL and not isinstance(value, bool):
            return Constant(wanted, float(value), parameter.span)
        case str() if wanted is Type.STRING or (wanted is Type.DYNAMIC and _is_json(value)):
            return Constant(wanted, value, parameter.span)
        case int() | str() if wanted in _READ and isinstance(value, str) is (wanted in (Type.GUID, Type.DECIMAL)):
            read = typed_literal(f"{wanted}({value})", parameter.span)
            if read.value is not None and not isinstance(value, bool):
                return Constant(wanted, read.value, parameter.span)
    raise scope.error("KQL107", f"the query parameter '{parameter.name}' must be a {wanted}", parameter.span)


def _given_instant(scope: Scope, parameter: syntax.Parameter, value: datetime) -> Constant:
    try:
        return Constant(Type.DATETIME, moment_ticks(value), parameter.span)
    except OverflowError:
        reason = f"the query parameter '{parameter.name}' lies outside the years 1 to 9999 in UTC"
        raise scope.error("KQL107", reason, parameter.span) from None


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_constant=int)  # NaN and Infinity are Python's, not JSON's, and no int
    except (ValueError, RecursionError):
        return False
    return True
