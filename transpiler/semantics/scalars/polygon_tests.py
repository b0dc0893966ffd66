"""geo_point_in_polygon: a polygon that the query holds is checked while binding and becomes its edges; another is read by the
query."""

from __future__ import annotations

import json
from dataclasses import replace

from transpiler.kql import syntax
from transpiler.plan.scalars import Constant, Scalar
from transpiler.semantics.constants.polygons import NotKnownError, edges_of
from transpiler.semantics.dispatch import bind_scalar, binds_function
from transpiler.semantics.scalars.calls import call_function
from transpiler.semantics.scalars.constant_functions import known_constant
from transpiler.semantics.scope import Scope
from transpiler.types import Type

NAME = "geo_point_in_polygon"


@binds_function(NAME)
def _point_in_polygon(scope: Scope, node: syntax.Call) -> Scalar:
    arguments = [bind_scalar(scope, a) for a in node.arguments]
    call = call_function(scope, NAME, arguments, node.span)
    polygon = known_constant(arguments[2])
    if polygon is None or polygon.type is not Type.DYNAMIC:
        return call
    try:
        edges = edges_of(json.loads(str(polygon.value or "null")))
    except NotKnownError as reason:
        what = f"what Kusto makes of this polygon is not known: {reason}"
        raise scope.error("KQL201", f"{NAME} is not translated here: {what}", node.arguments[2].span) from None
    if edges is None:
        return Constant(Type.BOOL, None, node.span)
    in_edges = call_function(scope, "point in edges", call.arguments[:2], node.span)
    return replace(in_edges, options=tuple(edges))
