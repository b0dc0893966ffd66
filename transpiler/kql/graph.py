"""The graph operators and __partitionby: read by their grammar, kept as text, refused by the binder."""

from __future__ import annotations

from collections.abc import Callable

from transpiler.kql.combining import body
from transpiler.kql.cursor import Cursor
from transpiler.kql.expressions import PARAMETERS, expression, named_expression, signed
from transpiler.kql.literal_rules import try_literal
from transpiler.kql.names import name, name_reference, scan_name
from transpiler.kql.operators import keyword, simple_path
from transpiler.kql.parameters import parameter_table
from transpiler.kql.syntax import GraphOperator

_PARTITION_BY = parameter_table("hint.concurrency hint.spread hint.materialized hint.shufflekey hint.strategy")


def graph_operator(c: Cursor) -> GraphOperator:
    """One of the operators of this module, as its text."""
    start, word = keyword(c)
    _RULES[word](c)
    span = c.span_from(start)
    return GraphOperator(c.text[span.start : span.end], keyword=word, span=span)


def _make_graph(c: Cursor) -> None:
    """``make-graph a --> b with T on id, (U | …) on id``, ``… with_node_id=n``, ``… partitioned-by k (operators)``."""
    PARAMETERS.leading(c, parameter_table("hint.strategy"))
    name_reference(c)
    if not _arrow(c, "-->") and not _arrow(c, "--"):
        c.fail("'-->' or '--'", "the source's column")
    name_reference(c)
    if c.accept("with_node_id"):
        c.expect("=", "with_node_id")
        name(c)
    elif c.accept("with"):
        c.comma_list(_nodes)
    if c.accept("partitioned-by"):
        simple_path(c)
        _operators_in_brackets(c)


def _nodes(c: Cursor) -> None:
    signed(c)
    c.expect("on", "the table of nodes")
    name_reference(c)


def _operators_in_brackets(c: Cursor) -> None:
    if c.kind != "(":
        c.fail("'('")
    body(c, ")", may_have_source=False)


def _match(c: Cursor) -> None:
    """``graph-match cycles=none (a)-[e*1..5]->(b), … where condition project a.x, …``."""
    PARAMETERS.leading(c, parameter_table("cycles output"))
    c.comma_list(_pattern)
    if c.accept("where"):
        c.pipeline(c)
    if c.accept("project"):
        c.comma_list(named_expression)


def _pattern(c: Cursor) -> None:
    if not _node(c) and not _edge(c):
        c.fail("a node in parentheses or an edge")
    while _node(c) or _edge(c):
        pass


def _node(c: Cursor) -> bool:
    if not c.accept("("):
        return False
    if c.kind != ")":
        name(c)
    c.expect(")", "the node")
    return True


def _edge(c: Cursor) -> bool:
    if any(_arrow(c, arrow) for arrow in ("-->", "<--", "--")):
        return True
    if not _arrow(c, "-[") and not _arrow(c, "<-["):
        return False
    if scan_name(c) and c.kind != "[":
        name(c)
    if c.accept("*"):
        signed(c)
        c.expect("..", "the shortest path")
        signed(c)
    if not _arrow(c, "]->") and not _arrow(c, "]-"):
        c.fail("']->' or ']-'", "the edge")
    return True


def _arrow(c: Cursor, text: str) -> bool:
    """An arrow, whose signs are tokens of their own and must touch."""
    offset = 0
    rest = text
    while rest:
        if offset and not c.touches(offset):
            return False
        found = c.token_text(c.pos + offset) if c.peek(offset) != "END" else ""
        if not found or not rest.startswith(found):
            return False
        rest = rest[len(found) :]
        offset += 1
    c.pos += offset
    return True


def _to_table(c: Cursor) -> None:
    """``graph-to-table nodes as N with_node_id=n, edges as E``."""
    c.comma_list(_output)


def _output(c: Cursor) -> None:
    if c.kind not in ("nodes", "edges"):
        c.fail("nodes or edges")
    nodes = c.kind == "nodes"
    c.pos += 1
    if c.accept("as"):
        name(c)
    PARAMETERS.leading(c, parameter_table("with_node_id" if nodes else "with_source_id with_target_id"))


def _mark_components(c: Cursor) -> None:
    PARAMETERS.leading(c, parameter_table("kind with_component_id"))


def _where(c: Cursor) -> None:
    expression(c)


def _partition_by(c: Cursor) -> None:
    """``__partitionby k id literal (operators)``."""
    PARAMETERS.leading(c, _PARTITION_BY, equals_needed=False)
    simple_path(c)
    if c.accept("id") and try_literal(c) is None:
        c.fail("a literal", "id")
    _operators_in_brackets(c)


_RULES: dict[str, Callable[[Cursor], None]] = {
    "make-graph": _make_graph,
    "graph-match": _match,
    "graph-shortest-paths": _match,
    "graph-to-table": _to_table,
    "graph-mark-components": _mark_components,
    "graph-where-nodes": _where,
    "graph-where-edges": _where,
    "__partitionby": _partition_by,
}
GRAPH_OPERATORS = dict.fromkeys(_RULES, graph_operator)
