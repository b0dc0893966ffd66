"""DuckDB's spellings: URLs, paths and command lines as dynamic values."""

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
from transpiler.dialects.spelling import Speller, Spelling, sql_type, text
from transpiler.plan.scalars import Call, Scalar

# The keys are sorted; several values of one name are an array. l: the parameters. k: a name. v: its values.
_QUERY = (
    "list_transform([list_filter(string_split({q}, '&'), lambda @p@: regexp_matches(@p@, {parameter}))], lambda @l@: "
    "'{' || array_to_string(list_transform("
    "list_sort(list_distinct(list_transform(@l@, lambda @p@: split_part(@p@, '=', 1)))), "
    "lambda @k@: CAST(to_json(@k@) AS TEXT) || ':' || list_transform([list_transform("
    "list_filter(@l@, lambda @p@: starts_with(@p@, @k@ || '=')), lambda @p@: substr(@p@, length(@k@) + 2))], "
    "lambda @v@: CAST(CASE WHEN len(@v@) > 1 THEN to_json(@v@) ELSE to_json(@v@[1]) END AS TEXT))[1]), ',') || '}')[1]"
)


def part_of(speller: Speller, source: exp.Expr, pattern: str) -> exp.Expr:
    """The text of a pattern's group, '' where there is none."""
    return speller.sql("regexp_extract({x}, {p}, 1)", x=source.copy(), p=text(pattern))


def part_at(speller: Speller, scalar: Scalar) -> exp.Expr | None:
    """The text of one part of a parsed URL or path; None for any other scalar."""
    known = parsed_part(scalar)
    return None if known is None else part_of(speller, speller.text(known[0]), known[1])


def query_bag(speller: Speller, query: exp.Expr) -> exp.Expr:
    """The parameters of a URL's query as a bag, in JSON."""
    return hygienic(speller, _QUERY, q=query, parameter=text(URL_PARAMETER))


def _object(speller: Speller, members: dict[str, exp.Expr]) -> exp.Expr:
    listed = [e for name, tree in members.items() for e in (text(name), tree)]
    return speller.sql("CAST(json_object({members*}) AS TEXT)", members=listed)


def _json(tree: exp.Expr) -> exp.Expr:
    return exp.Cast(this=tree, to=sql_type("JSON", "duckdb"))


def _parse_url(speller: Speller, call: Call) -> exp.Expr:
    def build(x: exp.Expr) -> exp.Expr:
        members = {part: part_of(speller, x, url_pattern(part)) for part in URL_PARTS}
        members["Query Parameters"] = _json(query_bag(speller, members["Query Parameters"]))
        return _object(speller, members)

    return speller.once(speller.text(call.arguments[0]), build)


def _parse_urlquery(speller: Speller, call: Call) -> exp.Expr:
    return _object(speller, {"Query Parameters": _json(query_bag(speller, speller.text(call.arguments[0])))})


def _parse_path(speller: Speller, call: Call) -> exp.Expr:
    return speller.once(
        speller.text(call.arguments[0]),
        lambda x: _object(speller, {name: part_of(speller, x, pattern) for name, pattern in PATH_PATTERNS.items()}),
    )


# i: place. t: piece. b: a blank between two arguments. g: the argument's number. p: what the piece says.
_COMMAND_LINE = (
    "(SELECT CAST(to_json(COALESCE(list(@w@ ORDER BY @g@), [])) AS TEXT) FROM "
    "(SELECT @g@, string_agg(@p@, '' ORDER BY @i@) AS @w@ FROM (SELECT @i@, @b@, sum(@b@) OVER (ORDER BY @i@) AS @g@, "
    "CASE WHEN ends_with(@t@, '\"') THEN concat(substr(@t@, 1, (length(@t@) - 1) // 2), "
    "CASE WHEN length(@t@) % 2 = 0 THEN '\"' ELSE '' END) ELSE @t@ END AS @p@ "
    "FROM (SELECT @i@, @t@, CASE WHEN regexp_matches(@t@, '^[ \\t]') AND sum(CASE WHEN ends_with(@t@, '\"') "
    "AND length(@t@) % 2 = 1 THEN 1 ELSE 0 END) OVER (ORDER BY @i@) % 2 = 0 THEN 1 ELSE 0 END AS @b@ "
    "FROM (SELECT unnest(@l@) AS @t@, generate_subscripts(@l@, 1) AS @i@ "
    "FROM (SELECT regexp_extract_all({text}, {piece}) AS @l@)))) WHERE @b@ = 0 GROUP BY @g@))"
)

SPELLINGS: dict[str, Spelling] = {
    "parse_url": _parse_url,
    "parse_urlquery": _parse_urlquery,
    "parse_path": _parse_path,
    "parse_command_line": command_line(_COMMAND_LINE),
    "format_bytes": format_bytes,
}
