"""Aggregate functions."""

from __future__ import annotations

from transpiler.functions.registry import Naming, aggregate

aggregate("count() -> long!", ("count(predicate: any) -> long!", "count if"), aliases=("cnt",))
aggregate("countif(predicate: bool) -> long!")
aggregate("dcount(expr: any, accuracy: integer#?) -> long!")
aggregate("dcountif(expr: any, predicate: bool, accuracy: integer#?) -> long!")
aggregate("count_distinct(expr: any) -> long!")
aggregate("count_distinctif(expr: any, predicate: bool) -> long!")
aggregate("sum(expr: number|timespan) -> arithmetic?")
aggregate("sumif(expr: number|timespan, predicate: bool) -> arithmetic?")
aggregate(("min(expr: string) -> string", "min string"), ("min(expr: orderable) -> expr?", "min"))
aggregate(("max(expr: string) -> string", "max string"), ("max(expr: orderable) -> expr?", "max"))
aggregate(
    ("minif(expr: string, predicate: bool) -> string?", "minif string"),
    ("minif(expr: orderable, predicate: bool) -> expr?", "minif"),
)
aggregate(
    ("maxif(expr: string, predicate: bool) -> string?", "maxif string"),
    ("maxif(expr: orderable, predicate: bool) -> expr?", "maxif"),
)
aggregate(
    ("avg(expr: number) -> real?", "avg"),
    ("avg(expr: timespan) -> timespan?", "avg timespan"),
    ("avg(expr: datetime) -> datetime?", "avg datetime"),
)
aggregate(
    ("avgif(expr: number, predicate: bool) -> real?", "avgif"),
    ("avgif(expr: timespan, predicate: bool) -> timespan?", "avgif timespan"),
    ("avgif(expr: datetime, predicate: bool) -> datetime?", "avgif datetime"),
)
aggregate("make_list(expr: any, maxSize: integer#?) -> dynamic!", prefix="list", aliases=("makelist",))
aggregate("make_list_if(expr: any, predicate: bool, maxSize: integer#?) -> dynamic!", prefix="list")
aggregate("make_list_with_nulls(expr: any) -> dynamic!", prefix="list")
aggregate("make_set(expr: any, maxSize: integer#?) -> dynamic!", prefix="set", aliases=("makeset",))
aggregate("make_set_if(expr: any, predicate: bool, maxSize: integer#?) -> dynamic!", prefix="set")
aggregate("make_bag(expr: dynamic, maxSize: integer#?) -> dynamic!", prefix="bag", aliases=("make_dictionary",))
aggregate("make_bag_if(expr: dynamic, predicate: bool, maxSize: integer#?) -> dynamic!", prefix="bag")
aggregate("arg_max(maximized: orderable, returned: any*) -> maximized?", naming=Naming.NONE, aliases=("argmax",))
aggregate("arg_min(minimized: orderable, returned: any*) -> minimized?", naming=Naming.NONE, aliases=("argmin",))
aggregate("take_any(expr: any*) -> expr?", naming=Naming.NONE, aliases=("any",))
aggregate("take_anyif(expr: any, predicate: bool) -> expr?", naming=Naming.FIRST, aliases=("anyif",))
aggregate("percentile(expr: any, percentile: number*) -> expr?", naming=Naming.NONE)
aggregate("percentiles(expr: any, percentile: number*) -> expr?", naming=Naming.NONE)
for _name in ("stdev", "stdevp", "variance", "variancep"):
    aggregate(f"{_name}(expr: number) -> real?")
    aggregate(f"{_name}if(expr: number, predicate: bool) -> real?")
for _name in ("binary_all_and", "binary_all_or", "binary_all_xor"):
    aggregate(f"{_name}(expr: integer) -> long?", naming=Naming.FIRST)
