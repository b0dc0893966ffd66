"""Values of every type at their edges, and calls of every function with holes for them.

A hole ``{s}`` takes a string, ``{l}`` a long, ``{i}`` an int, ``{r}`` a real, ``{f}`` a small one, ``{m}`` a decimal,
``{b}`` a bool, ``{t}`` a datetime, ``{n}`` a timespan, ``{g}`` a guid, ``{d}`` any dynamic value, ``{v}`` an array of
numbers, ``{q}`` an array of strings, ``{k}`` a small long; ``{a}`` a value of any scalar type, ``{x}`` a number, ``{w}`` a
whole number. Each is filled with a column of ``table()`` or with a literal.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import random
import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from transpiler.engine.values import JsonText, parse_value
from transpiler.types import Type

TEXTS = (
    None, "", "a", "abc", "ABC", "Straße", "ΟΔΟΣ", "Ünïcödé", "日本語", "𝔘x", "é", "a b c", "a,b,,c", "  x ", "\t", "a\nb",
    "1", "-1", "+5", "007", "1.5", ".5", "5.", "1e3", "0x1F", "9223372036854775807", "9223372036854775808", "NaN",
    "-inf", "true", "TRUE", "null", "1,000", "12abc", " 12 ", "2020-02-29", "2020-02-30", "2020-02-29T12:34:56.1234567Z",
    "2020-02-29 12:34", "2020-02-29T12:34:56+02:00", "20200229", "2020", "12:34", "1.02:03:04", "1d", "-1.00:00:00",
    "02/29/2020", '{"a":1,"b":[1,2]}', "[1,2,3]", '["x",null,{"y":2}]', "{}", "[]", '{"a":', '"quoted"', '{"a":{"b":"c"}}',
    "192.168.1.1", "10.0.0.0/8", "300.1.1.1", "::1", "fe80::1/64", "::ffff:1.2.3.4", "http://u:p@host:80/a/b?x=1&y=2#f",
    "https://h/?q", "/usr/bin/x.txt", "C:\\dir\\f.exe", "a=1&b=2", "aGVsbG8=", "%20%41%zz", "a+b",
    "74be27de-1e4e-49d9-b579-fe0b331d3642", "74BE27DE1E4E49D9B579FE0B331D3642", "it's", '"', "\\", "a%b_c", ".*", "^$", "(x)",
    "[a-z]", "{0}", "$1", "\\1", "aaaa", "abab", "foo_bar", "foo-bar.baz", "1.2.3", "one two  three", "\u00a0x", "MixedCase",
    "٣", "½",
)  # fmt: skip
INSTANTS = (
    "0001-03-01T00:00:00.000001Z", "1582-10-15", "1899-12-31T23:59:59Z", "1969-12-31T23:59:59.999999Z", "1970-01-01",
    "2000-02-29T12:00:00Z", "2020-02-29T13:14:15.123456Z", "2020-12-31T23:59:59.999999Z", "2021-01-03", "2024-03-10T02:30:00Z",
    "2038-01-19T03:14:08Z", "9999-12-31T23:59:59.999999Z",
)  # fmt: skip
SPANS = (
    "00:00:00", "00:00:00.000001", "-00:00:00.000001", "00:00:01", "00:01:00", "01:00:00", "1.00:00:00", "-1.00:00:00",
    "7.00:00:00", "1.02:03:04.567891", "-12.23:59:59.999999", "365.00:00:00", "00:00:00.5", "23:59:59.999999",
)  # fmt: skip
JSON = (
    "null", "1", "-1", "1.5", '"x"', '""', '"1"', '"2020-01-01"', '"{\\"a\\":1}"', "true", "false", "[]", "{}", "[1,2,3]",
    "[1,null,3]", '["a","b","c"]', '["B","A","a",""]', "[[1,2],[3]]", '[{"a":1},{"a":2}]', "[null]", '{"a":1}',
    '{"a":1,"b":"x","c":null}', '{"a":{"c":{"d":1}},"b":[1,2]}', '{"A":"y","a":"x"}', '{"":1}', '{"a b":1,"c\'d":2,"e.f":3}',
    '{"a":[1,{"b":2}]}', '["日本","ß"]', '"a\\nb\\"c"', '["10.0.0.1","10.0.0.0/8"]', '["a",1,{"b":[]}]', '"é"',
)  # fmt: skip
POOLS: Mapping[str, tuple[Type, tuple[object, ...]]] = {
    "s": (Type.STRING, TEXTS),
    "l": (
        Type.LONG,
        (None, 0, 1, -1, 2, 3, -7, 10, 64, 255, 1000, 86400, 2**31 - 1, -(2**31), 2**32, 2**53 + 1, 1582934400),
    ),
    "k": (Type.LONG, (0, 1, 2, 3, -1, -2, 5, 7, 12, 31, -5, 40)),
    "i": (Type.INT, (None, 0, 1, -1, 2, 7, -7, 31, 32, 100, 2**31 - 1, -(2**31))),
    "r": (
        Type.REAL,
        (
            None,
            0.0,
            1.0,
            -1.0,
            0.5,
            -0.5,
            1.5,
            2.5,
            -2.5,
            0.1,
            2 / 3,
            1e15,
            123456789.125,
            1e-5,
            math.nan,
            math.inf,
            -math.inf,
        ),
    ),
    "f": (Type.REAL, (None, 0.0, 1.0, -1.0, 0.5, 12.25, -75.5, 89.9, -179.5, math.nan)),
    "m": (Type.DECIMAL, (None, *map(Decimal, ("0", "1", "-1", "0.5", "-2.5", "0.1", "123456.789", "1000000")))),
    "b": (Type.BOOL, (None, True, False)),
    "t": (Type.DATETIME, (None, *(parse_value(v, Type.DATETIME) for v in INSTANTS))),
    "n": (Type.TIMESPAN, (None, *(parse_value(v, Type.TIMESPAN) for v in SPANS))),
    "g": (Type.GUID, (None, "74be27de-1e4e-49d9-b579-fe0b331d3642", "00000000-0000-0000-0000-000000000000")),
    "d": (Type.DYNAMIC, (None, *map(JsonText, JSON))),
    "v": (
        Type.DYNAMIC,
        (None, *map(JsonText, ("[]", "[1,2,3]", "[3,1,2,2]", "[1.5,-2.5]", "[0,0]", "[5]", "[1,null,3]"))),
    ),
    "q": (Type.DYNAMIC, (None, *map(JsonText, ("[]", '["a","b"]', '["b","A","a"]', '["1","x"]', '["日","é",""]')))),
}
_ANY = "slirmbtngd"
FAMILIES = {"a": _ANY, "x": "lir", "w": "li"}
ROWS = 48
COPIES = 3


def table() -> tuple[dict[str, Type], list[list[object]]]:
    """A table ``T`` of the pools: three columns of each, in different orders, beside the number of the row."""
    mixed = random.Random(7)
    columns: dict[str, Type] = {"rn": Type.LONG}
    cells: list[list[object]] = [list(range(ROWS))]
    for letter, (kind, values) in POOLS.items():
        for copy in range(COPIES):
            columns[f"{letter}{copy}"] = kind
            column: list[object] = []
            while len(column) < ROWS:
                column += mixed.sample(values, len(values))
            cells.append(column[:ROWS])
    return columns, [list(row) for row in zip(*cells, strict=True)]


_HOLE = re.compile(r"\{([a-z])\}")


def fill(call: str, choose: Callable[[str], str]) -> str:
    """The call with its holes filled; ``choose`` names what stands in a hole of a letter."""
    return _HOLE.sub(lambda m: choose(m[1]), call)


def literal(value: object, kind: Type) -> str:
    """A value as KQL writes it."""
    if kind is Type.STRING:
        return json.dumps(value or "", ensure_ascii=False)
    if value is None:
        return f"{kind}(null)"
    match value:
        case bool():
            return str(value).lower()
        case float() if math.isnan(value) or math.isinf(value):
            return f"real({'nan' if math.isnan(value) else '+inf' if value > 0 else '-inf'})"
        case dt.datetime():
            return f"datetime({value.isoformat(sep=' ')})"
        case dt.timedelta():
            return f"timespan({_span_text(value)})"
        case Decimal():
            return f"decimal({value:f})"
        case _:
            return f"{kind}({value})"


def _span_text(span: dt.timedelta) -> str:
    micros = span // dt.timedelta(microseconds=1)
    seconds, fraction = divmod(abs(micros), 1_000_000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return f"{'-' if micros < 0 else ''}{day}.{hour:02}:{minute:02}:{second:02}.{fraction:06}"


# One call between each two bars; what needs a constant (a pattern, a unit) has it.
_CALLS = r"""
strlen({s}) ¦ string_size({s}) ¦ toupper({s}) ¦ tolower({s}) ¦ reverse({s}) ¦ substring({s}, {k})
substring({s}, {k}, {k}) ¦ strcat({a}, {s}, {a}) ¦ strcat_delim({s}, {a}, {a}) ¦ strrep({s}, {k})
strrep({a}, {k}, {s}) ¦ strcmp({s}, {s}) ¦ indexof({s}, {s}) ¦ indexof({s}, {s}, {k}) ¦ indexof({s}, {s}, {k}, {k})
indexof({s}, {s}, {k}, {k}, 2) ¦ countof({s}, {s}) ¦ indexof_regex({s}, '[a-c]') ¦ split({s}, ',')
split({s}, ',', {k}) ¦ countof({s}, '[a-b]', 'regex') ¦ regex_quote({s}) ¦ replace_string({s}, {s}, {s})
replace_strings({s}, dynamic(['a','b']), dynamic(['b','c'])) ¦ translate('abc', 'xy', {s}) ¦ parse_csv({s})
isascii({s}) ¦ unicode_codepoints_from_string({s}) ¦ unicode_codepoints_to_string({k}, {k}) ¦ tohex({w})
tohex({w}, {k}) ¦ has_any_index({s}, dynamic(['a','1'])) ¦ extract('([a-z]+)([0-9]*)', 2, {s})
extract(@'\d+', 0, {s}) ¦ extract('(-?[0-9.]+)', 1, {s}, typeof(long)) ¦ extract('(-?[0-9.]+)', 1, {s}, typeof(real))
extract(@'(\w)(\W)', 2, {s}) ¦ extract('(.*)', 1, {s}, typeof(datetime)) ¦ extract('(.*)', 1, {s}, typeof(timespan))
extract_all('([a-z])([0-9a-z])', {s}) ¦ extract_all('([a-z]+)', {s})
replace_regex({s}, '([a-z])([0-9a-z])', @'\2-\1') ¦ replace_regex({s}, '^', '>') ¦ trim('[ a]+', {s})
trim_start('[^b]+', {s}) ¦ trim_end(@'\s+', {s}) ¦ tostring({a}) ¦ tolong({a}) ¦ toint({a}) ¦ toreal({a})
todatetime({s}) ¦ totimespan({s}) ¦ tobool({a}) ¦ toguid({s}) ¦ gettype({a}) ¦ isnull({a}) ¦ isempty({a})
isnotempty({a}) ¦ url_encode({s}) ¦ url_encode_component({s}) ¦ url_decode({s}) ¦ base64_encode_tostring({s})
base64_decode_tostring({s}) ¦ parse_json({s}) ¦ parse_json({d}) ¦ parse_url({s}) ¦ parse_urlquery({s})
parse_path({s}) ¦ parse_ipv4({s}) ¦ parse_ipv6({s}) ¦ parse_ipv4_mask({s}, {k}) ¦ parse_ipv6_mask({s}, {k})
ipv4_is_private({s}) ¦ ipv4_is_in_range({s}, {s}) ¦ format_ipv4({s}, {k}) ¦ ipv4_is_match({s}, {s}, {k})
ipv4_compare({s}, {s}, {k}) ¦ ipv4_netmask_suffix({s}) ¦ format_ipv4_mask({l}, {k}) ¦ ipv6_compare({s}, {s})
ipv6_is_match({s}, {s}) ¦ has_ipv4({s}, '10.0.0.0') ¦ has_ipv4_prefix({s}, '10.') ¦ format_ipv4_mask({s})
format_datetime({t}, 'yyyy-MM-dd HH:mm:ss.fffffff') ¦ format_datetime({t}, 'y M d h H m s f tt')
format_datetime({t}, 'FFF') ¦ format_timespan({n}, 'd.hh:mm:ss.fffffff')
format_timespan({n}, 'dd H hh m mm s ss F FF fff') ¦ make_datetime(2020, {k}, {k})
make_datetime({l}, {i}, {k}, {k}, {k}, {r}) ¦ make_timespan({k}, {k}, {k}) ¦ make_timespan({k}, {k}, {k}, {r})
dayofweek({t}) ¦ datetime_add('year', {k}, {t}) ¦ datetime_add('month', {k}, {t}) ¦ datetime_add('week', {k}, {t})
datetime_add('hour', {k}, {t}) ¦ datetime_diff('year', {t}, {t}) ¦ datetime_diff('month', {t}, {t})
datetime_diff('week', {t}, {t}) ¦ weekofyear({t}) ¦ datetime_diff('day', {t}, {t}) ¦ datetime_diff('hour', {t}, {t})
datetime_diff('second', {t}, {t}) ¦ dayofmonth({t}) ¦ datetime_diff('millisecond', {t}, {t}) ¦ dayofyear({t})
week_of_year({t}) ¦ hourofday({t}) ¦ monthofyear({t}) ¦ getyear({t}) ¦ startofday({t}, {k}) ¦ startofmonth({t}, {k})
startofyear({t}, {k}) ¦ startofweek({t}) ¦ endofday({t}, {k}) ¦ endofweek({t}, {k}) ¦ endofyear({t}, {k})
endofmonth({t}, {k}) ¦ datetime_part('quarter', {t}) ¦ datetime_part('millisecond', {t})
datetime_part('week_of_year', {t}) ¦ datetime_utc_to_local({t}, 'Europe/Berlin') ¦ unixtime_seconds_todatetime({x})
unixtime_milliseconds_todatetime({w}) ¦ hash_sha256({s}) ¦ hash_md5({s}) ¦ hash_sha1({s}) ¦ iff({b}, {s}, {s})
iff({b}, {l}, {r}) ¦ iff({b}, {d}, {s}) ¦ iff({b}, {t}, {t}) ¦ case({b}, {s}, {b}, {s}, {s})
case({b}, {l}, {b}, {i}, {r}) ¦ bin({l}, {l}) ¦ bin({r}, {r}) ¦ bin({n}, {n}) ¦ bin({t}, {n}) ¦ bin({t}, 7d)
bin({l}, 10) ¦ bin({r}, 0.5) ¦ bin_at({l}, {l}, {l}) ¦ bin_at({n}, {n}, {n}) ¦ bin_at({t}, 7d, {t}) ¦ floor({r}, 1)
not({b}) ¦ around({l}, {l}, {l}) ¦ binary_and({w}, {w}) ¦ binary_xor({w}, {w}) ¦ binary_not({w})
binary_shift_left({w}, {k}) ¦ binary_shift_right({w}, {k}) ¦ bitset_count_ones({w}) ¦ repeat({a}, {k})
array_length({d}) ¦ range({k}, {k}, 3) ¦ array_concat({d}, {d}) ¦ array_iff({d}, {a}, {a}) ¦ array_index_of({d}, {a})
array_slice({d}, {k}, {k}) ¦ array_split({d}, {k}) ¦ array_shift_left({d}, {k}) ¦ array_shift_right({d}, {k}, {a})
bin_at({m}, {m}, {m}) ¦ array_shift_left({q}, {k}) ¦ array_index_of({d}, {a}, {k}, {k}) ¦ array_index_of({d}, {a}, {k}, {k}, 2)
array_reverse({d}) ¦ array_rotate_left({d}, {k}) ¦ array_sum({v}) ¦ array_sort_asc({v}) ¦ array_sort_desc({v})
array_sort_asc({q}) ¦ array_sort_desc({q}, false) ¦ strcat_array({q}, {s}) ¦ zip({d}, {d}) ¦ bag_keys({d})
bag_pack('a', {a}, 'b', {a}) ¦ pack_array({a}, {a}, {a}) ¦ set_has_element({d}, {a}) ¦ set_union({d}, {d})
set_intersect({d}, {d}) ¦ set_difference({d}, {d}) ¦ bag_merge({d}, {d}) ¦ bag_remove_keys({d}, dynamic(['a','b']))
bag_has_key({d}, {s}) ¦ bag_set_key({d}, 'a', {a}) ¦ extract_json('$.a', {s}) ¦ extract_json('$[0]', {s})
series_add({v}, {v}) ¦ series_subtract({v}, {l}) ¦ series_multiply({v}, {v}) ¦ series_divide({v}, {v})
series_greater({v}, {v}) ¦ series_abs({v}) ¦ series_sum({v}) ¦ series_fill_forward({v}) ¦ series_fill_const({v}, {k})
round({x}) ¦ round({r}, 2) ¦ round({l}, -2) ¦ ceiling({x}) ¦ sqrt({r}) ¦ log({r}) ¦ log10({r}) ¦ exp2({k})
pow({k}, {k}) ¦ abs({x}) ¦ abs({n}) ¦ sign({x}) ¦ isnan({r}) ¦ isfinite({r}) ¦ coalesce({s}, {s})
coalesce({l}, {i}, {l}) ¦ coalesce({r}, {r}) ¦ coalesce({d}, {d}) ¦ max_of({l}, {r}) ¦ min_of({r}, {r}, {r})
max_of({t}, {t}) ¦ min_of({n}, {n}) ¦ format_bytes({k}) ¦ {l} + {w} ¦ {l} - {w} ¦ {k} * {w} ¦ {w} / {w} ¦ {w} % {w}
{r} + {x} ¦ {r} - {l} ¦ {r} * {k} ¦ {r} / {r} ¦ {r} / {l} ¦ {r} % {k} ¦ {m} + {m} ¦ {m} - {l} ¦ {m} % {m} ¦ -({l})
-({n}) ¦ {t} + {n} ¦ {t} - {n} ¦ {t} - {t} ¦ {n} + {n} ¦ {n} * {k} ¦ {n} / {k} ¦ {n} / {n} ¦ {n} % {n} ¦ {t} % {n}
{t} + 1d ¦ {t} - 365d ¦ {w} == {x} ¦ {r} != {r} ¦ {r} == {r} ¦ {r} < {x} ¦ {x} >= {r} ¦ {l} <= {w} ¦ {m} > {m}
{s} == {s} ¦ {s} != {s} ¦ {s} < {s} ¦ {s} >= {s} ¦ {t} == {t} ¦ {t} < {t} ¦ {n} < {n} ¦ {n} != {n} ¦ {g} == {g}
{b} == {b} ¦ {g} == {s} ¦ {d} == {s} ¦ {d} == {l} ¦ {d} != {s} ¦ {d} < {l} ¦ {d} == {b} ¦ {b} == {l} ¦ {d} + {k}
{d} * {r} ¦ {l} between ({l} .. {w}) ¦ {r} between ({k} .. {k}) ¦ {l} !between ({k} .. {l}) ¦ {t} between ({t} .. {t})
{t} !between ({t} .. {t}) ¦ {n} between ({n} .. {n}) ¦ {s} in ({s}, {s}) ¦ {s} !in ({s}, {s}) ¦ {s} in~ ({s}, {s})
{s} !in~ ({s}, {s}) ¦ {l} in ({l}, {l}) ¦ {l} !in ({w}, {w}) ¦ {r} in ({r}, {l}) ¦ {s} in ({d}) ¦ {s} !in ({d})
{s} in~ ({d}) ¦ {l} in ({d}) ¦ {d} in ({s}, {s}) ¦ {t} in ({t}, {t}) ¦ {g} in ({g}, {g}) ¦ {s} =~ {s} ¦ {s} !~ {s}
{s} has {s} ¦ {s} !has {s} ¦ {s} has_cs {s} ¦ {s} hasprefix {s} ¦ {s} hassuffix {s} ¦ {s} contains {s}
{s} !contains {s} ¦ {s} contains_cs {s} ¦ {s} startswith {s} ¦ {s} endswith {s} ¦ {s} has_any ({s}, {s})
{s} has_all ({s}, {s}) ¦ {s} has_any ({d}) ¦ {s} has_all ({d}) ¦ {d} has {s} ¦ {d} contains {s}
{s} matches regex '^[a-z0-9]+$' ¦ {s} matches regex @'(?i)\bA' ¦ {d}.a ¦ {d}[0] ¦ {d}[-1] ¦ {d}[{k}] ¦ {d}[{s}]
{d}.a.c ¦ {d}.a[1].b ¦ {d}['a b'] ¦ {d}['c\'d'] ¦ {d}[''] ¦ tostring({d}.a) ¦ tolong({d}[0]) ¦ toreal({d}[1])
tostring({d}[{k}]) ¦ isnull({d}.a) ¦ isempty({d}.a) ¦ strlen({d}.a) ¦ gettype({d}.a) ¦ {d}.a == 'x' ¦ {d}[0] == 1
{d}.a in ('x', 'y') ¦ {d}[0] in (1, 2) ¦ {d}.b has '1' ¦ coalesce(tostring({d}.a), {s}) ¦ parse_json({s}).a
parse_json({s})[0] ¦ parse_json({s}).a.b ¦ tostring(parse_json({s}).a) ¦ array_length(parse_json({s}))
gettype(parse_json({s})) ¦ split({s}, '.')[0] ¦ tostring(split({s}, '/')[-1]) ¦ tostring(parse_url({s}).Host)
tostring(bag_pack('a', {s}, 'b', {l}, 'c', {t})) ¦ tostring(pack_array({n}, {b}, {g})) ¦ set_equals({d}, {d})
jaccard_index({q}, {q}) ¦ todecimal({s}) ¦ isnotnull({a}) ¦ unixtime_microseconds_todatetime({w})
datetime_local_to_utc({t}, 'US/Pacific') ¦ base64_decode_toarray({s}) ¦ base64_encode_fromguid({g})
base64_decode_toguid({s}) ¦ parse_command_line({s}, 'windows') ¦ parse_xml({s}) ¦ geo_distance_2points({f}, {f}, {f}, {f})
geo_point_in_circle({f}, {f}, {f}, {f}, {l}) ¦ geo_azimuth({f}, {f}, {f}, {f}) ¦ geo_point_in_polygon({f}, {f}, {d})
ipv4_is_in_any_range({s}, '10.0.0.0/8', '192.168.0.0/16')
ipv4_range_to_cidr_list({s}, {s}) ¦ ipv6_is_in_range({s}, {s})
ipv6_is_in_any_range({s}, 'fe80::/10') ¦ has_any_ipv4({s}, '10.0.0.0', '192.168.1.1')
has_any_ipv4_prefix({s}, '10.', '192.168.') ¦ exp({f}) ¦ exp10({k}) ¦ cos({f}) ¦ sin({f}) ¦ tan({f}) ¦ atan({f})
acos({f}) ¦ asin({f}) ¦ gamma({k}) ¦ loggamma({k}) ¦ log2({f}) ¦ erf({f}) ¦ erfc({f}) ¦ atan2({f}, {f}) ¦ cot({f})
degrees({f}) ¦ radians({f}) ¦ isinf({r}) ¦ binary_or({w}, {w}) ¦ {b} and {b} ¦ {b} or {b} ¦ series_pow({v}, {v})
series_greater_equals({v}, {v}) ¦ series_less({v}, {k}) ¦ series_less_equals({v}, {v}) ¦ series_equals({v}, {v})
series_not_equals({v}, {v}) ¦ series_sign({v}) ¦ series_floor({v}) ¦ series_ceiling({v}) ¦ series_exp({v})
series_log({v}) ¦ series_sin({v}) ¦ series_atan({v}) ¦ series_magnitude({v}) ¦ series_dot_product({v}, {k})
series_pearson_correlation({v}, {v}) ¦ series_cosine_similarity({v}, {v}) ¦ series_fill_backward({v})
series_fill_linear({v}) ¦ series_fir({v}, dynamic([1, 1])) ¦ replace('a|b', 'x', {s}) ¦ isutf8({s})
extract_json('$.a', {s}, typeof(long))
"""
CALLS: tuple[str, ...] = tuple(call.strip() for line in _CALLS.strip().splitlines() for call in line.split("¦"))
