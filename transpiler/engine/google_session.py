"""One running GoogleSQL engine that speaks BigQuery's dialect: analyse a query, or execute it over given rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.proto import options_pb2, simple_catalog_pb2
from zetasql.wasi._pb2.zetasql.public import options_pb2 as public_options
from zetasql.wasi._pb2.zetasql.public import simple_table_pb2
from zetasql.wasi._pb2.zetasql.resolved_ast import resolved_node_kind_pb2 as node_kinds

from transpiler.engine.bigquery_language import ABSENT_FUNCTIONS, offered
from transpiler.engine.bigquery_paths import bind_tables
from transpiler.engine.bigquery_values import decode, encode, parse_type, type_name
from transpiler.engine.googlesql import StoredTable
from transpiler.engine.result import Column, EngineError, Result
from transpiler.engine.wasm import WasmModule

Parameters = Mapping[str, tuple[str, object]]
_PSEUDO_COLUMNS = frozenset({"_table_suffix", "_partitiontime", "_partitiondate"})
# The generated protobuf classes carry no types that mypy could read, hence Any for messages.
_Message = Any


class GoogleSql:
    """The engine of this process; made by ``googlesql.connect``."""

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._wasm = WasmModule()
        self._language = _language(self._wasm)
        self._builtins = _builtins(self._wasm, self._language)
        defaults = self._wasm.call(
            "GetAnalyzerOptions", service.AnalyzerOptionsRequest(), options_pb2.AnalyzerOptionsProto
        )
        self._rewrites = list(defaults.enabled_rewrites)

    def analyze(
        self, sql: str, tables: Mapping[str, StoredTable] | None = None, parameters: Mapping[str, str] | None = None
    ) -> tuple[Column, ...]:
        """The columns that a query returns. ``parameters`` gives the types of ``@name`` query parameters.

        A table's name is its path without quotes ("project.dataset.table"); a shard's tables are also readable as
        ``project.dataset.prefix_*``. EngineError when BigQuery's dialect does not have the statement.
        """
        bound, used = bind_tables(sql, tables or {})
        request = service.AnalyzeRequest(
            sql_statement=bound, options=self._options(parameters or {}), simple_catalog=self._catalog(used)
        )
        answer = self._call("Analyze", request, service.AnalyzeResponse, sql)
        listed = answer.resolved_statement.resolved_query_stmt_node.output_column_list
        return _unique([Column(c.name, type_name(c.column.type)) for c in listed], sql)

    def execute(
        self, sql: str, tables: Mapping[str, StoredTable] | None = None, parameters: Parameters | None = None
    ) -> Result:
        """The rows of a query. ``parameters`` gives (type, value) of ``@name`` parameters; see ``analyze``."""
        bound, used = bind_tables(sql, tables or {})
        given = parameters or {}
        options = self._options({name: kind for name, (kind, _) in given.items()})
        options.enabled_rewrites.extend(self._rewrites)
        # Without it, two output columns of one expression come back as one.
        options.create_new_column_for_each_projected_output = True
        request = service.EvaluateQueryRequest(sql=bound, options=options, simple_catalog=self._catalog(used))
        for name, table in used.items():
            request.table_content[name].CopyFrom(_content(name, table))
        for name, (kind, value) in given.items():
            request.params.add(name=name).value.CopyFrom(encode(value, parse_type(kind)))
        answer = self._call("EvaluateQuery", request, service.EvaluateQueryResponse, sql)
        types = [c.type for c in answer.prepared.columns]
        columns = _unique([Column(c.name, type_name(c.type)) for c in answer.prepared.columns], sql)
        rows = tuple(
            tuple(decode(cell, kind) for cell, kind in zip(row.cell, types, strict=True))
            for row in answer.content.table_data.row
        )
        return Result(columns, rows)

    def _call(self, method: str, request: _Message, response: Any, sql: str) -> Any:
        try:
            return self._wasm.call(method, request, response)
        except EngineError as e:
            raise EngineError("googlesql", e.message, sql) from None

    def _options(self, parameters: Mapping[str, str]) -> _Message:
        options = options_pb2.AnalyzerOptionsProto(
            language_options=self._language,
            default_timezone=self._zone,
            error_message_mode=public_options.ERROR_MESSAGE_ONE_LINE,
        )
        for name, kind in parameters.items():
            options.query_parameters.add(name=name, type=parse_type(kind))
        return options

    def _catalog(self, tables: Mapping[str, StoredTable]) -> _Message:
        catalog = simple_catalog_pb2.SimpleCatalogProto(name="bigquery", builtin_function_options=self._builtins)
        for number, (name, table) in enumerate(tables.items(), 1):
            proto = catalog.table.add(name=name, serialization_id=number)
            for column, kind in table.columns.items():
                proto.column.append(_column(name, column, kind))
        return catalog


def _column(table: str, name: str, kind: str) -> _Message:
    try:
        proto = parse_type(kind)
    except ValueError as e:
        raise EngineError("googlesql", f"table '{table}', column '{name}': {e}") from None
    return simple_table_pb2.SimpleColumnProto(name=name, type=proto, is_pseudo_column=name.lower() in _PSEUDO_COLUMNS)


def _content(name: str, table: StoredTable) -> _Message:
    content = service.TableContent()
    content.table_data.SetInParent()
    types = {column: parse_type(kind) for column, kind in table.columns.items()}
    for number, row in enumerate(table.rows, 1):
        try:
            values = _row(row, types)
            content.table_data.row.add().cell.extend(map(encode, values, types.values()))
        except (TypeError, ValueError) as e:
            raise EngineError("googlesql", f"table '{name}', row {number}: {e}") from None
    return content


def _row(row: Sequence[object] | Mapping[str, object], types: Mapping[str, _Message]) -> list[object]:
    if isinstance(row, Mapping):
        if unknown := [c for c in row if c not in types]:
            raise ValueError(f"no column {unknown[0]!r}; known: {', '.join(types)}")
        return [row.get(column) for column in types]
    if len(row) != len(types):
        raise ValueError(f"{len(row)} values for {len(types)} columns")
    return list(row)


def _unique(columns: list[Column], sql: str) -> tuple[Column, ...]:
    """The service refuses what this engine lets pass: two output columns of one name, whatever their case."""
    seen: set[str] = set()
    for column in columns:
        if column.name.lower() in seen:
            raise EngineError("googlesql", f"duplicate column name in the result: {column.name}", sql)
        seen.add(column.name.lower())
    return tuple(columns)


def _language(module: WasmModule) -> _Message:
    finished = module.call(
        "GetLanguageOptions",
        service.LanguageOptionsRequest(maximum_features=True),
        options_pb2.LanguageOptionsProto,
    )
    default = set(finished.enabled_language_features)
    language = options_pb2.LanguageOptionsProto(
        name_resolution_mode=public_options.NAME_RESOLUTION_DEFAULT,
        product_mode=public_options.PRODUCT_EXTERNAL,
        # No script, no DDL, no function definition: one query.
        supported_statement_kinds=[node_kinds.RESOLVED_QUERY_STMT],
        reserved_keywords=["QUALIFY"],
    )
    features = public_options.LanguageFeature.items()
    language.enabled_language_features.extend(
        sorted({number for name, number in features if offered(name, number in default)})
    )
    return language


def _builtins(module: WasmModule, language: _Message) -> _Message:
    options = options_pb2.ZetaSQLBuiltinFunctionOptionsProto(language_options=language)
    functions = module.call("GetBuiltinFunctions", options, service.GetBuiltinFunctionsResponse).function
    for function in functions:
        if ".".join(function.name_path) in ABSENT_FUNCTIONS:
            options.exclude_function_ids.extend(signature.context_id for signature in function.signature)
    return options
