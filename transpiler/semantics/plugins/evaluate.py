"""evaluate: the plugins that are translated, and why the others are not.

A plugin whose columns depend on the data (bag_unpack, pivot) needs them declared: ``evaluate bag_unpack(d) : (a:string)``.
"""

from __future__ import annotations

from collections.abc import Sequence

from transpiler.kql import syntax
from transpiler.plan.scalars import Constant, WindowCall
from transpiler.semantics.dispatch import PLUGIN_BINDERS, bind_scalar, bind_whole, binds_operator, binds_plugin
from transpiler.semantics.operators.rows import kept_by_window
from transpiler.semantics.scalars.calls import overload_of
from transpiler.semantics.scalars.expressions import bind_predicate
from transpiler.semantics.scope import Scope, Tabular, did_you_mean
from transpiler.semantics.shaping import origin_of
from transpiler.semantics.windowing import order_of
from transpiler.types import Type

_CODE = "it runs code that is not KQL"
_REQUEST = "it asks another service"
_PATTERNS = "what it finds is Kusto's own algorithm"
_REASONS: dict[str, str] = {
    **dict.fromkeys(("python", "r", "csharp"), _CODE),
    **dict.fromkeys(
        (
            "ai_chat_completion",
            "ai_chat_completion_prompt",
            "ai_embed_text",
            "ai_embeddings",
            "azure_digital_twins_query_request",
            "dax_request",
            "execute_query",
            "execute_show_command",
            "cosmosdb_sql_request",
            "http_request",
            "http_request_post",
            "mysql_request",
            "postgresql_request",
            "sql_request",
        ),
        _REQUEST,
    ),
    **dict.fromkeys(
        ("autocluster", "autocluster_v2", "basket", "diffpatterns", "diffpatterns_text", "extractembeddings"), _PATTERNS
    ),
    "active_users_count": "where its look-back begins differs between the words and the answer of its page",
    "activity_metrics": "its page shows the rates of the first period as NaN, a later run of the engine as 1 and 0",
    "new_activity_metrics": "what it gives for a period without new ids is not documented",
    "funnel_sequence": "it yields several tables",
    **dict.fromkeys(("funnel_sequence_completion", "sequence_detect"), "how it matches steps is not documented"),
    "geo_line_lookup": "its distances on the sphere are Kusto's own",
    **dict.fromkeys(
        ("schema_merge", "infer_storage_schema", "infer_storage_schema_with_suggestions", "external_datatable"),
        "its columns depend on the data",
    ),
    "dcount_intersect": "its counts are estimates of Kusto's sketches",
    "preview": "it yields several tables",
    "estimate_rows_count": "it tells of Kusto's own storage",
    **dict.fromkeys(("identity", "identity_v3"), "its purpose is to test Kusto"),
}
_HINTS = {
    "estimate_rows_count": "count",
    "activity_metrics": "activity_counts_metrics counts ids and new ids",
}


@binds_operator(syntax.Evaluate)
def _evaluate(scope: Scope, tabular: Tabular | None, node: syntax.Evaluate) -> Tabular:
    name = node.call.name
    binder = PLUGIN_BINDERS.get(name)
    if binder is not None and tabular is not None:
        return binder(scope, tabular, node)
    if name in _REASONS:
        raise scope.error(
            "KQL201", f"the plugin '{name}' is not translated: {_REASONS[name]}", node.span, hint=_HINTS.get(name, "")
        )
    known = [*PLUGIN_BINDERS, *_REASONS]
    raise scope.error("KQL100", f"no plugin '{name}'", node.call.name_span, hint=did_you_mean(name, known))


@binds_plugin("rows_near")
def _rows_near(scope: Scope, tabular: Tabular, node: syntax.Evaluate) -> Tabular:
    """The rows from so many before a row of the condition to so many after: seen from a row, the condition lies after, before."""
    if not 2 <= len(node.call.arguments) <= 3:
        raise scope.error("KQL103", "rows_near takes 2 to 3 arguments", node.span)
    first, *counts = node.call.arguments
    condition = bind_predicate(scope.over(tabular), first)
    before, *after = (bind_whole(scope.without_row(), c, "a number of rows") for c in counts)
    if before < 0 or min(after, default=0) < 0:
        raise scope.error("KQL104", "a number of rows is 0 or more", node.span)
    if not (tabular.serialized or tabular.order):
        hint = "sort by … or serialize comes before it"
        raise scope.error("KQL105", "'rows_near' needs serialised rows", node.span, hint=hint)
    order = order_of(scope, tabular, "rows_near", node.span)
    numbers = (Constant(Type.LONG, (*after, before)[0]), Constant(Type.LONG, before))
    near = WindowCall(overload_of("true nearby"), (condition, *numbers), Type.BOOL, False, order, (), node.span)
    return kept_by_window(tabular, near, origin_of(scope, node, "evaluate"))


def plugin_options(
    scope: Scope, node: syntax.Evaluate, arguments: Sequence[syntax.Expr], names: Sequence[str]
) -> dict[str, object]:
    """Constant arguments of a plugin, by position or ``name = value``, as Python values. Raises KqlError for others."""
    found: dict[str, object] = {}
    for position, argument in enumerate(arguments):
        named = isinstance(argument, syntax.NamedExpression)
        name = argument.names[0] if isinstance(argument, syntax.NamedExpression) else ""
        if not named and position < len(names):
            name = names[position]
        if name not in names:
            what = f"no argument '{name}'" if named else "too many arguments"
            raise scope.error("KQL103", f"{node.call.name} has {what}; it takes {', '.join(names)}", argument.span)
        value = argument.value if isinstance(argument, syntax.NamedExpression) else argument
        constant = bind_scalar(scope.without_row(), value)
        if not isinstance(constant, Constant):
            raise scope.error("KQL104", f"{name} must be a constant", argument.span)
        found[name] = constant.value
    return found
