"""Scalars of the plan to sqlglot trees: guards for NULL, spellings, and the one place that decides about either.

Three questions a caller may ask: ``value`` (NULL exactly where Kusto has null, '' may be NULL), ``text`` (a string that
is never NULL) and ``predicate`` (NULL may stand for false, as in a WHERE).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field

from sqlglot import exp

from transpiler.diagnostics import KqlError
from transpiler.dialects.comparisons import is_total
from transpiler.dialects.dialect import Dialect
from transpiler.dialects.spelling import Refusal, balanced, fill, grouped, is_constant
from transpiler.dialects.times import microseconds
from transpiler.frozen import frozen
from transpiler.functions.registry import Nulls
from transpiler.plan.relations import Relation
from transpiler.plan.scalars import (
    Call,
    Column,
    ColumnRef,
    Constant,
    InRelation,
    Path,
    RunTime,
    Scalar,
    ScalarSubquery,
    WindowCall,
)
from transpiler.semantics.constants.choices import computed
from transpiler.source import Span
from transpiler.types import Type

_SHIFTS = {"+ datetime": 1, "- datetime": -1}
ROWS, WINDOWED = "rows", "windowed"


@frozen()
class ScalarLowering:
    """Lowers the scalars of one stage. ``columns`` gives a fresh tree of a column; ``table_of`` names a relation's CTE.

    ``strict``: what builds all but the bool at hand, which may be NULL where KQL says false (``loose``); None where that must be
    false. ``marks`` of a whole statement gets ROWS for what
    is computed of other rows, WINDOWED for what the target spells with window functions: a walk that looks for them is dear.
    """

    dialect: Dialect
    columns: Callable[[Column], exp.Expr]
    table_of: Callable[[Relation], tuple[exp.Expr, Mapping[Column, str]]]
    now: Callable[[], exp.Expr]
    marks: set[str] = field(default_factory=set)
    strict: ScalarLowering | None = None

    @property
    def loose(self) -> bool:
        """Whether the bool that is being built may be NULL where KQL says false."""
        return self.strict is not None

    def value(self, scalar: Scalar) -> exp.Expr:
        """The SQL of a scalar; NULL where Kusto has null (a string may be NULL for '')."""
        if self.strict is not None:
            return self.strict.value(scalar)
        match scalar:
            case Constant():
                return self.dialect.constant(scalar)
            case ColumnRef():
                return self._column(scalar)
            case RunTime():
                return self.now()
            case Call() if scalar.overload.key in ("and", "or"):
                return self._connect(scalar, self.value)
            case Call(arguments=(RunTime(), Constant(value=int() as ticks) as shift)) if scalar.overload.key in _SHIFTS:
                micros = microseconds(ticks, shift.span)
                return self.dialect.shifted(self.now(), _SHIFTS[scalar.overload.key] * micros)
            case Call():
                tree = self.spell(scalar)
                if scalar.overload.nulls is Nulls.FALSE and not is_total(tree) and self._may_be_null(scalar):
                    return self.dialect.coalesce(tree, exp.Boolean(this=False))
                return tree
            case Path():
                return self.dialect.special["path"](self, scalar)
            case WindowCall():
                self.marks.add(ROWS)
                return self.dialect.special[scalar.overload.key](self, scalar)
            case InRelation():
                return self.dialect.special[f"{scalar.operator} relation"](self, scalar)
            case ScalarSubquery():
                return self.dialect.special["toscalar"](self, scalar)

    def predicate(self, scalar: Scalar) -> exp.Expr:
        """The SQL of a bool where NULL and false mean the same."""
        if isinstance(scalar, Call):
            if scalar.overload.key in ("and", "or"):
                return self._connect(scalar, self.predicate)
            if scalar.overload.nulls in (Nulls.FALSE, Nulls.BOTH):
                return self._loosely().spell(scalar)
        if isinstance(scalar, InRelation):
            return self.dialect.special[f"{scalar.operator} relation"](self._loosely(), scalar)
        return self.value(scalar)

    def text(self, scalar: Scalar) -> exp.Expr:
        """The SQL of a string, never NULL."""
        if self.strict is not None:
            return self.strict.text(scalar)
        tree = self.value(scalar)
        if not scalar.nullable:
            return tree
        if isinstance(scalar, Constant):
            return exp.Literal(this="", is_string=True)
        return self.dialect.coalesce(tree, exp.Literal(this="", is_string=True))

    def spell(self, scalar: Call) -> exp.Expr:
        """The spelling of a call, without the guard of a bool that may be NULL for false."""
        key = scalar.overload.key
        if key in self.dialect.windowed:
            self.marks.add(WINDOWED)
        spelling = self.dialect.spellings[key]
        if isinstance(spelling, Refusal):
            raise self.refuse(f"{scalar.overload.name}: {spelling.reason}", scalar.span, hint=spelling.hint)
        if isinstance(spelling, str):
            if "SELECT" in spelling:
                self.marks.add(ROWS)
            tree = fill(spelling, self.dialect.sqlglot_name, self.slots(scalar))
        else:
            tree = spelling(self, scalar)
        if scalar.overload.constants:
            self._check_constants(scalar)
        return tree

    def _check_constants(self, scalar: Call) -> None:
        """Raises KqlError for what must be a constant and is none, where a spelling with words of its own let it pass.

        Trap: only here is it known. A column that holds a constant is that constant by now.
        """
        for reason, argument in scalar.overload.constant_arguments(scalar.arguments):
            if computed(argument) is None and self.value(argument).find(exp.Column) is not None:
                raise self.refuse(reason, argument.span)

    def slots(self, scalar: Call) -> dict[str, exp.Expr | Sequence[exp.Expr]]:
        """The trees of a call's arguments by the names of its parameters; repeated ones as a list."""
        found: dict[str, exp.Expr | Sequence[exp.Expr]] = {}
        for position, argument in enumerate(scalar.arguments):
            parameter = scalar.overload.parameter(position)
            if parameter is None:
                raise self.refuse(f"{scalar.overload.name} got too many arguments", scalar.span)
            guarded = argument.type is Type.STRING and not parameter.keeps_null
            tree = self.text(argument) if guarded else self.value(argument)
            if parameter.repeated:
                found[parameter.name] = [*found.get(parameter.name, ()), tree]
            else:
                found[parameter.name] = tree
        return found

    def sql(self, template: str, **slots: exp.Expr | Sequence[exp.Expr]) -> exp.Expr:
        """A template of the target's SQL, filled."""
        if "SELECT" in template:
            self.marks.add(ROWS)
        return fill(template, self.dialect.sqlglot_name, slots)

    def once(self, tree: exp.Expr, body: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
        """The body over a value that it uses more than once, computed once."""
        return body(tree) if is_constant(tree) else self.dialect.bind_once(tree, body)

    def refuse(self, reason: str, span: Span, *, code: str = "KQL204", hint: str = "") -> Exception:
        """The error of a refusal at a place, to be raised."""
        return KqlError(code, reason, span, hint=hint)

    def relation(self, relation: Relation, column: Column) -> tuple[exp.Expr, exp.Expr]:
        """The FROM item of a relation and the name of one of its columns, for a subquery."""
        table, names = self.table_of(relation)
        return table, exp.Column(this=self.dialect.identifier(names[column]))

    def _loosely(self) -> ScalarLowering:
        if self.strict is not None:
            return self
        return ScalarLowering(self.dialect, self.columns, self.table_of, self.now, self.marks, self)

    def _column(self, scalar: ColumnRef) -> exp.Expr:
        column = scalar.column
        if column.is_absent:
            raise self.refuse(
                f"column {column.name} differs from an earlier column only by case, so no warehouse stores it"
                if column.name
                else "no warehouse stores a column without a name",
                scalar.span,
            )
        return self.columns(column)

    def _connect(self, scalar: Call, lower: Callable[[Scalar], exp.Expr]) -> exp.Expr:
        kind = exp.And if scalar.overload.key == "and" else exp.Or
        other = exp.Or if kind is exp.And else exp.And
        trees = [lower(a) for a in scalar.arguments]
        return balanced(kind, trees, pick=lambda t: grouped(t) if isinstance(t, other) else t)

    def _may_be_null(self, scalar: Call) -> bool:
        return any(
            a.nullable
            and not (a.type is Type.STRING and (p := scalar.overload.parameter(i)) is not None and not p.keeps_null)
            for i, a in enumerate(scalar.arguments)
        )
