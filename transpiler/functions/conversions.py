"""Conversions. Each ``to…`` has an overload per source type, because the text forms are Kusto's own."""

from __future__ import annotations

from transpiler.functions.registry import Naming, fn

fn(
    ("tostring(value: integer) -> string", "tostring long"),
    ("tostring(value: dynamic) -> string", "tostring dynamic"),
    naming=Naming.FIRST,
)
fn(
    ("tolong(value: string) -> long?", "tolong string"),
    ("tolong(value: dynamic) -> long?", "tolong dynamic"),
    ("tolong(value: number) -> long?", "tolong number"),
    naming=Naming.FIRST,
)
fn("parse_json(json_text: string) -> dynamic?", naming=Naming.FIRST, aliases=("todynamic", "toobject", "parsejson"))
