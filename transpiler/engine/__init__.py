"""Run SQL and read what it returns: the only package that imports duckdb or Google's engine.

In order of control flow:

- ``result``: the shape of an answer (``Column``, ``Result``) and the errors
- ``duckdb``: an in-memory DuckDB that a statement cannot leave
- ``files``: log files (JSON Lines, JSON arrays, CSV, Parquet, gzip, DuckDB files) as views of that database
- ``googlesql``: BigQuery's SQL analysed and executed on Google's own engine (the extra ``bigquery``)
- ``wasm``: that engine as a WebAssembly module, and how it is called
- ``bigquery_language``: what BigQuery has of GoogleSQL
- ``bigquery_values``: types and values on their way into that engine and back
- ``values``: values of both engines as KQL values, and the comparison of rows
"""

from transpiler.engine.result import Column, EngineError, EngineMissingError, Result

__all__ = ["Column", "EngineError", "EngineMissingError", "Result"]
