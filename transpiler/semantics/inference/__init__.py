"""Columns and types of undeclared tables, from their use in a query: a contract that a data engineer can read."""
