"""mv-expand: a row for each element of dynamic values, which may keep, replace or add columns.

An empty array or bag gives no row, a null one row; several values are expanded side by side. ``to typeof(…)`` casts and
does not parse: a string where a number is wanted is null (Kusto's documentation of the operator).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from transpiler.kql import syntax
from transpiler.plan.relations import Expand, Expansion, OrderKey, Origin, Window, is_single
from transpiler.plan.scalars import Column, ColumnRef, Scalar
from transpiler.semantics.dispatch import bind_scalar, bind_whole, binds_operator, name_among
from transpiler.semantics.names import UniqueNames, result_name
from transpiler.semantics.operators.parameters import word
from transpiler.semantics.scalars.calls import call_function, convert, row_number
from transpiler.semantics.scalars.reflection import asked_for
from transpiler.semantics.scope import Scope, Tabular, type_named
from transpiler.semantics.shaping import column_for, origin_of, project
from transpiler.semantics.windowing import computed_before
from transpiler.types import Type

OLD_LIMIT = 128
"""How many elements of a value ``mvexpand``, the old spelling, expands."""


@dataclass(frozen=True, slots=True)
class Item:
    """One value to expand: the name of its column, the type of that, and whether it is a column's own name."""

    name: str
    value: Scalar
    type: Type
    is_column: bool


@binds_operator(syntax.MvExpand)
def _mv_expand(scope: Scope, tabular: Tabular, node: syntax.MvExpand) -> Tabular:
    limit = bind_whole(scope, node.limit, "the limit") if node.limit is not None else None
    if limit is None and node.keyword == "mvexpand":
        limit = OLD_LIMIT
    kind = bag_kind(node)
    if kind not in ("bag", "array"):
        raise scope.error("KQL104", f"bags are expanded as bag or array, not as '{kind}'", node.span)
    tabular, items = _without_windows(tabular, bind_items(scope, tabular, node.columns))
    return expanded(scope, tabular, node, items, limit, bag_as_array=kind == "array")


def bag_kind(node: syntax.MvExpand | syntax.MvApply) -> str:
    """As what bags are expanded, in lower case as it is written in either way; ``bag`` by default."""
    return (word(node, "kind") or word(node, "bagexpansion", "bag")).lower()


def _without_windows(tabular: Tabular, items: list[Item]) -> tuple[Tabular, list[Item]]:
    """Window functions among the values are computed before. Trap: BigQuery has none in FROM, where an array is taken apart."""
    before, found = computed_before(tabular, [i.value for i in items])
    return before, [replace(i, value=found.get(id(i.value), i.value)) for i in items]


def bind_items(scope: Scope, tabular: Tabular, columns: Sequence[syntax.Expr]) -> list[Item]:
    """The values to expand. Raises KqlError for one that is not dynamic."""
    row = scope.over(tabular)
    names = UniqueNames()
    items: list[Item] = []
    for column in columns:
        written = column.names[0] if isinstance(column, syntax.NamedExpression) and column.names else None
        inner = column.value if isinstance(column, syntax.NamedExpression) else column
        type_name = column.type_name if isinstance(column, syntax.NamedExpression) else None
        if isinstance(inner, syntax.Star):
            raise scope.error("KQL200", "an expansion without a column is not translated", column.span)
        value = bind_scalar(row, inner)
        if value.type not in (Type.DYNAMIC, Type.UNKNOWN):
            raise scope.error(
                "KQL102",
                f"a dynamic value is expanded, this is {value.type}",
                inner.span,
                hint="parse_json(…) or split(…)",
            )
        name = written or name_among(row, inner) or result_name(inner) or asked_for(scope, inner, value)
        final = names.unnamed(scope.environment) if name is None else name
        if name is not None and not names.take(name):
            reason = "" if written else "; which of them Kusto shows is not documented"
            raise scope.error(
                "KQL101",
                f"two expanded columns are named '{name}'{reason}",
                column.span,
                hint="" if written else f"give one a name: {name}1 = …",
            )
        wanted = type_named(scope, type_name, column.span) if type_name else Type.DYNAMIC
        items.append(Item(final, value, wanted, written is None and isinstance(inner, syntax.Name)))
    return items


def expanded(
    scope: Scope,
    tabular: Tabular,
    node: syntax.MvExpand | syntax.MvApply,
    items: Sequence[Item],
    limit: int | None,
    *,
    bag_as_array: bool = False,
    carried: Sequence[Column] = (),
    is_indexed: bool = False,
) -> Tabular:
    """The rows of the elements: each item takes the place of a column of its name, or comes last; then the index.

    ``carried`` are columns of the input that stay in the relation, unseen. The rows keep the order of the input, and are
    in the order of the elements where that has one or ``is_indexed`` says so.
    """
    visible = list(tabular.visible)
    raw = {item.name: _raw_column(item) for item in items}
    for item in items:
        _place(visible, raw[item.name])
    name = word(node, "with_itemindex")
    index = Column(UniqueNames(c.name for c in visible).unique(name or "item_index"), Type.LONG, False)
    if name:
        visible.append(index)
    keys = (*tabular.order, *((tabular.ordinal,) if tabular.ordinal is not None else ()))
    hidden = [*carried, *(k.value.column for k in keys if isinstance(k.value, ColumnRef))]
    columns = list(dict.fromkeys([*visible, index, *hidden]))
    expansions = tuple(Expansion(column=raw[i.name], value=_dynamic(scope, i.value)) for i in items)
    origin = origin_of(scope, node, node.keyword)
    relation = Expand(
        columns=tuple(columns), origin=origin, input=tabular.relation, expansions=expansions, index=index, limit=limit,
        bag_as_array=bag_as_array,
    )  # fmt: skip
    within = OrderKey.ascending(ColumnRef(index))
    order = (*tabular.order, within) if tabular.order or is_indexed else ()
    result = replace(tabular, relation=relation, visible=tuple(visible), order=order, alias="", table_name="")
    result = in_row_order(result, tabular.ordinal, (within,), of_one=is_single(tabular.relation))
    return _typed(scope, result, items, raw, origin, carried)


def _raw_column(item: Item) -> Column:
    return Column(item.name, Type.STRING if item.type is Type.STRING else Type.DYNAMIC, True)


def _place(visible: list[Column], column: Column) -> None:
    for i, old in enumerate(visible):
        if old.name == column.name:
            visible[i] = column
            return
    visible.append(column)


def in_row_order(
    tabular: Tabular, ordinal: OrderKey | None, within: Sequence[OrderKey], *, of_one: bool = False
) -> Tabular:
    """The rows numbered anew after each was multiplied: by the number of its row, then by the keys ``within`` it.

    ``of_one``: all come from one row. The numbering falls away where nobody asks for it.
    """
    if of_one and len(within) == 1:
        return replace(tabular, ordinal=within[0])
    if ordinal is None or not within:
        return replace(tabular, ordinal=None)
    number = Column("row_order", Type.LONG, False)
    call = row_number((ordinal, *within))
    relation = Window(
        columns=(*tabular.relation.columns, number), origin=tabular.relation.origin.without_text,
        input=tabular.relation, computed={number: call},
    )  # fmt: skip
    return replace(tabular, relation=relation, ordinal=OrderKey.ascending(ColumnRef(number)))


def _dynamic(scope: Scope, value: Scalar) -> Scalar:
    return convert(scope, value, Type.DYNAMIC) if value.type is Type.UNKNOWN else value


def _typed(
    scope: Scope,
    tabular: Tabular,
    items: Sequence[Item],
    raw: Mapping[str, Column],
    origin: Origin,
    carried: Sequence[Column],
) -> Tabular:
    """The elements as the type that ``to typeof(…)`` gives, where that is not done by the expansion itself."""
    computed: dict[Column, Scalar] = {}
    visible = list(tabular.visible)
    for item in items:
        column = raw[item.name]
        if item.type is column.type:
            continue
        scalar = _cast(scope, ColumnRef(column, item.value.span), item.type)
        typed = column_for(item.name, scalar)
        computed[typed] = scalar
        visible[visible.index(column)] = typed
    if not computed:
        return tabular
    result = project(tabular, visible, computed, Origin(origin.keyword, origin.span, "", origin.line))
    if not carried:
        return result
    columns = tuple(dict.fromkeys([*result.relation.columns, *carried]))
    return replace(result, relation=replace(result.relation, columns=columns))


_ALONE = {Type.INT: "number alone", Type.LONG: "number alone", Type.REAL: "number alone", Type.BOOL: "truth alone"}


def _cast(scope: Scope, element: ColumnRef, wanted: Type) -> Scalar:
    """An element as a type: it is cast, not parsed (measured on Kusto's emulator)."""
    if wanted in (Type.TIMESPAN, Type.DECIMAL):
        reason = f"which elements are a {wanted} is not known: those of a literal are none, their texts included"
        hint = f"expand it as it is, and to{wanted}(…) behind that"
        raise scope.error("KQL204", reason, element.span, hint=hint)
    if (kind := _ALONE.get(wanted)) is not None:
        return convert(scope, call_function(scope, kind, [element], element.span), wanted)
    return convert(scope, element, wanted)
