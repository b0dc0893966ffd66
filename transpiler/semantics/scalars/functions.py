"""Function calls: the query's own functions, aggregates within summarize, those with rules of their own, and the declared rest."""

from __future__ import annotations

from dataclasses import replace

from transpiler.functions.registry import FUNCTIONS, Function, Kind
from transpiler.kql import syntax
from transpiler.plan.relations import AggregateCall, Project, Values
from transpiler.plan.scalars import Call, Column, ColumnRef, Constant, RunTime, Scalar, ScalarSubquery
from transpiler.semantics.constants.choices import truth
from transpiler.semantics.constants.conversions import fold_conversion
from transpiler.semantics.dispatch import (
    FUNCTION_BINDERS,
    bind_constant,
    bind_scalar,
    bind_source,
    binds_function,
    binds_scalar,
)
from transpiler.semantics.invocation import call_scalar_function
from transpiler.semantics.names import call_name
from transpiler.semantics.scalars.calls import (
    CAST_HINT,
    CONVERSIONS,
    call_declared,
    call_function,
    common_type,
    convert,
    folded,
    make_call,
    overload_of,
)
from transpiler.semantics.scalars.expressions import binary, bind_predicate
from transpiler.semantics.scalars.packing import as_dynamic
from transpiler.semantics.scope import FunctionLet, Scope, Tabular, check_first, did_you_mean, type_named
from transpiler.types import INTEGERS, NUMBERS, Type


@binds_scalar(syntax.Call)
def bind_call(scope: Scope, node: syntax.Call) -> Scalar:
    """A call as a scalar. Raises KqlError for unknown functions and for arguments that do not fit."""
    if node.base is not None:
        raise scope.error("KQL200", f"'{node.name}' of another database or cluster is not translated", node.span)
    binding = scope.bindings.get(node.name)
    if isinstance(binding, FunctionLet):
        return call_scalar_function(scope, binding.body, binding.scope, node)
    if scope.aggregation is not None and FUNCTIONS.find(node.name, aggregate=True) is not None:
        return _aggregate(scope, node)
    if (binder := FUNCTION_BINDERS.get(node.name)) is not None:
        return binder(scope, node)
    function = FUNCTIONS.find(node.name) if node.name.isidentifier() else None
    if function is not None:
        return _declared(scope, function, node)
    stored = scope.environment.function(node.name)
    if stored is not None:
        outer = Scope(scope.environment, stored.source, depth=scope.depth)
        return call_scalar_function(scope, stored.body, outer, node)
    if FUNCTIONS.find(node.name, aggregate=True) is not None:
        raise scope.error("KQL105", f"the aggregate '{node.name}' stands only in summarize and its kin", node.span)
    raise scope.error(
        "KQL100", f"no function '{node.name}'", node.name_span, hint=did_you_mean(node.name, FUNCTIONS.names())
    )


def _declared(scope: Scope, function: Function, node: syntax.Call) -> Scalar:
    arguments = [bind_scalar(scope, a) for a in node.arguments if not isinstance(a, syntax.TypeOf)]
    if function.kind is Kind.WINDOW:
        from transpiler.semantics.windowing import window_call

        return window_call(scope, function, arguments, node)
    return folded(call_declared(scope, function, arguments, node.span))


def _aggregate(scope: Scope, node: syntax.Call) -> Scalar:
    """One aggregate within an expression: a column of the coming Aggregate."""
    from transpiler.semantics.scalars.aggregates import bind_aggregate

    assert scope.aggregation is not None
    found = bind_aggregate(replace(scope, aggregation=None), node, scope.aggregation.keys)
    scope.aggregation.calls.extend(found.calls)
    return found.outputs[0][1]


def one_column(call: Call, node: syntax.Call, function: Function) -> AggregateCall:
    """An aggregate that yields one column, named by the function's rule."""
    name = call_name(function, node) or "Column"
    return AggregateCall(columns=(Column(name, call.type, call.nullable),), call=call)


# ---------------------------------------------------------------- functions with rules of their own


def _bind_conversion(name: str, wanted: Type) -> None:
    @binds_function(name, takes=(1, 1))
    def bind(scope: Scope, node: syntax.Call) -> Scalar:
        scalar = bind_scalar(scope, node.arguments[0])
        return scalar if scalar.type is wanted else folded_conversion(scope, scalar, wanted, node)


def folded_conversion(scope: Scope, scalar: Scalar, wanted: Type, node: syntax.Call) -> Scalar:
    """``to…`` of a scalar that has another type."""
    if isinstance(scalar, Constant) and (constant := fold_conversion(scalar, wanted)) is not None:
        return replace(constant, span=node.span)
    return call_function(scope, CONVERSIONS[wanted], [scalar], node.span)


for _name, _type in {
    **{name: t for t, name in CONVERSIONS.items() if t is not Type.DYNAMIC},
    "todouble": Type.REAL,
    "toboolean": Type.BOOL,
    "totime": Type.TIMESPAN,
}.items():
    _bind_conversion(_name, _type)


@binds_function("gettype", takes=(1, 1))
def _gettype(scope: Scope, node: syntax.Call) -> Scalar:
    scalar = bind_scalar(scope, node.arguments[0])
    if scalar.type not in (Type.DYNAMIC, Type.UNKNOWN):
        return Constant(Type.STRING, str(scalar.type), node.span)
    return call_function(scope, "gettype", [scalar], node.span)


@binds_function("extract")
def _extract(scope: Scope, node: syntax.Call) -> Scalar:
    """``extract(regex, group, source[, typeof(T)])``: the text, converted to the type asked for."""
    *arguments, last = node.arguments or (node,)
    wanted = type_argument(scope, last) if isinstance(last, syntax.TypeOf) else Type.STRING
    given = arguments if isinstance(last, syntax.TypeOf) else node.arguments
    found = call_function(scope, "extract", [bind_scalar(scope, a) for a in given], node.span)
    return convert(scope, found, wanted)


@binds_function("now", takes=(0, 1))
def _now(scope: Scope, node: syntax.Call) -> Scalar:
    moment = _moment(scope, node)
    if not node.arguments:
        return moment
    return binary(scope, "+", moment, bind_scalar(scope, node.arguments[0]), node.span)


@binds_function("ago", takes=(1, 1))
def _ago(scope: Scope, node: syntax.Call) -> Scalar:
    span = bind_scalar(scope, node.arguments[0])
    if span.type is not Type.TIMESPAN:
        raise scope.error("KQL102", f"ago takes a timespan, this is {span.type}", node.arguments[0].span)
    return binary(scope, "-", _moment(scope, node), span, node.span)


def _moment(scope: Scope, node: syntax.Node) -> Scalar:
    """The instant of the run; ``set query_now`` says another."""
    said = scope.environment.options.get("query_now")
    return RunTime(node.span) if said is None else bind_scalar(scope.without_row(), said)


def unify(scope: Scope, values: list[Scalar], node: syntax.Node) -> tuple[list[Scalar], Type]:
    """Several results as one type: numbers widen, a dynamic value takes the other's type, a null takes any.

    Other types that differ come to dynamic values, as Microsoft's binder has it: ``iff(p, 1, "a")``.
    """
    typed = [v for v in values if not (isinstance(v, Constant) and v.value is None and v.type is Type.DYNAMIC)]
    wanted = common_type(typed or values)
    found: list[Scalar] = []
    for value in values:
        if value.type is wanted:
            found.append(value)
        elif isinstance(value, Constant) and value.value is None:
            found.append(Constant(wanted, None, value.span))
        elif wanted is Type.DYNAMIC:
            found.append(as_dynamic(scope, value))
        elif {value.type, wanted} <= NUMBERS or value.type is Type.DYNAMIC:
            found.append(convert(scope, value, wanted))
        else:
            types = " and ".join(dict.fromkeys(str(v.type) for v in values))
            raise scope.error("KQL102", f"the results are of different types: {types}", node.span)
    return found, wanted


def alike(scope: Scope, values: list[Scalar], node: syntax.Call) -> tuple[list[Scalar], Type]:
    """The arguments of a function that takes one type only, whole numbers of either size apart."""
    types = {v.type for v in values} - {Type.UNKNOWN}
    if len(types) > 1 and not types <= INTEGERS:
        given = ", ".join(str(v.type) for v in values)
        hint = CAST_HINT if Type.DYNAMIC in types else ""
        raise scope.error(
            "KQL102", f"the arguments of {node.name} are of one type, these are {given}", node.span, hint=hint
        )
    return unify(scope, values, node)


@binds_function("iff", "iif", takes=(3, 3))
def _iff(scope: Scope, node: syntax.Call) -> Scalar:
    condition = bind_predicate(scope, node.arguments[0])
    branches, t = unify(scope, [bind_scalar(scope, a) for a in node.arguments[1:]], node)
    return _case_call(scope, [condition, *branches], t, node)


@binds_function("case")
def _case(scope: Scope, node: syntax.Call) -> Scalar:
    if len(node.arguments) < 3 or len(node.arguments) % 2 == 0:
        raise scope.error("KQL103", "case takes pairs of predicate and value, then a default", node.span)
    conditions = [bind_predicate(scope, a) for a in node.arguments[:-1:2]]
    results = [bind_scalar(scope, a) for a in [*node.arguments[1::2], node.arguments[-1]]]
    results, t = unify(scope, results, node)
    pairs = [s for pair in zip(conditions, results[:-1], strict=True) for s in pair]
    return _case_call(scope, [*pairs, results[-1]], t, node)


def _case_call(scope: Scope, arguments: list[Scalar], t: Type, node: syntax.Call) -> Scalar:
    arguments = _undecided(arguments)
    if len(arguments) == 1:
        return arguments[0]
    call = make_call(scope, overload_of("case"), tuple(arguments), node.span, t)
    results = [*arguments[1::2], arguments[-1]]
    return replace(
        call, nullable=any(r.nullable and not (r.type is Type.STRING and isinstance(r, Constant)) for r in results)
    )


def _undecided(arguments: list[Scalar]) -> list[Scalar]:
    """The pairs whose conditions a row decides, and what else there is: a constant condition is decided here."""
    left: list[Scalar] = []
    for condition, value in zip(arguments[:-1:2], arguments[1::2], strict=True):
        holds = truth(condition)
        if holds:
            return [*left, value]
        if holds is None:
            left += [condition, value]
    return [*left, arguments[-1]]


@binds_function("coalesce", takes=(2, None))
def _coalesce(scope: Scope, node: syntax.Call) -> Scalar:
    values, t = alike(scope, [bind_scalar(scope, a) for a in node.arguments], node)
    overload = overload_of("coalesce", "coalesce string" if t is Type.STRING else "coalesce")
    call = make_call(scope, overload, tuple(values), node.span, t)
    if t is not Type.STRING:
        return replace(call, nullable=all(v.nullable for v in values))
    # The last is taken as it is stored, whatever comes before it: an empty text is passed over like a missing one.
    written = any(isinstance(v, Constant) and v.value for v in values[:-1])
    return replace(call, nullable=values[-1].nullable and not written)


@binds_function("toscalar", takes=(1, 1))
def _toscalar(scope: Scope, node: syntax.Call) -> Scalar:
    from transpiler.semantics.tables import is_table

    if not is_table(scope.without_row(), node.arguments[0]):
        return bind_scalar(scope.without_row(), node.arguments[0])
    tabular = bind_source(scope.without_row(), node.arguments[0])
    if not tabular.visible:
        raise scope.error("KQL105", "the table has no column", node.span)
    check_first(scope, tabular, node.span)
    if tabular.order:
        from transpiler.semantics.operators.rows import limited

        tabular = limited(scope, tabular, 1, tabular.order, node, "take")
    return _printed(tabular) or ScalarSubquery(tabular.relation, tabular.visible[0], node.span)


def _printed(tabular: Tabular) -> Constant | None:
    """The constant of ``toscalar(print 5)``; None for any other table."""
    relation = tabular.relation
    if not isinstance(relation, Project) or not isinstance(relation.input, Values) or len(relation.input.rows) != 1:
        return None
    value = relation.computed.get(tabular.visible[0])
    return value if isinstance(value, Constant) else None


@binds_function("column_ifexists", "columnifexists", takes=(2, 2))
def _column_ifexists(scope: Scope, node: syntax.Call) -> Scalar:
    name = bind_constant(scope, node.arguments[0], "the column's name")
    column = scope.column(str(name.value))
    if column is not None:
        return ColumnRef(column, node.span)
    if scope.row is not None and scope.row.is_open:
        raise scope.error(
            "KQL203", f"whether column '{name.value}' exists depends on data that is not declared", node.span
        )
    return bind_scalar(scope, node.arguments[1])


def type_argument(scope: Scope, node: syntax.Node) -> Type:
    """The type of a ``typeof(…)`` argument."""
    if not isinstance(node, syntax.TypeOf) or node.type_name is None:
        raise scope.error("KQL104", "a typeof(…) is expected here", node.span)
    return type_named(scope, node.type_name, node.span)
