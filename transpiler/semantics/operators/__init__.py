"""Binders of tabular operators, one module a subject."""
