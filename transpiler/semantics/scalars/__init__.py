"""Binders of scalars: expressions, calls and the functions with rules of their own, one module a subject."""
