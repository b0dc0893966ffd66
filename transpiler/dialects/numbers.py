"""Numbers as both targets write them: bins, rounding, and the special functions that neither target has."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from transpiler.dialects.arithmetic import Modulo, remainder, whole_micros
from transpiler.dialects.spelling import Speller, number, operand
from transpiler.plan.ranges import is_natural
from transpiler.plan.scalars import Call, Constant, Scalar
from transpiler.types import Type


def size_of(scalar: Scalar) -> int | float | None:
    """A constant bin size above zero, in the unit of SQL; None for one that is computed."""
    if not isinstance(scalar, Constant) or not isinstance(scalar.value, int | float):
        return None
    whole = whole_micros(scalar)
    value = scalar.value if whole is None else whole
    return value if value > 0 else None


def is_no_size(scalar: Scalar) -> bool:
    """Whether a bin size is a constant that is null or not above zero: the bin is null."""
    return isinstance(scalar, Constant) and (
        scalar.value is None or (isinstance(scalar.value, int | float) and scalar.value <= 0)
    )


def is_finer(scalar: Scalar) -> bool:
    """Whether a bin size divides a microsecond, so that a value that the warehouse holds is its own bin."""
    return (
        isinstance(scalar, Constant)
        and scalar.type is Type.TIMESPAN
        and isinstance(scalar.value, int)
        and scalar.value > 0
        and 10 % scalar.value == 0
    )


def when_positive(speller: Speller, size: Scalar, tree: exp.Expr) -> exp.Expr:
    """The tree, NULL where a computed bin size is not above zero."""
    if size_of(size) is not None:
        return tree
    # NaN is above zero in DuckDB and not in BigQuery; in Kusto the bin is NaN.
    test = "NOT {s} <= 0" if size.type is Type.REAL else "{s} > 0"
    return speller.sql(f"CASE WHEN {test} THEN {{x}} END", s=speller.value(size), x=tree)


def bin_whole(
    modulo: Modulo, value_of: Callable[[Speller, Scalar], exp.Expr] = lambda speller, scalar: speller.value(scalar)
) -> Callable[[Speller, Call], exp.Expr]:
    """``bin`` and ``bin_at`` of longs and timespans: the value less its remainder."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        value, size, *fixed = call.arguments
        if is_no_size(size):
            return speller.dialect.null(call.type)
        tree = value_of(speller, value)
        if is_finer(size) and not fixed:
            return tree

        def build(v: exp.Expr) -> exp.Expr:
            apart = v.copy()
            if fixed:
                apart = exp.Sub(this=operand(v.copy()), expression=operand(speller.value(fixed[0])))
            rest = remainder(speller, apart, size, is_natural(value) and not fixed, modulo)
            return exp.Sub(this=operand(v), expression=operand(rest))

        is_cheap = isinstance(tree, exp.Cast) and isinstance(tree.this, exp.Column)
        return when_positive(speller, size, build(tree) if is_cheap else speller.once(tree, build))

    return spell


def bin_real(speller: Speller, call: Call) -> exp.Expr:
    """``bin`` of reals."""
    value, size = call.arguments
    if is_no_size(size):
        return speller.dialect.null(call.type)
    if size_of(size) == 1:
        return speller.sql("FLOOR({v})", v=speller.value(value))
    return when_positive(
        speller, size, speller.sql("FLOOR({v} / {s}) * {s}", v=speller.value(value), s=speller.value(size))
    )


def bin_at_real(speller: Speller, call: Call) -> exp.Expr:
    """``bin_at`` of reals."""
    value, size, fixed = call.arguments
    if is_no_size(size):
        return speller.dialect.null(call.type)
    tree = speller.sql(
        "{f} + FLOOR(({v} - {f}) / {s}) * {s}",
        v=speller.value(value),
        f=speller.value(fixed),
        s=speller.value(size),
    )
    return when_positive(speller, size, tree)


Bucket = Callable[[Speller, exp.Expr, int, "Constant | None"], "exp.Expr | None"]


def bin_instant(
    bucket: Bucket, since: str, earlier: str, modulo: Modulo, kept: Callable[[Speller, exp.Expr], exp.Expr]
) -> Callable[[Speller, Call], exp.Expr]:
    """``bin`` and ``bin_at`` of instants. ``bucket`` writes a constant size and origin, or None; ``since`` gives the
    microseconds since Kusto's first instant, ``earlier`` the instant ``{n}`` microseconds before ``{t}``. ``kept``: null
    outside of the calendar, which a bin of another origin may leave."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        value, size, *fixed = call.arguments
        if is_no_size(size):
            return speller.dialect.null(call.type)
        tree = speller.value(value)
        if is_finer(size) and not fixed:
            return tree
        point = fixed[0] if fixed else None
        whole = whole_micros(size)
        if whole is not None and (point is None or isinstance(point, Constant)):
            short = bucket(speller, tree, whole, point)
            if short is not None:
                return short

        def build(t: exp.Expr) -> exp.Expr:
            apart = speller.sql(since, t=t.copy())
            if point is not None:
                apart = exp.Sub(this=operand(apart), expression=operand(speller.sql(since, t=speller.value(point))))
            rest = remainder(speller, apart, size, point is None, modulo)
            found = speller.sql(earlier, t=t, n=rest)
            return found if point is None else kept(speller, found)

        return when_positive(speller, size, speller.once(tree, build))

    return spell


_MOST_PLACES = 300


def rounded(speller: Speller, call: Call) -> exp.Expr:
    """``round`` of reals: halves go away from zero, as they do after the number is scaled (``round(2.15, 1)`` is 2.2)."""
    value, *places = call.arguments
    tree = speller.value(value)
    if not places:
        return speller.sql("ROUND({v})", v=tree)
    precision = places[0]
    if not isinstance(precision, Constant) or not isinstance(precision.value, int):
        raise speller.refuse("the precision of round must be a constant", precision.span)
    if precision.value == 0:
        return speller.sql("ROUND({v})", v=tree)
    if abs(precision.value) > _MOST_PLACES:
        raise speller.refuse(f"round to more than {_MOST_PLACES} places scales beyond all reals", precision.span)
    if value.type is Type.DECIMAL:
        return speller.sql("ROUND({v}, {p})", v=tree, p=number(precision.value))
    scale = speller.value(Constant(value.type, 10.0 ** abs(precision.value)))
    template = "ROUND({v} * {s}) / {s}" if precision.value > 0 else "ROUND({v} / {s}) * {s}"
    return speller.sql(template, v=tree, s=scale)


# Lanczos' approximation of ln Γ(x) for x >= 0.5, g = 7: its error is below 1e-14.
_LANCZOS = (
    676.5203681218851,
    -1259.1392167224028,
    771.3234287776531,
    -176.6150291621406,
    12.507343278686905,
    -0.13857109526572012,
    9.984369578019572e-06,
    1.5056327351493116e-07,
)


def log_gamma(x: str) -> str:
    """Ln Γ of a template's number that is at least 0.5."""
    terms = " + ".join(f"{c!r} / ({x} + {i})" for i, c in enumerate(_LANCZOS))
    return f"(0.9189385332046727 + ({x} - 0.5) * LN({x} + 6.5) - ({x} + 6.5) + LN(0.9999999999998099 + {terms}))"


# W. J. Cody's rational approximations of erf and erfc (1969), each with an error below 1e-15 in its range.
_SMALL = (
    (0.185777706184603153, 3.16112374387056560, 113.864154151050156, 377.485237685302021, 3209.37758913846947),
    (1.0, 23.6012909523441209, 244.024637934444173, 1282.61652607737228, 2844.23683343917062),
)
_MIDDLE = (
    (
        2.15311535474403846e-8, 0.564188496988670089, 8.88314979438837594, 66.1191906371416295, 298.635138197400131,
        881.952221241769090, 1712.04761263407058, 2051.07837782607147, 1230.33935479799725,
    ),
    (
        1.0, 15.7449261107098347, 117.693950891312499, 537.181101862009858, 1621.38957456669019, 3290.79923573345963,
        4362.61909014324716, 3439.36767414372164, 1230.33935480374942,
    ),
)  # fmt: skip
_LARGE = (
    (
        0.0163153871373020978, 0.305326634961232344, 0.360344899949804439, 0.125781726111229246, 0.0160837851487422766,
        0.000658749161529837803,
    ),
    (1.0, 2.56852019228982242, 1.87295284992346725, 0.527905102951428412, 0.0605183413124413191, 0.00233520497626869185),
)  # fmt: skip


def _polynomial(coefficients: tuple[float, ...], x: str) -> str:
    """A polynomial in Horner's form, the highest power first."""
    text = repr(coefficients[0])
    for c in coefficients[1:]:
        text = f"({text} * {x} + {c!r})"
    return text


def _quotient(pair: tuple[tuple[float, ...], tuple[float, ...]], x: str) -> str:
    return f"{_polynomial(pair[0], x)} / {_polynomial(pair[1], x)}"


def _tail() -> str:
    """Erfc of ``{y}``, which is above 0.46875."""
    square = "(1 / ({y} * {y}))"
    far = f"(0.5641895835477563 - {square} * {_quotient(_LARGE, square)}) / {{y}}"
    return f"EXP(-{{y}} * {{y}}) * (CASE WHEN {{y}} <= 4 THEN {_quotient(_MIDDLE, '{y}')} ELSE {far} END)"


def error_function(complement: bool) -> Callable[[Speller, Call], exp.Expr]:
    """erf, or erfc."""
    near = f"{{v}} * {_quotient(_SMALL, '({v} * {v})')}"
    if complement:
        parts = f"WHEN {{y}} <= 0.46875 THEN 1 - {near} WHEN {{v}} < 0 THEN 2 - {_tail()} ELSE {_tail()}"
    else:
        parts = f"WHEN {{y}} <= 0.46875 THEN {near} ELSE SIGN({{v}}) * (1 - {_tail()})"

    def spell(speller: Speller, call: Call) -> exp.Expr:
        def over(v: exp.Expr) -> exp.Expr:
            # Beyond 30 the tail is 0 in a real; the square of a larger number would overflow.
            size = speller.sql("LEAST(ABS({v}), 30)", v=v.copy())
            no_number = f"WHEN {{v}} IS NULL OR {speller.dialect.is_nan.replace('{x}', '{v}')} THEN {{v}}"
            return speller.once(size, lambda y: speller.sql(f"CASE {no_number} {parts} END", v=v, y=y))

        return speller.once(speller.value(call.arguments[0]), over)

    return spell
