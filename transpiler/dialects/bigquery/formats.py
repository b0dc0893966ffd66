"""BigQuery's spellings: URLs, paths and command lines as dynamic values."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.computed import hygienic
from transpiler.dialects.formats import (
    PATH_PATTERNS,
    URL_PARAMETER,
    URL_PARTS,
    command_line,
    format_bytes,
    parsed_part,
    url_pattern,
)
from transpiler.dialects.spelling import Speller, Spelling, text
from transpiler.plan.scalars import Call, Scalar

# The keys are sorted; several values of one name are an array.
_QUERY = (
    "(SELECT CONCAT('{', COALESCE(STRING_AGG(CONCAT(TO_JSON_STRING(@k@), ':', "
    "IF(ARRAY_LENGTH(@v@) > 1, TO_JSON_STRING(@v@), TO_JSON_STRING(@v@[OFFSET(0)]))), ',' ORDER BY @k@), ''), '}') "
    "FROM (SELECT SPLIT(@p@, '=')[OFFSET(0)] AS @k@, ARRAY_AGG(SUBSTR(@p@, STRPOS(@p@, '=') + 1) ORDER BY @o@) AS @v@ "
    "FROM UNNEST(SPLIT({q}, '&')) AS @p@ WITH OFFSET AS @o@ WHERE REGEXP_CONTAINS(@p@, {parameter}) GROUP BY 1))"
)


def part_of(speller: Speller, source: exp.Expr, pattern: str) -> exp.Expr:
    """The text of a pattern's group, '' where there is none."""
    return speller.sql("COALESCE(REGEXP_EXTRACT({x}, {p}), '')", x=source.copy(), p=text(pattern))


def part_at(speller: Speller, scalar: Scalar) -> exp.Expr | None:
    """The text of one part of a parsed URL or path; None for any other scalar."""
    known = parsed_part(scalar)
    return None if known is None else part_of(speller, speller.text(known[0]), known[1])


def query_bag(speller: Speller, query: exp.Expr) -> exp.Expr:
    """The parameters of a URL's query as a bag, in JSON."""
    return hygienic(speller, _QUERY, q=query, parameter=text(URL_PARAMETER))


def _object(speller: Speller, members: dict[str, exp.Expr]) -> exp.Expr:
    """A JSON object of members that are JSON themselves."""
    pieces: list[exp.Expr] = []
    for name, tree in members.items():
        pieces += [text(f'{"," if pieces else "{"}"{name}":'), tree]
    return speller.sql("CONCAT({pieces*})", pieces=[*pieces, text("}")])


def _json(speller: Speller, tree: exp.Expr) -> exp.Expr:
    return speller.sql("TO_JSON_STRING({x})", x=tree)


def _parse_url(speller: Speller, call: Call) -> exp.Expr:
    def build(x: exp.Expr) -> exp.Expr:
        parts = {part: part_of(speller, x, url_pattern(part)) for part in URL_PARTS}
        query = query_bag(speller, parts["Query Parameters"].copy())
        return _object(speller, {p: query if p == "Query Parameters" else _json(speller, t) for p, t in parts.items()})

    return speller.once(speller.text(call.arguments[0]), build)


def _parse_urlquery(speller: Speller, call: Call) -> exp.Expr:
    return _object(speller, {"Query Parameters": query_bag(speller, speller.text(call.arguments[0]))})


def _parse_path(speller: Speller, call: Call) -> exp.Expr:
    def build(x: exp.Expr) -> exp.Expr:
        return _object(
            speller, {name: _json(speller, part_of(speller, x, pattern)) for name, pattern in PATH_PATTERNS.items()}
        )

    return speller.once(speller.text(call.arguments[0]), build)


# i: place. t: piece. q: the quotes so far. b: a blank between two arguments. g: the argument's number. p: what the piece says.
# BigQuery's analyzer takes no window function within IF; around one that somebody writes the whole subquery is lifted.
_COMMAND_LINE = (
    "(SELECT TO_JSON_STRING(@z@) FROM (SELECT ARRAY(SELECT STRING_AGG(@p@, '' ORDER BY @i@) "
    "FROM (SELECT @i@, @b@, SUM(@b@) OVER (ORDER BY @i@) AS @g@, "
    "IF(ENDS_WITH(@t@, '\"'), CONCAT(SUBSTR(@t@, 1, DIV(LENGTH(@t@) - 1, 2)), IF(MOD(LENGTH(@t@), 2) = 0, '\"', '')), @t@) "
    r"AS @p@ FROM (SELECT @i@, @t@, IF(REGEXP_CONTAINS(@t@, r'^[ \t]') AND MOD(@q@, 2) = 0, 1, 0) AS @b@ "
    "FROM (SELECT @i@, @t@, SUM(IF(ENDS_WITH(@t@, '\"') AND MOD(LENGTH(@t@), 2) = 1, 1, 0)) OVER (ORDER BY @i@) AS @q@ "
    "FROM UNNEST(REGEXP_EXTRACT_ALL({text}, {piece})) AS @t@ WITH OFFSET AS @i@))) WHERE @b@ = 0 GROUP BY @g@ ORDER BY @g@) "
    "AS @z@))"
)

SPELLINGS: dict[str, Spelling] = {
    "parse_url": _parse_url,
    "parse_urlquery": _parse_urlquery,
    "parse_path": _parse_path,
    "parse_command_line": command_line(_COMMAND_LINE),
    "format_bytes": format_bytes,
}
