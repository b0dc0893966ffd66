"""Whether what follows is a query: the few places where KQL looks ahead before it chooses a rule."""

from __future__ import annotations

from collections.abc import Callable

from transpiler.kql.cursor import NAME_KINDS, Cursor
from transpiler.kql.names import scan_name
from transpiler.kql.parameters import KNOWN_PARAMETERS
from transpiler.kql.tokens import IDENT, KEYWORDS

# Keywords that begin an operator and are never names.
OPERATOR_STARTS = frozenset(
    """as assert-schema __executeAndCache find graph-mark-components graph-match graph-to-table invoke macro-expand
    make-graph make-series mv-apply mv-expand parse-kv parse-where print project project-away project-by-names
    project-keep project-rename project-reorder sample sample-distinct search top-hitters top-nested union
    where""".split()
)
# Every keyword that may begin an operator, names included.
OPERATOR_KEYWORDS = OPERATOR_STARTS | frozenset(
    """consume count distinct evaluate extend facet filter fork getschema join limit lookup mvapply mvexpand order parse
    __partitionby partition range reduce render scan serialize sort summarize take top graph-shortest-paths
    graph-where-edges graph-where-nodes""".split()
)
CHARTS = frozenset(
    """table list barchart piechart ladderchart timechart linechart anomalychart pivotchart areachart stackedareachart
    scatterchart timepivot columnchart timeline 3Dchart card treemap plotly graph sankey""".split()
)
_ITEM_ENDS = frozenset({",", "|"})
_TEXT_ENDS = frozenset({";", "END"})


def _parameter_follows(c: Cursor) -> bool:
    kind = c.peek(1)
    if kind != IDENT and kind not in KEYWORDS and not kind.startswith("hint."):
        return False
    return c.token_text(c.pos + 1) in KNOWN_PARAMETERS


def _range(c: Cursor) -> bool:
    length = scan_name(c, 1)
    return length > 0 and c.peek(1 + length) == "from"


def _by_or_parameter(c: Cursor) -> bool:
    return c.peek(1) == "by" or _parameter_follows(c)


# Keywords that begin an operator or are a name, and what tells.
_SOFT_STARTS: dict[str, Callable[[Cursor], bool]] = {
    "evaluate": lambda c: scan_name(c, 1) > 0 or _parameter_follows(c),
    "facet": lambda c: c.peek(1) == "by",
    "partition": _by_or_parameter,
    "reduce": _by_or_parameter,
    "range": _range,
    "inline_external_table": lambda c: c.peek(1) in ("(", "kind"),
    "render": lambda c: c.peek(1) in NAME_KINDS or c.peek(1) in CHARTS,
}


def starts_operator(c: Cursor) -> bool:
    """Whether an operator begins here, and not an expression."""
    kind = c.kinds[c.pos]
    if kind in OPERATOR_STARTS:
        return True
    tells = _SOFT_STARTS.get(kind)
    return tells is not None and tells(c)


def is_query_in_list(c: Cursor) -> bool:
    """Whether the list after ``in (`` is one tabular expression: it starts as one, or a pipe stands in it."""
    if starts_operator(c):
        return True
    kinds = c.kinds
    depth = 0
    index = c.pos
    while True:
        kind = kinds[index]
        if kind == "(":
            depth += 1
        elif kind == ")":
            if depth == 0:
                return False
            depth -= 1
        elif kind in _TEXT_ENDS:
            return False
        elif depth == 0 and kind in _ITEM_ENDS:
            return kind == "|"
        index += 1
