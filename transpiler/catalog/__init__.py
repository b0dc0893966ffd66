"""Tables, functions and sources: what a query can name and where it is stored.

``model``: the data (Catalog, Table, Function, SourceDecl, Shape, Physical). ``load``: their files.
``layouts``: log entries as the rows of a physical layout. ``schema_import``: schema files from other systems' lists.
"""

from __future__ import annotations

from transpiler.catalog.load import default_catalog, load_catalog, load_functions, load_schema, load_source
from transpiler.catalog.model import (
    RAW,
    Catalog,
    Function,
    Parameter,
    Physical,
    Resolved,
    Shape,
    SourceDecl,
    Table,
    TargetConfig,
    kql_type,
    plain_shape,
)

__all__ = [
    "RAW",
    "Catalog",
    "Function",
    "Parameter",
    "Physical",
    "Resolved",
    "Shape",
    "SourceDecl",
    "Table",
    "TargetConfig",
    "default_catalog",
    "kql_type",
    "load_catalog",
    "load_functions",
    "load_schema",
    "load_source",
    "plain_shape",
]
