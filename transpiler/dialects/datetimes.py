"""Instants and durations as both targets write them: formats in pieces, parts that must lie within their clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from transpiler.dialects.spelling import Speller, number, text
from transpiler.kql.instants import MOST_DAYS
from transpiler.plan.scalars import Call, Constant, Scalar
from transpiler.plan.ticks import ticks_beyond
from transpiler.plan.time_formats import Piece, datetime_pieces, timespan_pieces
from transpiler.types import Type

# In microseconds: the size of a unit, and how many of it make the next one (0: there is none).
UNITS = {
    "d": (86_400_000_000, 0),
    "h": (3_600_000_000, 24),
    "H": (3_600_000_000, 24),
    "m": (60_000_000, 60),
    "s": (1_000_000, 60),
}
# Which of two instants Kusto takes is not documented.
TWICE = "a local time of an hour that comes twice"
# The names of IANA's zones, whose case counts. Trap: DuckDB also takes any case and ICU's own names (PST, JST), BigQuery offsets
# (-5, UTC+3); which of these are zones is left to the target.
ZONE_NAME = (
    r"^(?:(?:[A-Z][a-z]+|US)/(?:[A-Z][a-z]\S*|ACT|LHI|NSW|UCT|UTC|GMT\S*)|[A-Z][a-z]{3,}|GMT(?:[+-]?0)?|UCT|UTC|[CEMW]ET|[EHM]ST"
    r"|[A-Z]ST\d[A-Z]DT|GB(?:-Eire)?|NZ(?:-CHAT)?|PRC|RO[CK]|W-SU)$"
)
Fraction = Callable[[Speller, exp.Expr, Piece], exp.Expr]


def concatenated(trees: Sequence[exp.Expr]) -> exp.Expr:
    """Texts joined by ``||``."""
    tree = trees[0]
    for other in trees[1:]:
        tree = exp.DPipe(this=tree, expression=other, safe=False)
    return tree


def _with_ticks(piece: Piece, beyond: int) -> tuple[Piece, ...]:
    """The seventh digit of a second, which the warehouse lacks, as the text that it is for an end."""
    return (Piece("f", 6), Piece("", 0, str(beyond))) if piece.letter in "fF" and piece.count == 7 else (piece,)


def beyond_of(speller: Speller, call: Call, tree: exp.Expr) -> exp.Expr:
    """A number of nanoseconds, with those of an end that the warehouse lacks: of one instant, or of the first less the second."""
    first, *second = (ticks_beyond(a) for a in call.arguments)
    lacking = (first - sum(second)) * 100
    if not lacking:
        return tree
    return speller.sql("{n} + {lacking}" if lacking > 0 else "{n} - {lacking}", n=tree, lacking=number(abs(lacking)))


def part_of(parts: Mapping[str, str]) -> Callable[[Speller, Call], exp.Expr]:
    """``datetime_part``: ``parts`` are the target's templates over ``{date}``."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        part, (instant,) = str(call.options[0]), call.arguments
        tree = speller.sql(parts[part], date=speller.value(instant))
        return beyond_of(speller, call, tree) if part == "nanosecond" else tree

    return spell


def datetime_format(
    codes: Mapping[tuple[str, int], str], written: str, fraction: Callable[[Speller, exp.Expr, Piece], exp.Expr]
) -> Callable[[Speller, Call], exp.Expr]:
    """``format_datetime`` by a target's codes. ``written`` is its format function of ``{t}`` and ``{p}``; what has no code is
    a fraction of a second."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        pieces = datetime_pieces(str(call.options[0])) or []
        if beyond := ticks_beyond(call.arguments[0]):
            pieces = [part for piece in pieces for part in _with_ticks(piece, beyond)]

        def build(t: exp.Expr) -> exp.Expr:
            parts: list[exp.Expr] = []
            pattern = ""
            for piece in [*pieces, None]:
                code = None if piece is None else codes.get((piece.letter, piece.count)) if piece.letter else piece.text
                if code is not None:
                    pattern += code
                    continue
                if pattern:
                    parts.append(speller.sql(written, t=t.copy(), p=text(pattern)))
                    pattern = ""
                if piece is not None:
                    parts.append(fraction(speller, t.copy(), piece))
            return concatenated(parts)

        value = speller.value(call.arguments[0])
        return build(value) if len(pieces) == 1 else speller.once(value, build)

    return spell


def timespan_format(
    padded: Fraction, fraction: Fraction, divide: str, modulo: str
) -> Callable[[Speller, Call], exp.Expr]:
    """``format_timespan`` by a target's ways to pad a number, to cut a fraction, to divide and to take the rest."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        pieces = timespan_pieces(str(call.options[0])) or []

        def build(v: exp.Expr) -> exp.Expr:
            size = speller.sql("ABS({v})", v=v.copy())
            parts = [speller.sql("CASE WHEN {v} < 0 THEN '-' ELSE '' END", v=v)]
            for piece in pieces:
                if not piece.letter:
                    parts.append(text(piece.text))
                elif piece.letter in "fF":
                    parts.append(fraction(speller, speller.sql(modulo, a=size, b=number(1_000_000)), piece))
                else:
                    unit, most = UNITS[piece.letter]
                    count = speller.sql(divide, a=size.copy(), b=number(unit))
                    count = speller.sql(modulo, a=count, b=number(most)) if most else count
                    parts.append(padded(speller, count, piece))
            return concatenated(parts)

        return speller.once(speller.value(call.arguments[0]), build)

    return spell


# ``day`` is of a month, ``days`` are of a duration. The second number is the first one beyond.
_LIMITS = {
    "year": (1, 10_000),
    "month": (1, 13),
    "day": (1, 32),
    "days": (-MOST_DAYS, MOST_DAYS + 1),
    "hour": (0, 24),
    "minute": (0, 60),
    "second": (0, 60),
}


def within_clock(speller: Speller, parts: Mapping[str, Scalar], tree: exp.Expr) -> exp.Expr:
    """The tree, NULL where a part is outside of its clock or calendar; an engine may cut a long to 32 bits."""
    limits = {name: f"{{x}} BETWEEN {low} AND {beyond - 1}" for name, (low, beyond) in _LIMITS.items()}
    limits["second"] = "{x} >= 0 AND {x} < 60"  # which may be a real
    tests = [
        speller.sql(limits[name], x=speller.value(part))
        for name, part in parts.items()
        if name in limits and not _is_on_clock(name, part)
    ]
    if not tests:
        return tree
    test = tests[0]
    for other in tests[1:]:
        test = exp.And(this=test, expression=other)
    return speller.sql("CASE WHEN {test} THEN {x} END", test=test, x=tree)


def _is_on_clock(name: str, part: Scalar) -> bool:
    """Whether a part is a constant within its limits."""
    if not isinstance(part, Constant) or not isinstance(part.value, int | float):
        return False
    first, end = _LIMITS[name]
    return first <= part.value < end


def whole_amount(call: Call, position: int) -> int | None:
    """A constant amount; None for one that is computed."""
    amount = call.arguments[position]
    return amount.value if isinstance(amount, Constant) and isinstance(amount.value, int) else None


def is_zero(scalar: Scalar) -> bool:
    """Whether a scalar is the constant 0."""
    return isinstance(scalar, Constant) and scalar.value == 0 and scalar.type is not Type.STRING
