"""evaluate: the plugins that are translated, and why the others are not.

A plugin whose columns depend on the data (bag_unpack, pivot) needs them declared: ``evaluate bag_unpack(d) : (a:string)``.
"""

from __future__ import annotations

from collections.abc import Sequence

from transpiler.kql import syntax
from transpiler.plan.scalars import Constant
from transpiler.semantics.dispatch import PLUGIN_BINDERS, bind_scalar, binds_operator
from transpiler.semantics.scope import Scope, Tabular, did_you_mean

_CODE = "it runs code that is not KQL"
_REQUEST = "it asks another service"
_PATTERNS = "what it finds is Kusto's own algorithm"
_WINDOWS = "its windows of time are not translated"
_REASONS: dict[str, str] = {
    **dict.fromkeys(("python", "r", "csharp"), _CODE),
    **dict.fromkeys(
        (
            "ai_chat_completion",
            "ai_chat_completion_prompt",
            "ai_embed_text",
            "ai_embeddings",
            "azure_digital_twins_query_request",
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
    **dict.fromkeys(
        (
            "active_users_count",
            "activity_counts_metrics",
            "activity_engagement",
            "activity_metrics",
            "funnel_sequence",
            "funnel_sequence_completion",
            "new_activity_metrics",
            "rolling_percentile",
            "rows_near",
            "sequence_detect",
            "session_count",
            "sliding_window_counts",
        ),
        _WINDOWS,
    ),
    **dict.fromkeys(("geo_line_lookup", "geo_polygon_lookup"), "its distances on the sphere are Kusto's own"),
    **dict.fromkeys(("schema_merge", "infer_storage_schema"), "its columns depend on the data"),
    "dcount_intersect": "its counts are estimates of Kusto's sketches",
    "preview": "it yields several tables",
    "narrow": "it numbers rows that have no order",
    "identity": "its purpose is to test Kusto",
}
_HINTS = {
    "narrow": "mv-expand over bag_pack(…) gives a row per column",
    "rows_near": "prev(…) and next(…) look at neighbours",
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
