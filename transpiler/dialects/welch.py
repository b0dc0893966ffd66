"""The p-value of Welch's test: twice the tail of Student's distribution beyond t, for v degrees of freedom.

Neither target has that distribution. Its tail is a quotient of two integrals of (1 + u²/v)^(-(v + 1)/2), from t and from 0 on, and
those are sums over u = t + e, e = exp(π/2 sinh(i/16)) (exp-sinh quadrature): 135 terms leave an error below 1e-12.
"""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.computed import hygienic
from transpiler.dialects.spelling import Builder, Speller, text
from transpiler.plan.scalars import Call

DISTANCE = "EXP(1.5707963267948966 * SINH(@i@ / 16.0))"
WEIGHT = f"COSH(@i@ / 16.0) * {DISTANCE}"
# ln(1 + y), to the last digit where y is small.
_LOG = "CASE WHEN @y@ < 1 THEN 2 * ATANH(@y@ / (2 + @y@)) ELSE LN(1 + @y@) END"
DENSITY = f"EXP(-({{v}} + 1) / 2 * {_LOG})"
_SQUARES = "(CASE WHEN {n} > 1 THEN {q} * {q} / ({n} - 1) END)"
_FREEDOM = f"({{q}} + {{r}}) * ({{q}} + {{r}}) / ({_SQUARES} + {_SQUARES.replace('{q}', '{r}').replace('{n}', '{m}')})"
_GUARD = (
    "CASE WHEN {all} IS NULL THEN NULL WHEN {n} > 1 AND {m} > 1 AND {v} >= 0 AND {w} >= 0 AND {v} + {w} > 0 THEN {p} "
    "ELSE CAST({error} AS <real>) END"
)
_UNKNOWN = "what Kusto answers for fewer than two values or for none that differ is not documented"


def welch_test(tail: str, real: str) -> Builder:
    """``tail``: the quotient for ``t`` and ``v`` in the target's SQL; ``real``: its type of reals."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        first, v, n, second, w, m = (speller.value(a) for a in call.arguments)
        error = speller.sql("ERROR({m})", m=text(_UNKNOWN))
        both = speller.sql("{a} + {b} + {c} + {d} + {e} + {f}", a=first, b=v, c=n, d=second, e=w, f=m)

        def of_shares(q: exp.Expr, r: exp.Expr) -> exp.Expr:
            t = speller.sql("ABS({a} - {b}) / SQRT({q} + {r})", a=first.copy(), b=second.copy(), q=q, r=r)
            freedom = speller.sql(_FREEDOM, q=q.copy(), r=r.copy(), n=n.copy(), m=m.copy())
            return speller.once(t, lambda t: speller.once(freedom, lambda v: hygienic(speller, tail, t=t, v=v)))

        q, r = (speller.sql("{v} / NULLIF({n}, 0)", v=a.copy(), n=b.copy()) for a, b in ((v, n), (w, m)))
        p = speller.once(q, lambda q: speller.once(r, lambda r: of_shares(q, r)))
        guard = _GUARD.replace("<real>", real)
        return speller.sql(guard, all=both, v=v.copy(), w=w.copy(), n=n.copy(), m=m.copy(), p=p, error=error)

    return spell
