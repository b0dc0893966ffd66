"""Aggregate functions. Every ``…if`` form is its base with a predicate; ``?`` stands where a group may have no value.

The dialects spell the base keys; ``sum real if`` is ``sum real`` over the rows of the predicate.
"""

from __future__ import annotations

from transpiler.functions.registry import FUNCTIONS, Function, Kind, Naming, aggregate, fn, parse_signature, refused

aggregate("count() -> long!")
aggregate(("cnt() -> long!", "count"))
aggregate("countif(predicate: bool) -> long!")


def _with_predicate(name: str, *shapes: tuple[str, str, str], naming: Naming = Naming.PREFIX_AND_FIRST) -> None:
    """An aggregate and its ``…if`` form. A shape is (parameters, result, key)."""
    conditional = f"{name}if"
    aggregate(*((f"{name}({p}) -> {r}", key) for p, r, key in shapes), naming=naming)
    aggregate(*((f"{conditional}({p}, predicate: bool) -> {r}", f"{key} if") for p, r, key in shapes), naming=naming)


_with_predicate("count_distinct", ("expr: plain", "long!", "count_distinct"))
_with_predicate(
    "sum",
    ("expr: integer|timespan", "arithmetic?", "sum"),
    ("expr: real", "real?", "sum real"),
    ("expr: decimal", "decimal?", "sum decimal"),
)
for _word in ("min", "max"):
    _with_predicate(
        _word,
        ("expr: string", "string?", _word),
        ("expr: real", "real?", f"{_word} real"),
        ("expr: orderable", "expr?", _word),
    )
_with_predicate(
    "avg",
    ("expr: integer", "real?", "avg"),
    ("expr: real", "real?", "avg real"),
    ("expr: decimal", "decimal?", "avg decimal"),
    ("expr: timespan", "timespan?", "avg timespan"),
    ("expr: datetime", "datetime?", "avg datetime"),
)
for _word in ("stdev", "stdevp", "variance", "variancep"):
    _with_predicate(_word, ("expr: number", "real!", _word))
for _word in ("covariance", "covariancep"):
    _with_predicate(_word, ("expr: number, other: number", "real!", _word))
for _word in ("binary_all_and", "binary_all_or", "binary_all_xor"):
    aggregate(f"{_word}(expr: integer) -> expr?", naming=Naming.FIRST)

aggregate("dcount(expr: any, accuracy: integer#?) -> long!")
aggregate(("dcountif(expr: any, predicate: bool, accuracy: integer#?) -> long!", "dcount if"))

# Lists: the binder gives the elements in a form that is ready for JSON, and says in the options what they are.
for _word, _prefix, _old in (("make_list", "list", "makelist"), ("make_set", "set", "makeset")):
    aggregate(f"{_word}(expr: any, present: bool?) -> dynamic!", prefix=_prefix, aliases=(_old,))
    aggregate(f"{_word}_if(expr: any, predicate: bool) -> dynamic!", prefix=_prefix)
aggregate("make_list_with_nulls(expr: any) -> dynamic!", prefix="list")
aggregate("make_bag(expr: dynamic, present: bool?) -> dynamic!", prefix="bag")
aggregate("make_bag_if(expr: dynamic, predicate: bool) -> dynamic!", prefix="bag")
FUNCTIONS.add(
    Function(
        "make_dictionary",
        Kind.AGGREGATE,
        (parse_signature("make_dictionary(expr: dynamic) -> dynamic!", "make_bag"),),
        Naming.PREFIX_AND_FIRST,
        "dictionary",
    )
)

# The text of a real within JSON: what is no finite number is quoted. ``text`` is the real as tostring gives it.
fn("json of real(value: real, text: string~) -> string")

# What is made of a list of all elements: each once, or the first; ``options`` holds the limit.
fn("distinct elements(array: dynamic) -> dynamic")
fn("first elements(array: dynamic) -> dynamic")

# Several columns of one row, or several numbers of one column: bound in semantics.scalars.aggregates.
aggregate("arg_max(maximized: orderable, returned: any*) -> maximized?", naming=Naming.NONE, aliases=("argmax",))
aggregate("arg_min(minimized: orderable, returned: any*) -> minimized?", naming=Naming.NONE, aliases=("argmin",))
aggregate("take_any(expr: any*) -> expr?", naming=Naming.NONE, aliases=("any",))
aggregate("take_anyif(expr: any, predicate: bool) -> expr?", naming=Naming.FIRST)
aggregate(("anyif(expr: any, predicate: bool) -> expr?", "take_anyif"))
aggregate("percentile(expr: summable, percentile: number*) -> expr?", naming=Naming.NONE, aliases=("percentiles",))
aggregate(("percentiles_array(expr: summable, percentile: any*) -> dynamic?", "percentile"), naming=Naming.NONE)
for _word, _result in (("percentilew", "expr"), ("percentilesw", "expr"), ("percentilesw_array", "dynamic")):
    _line = f"{_word}(expr: summable, weight: integer, percentile: any*) -> {_result}?"
    aggregate((_line, "percentile"), naming=Naming.NONE)

refused(
    "its value is a sketch that only Kusto reads",
    "hll",
    "hll_if",
    "hll_merge",
    "tdigest",
    "tdigest_merge",
    "merge_tdigest",
    hint="dcount and percentile are exact here",
    kind=Kind.AGGREGATE,
)
refused("the type names of its schema are Kusto's own", "buildschema", kind=Kind.AGGREGATE)
