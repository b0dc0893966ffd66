"""Scalar expressions: syntax in, typed scalars out."""

from __future__ import annotations

import re

from transpiler.diagnostics import KqlError
from transpiler.functions.registry import FUNCTIONS
from transpiler.kql import syntax
from transpiler.plan.scalars import ColumnRef, Constant, Path, Scalar
from transpiler.semantics.constants.conversions import json_as_kusto_writes
from transpiler.semantics.constants.folding import wrapped
from transpiler.semantics.dispatch import bind_column_of, bind_scalar, binds_scalar
from transpiler.semantics.invocation import call_scalar_function
from transpiler.semantics.scalars.calls import CAST_HINT, call_function, convert, folded, make_call, overload_of
from transpiler.semantics.scalars.json_paths import constant_step
from transpiler.semantics.scalars.packing import member_of
from transpiler.semantics.scope import FunctionLet, ScalarLet, Scope, TabularLet, check_whole, did_you_mean
from transpiler.source import Span
from transpiler.types import INTEGERS, NUMBERS, SUMMABLE, TYPE_NAMES, Type, widest


def bind_predicate(scope: Scope, expression: syntax.Expr, *, takes_dynamic: bool = False) -> Scalar:
    """A scalar that must be a bool; of dynamic values only the operands of ``and`` and ``or`` are converted."""
    scalar = bind_scalar(scope, expression)
    if scalar.type is Type.UNKNOWN or (takes_dynamic and scalar.type is Type.DYNAMIC):
        return convert(scope, scalar, Type.BOOL)
    if scalar.type is not Type.BOOL:
        hint = "tobool(…) makes a bool of it" if scalar.type is Type.DYNAMIC else ""
        raise scope.error("KQL102", f"a bool is expected here, this is {scalar.type}", expression.span, hint=hint)
    return scalar


_TWO_PARTS = re.compile(r"\d{4}\s*,\s*\d\d?", re.ASCII)  # of the three of datetime(2025, 6, 14)


@binds_scalar(syntax.Literal)
def _literal(scope: Scope, node: syntax.Literal) -> Scalar:
    if node.malformed is not None:
        if node.kind == "datetime" and _TWO_PARTS.fullmatch(node.malformed):
            reason = f"what Kusto makes of datetime({node.malformed}) is not known"
            raise scope.error("KQL204", reason, node.span, hint="write the day: datetime(2025-06-01)")
        raise scope.error("KQL104", f"'{node.malformed}' is not a {node.kind}", node.span)
    if node.kind in ("int", "long") and isinstance(node.value, int) and not -(2**63) <= node.value < 2**63:
        raise scope.error("KQL206", "the number does not fit a long", node.span, hint="real(…) or decimal(…) hold it")
    if node.kind == "dynamic" and node.value is not None:
        return Constant(Type.DYNAMIC, json_as_kusto_writes(str(node.value)), node.span)
    return Constant(TYPE_NAMES[node.kind], node.value, node.span)


@binds_scalar(syntax.Name)
def _name(scope: Scope, node: syntax.Name) -> Scalar:
    column = scope.column(node.name)
    if column is not None:
        return ColumnRef(column, node.span)
    binding = scope.bindings.get(node.name)
    if isinstance(binding, ScalarLet):
        return _moved(binding.value, node.span)
    if isinstance(binding, FunctionLet) and not binding.body.parameters:
        return call_scalar_function(
            scope, binding.body, binding.scope, syntax.Call(node.name, (), node.span, span=node.span)
        )
    if isinstance(binding, TabularLet | FunctionLet) or scope.environment.has_table(node.name):
        raise scope.error("KQL104", f"'{node.name}' is a table or function; a scalar is expected here", node.span)
    known = [c.name for c in scope.row.columns] if scope.row else []
    known += list(scope.bindings)
    listed = f"; known: {', '.join(known[:12])}{' …' if len(known) > 12 else ''}" if known else ""
    what = "column" if scope.row else "variable"
    raise scope.error("KQL100", f"no {what} '{node.name}'{listed}", node.span, hint=did_you_mean(node.name, known))


def _moved(scalar: Scalar, span: Span) -> Scalar:
    """A let's constant, with the place where it is used (so that a refusal points there)."""
    return Constant(scalar.type, scalar.value, span) if isinstance(scalar, Constant) else scalar


@binds_scalar(syntax.Member)
def _member(scope: Scope, node: syntax.Member) -> Scalar:
    if isinstance(node.base, syntax.Name) and node.base.name in ("$left", "$right"):
        side = scope.row and (scope.row.left if node.base.name == "$left" else scope.row.right)
        if not side:
            raise scope.error("KQL105", f"{node.base.name} is known only in a join's on", node.span)
        column = side.column(node.name)
        if column is None:
            hint = did_you_mean(node.name, [c.name for c in side.visible])
            raise scope.error(
                "KQL100", f"no column '{node.name}' on the {node.base.name[1:]} side", node.span, hint=hint
            )
        return ColumnRef(column, node.span)
    return _step(scope, bind_scalar(scope, node.base), node.name, node.span)


@binds_scalar(syntax.Index)
def _index(scope: Scope, node: syntax.Index) -> Scalar:
    if (picked := bind_column_of(scope, node)) is not None:
        return picked[1]
    index = bind_scalar(scope, node.index)
    if isinstance(index, Constant) and index.type is Type.STRING:
        step: str | int | Scalar = str(index.value or "")
    elif isinstance(index, Constant) and index.type in INTEGERS and index.value is not None:
        step = int(index.value)
    else:
        step = index
    return _step(scope, bind_scalar(scope, node.base), step, node.span)


def _step(scope: Scope, base: Scalar, step: str | int | Scalar, span: Span) -> Scalar:
    if base.type is Type.STRING:
        base = call_function(scope, "parse_json", [base], span)
    if base.type not in (Type.DYNAMIC, Type.UNKNOWN):
        raise scope.error("KQL102", f"a {base.type} has no properties; only a dynamic value has", span)
    if isinstance(base, Constant) and isinstance(step, str | int):
        return Constant(Type.DYNAMIC, constant_step(str(base.value), step) if base.value is not None else None, span)
    if isinstance(step, str) and (member := member_of(scope, base, step)) is not None:
        return member
    if isinstance(base, Path):
        return Path(base.base, (*base.steps, step), span)
    return Path(base, (step,), span)


@binds_scalar(syntax.Unary)
def _unary(scope: Scope, node: syntax.Unary) -> Scalar:
    operand = bind_scalar(scope, node.operand)
    if operand.type is Type.DYNAMIC:
        raise _two_dynamics(scope, node.operator, node.span)
    if node.operator == "+":
        if operand.type not in NUMBERS | {Type.TIMESPAN, Type.UNKNOWN}:
            raise scope.error("KQL102", f"'+' stands before numbers and durations, this is {operand.type}", node.span)
        is_computed = operand.type is Type.INT and not isinstance(operand, Constant)
        return convert(scope, operand, Type.LONG) if is_computed else operand
    if isinstance(operand, Constant) and operand.type is Type.INT and isinstance(operand.value, int):
        return Constant(Type.INT, wrapped(-operand.value, 32), node.span)
    return folded(call_function(scope, "unary -", [operand], node.span))


_ARITHMETIC = frozenset("+-*/%")
_EQUALITY = frozenset({"==", "!="})
_ORDER = frozenset({"<", "<=", ">", ">="})


@binds_scalar(syntax.Binary)
def _binary(scope: Scope, node: syntax.Binary) -> Scalar:
    if isinstance(node.left, syntax.Star):
        return _any_column(scope, node)
    left, right = bind_scalar(scope, node.left), bind_scalar(scope, node.right)
    if node.operator in _ORDER:
        _check_ordered(scope, node.operator, left, right, node.span)
    return binary(scope, node.operator, left, right, node.span)


def binary(scope: Scope, operator: str, left: Scalar, right: Scalar, span: Span) -> Scalar:
    """An operator with two typed operands."""
    if operator in _ARITHMETIC:
        return _arithmetic(scope, operator, left, right, span)
    if operator in _EQUALITY:
        return _equality(scope, operator, left, right, span)
    if operator in _ORDER:
        left, right = _comparable(scope, operator, left, right, span)
        return call_function(scope, operator, [left, right], span)
    negated = operator.startswith("!")
    name = operator[1:] if negated else operator
    if name == "~":
        name = "=~"
    if FUNCTIONS.find(name) is None:
        raise scope.error("KQL200", f"the operator '{operator}' is not translated", span)
    call = _text_operator(scope, name, left, right, span)
    return call_function(scope, "not", [call], span) if negated else call


def _text_operator(scope: Scope, name: str, left: Scalar, right: Scalar, span: Span) -> Scalar:
    for side in (left, right):
        if side.type not in (Type.STRING, Type.DYNAMIC, Type.UNKNOWN):
            raise scope.error("KQL102", f"'{name}' compares strings, this is {side.type}", side.span)
    return call_function(scope, name, [left, right], span)


def _any_column(scope: Scope, node: syntax.Binary) -> Scalar:
    """``* has "x"``: some column, what is no string by its text; ``* !has "x"``: none."""
    if scope.row is None:
        raise scope.error("KQL105", "'*' stands for columns, and there are none here", node.left.span)
    check_whole(scope, "'*'", node.left.span)
    right = bind_scalar(scope, node.right)
    positive = "==" if node.operator == "!=" else node.operator.removeprefix("!")
    tests = []
    for column in scope.row.columns:
        ref: Scalar = ColumnRef(column, node.left.span)
        if column.is_absent:
            continue
        ref = ref if column.type is Type.STRING else convert(scope, ref, Type.STRING)
        tests.append(binary(scope, positive, ref, right, node.span))
    found = connect(scope, "or", tests, node.span)
    return call_function(scope, "not", [found], node.span) if node.operator.startswith("!") else found


def _arithmetic(scope: Scope, operator: str, left: Scalar, right: Scalar, span: Span) -> Scalar:
    left, right = _without_dynamic(scope, operator, left, right, span)
    if left.type in NUMBERS and right.type in NUMBERS:
        both = widest([left.type, right.type])
        if both in (Type.REAL, Type.DECIMAL):
            left, right = convert(scope, left, both), convert(scope, right, both)
    return folded(call_function(scope, operator, [left, right], span))


def _two_dynamics(scope: Scope, operator: str, span: Span) -> KqlError:
    """The result would be dynamic, long or real as the values of each row are."""
    message = f"'{operator}' of dynamic values has a type that depends on the data"
    return scope.error("KQL203", message, span, hint="cast the values: tolong(…), todouble(…)")


def _without_dynamic(scope: Scope, operator: str, left: Scalar, right: Scalar, span: Span) -> tuple[Scalar, Scalar]:
    """A dynamic operand takes the other's type (int becomes long); a timespan is not scaled by one."""

    def other(t: Type) -> Type:
        if t is Type.TIMESPAN and operator not in "+-":
            raise scope.error(
                "KQL102", f"'{operator}' does not take {left.type} and {right.type}", span, hint=CAST_HINT
            )
        if t is Type.DATETIME and operator in "*/":
            return Type.REAL
        return Type.LONG if t is Type.INT else t

    if left.type is Type.DYNAMIC and right.type is Type.DYNAMIC:
        raise _two_dynamics(scope, operator, span)
    if left.type is Type.DYNAMIC:
        return convert(scope, left, other(right.type)), right
    if right.type is Type.DYNAMIC:
        return left, convert(scope, right, other(left.type))
    return left, right


def _equality(scope: Scope, operator: str, left: Scalar, right: Scalar, span: Span) -> Scalar:
    left, right = _comparable(scope, operator, left, right, span)
    return call_function(scope, operator, [left, right], span)


def _comparable(scope: Scope, operator: str, left: Scalar, right: Scalar, span: Span) -> tuple[Scalar, Scalar]:
    """Both operands as one type: the wider number, the type that is not dynamic. Raises KqlError for two that do not compare."""
    if left.type is right.type:
        if left.type is Type.DYNAMIC:
            raise scope.error(
                "KQL102",
                f"'{operator}' does not compare two dynamic values",
                span,
                hint="convert one: tostring(…), tolong(…)",
            )
        return left, right
    pair = {left.type, right.type}
    if Type.DYNAMIC in pair or Type.UNKNOWN in pair:
        wanted = next((t for t in (left.type, right.type) if t not in (Type.DYNAMIC, Type.UNKNOWN)), Type.STRING)
        if wanted is Type.INT:
            wanted = Type.LONG
        return convert(scope, left, wanted), convert(scope, right, wanted)
    if pair <= NUMBERS:
        both = widest(pair)
        if both in (Type.REAL, Type.DECIMAL):
            return convert(scope, left, both), convert(scope, right, both)
        return left, right
    if pair <= NUMBERS | {Type.BOOL}:
        return (left, right) if Type.BOOL not in pair else (as_number(scope, left), as_number(scope, right))
    if Type.STRING in pair:
        return _text_against(scope, left, right, operator, span)
    raise scope.error("KQL102", f"'{operator}' does not compare {left.type} with {right.type}", span)


def _check_ordered(scope: Scope, operator: str, left: Scalar, right: Scalar, span: Span) -> None:
    """Texts and guids have no order for operators, and a dynamic value is compared with numbers only."""
    types = {left.type, right.type}
    if types == {Type.STRING}:
        raise scope.error(
            "KQL102", f"'{operator}' does not compare strings", span, hint="strcmp(a, b) gives -1, 0 or 1"
        )
    if Type.DYNAMIC in types and not types <= NUMBERS | {Type.DYNAMIC, Type.UNKNOWN}:
        raise scope.error(
            "KQL102", f"'{operator}' does not compare {left.type} with {right.type}", span, hint=CAST_HINT
        )
    if types == {Type.GUID}:
        raise scope.error("KQL102", f"'{operator}' does not compare guids", span)


def as_number(scope: Scope, scalar: Scalar) -> Scalar:
    """A bool as the number that it equals; anything else as it is."""
    return convert(scope, scalar, Type.LONG) if scalar.type is Type.BOOL else scalar


def _text_against(scope: Scope, left: Scalar, right: Scalar, operator: str, span: Span) -> tuple[Scalar, Scalar]:
    """A string against another type: Microsoft's binder lets a string take the other side's type, the engine does too."""
    if operator in _EQUALITY:
        other = right.type if left.type is Type.STRING else left.type
        return convert(scope, left, other), convert(scope, right, other)
    raise scope.error("KQL102", f"'{operator}' does not compare {left.type} with {right.type}", span)


def connect(scope: Scope, operator: str, operands: list[Scalar], span: Span) -> Scalar:
    """A flat ``and``/``or``; one operand stands alone."""
    if len(operands) == 1:
        return operands[0]
    return make_call(scope, overload_of(operator), tuple(operands), span, Type.BOOL)


@binds_scalar(syntax.Logical)
def _logical(scope: Scope, node: syntax.Logical) -> Scalar:
    operands = [bind_predicate(scope, o, takes_dynamic=True) for o in node.operands]
    return connect(scope, node.operator, operands, node.span)


@binds_scalar(syntax.Between)
def _between(scope: Scope, node: syntax.Between) -> Scalar:
    value, low, high = (bind_scalar(scope, e) for e in (node.operand, node.low, node.high))
    if value.type is Type.DATETIME and high.type is Type.TIMESPAN:
        high = _arithmetic(scope, "+", low, high, node.high.span)
    if value.type is Type.DYNAMIC:
        value = convert(scope, value, low.type)
    for end in (low, high):
        if end.type is not value.type and not {end.type, value.type} <= NUMBERS and end.type is not Type.DYNAMIC:
            raise scope.error("KQL102", f"between compares {value.type} with {end.type}", end.span)
    if value.type not in SUMMABLE:
        raise scope.error("KQL102", f"between compares numbers and times, this is {value.type}", value.span)
    both = [convert(scope, e, value.type) if e.type is Type.DYNAMIC else e for e in (low, high)]
    call = call_function(scope, "between", [value, *both], node.span)
    return call_function(scope, "not", [call], node.span) if node.operator.startswith("!") else call


@binds_scalar(syntax.Star, syntax.NamePattern)
def _star(scope: Scope, node: syntax.Expr) -> Scalar:
    raise scope.error("KQL104", "'*' cannot stand here", node.span)


@binds_scalar(syntax.Pipeline, syntax.DataTable, syntax.ExternalData)
def _tabular(scope: Scope, node: syntax.Expr) -> Scalar:
    raise scope.error(
        "KQL104", "a table stands where a scalar is expected", node.span, hint="toscalar(…) takes its first value"
    )


@binds_scalar(syntax.NamedExpression)
def _named(scope: Scope, node: syntax.NamedExpression) -> Scalar:
    """``toint(n = count())``: a name within a call only names the column (see ``names``)."""
    return bind_scalar(scope, node.value)
