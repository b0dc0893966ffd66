"""Geohashes by the arithmetic of their bits, which both targets do: a character has five, in turn of longitude and latitude.

A cell's edges are exact in floating point. To which cell a point on an edge belongs is not documented, so that such a point
stops the query; so does a geohash in capitals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from transpiler.dialects.computed import hygienic
from transpiler.dialects.literals import constant_whole, real_text
from transpiler.dialects.spelling import Speller, Spelling, number, text
from transpiler.plan.scalars import Call, Constant, Scalar

ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz"
MOST = 18

_VALUE = f"(STRPOS('{ALPHABET}', SUBSTR({{h}}, @i@ + 1, 1)) - 1)"
# Of an even character three bits are longitude's and two latitude's; of an odd one it is the other way round.
_THREE = f"(({_VALUE} >> 4) & 1) * 4 + (({_VALUE} >> 2) & 1) * 2 + ({_VALUE} & 1)"
_TWO = f"(({_VALUE} >> 3) & 1) * 2 + (({_VALUE} >> 1) & 1)"
_LONGITUDES = "((5 * {n} + 1) >> 1)"
_LATITUDES = "((5 * {n}) >> 1)"
_LATER_LONGITUDES = f"({_LONGITUDES} - ((5 * @i@ + 6) >> 1))"
_LATER_LATITUDES = f"({_LATITUDES} - ((5 * @i@ + 5) >> 1))"
_COLUMN = f"((CASE WHEN @i@ & 1 = 0 THEN {_THREE} ELSE {_TWO} END) << {_LATER_LONGITUDES})"
_ROW = f"((CASE WHEN @i@ & 1 = 0 THEN {_TWO} ELSE {_THREE} END) << {_LATER_LATITUDES})"
_X = f"(({{column}} >> {_LATER_LONGITUDES}) & (CASE WHEN @i@ & 1 = 0 THEN 7 ELSE 3 END))"
_Y = f"(({{row}} >> {_LATER_LATITUDES}) & (CASE WHEN @i@ & 1 = 0 THEN 3 ELSE 7 END))"
_EVEN = f"(({_X} >> 2) & 1) * 16 + (({_Y} >> 1) & 1) * 8 + (({_X} >> 1) & 1) * 4 + ({_Y} & 1) * 2 + ({_X} & 1)"
_ODD = f"(({_Y} >> 2) & 1) * 16 + (({_X} >> 1) & 1) * 8 + (({_Y} >> 1) & 1) * 4 + ({_X} & 1) * 2 + ({_Y} & 1)"
_CHARACTER = f"SUBSTR('{ALPHABET}', (CASE WHEN @i@ & 1 = 0 THEN {_EVEN} ELSE {_ODD} END) + 1, 1)"

# The order of Kusto (documentation: sunny), west first: the steps to the east and to the north, each less one.
_EAST, _NORTH = "00122210", "10002122"


@dataclass(frozen=True, slots=True)
class GeohashForms:
    """What a target writes: the sum or the text of ``{body}`` over ``@{i}@`` from 0 on, ``{n}`` times; a real as JSON; an
    error; whether ``h`` is a geohash."""

    total: str
    joined: str
    real: str
    error: str
    is_geohash: str
    text_type: str

    def stop(self, value: str) -> str:
        """A whole number in whose place the query stops, with a message about a value."""
        return self.error.replace("<value>", f"{{{value}}}")

    def sum_over(self, body: str) -> str:
        """The sum over the characters of a geohash."""
        return self.total.replace("<body>", body)

    def text_over(self, body: str, *, variable: str, count: str, separator: str) -> str:
        """The texts one after another."""
        written = self.joined.replace("<i>", f"@{variable}@").replace("<n>", count).replace("<separator>", separator)
        return written.replace("<body>", body)

    def characters(self) -> str:
        """The geohash of ``{column}`` and ``{row}``, of ``{n}`` characters."""
        return self.text_over(_CHARACTER, variable="i", count="{n}", separator="")


def geohash_spellings(forms: GeohashForms) -> dict[str, Spelling]:
    """The spellings of this module for a target."""
    return {
        "geo_point_to_geohash": _of_point(forms),
        "geo_geohash_to_central_point": _decoded(forms, _center),
        "geo_geohash_to_polygon": _decoded(forms, _polygon),
        "geo_geohash_neighbors": _decoded(forms, _neighbors),
    }


def _of_point(forms: GeohashForms) -> Callable[[Speller, Call], exp.Expr]:
    def spell(speller: Speller, call: Call) -> exp.Expr:
        longitude, latitude, *rest = call.arguments
        length = 5 if not rest else _length_of(speller, rest[0])
        if length is None:
            return text("")
        columns, rows = (5 * length + 1) // 2, 5 * length // 2
        x = _index(speller, forms, longitude, 180, columns)
        y = _index(speller, forms, latitude, 90, rows)
        n = number(length)
        return speller.once(
            x,
            lambda column: speller.once(
                y,
                lambda row: hygienic(
                    speller,
                    f"CASE WHEN {{column}} >= 0 AND {{row}} >= 0 THEN {forms.characters()} ELSE '' END",
                    column=column, row=row, n=n,
                ),
            ),
        )  # fmt: skip

    return spell


def _length_of(speller: Speller, scalar: Scalar) -> int | None:
    """A constant accuracy; None for one that gives no geohash."""
    if not isinstance(scalar, Constant):
        raise speller.refuse("the accuracy must be a constant", scalar.span)
    length = constant_whole(scalar)
    return length if length is not None and 1 <= length <= MOST else None


def _index(speller: Speller, forms: GeohashForms, scalar: Scalar, half: int, bits: int) -> exp.Expr:
    """The number of the cell in which a coordinate lies, from the west or the south; NULL off the globe."""
    cell = real_text(2 * half / 2**bits)
    test = (
        f"CASE WHEN {{v}} BETWEEN -{half} AND {half} THEN CASE WHEN {{v}} > {{g}} * {cell} - {half} "
        f"AND {{v}} < ({{g}} + 1) * {cell} - {half} THEN {{g}} ELSE {forms.stop('v')} END END"
    )
    message = text("geo_point_to_geohash: the point lies on the edge of two cells")

    def over(v: exp.Expr) -> exp.Expr:
        found = f"CASE WHEN {{v}} BETWEEN -{half} AND {half} THEN CAST(FLOOR(({{v}} + {half}) / {cell}) AS BIGINT) END"
        return speller.once(speller.sql(found, v=v), lambda g: speller.sql(test, v=v.copy(), g=g, message=message))

    return speller.once(speller.value(scalar), over)


Build = Callable[[Speller, GeohashForms, exp.Expr, exp.Expr, exp.Expr], exp.Expr]


def _decoded(forms: GeohashForms, build: Build) -> Callable[[Speller, Call], exp.Expr]:
    def spell(speller: Speller, call: Call) -> exp.Expr:
        def over(h: exp.Expr) -> exp.Expr:
            n = speller.sql("LENGTH({h})", h=h.copy())
            column = hygienic(speller, forms.sum_over(_COLUMN), h=h.copy(), n=n.copy())
            row = hygienic(speller, forms.sum_over(_ROW), h=h.copy(), n=n.copy())
            built = speller.once(column, lambda x: speller.once(row, lambda y: build(speller, forms, x, y, n)))
            message = text("a geohash in capitals: whether Kusto reads it is not known")
            return speller.sql(
                f"CASE WHEN {forms.is_geohash} THEN {{built}} "
                f"WHEN {forms.is_geohash.replace('{h}', 'LOWER({h})')} THEN CAST({forms.stop('h')} AS {forms.text_type}) END",
                h=h, built=built, message=message, pattern=text(f"^[{ALPHABET}]{{1,{MOST}}}$"),
            )  # fmt: skip

        return speller.once(speller.text(call.arguments[0]), over)

    return spell


def _edge(speller: Speller, index: exp.Expr, n: exp.Expr, *, is_row: bool, ahead: float = 0) -> exp.Expr:
    """The coordinate of a cell's western or southern edge, or as many cells ahead of it."""
    half, bits = (90, _LATITUDES) if is_row else (180, _LONGITUDES)
    return speller.sql(f"({{i}} + {ahead}e0) * ({2 * half}e0 / POW(2e0, {bits})) - {half}", i=index.copy(), n=n.copy())


def _center(speller: Speller, forms: GeohashForms, x: exp.Expr, y: exp.Expr, n: exp.Expr) -> exp.Expr:
    return speller.sql(
        f"CONCAT({{open}}, {forms.real.replace('<x>', '{x}')}, ',', {forms.real.replace('<x>', '{y}')}, {{close}})",
        open=text('{"type":"Point","coordinates":['), close=text("]}"),
        x=_edge(speller, x, n, is_row=False, ahead=0.5), y=_edge(speller, y, n, is_row=True, ahead=0.5),
    )  # fmt: skip


def _polygon(speller: Speller, forms: GeohashForms, x: exp.Expr, y: exp.Expr, n: exp.Expr) -> exp.Expr:
    """The corners from the south-west on, against the clock."""
    corners = ", '],[', ".join(f"{{{a}}}, ',', {{{b}}}" for a, b in ("ws", "es", "en", "wn", "ws"))

    def written(index: exp.Expr, ahead: int, *, is_row: bool) -> exp.Expr:
        return speller.sql(forms.real.replace("<x>", "{v}"), v=_edge(speller, index, n, is_row=is_row, ahead=ahead))

    def over(trees: dict[str, exp.Expr], left: tuple[tuple[str, exp.Expr], ...]) -> exp.Expr:
        if not left:
            return speller.sql(
                f"CONCAT({{open}}, {corners}, {{close}})",
                open=text('{"type":"Polygon","coordinates":[[['), close=text("]]]}"), **trees,
            )  # fmt: skip
        (name, tree), *rest = left
        return speller.once(tree, lambda v: over({**trees, name: v}, tuple(rest)))

    edges = (
        ("w", written(x, 0, is_row=False)), ("e", written(x, 1, is_row=False)),
        ("s", written(y, 0, is_row=True)), ("n", written(y, 1, is_row=True)),
    )  # fmt: skip
    return over({}, edges)


def _neighbors(speller: Speller, forms: GeohashForms, x: exp.Expr, y: exp.Expr, n: exp.Expr) -> exp.Expr:
    """The eight cells around. Beside a pole there are fewer, and what Kusto gives there is not documented."""
    count = f"(CAST(1 AS BIGINT) << {_LONGITUDES})"
    column = f"(({{x}} + CAST(SUBSTR('{_EAST}', @k@ + 1, 1) AS BIGINT) - 1 + {count}) & ({count} - 1))"
    row = f"({{y}} + CAST(SUBSTR('{_NORTH}', @k@ + 1, 1) AS BIGINT) - 1)"
    cell = f"CONCAT('\"', {forms.characters().replace('{column}', column).replace('{row}', row)}, '\"')"
    cells = forms.text_over(cell, variable="k", count="8", separator=",")
    return hygienic(
        speller,
        f"CASE WHEN {{y}} = 0 OR {{y}} = (CAST(1 AS BIGINT) << {_LATITUDES}) - 1 THEN CAST({forms.stop('y')} AS {forms.text_type}) "
        f"ELSE CONCAT('[', {cells}, ']') END",
        x=x, y=y, n=n, message=text("geo_geohash_neighbors: the cell lies beside a pole"),
    )  # fmt: skip
