"""BigQuery: the target of scheduled queries. What Google's offline engine accepts beyond the service is not written here."""

from transpiler.dialects.bigquery.target import BIGQUERY

__all__ = ["BIGQUERY"]
