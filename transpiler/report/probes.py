"""One small query for each operator of KQL: whether it is translated is found by trying, not by a list that may grow old."""

from __future__ import annotations

TABLES = {
    "T": {
        "s": "string",
        "i": "int",
        "l": "long",
        "r": "real",
        "b": "bool",
        "d": "dynamic",
        "t": "datetime",
        "ts": "timespan",
        "g": "guid",
        "m": "decimal",
    },
    "U": {"s": "string", "l": "long", "u": "string"},
}

STATEMENTS = {
    "let (value, table)": "let n = 5; let A = T | take n; A",
    "let (function)": "let f = (x: long = 1) { T | where l == x }; f(2)",
    "declare query_parameters": "declare query_parameters (n: long = 5); T | where l == n",
    "declare pattern": "declare pattern p = (a: string) { ('x') = { T }; }; p('x')",
    "set": "set notruncation; T",
    "alias database": "alias database d = cluster('c').database('e'); database('d').T",
    "restrict access": "restrict access to (T); T",
}

SOURCES = {
    "datatable": "datatable (a: long, b: string) [1, 'x']",
    "externaldata": "externaldata (a: string) ['https://example.org/x.csv'] with (format='csv')",
    "print": "print a = 1",
    "range": "range x from 1 to 3 step 1",
    "materialize": "let A = materialize(T | take 5); A | union A",
    "toscalar": "T | where l > toscalar(T | summarize max(l))",
    "union of wildcards": "union T*",
    "table()": "table('T')",
    "external_table(), materialized_view()": "external_table('T')",
    "database(), cluster()": "database('d').T",
}

OPERATORS = {
    "as": "T | as X | union X",
    "assert-schema": "T | project s | assert-schema (s: string)",
    "consume": "T | consume",
    "count": "T | count",
    "distinct": "T | distinct s, l",
    "extend": "T | extend x = l + 1",
    "facet": "T | facet by s",
    "find": "find in (T) where s == 'a'",
    "fork": "T | fork (count) (take 1)",
    "getschema": "T | getschema",
    "graph operators": "T | make-graph s --> s | graph-to-table edges",
    "invoke": "let f = (X: (l: long)) { X | where l > 1 }; T | invoke f()",
    "join": "T | join (U) on s",
    "join kind=inner": "T | join kind=inner (U) on s",
    "join kind=leftouter": "T | join kind=leftouter (U) on s",
    "join kind=rightouter": "T | join kind=rightouter (U) on s",
    "join kind=fullouter": "T | join kind=fullouter (U) on s",
    "join kind=leftsemi": "T | join kind=leftsemi (U) on s",
    "join kind=leftanti": "T | join kind=leftanti (U) on s",
    "join kind=rightsemi": "T | join kind=rightsemi (U) on s",
    "join kind=rightanti": "T | join kind=rightanti (U) on s",
    "lookup": "T | lookup (U) on s",
    "macro-expand": "macro-expand entity_group [cluster('c').database('d')] as X (X.T)",
    "make-series": "T | make-series c = count() on t from datetime(2024-01-01) to datetime(2024-01-02) step 1h by s",
    "mv-apply": "T | mv-apply x = d to typeof(long) on (summarize n = sum(x))",
    "mv-expand": "T | mv-expand d",
    "parse": "T | parse s with 'a' x: long 'b' *",
    "parse kind=regex": "T | parse kind=regex s with 'a+' x: long 'b' *",
    "parse-kv": "T | parse-kv s as (x: string, y: long) with (pair_delimiter=' ', kv_delimiter='=')",
    "parse-where": "T | parse-where s with 'a' x: long 'b' *",
    "partition": "T | partition by s (top 1 by l)",
    "project": "T | project s, x = l",
    "project-away": "T | project-away l, t*",
    "project-by-names": "T | project-by-names dynamic(['s', 'l'])",
    "project-keep": "T | project-keep s, t*",
    "project-rename": "T | project-rename x = l",
    "project-reorder": "T | project-reorder t, *",
    "reduce": "T | reduce by s",
    "render": "T | summarize count() by s | render barchart",
    "sample": "T | sample 5",
    "sample-distinct": "T | sample-distinct 5 of s",
    "scan with one step": "T | sort by t asc | scan declare (n: long = 0) with (step a: true => n = l;)",
    "scan with several steps": "T | sort by t asc | scan with (step a: l == 1; step b: l == 2;)",
    "search": "search in (T) 'a'",
    "serialize": "T | sort by t asc | serialize n = row_number()",
    "sort": "T | sort by l desc, s asc nulls last",
    "summarize": "T | summarize n = count(), max(l) by s, bin(t, 1h)",
    "take": "T | take 5",
    "top": "T | top 5 by l",
    "top-hitters": "T | top-hitters 5 of s by l",
    "top-nested": "T | top-nested 3 of s by sum(l)",
    "union": "T | union U",
    "union kind=inner": "union kind=inner T, U",
    "union withsource": "union withsource=Table T, U",
    "where": "T | where l > 1 and s has 'a'",
}

SCALARS = {
    "and, or, not": "T | where b and (l > 1 or not(b))",
    "== !=": "T | where s == 'a' and l != 1",
    "=~ !~": "T | where s =~ 'a' and s !~ 'b'",
    "< <= > >=": "T | where l < 1 and t >= ago(1d)",
    "+ - * / %": "T | extend x = (l + 1) * 2 - l / 3 % 4, y = t - 1h, z = ts / 1s",
    "between": "T | where l between (1 .. 5) and t !between (ago(2d) .. 1d)",
    "in, !in": "T | where s in ('a', 'b') and l !in (1, 2)",
    "in~, !in~": "T | where s in~ ('a', 'b') and s !in~ ('c')",
    "in (subquery)": "T | where s in ((U | project s))",
    "has, !has": "T | where s has 'a' and s !has 'b'",
    "has_cs, !has_cs": "T | where s has_cs 'a' and s !has_cs 'b'",
    "has_any": "T | where s has_any ('a', 'b')",
    "has_all": "T | where s has_all ('a', 'b')",
    "has_any (list, subquery)": "let x = dynamic(['a']); T | where s has_any (x) or s has_any ((U | project s))",
    "hasprefix, hassuffix": "T | where s hasprefix 'a' and s !hassuffix 'b'",
    "contains, !contains": "T | where s contains 'a' and s !contains 'b'",
    "contains_cs": "T | where s contains_cs 'a'",
    "startswith, endswith": "T | where s startswith 'a' and s !endswith 'b'",
    "startswith_cs, endswith_cs": "T | where s startswith_cs 'a' and s endswith_cs 'b'",
    "matches regex": "T | where s matches regex @'^a\\d+$'",
    "per-row needle": "T | where s has tostring(d.x)",
    "a.b, a[0], a['x']": "T | extend x = d.a.b, y = d[0], z = d['x y']",
    "dynamic(…)": "T | extend x = dynamic({'a': [1, 2]})",
    "* (every column)": "T | where * has 'a'",
}

TABLE_FUNCTIONS = frozenset(
    "cluster database table external_table materialized_view stored_query_result entity_group graph materialize toscalar "
    "totable view".split()
)
"""Functions that are tables; they are among the sources."""

PLUGINS = {
    "bag_unpack": "T | project d | evaluate bag_unpack(d): (a: string, b: long)",
    "pivot": "T | project s | evaluate pivot(s, count()): (a: long, b: long)",
    "narrow": "T | project s, l | evaluate narrow()",
    "rows_near": "T | sort by t | evaluate rows_near(l == 1, 2)",
    "ipv4_lookup": "T | evaluate ipv4_lookup(U, s, u)",
    "ipv6_lookup": "T | evaluate ipv6_lookup(U, s, u)",
    "autocluster": "T | evaluate autocluster()",
    "basket": "T | evaluate basket()",
    "diffpatterns": "T | evaluate diffpatterns(s, 'a', 'b')",
    "identity": "T | evaluate identity()",
    "preview": "T | evaluate preview(5)",
    "python": "T | evaluate python(typeof(*), 'result = df')",
    "r": "T | evaluate r(typeof(*), 'result <- df')",
    "geo_line_lookup": "T | evaluate geo_line_lookup(U, s, r, r, 5.0)",
    "geo_polygon_lookup": "T | evaluate geo_polygon_lookup(U, s, r, r)",
}
"""Plugins with arguments that fit; every other one is tried without arguments."""

CONSTANT_ARGUMENTS = (
    "'a'",
    "'ü'",
    "'H4sIAAAAAAAA/0sEAEO+t+gBAAAA'",
    "dynamic({'type': 'LineString', 'coordinates': [[0, 0], [1, 1]]})",
    "dynamic({'type': 'Polygon', 'coordinates': [[[0, 0], [1, 0], [1, 1], [0, 0]]]})",
    "1",
    "1h",
)

ARGUMENTS = (
    "",
    "s",
    "d",
    "l",
    "t",
    "r",
    "g",
    "s, s",
    "s, l",
    "l, l",
    "d, s",
    "d, d",
    "t, ts",
    "t, 1h",
    "b, s, s",
    "s, s, s",
    "s, s, l",
    *CONSTANT_ARGUMENTS,
)
"""Arguments with which a function of its own rules is tried until one call is understood."""
