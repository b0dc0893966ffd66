"""Whether a point lies in a polygon on the sphere: the edges north of it are counted along its meridian.

Between its ends an edge is a geodesic, the tangent of whose latitude is a weighted sum of sines. What Kusto says of a point
on an edge is not documented, nor is a ring around a pole followed: either stops the query.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from transpiler.dialects.computed import hygienic
from transpiler.dialects.literals import real_text
from transpiler.dialects.spelling import Speller, Spelling, number, text
from transpiler.plan.scalars import Call

DEGREE = "1.7453292519943295e-2"
ON_EDGE = 10**6
NOT_FOLLOWED = 10**12
_TANGENT = f"CASE WHEN ABS({{y}}) <= 90 THEN TAN({{y}} * {DEGREE}) END"
_POINT = "{x} BETWEEN -180 AND 180 AND {y} BETWEEN -90 AND 90"
_NOISE = "1e-14 * (1e0 + {t} * {t})"
# Google's engine shows about thirty characters of a text that is no number.
_MESSAGES = {
    "edge": "point on the edge of a polygon (geo_point_in_polygon)",
    "ring": "ring round half the globe, or to a pole (geo_point_in_polygon)",
}

# Over the ends ``a`` and ``b`` of an edge and its weights ``p`` and ``q``, as constants.
_HEIGHT = f"(@p@ * SIN((@b@ - {{x}}) * {DEGREE}) + @q@ * SIN(({{x}} - @a@) * {DEGREE}))"
_KNOWN_EDGE = (
    "CASE WHEN {x} < @a@ OR {x} > @b@ THEN 0 "
    f"WHEN @a@ = @b@ THEN CASE WHEN {{t}} BETWEEN @p@ - {_NOISE} AND @q@ + {_NOISE} THEN {ON_EDGE} ELSE 0 END "
    f"WHEN ABS({_HEIGHT} - {{t}}) <= {_NOISE} THEN {ON_EDGE} "
    f"WHEN {{x}} < @b@ AND {_HEIGHT} > {{t}} THEN 1 ELSE 0 END"
)

# Over an edge between two vertices: ``turn`` is a longitude counted from the point's, ``tangent`` that of a latitude.
_RISE = (
    f"(<a>.tangent * SIN(<b>.turn * {DEGREE}) - <b>.tangent * SIN(<a>.turn * {DEGREE})) "
    f"/ NULLIF(SIN((<b>.turn - <a>.turn) * {DEGREE}), 0)"
)
_MERIDIAN = (
    f"{{t}} BETWEEN LEAST(<a>.tangent, <b>.tangent) - {_NOISE} AND GREATEST(<a>.tangent, <b>.tangent) + {_NOISE}"
)
STORED_EDGE = (
    "CASE WHEN (<a>.turn > 0 AND <b>.turn > 0) OR (<a>.turn < 0 AND <b>.turn < 0) OR ABS(<b>.turn - <a>.turn) >= 180 THEN 0 "
    f"WHEN <a>.turn = <b>.turn THEN CASE WHEN {_MERIDIAN} THEN {ON_EDGE} ELSE 0 END "
    f"WHEN ABS({_RISE} - {{t}}) <= {_NOISE} THEN {ON_EDGE} "
    f"WHEN (<a>.turn <= 0) <> (<b>.turn <= 0) AND {_RISE} > {{t}} THEN 1 ELSE 0 END"
)


def turned(difference: str) -> str:
    """A difference of longitudes the shorter way round."""
    return (
        f"CASE WHEN {difference} > 180 THEN {difference} - 360 WHEN {difference} < -180 THEN {difference} + 360 "
        f"ELSE {difference} END"
    )


@dataclass(frozen=True, slots=True)
class PolygonForms:
    """What a target writes: the count of ``<edge>`` over constant ``{edges}``; the parts of such
    an edge, and the edge of its four numbers; the count over the rings of
    ``{v}``, NULL for what is no polygon; an error with a message."""

    known: str
    parts: Mapping[str, str]
    edge: Callable[[list[exp.Expr]], exp.Expr]
    stored: str
    error: str


def polygon_spellings(forms: PolygonForms) -> dict[str, Spelling]:
    """The spellings of this module for a target."""
    return {"point in edges": _in_edges(forms), "geo_point_in_polygon": _in_stored(forms)}


def _answer(forms: PolygonForms, *, is_checked: bool) -> str:
    """The answer from the count of edges ``{n}``. No ring that is followed holds a pole."""
    edge, ring = (forms.error.replace("<message>", f"{{{name}}}") for name in _MESSAGES)
    followed = "" if is_checked else f"WHEN {{n}} >= {NOT_FOLLOWED} THEN {ring} "
    is_odd = (
        f"CASE {followed}WHEN {{n}} >= 0 AND ABS({{y}}) = 90 THEN FALSE "
        f"WHEN {{n}} >= {ON_EDGE} THEN {edge} ELSE MOD({{n}}, 2) = 1 END"
    )
    return f"CASE WHEN {_POINT} THEN {is_odd} END"


def _messages() -> dict[str, exp.Expr]:
    return {name: text(message) for name, message in _MESSAGES.items()}


def _in_edges(forms: PolygonForms) -> Callable[[Speller, Call], exp.Expr]:
    def spell(speller: Speller, call: Call) -> exp.Expr:
        numbers = [number(real_text(n)) for n in call.options if isinstance(n, float)]
        edges = [forms.edge(numbers[i : i + 4]) for i in range(0, len(numbers), 4)]
        each = _KNOWN_EDGE
        for name, part in forms.parts.items():
            each = each.replace(name, part)

        def counted(x: exp.Expr, y: exp.Expr, t: exp.Expr) -> exp.Expr:
            count = hygienic(speller, forms.known.replace("<edge>", each), edges=edges, x=x.copy(), t=t)
            return speller.once(
                count, lambda n: speller.sql(_answer(forms, is_checked=True), n=n, x=x, y=y, **_messages())
            )

        def over(x: exp.Expr, y: exp.Expr) -> exp.Expr:
            return speller.once(speller.sql(_TANGENT, y=y.copy()), lambda t: counted(x, y, t))

        x, y = (speller.value(a) for a in call.arguments)
        return speller.once(x, lambda x: speller.once(y, lambda y: over(x, y)))

    return spell


def _in_stored(forms: PolygonForms) -> Callable[[Speller, Call], exp.Expr]:
    """In subqueries throughout: they do not stand in DuckDB's lambdas, which ``once`` is."""
    given = f"SELECT {{x}} AS @x@, {{y}} AS @y@, {{v}} AS @v@, {_TANGENT} AS @t@"
    counted = f"SELECT @x@, @y@, {_over_columns(forms.stored)} AS @n@ FROM ({given})"
    template = f"(SELECT {_over_columns(_answer(forms, is_checked=False))} FROM ({counted}))"

    def spell(speller: Speller, call: Call) -> exp.Expr:
        x, y, v = (speller.value(a) for a in call.arguments)
        return hygienic(speller, template, x=x, y=y, v=v, **_messages())

    return spell


def _over_columns(template: str) -> str:
    """A template with a subquery's columns in place of its slots."""
    return re.sub(r"\{([nxyvt])\}", r"@\1@", template)
