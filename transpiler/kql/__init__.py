"""KQL's front end: text in, immutable syntax tree out, and back.

In order of control flow:

- ``syntax`` with ``syntax_expressions`` and ``syntax_operators``: the tree's nodes. The file to read first.
- ``tokens``: the lexer.
- ``cursor``: the parser's state, its errors and its limit of nesting.
- ``literals``, ``instants``: what literals are worth.
- ``names``, ``dynamic_literals``, ``literal_rules``, ``parameters``, ``lookahead``, ``tables``: the small rules.
- ``expressions``: scalar expressions.
- ``operators``, ``combining``, ``series_scan``, ``graph``: the tabular operators.
- ``pipelines``: the table of operators, and pipelines.
- ``statements``: let, declare, set and the rest.
- ``depth``: the limit on the tree's height.
- ``parser``: the way in.
- ``print_text``, ``print_expressions``, ``print_operators``, ``printer``: canonical text for any node.
"""

from __future__ import annotations

from transpiler.kql.parser import parse_query
from transpiler.kql.printer import print_node, print_query
from transpiler.kql.syntax import Query

__all__ = ["Query", "parse_query", "print_node", "print_query"]
