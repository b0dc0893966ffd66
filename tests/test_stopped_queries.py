"""Where Kusto's answer for some data is not known, the query stops on both engines and says why: a null would hide an alert."""

from __future__ import annotations

import pytest

from transpiler import transpile
from transpiler.engine import EngineError, duckdb, googlesql

_SPIKE = "dynamic([0,0,0,0,0,0,0,0,0,0,0,0,9])"
_SQUARE = '{"type":"Polygon","coordinates":[[[0,0],[10,0],[10,10],[0,10],[0,0]]]}'
_POLAR = '{"type":"Polygon","coordinates":[[[0,60],[120,60],[-120,60],[0,60]]]}'
_SEEN = "datatable(id:long, at:long)[{}] | evaluate "
STOPPED = {
    "print s=dynamic([1,null,0]) | project series_fill_forward(s, 0)": "nulls beside another placeholder",
    "print welch_test(1, 2, 1, 4, 5, 6)": "fewer than two values",
    "datatable(v:real)[0] | project welch_test(1, v, 5, 4, v, 6)": "none that differ",
    f"print series_outliers({_SPIKE})": "between the percentiles are all equal",
    "print series_outliers(dynamic([1,1,1,1,9]), 'tukey')": "between the percentiles are all equal",
    f"print s={_SPIKE} | project series_decompose_anomalies(s, 1.5, 0)": "between the percentiles are all equal",
    "print s=dynamic([1,null,3]) | project series_decompose(s, 0)": "elements that are no numbers",
    "print s=dynamic([1,'a',3]) | project series_decompose_anomalies(s, 1.5, 0, 'none')": "elements that are no numbers",
    "datatable(v:long)[1, long(null)] | sort by v | evaluate narrow()": "how narrow writes a null",
    "let A=print a=1, b=2; let B=datatable(a:long,c:string)[1,'']; find in (A, B) where a == 1": "empty values into pack_",
    "print s=dynamic([1,2,9,9,9]) | project series_fit_2lines(s)": "fewer than six points",
    "print s=dynamic([1,2,null,9,9,9,9]) | project series_fit_2lines(s)": "elements that are no numbers",
    "print s=dynamic([1,2,3,4,5,6,7]) | project series_fit_2lines_dynamic(s).split_idx": "fits as well with another split",
    "print s=dynamic([1,4,2,5,1,4,2,99]) | project series_fit_2lines_dynamic(s).line_fit": "fewer than three points on one side",
    "print s=dynamic([1,2,3]) | project series_decompose_forecast(s, 2, 2)": "phases that no point teaches",
    "print s=dynamic([1,2]) | project series_decompose(s, 0, 'linefit', 1)": "is not documented",
    f"print x=10.0, y=5.0 | project geo_point_in_polygon(x, y, dynamic({_SQUARE}))": "point on the edge",
    f"print x=3.0, y=0.0 | project geo_point_in_polygon(x, y, dynamic({_SQUARE}))": "point on the edge",
    f"print x=10.0, y=10.0, p='{_SQUARE}' | project geo_point_in_polygon(x, y, parse_json(strcat(p, '')))": "point on the edge",
    "datatable(t:datetime)[datetime(2020-11-01 01:30)] | project datetime_local_to_utc(t, 'US/Eastern')": "comes twice",
    "datatable(t:datetime)[datetime(2021-04-04 01:45)] | project datetime_local_to_utc(t, 'Australia/Lord_Howe')": "comes twice",
    _SEEN.format("1,0, 1,9") + "sliding_window_counts(id, at, 1, 10, 2, 1) | count": "its start to its end",
    _SEEN.format("1,3, 1,11") + "sliding_window_counts(id, at, 1, 10, 2, 1) | distinct Count": "its start to its end",
    _SEEN.format("1,3, long(null),4") + "sliding_window_counts(id, at, 1, 10, 2, 1)": "has no 'id'",
    _SEEN.format("1,3, 1,11") + "activity_counts_metrics(id, at, 0, 10, 5)": "its start to its end",
    _SEEN.format("1,3, 1,10") + "activity_engagement(id, at, 0, 10, 5, 10)": "its start to before its end",
    _SEEN.format("1,3, 1,10") + "session_count(id, at, 0, 10, 5, 5)": "its start to before its end",
    _SEEN.format("1,4, 1,6") + "session_count(id, at, 0, 10, 5, 5)": "no session begins in a period",
    _SEEN.format("1,4, 1,4") + "session_count(id, at, 0, 10, 5, 5) | count": "several rows of one moment",
    _SEEN.format("1,4, 1,9, 2,20") + "rolling_percentile(id, 50, at, 5, 2)": "between the first and the last",
    _SEEN.format("1,4, long(null),9") + "rolling_percentile(id, 50, at, 5, 2) | project at": "has no 'at' or no 'id'",
    f"print p='{_POLAR}' | project geo_point_in_polygon(1, 1, parse_json(strcat(p, '')))": "ring round half the globe",
}


@pytest.mark.parametrize(("kql", "reason"), STOPPED.items())
def test_duckdb_stops(kql: str, reason: str) -> None:
    with duckdb.connect() as engine, pytest.raises(EngineError, match=reason):
        engine.run(transpile(kql, "duckdb").sql)


@pytest.mark.bigquery
@pytest.mark.skipif(not googlesql.available(), reason="Google's engine is not installed")
@pytest.mark.parametrize(("kql", "reason"), STOPPED.items())
def test_bigquery_stops(kql: str, reason: str) -> None:
    with pytest.raises(EngineError, match=reason):
        googlesql.connect().execute(transpile(kql, "bigquery").sql)


@pytest.mark.bigquery
@pytest.mark.skipif(not googlesql.available(), reason="Google's engine is not installed")
@pytest.mark.parametrize(("value", "divisor"), [("1e300", "2.0"), ("1.0", "1e-20"), ("1e20", "x")])
def test_bigquery_stops_where_a_remainder_is_not_exact(value: str, divisor: str) -> None:
    kql = f"datatable(v:real, x:real)[{value}, 3.0] | project v % {divisor}"
    with pytest.raises(EngineError, match="no exact remainder"):
        googlesql.connect().execute(transpile(kql, "bigquery").sql)


@pytest.mark.parametrize(
    ("column", "value"), [("real", "1e20"), ("string", "'100000000000000000000'"), ("dynamic", "dynamic(1e20)")]
)
def test_duckdb_stops_where_a_decimal_does_not_fit(column: str, value: str) -> None:
    kql = f"datatable(x:{column})[{value}] | project todecimal(x)"
    with duckdb.connect() as engine, pytest.raises(EngineError, match="DECIMAL"):
        engine.run(transpile(kql, "duckdb").sql)
