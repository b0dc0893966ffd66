"""DuckDB: the target that proves a rule on fixtures and checks log files ad hoc."""

from transpiler.dialects.duckdb.target import DUCKDB

__all__ = ["DUCKDB"]
