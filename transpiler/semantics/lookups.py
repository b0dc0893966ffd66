"""Tables that Kusto fetches from elsewhere: externaldata, watchlists, and functions of the product.

Nothing is ever fetched: each becomes a reference to a named table, which ``requires`` lists with its columns and origin.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

from transpiler.kql import syntax
from transpiler.kql.parser import parse_query
from transpiler.plan.relations import Origin, Scan
from transpiler.plan.scalars import Constant
from transpiler.semantics.dispatch import bind_constant, bind_scalar, binds_source
from transpiler.semantics.inference.contract import watchlist_columns
from transpiler.semantics.scope import Openness, Scope, Tabular
from transpiler.semantics.tables import declared_columns, table
from transpiler.source import Span
from transpiler.types import TYPE_NAMES, Type

EXTERNAL_FUNCTIONS = frozenset({"_GetWatchlist"})
_WATCHLIST = {
    "_DTItemId": Type.STRING,
    "LastUpdatedTimeUTC": Type.DATETIME,
    "SearchKey": Type.STRING,
    "WatchlistItem": Type.DYNAMIC,
}


@binds_source(syntax.ExternalData)
def _externaldata(scope: Scope, node: syntax.ExternalData) -> Tabular:
    uris = [str(bind_constant(scope, u, "the address").value or "") for u in node.uris]
    types = {c.name: TYPE_NAMES[c.type_name] for c in node.columns}
    origin = uris[0].split(";")[0].split("?")[0] if uris else ""
    stem = re.sub(r"\W+", "_", origin.rsplit("/", 1)[-1].rsplit(".", 1)[0]).strip("_") or "data"
    digest = hashlib.sha256("\n".join(uris).encode(errors="surrogatepass")).hexdigest()[:8]
    return named_table(scope, f"external_{stem}_{digest}", types, "external", origin, node.span)


def external_table(scope: Scope, node: syntax.Call) -> Tabular | None:
    """The table behind a product function's call, or None when the call is not one of them."""
    if node.name not in EXTERNAL_FUNCTIONS or scope.environment.function(node.name) is not None:
        return None
    alias = bind_scalar(scope, node.arguments[0]) if node.arguments else None
    if not isinstance(alias, Constant):
        raise scope.error("KQL104", "_GetWatchlist takes a constant alias", node.span)
    name = f"_GetWatchlist_{re.sub(r'[^0-9A-Za-z]+', '_', str(alias.value))}"
    columns = {**_WATCHLIST, **dict.fromkeys(_used(scope, node), Type.STRING), **_WATCHLIST}
    origin = f"_GetWatchlist('{alias.value}')"
    return named_table(scope, name, columns, "watchlist", origin, node.span, openness=Openness.OPEN)


def _used(scope: Scope, node: syntax.Call) -> list[str]:
    """The columns that the text around a call uses of it: a watchlist's items are texts, and no one declares their names."""
    environment = scope.environment
    found = environment.watchlists.get(id(scope.source))
    if found is None:
        found = watchlist_columns(parse_query(scope.source), environment.catalog)
        environment.watchlists[id(scope.source)] = found
    return found.get(node.span.start, [])


def named_table(
    scope: Scope,
    name: str,
    types: dict[str, Type],
    kind: str,
    origin: str,
    span: Span,
    *,
    openness: Openness = Openness.CLOSED,
) -> Tabular:
    """A table that the catalog may declare under this name (then its columns and place are used), else one of the given columns."""
    if scope.environment.has_table(name):
        declared = table(scope, name, span)
        if isinstance(declared.relation, Scan):  # a plain table: nothing but its columns is declared
            return replace(declared, relation=replace(declared.relation, kind=kind, url=origin))
        return declared
    columns = declared_columns(types)
    where = Origin(name, span, scope.source.slice(span)[:200], scope.source.line_of(span.start))
    scan = Scan(
        columns=columns,
        origin=where,
        table=name,
        identifier=(name,),
        physical={c: c.name for c in columns},
        kind=kind,
        url=origin,
    )
    return Tabular(scan, columns, openness=openness, table_name=name)
