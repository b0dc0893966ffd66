"""Conversions. Each ``to…`` has an overload per source type, because the text forms are Kusto's own.

A source type that is not listed is refused: what Kusto makes of it is not known. A string that is no number (instant,
guid …) gives null, never an error.
"""

from __future__ import annotations

from transpiler.functions.registry import Naming, fn

_FIRST = Naming.FIRST

fn(
    ("tostring(value: integer) -> string", "tostring long"),
    ("tostring(value: dynamic) -> string?", "tostring dynamic"),
    ("tostring(value: real) -> string", "tostring real"),
    ("tostring(value: decimal) -> string", "tostring decimal"),
    ("tostring(value: bool) -> string", "tostring bool"),
    ("tostring(value: datetime) -> string", "tostring datetime"),
    ("tostring(value: timespan) -> string", "tostring timespan"),
    ("tostring(value: guid) -> string", "tostring guid"),
    naming=_FIRST,
)
fn(
    ("tolong(value: string~) -> long?", "tolong string"),
    ("tolong(value: dynamic) -> long?", "tolong dynamic"),
    ("tolong(value: integer) -> long", "tolong integer"),
    ("tolong(value: real) -> long?", "tolong real"),
    ("tolong(value: decimal) -> long?", "tolong decimal"),
    ("tolong(value: bool) -> long", "tolong bool"),
    ("tolong(value: datetime) -> long", "tolong datetime"),
    ("tolong(value: timespan) -> long", "tolong timespan"),
    naming=_FIRST,
)
fn(
    ("toint(value: string~) -> int?", "toint string"),
    ("toint(value: dynamic) -> int?", "toint dynamic"),
    ("toint(value: integer) -> int", "toint long"),
    ("toint(value: real) -> int?", "toint real"),
    ("toint(value: decimal) -> int?", "toint decimal"),
    ("toint(value: bool) -> int", "toint bool"),
    ("toint(value: datetime) -> int", "toint datetime"),
    ("toint(value: timespan) -> int", "toint timespan"),
    naming=_FIRST,
)
fn(
    ("toreal(value: string~) -> real?", "toreal string"),
    ("toreal(value: dynamic) -> real?", "toreal dynamic"),
    ("toreal(value: integer) -> real", "toreal integer"),
    ("toreal(value: decimal) -> real", "toreal decimal"),
    ("toreal(value: bool) -> real", "toreal bool"),
    ("toreal(value: datetime) -> real", "toreal datetime"),
    ("toreal(value: timespan) -> real", "toreal timespan"),
    naming=_FIRST,
    aliases=("todouble",),
)
fn(
    ("todecimal(value: string~) -> decimal?", "todecimal string"),
    ("todecimal(value: dynamic) -> decimal?", "todecimal dynamic"),
    ("todecimal(value: integer) -> decimal", "todecimal integer"),
    ("todecimal(value: real) -> decimal?", "todecimal real"),
    ("todecimal(value: bool) -> decimal", "todecimal bool"),
    naming=_FIRST,
)
fn(
    ("tobool(value: string~) -> bool?", "tobool string"),
    ("tobool(value: dynamic) -> bool?", "tobool dynamic"),
    ("tobool(value: number) -> bool", "tobool number"),
    naming=_FIRST,
    aliases=("toboolean",),
)
fn(
    ("todatetime(value: string~) -> datetime?", "todatetime string"),
    ("todatetime(value: dynamic) -> datetime?", "todatetime dynamic"),
    ("todatetime(value: integer) -> datetime?", "todatetime integer"),
    naming=_FIRST,
)
fn(
    ("totimespan(value: string~) -> timespan?", "totimespan string"),
    ("totimespan(value: dynamic) -> timespan?", "totimespan dynamic"),
    ("totimespan(value: integer) -> timespan", "totimespan integer"),
    naming=_FIRST,
    aliases=("totime",),
)
fn(
    ("toguid(value: string~) -> guid?", "toguid string"),
    ("toguid(value: dynamic) -> guid?", "toguid dynamic"),
    naming=_FIRST,
)
fn("gettype(value: any) -> string", naming=Naming.PREFIX_AND_FIRST, prefix="type")
# Only a string is parsed: a dynamic value stays what it is, even one that holds the text of JSON.
fn(
    ("parse_json(json_text: string~) -> dynamic?", "parse_json"),
    ("parse_json(value: dynamic) -> dynamic", "parse_json dynamic"),
    naming=_FIRST,
    aliases=("todynamic", "toobject", "parsejson"),
)
