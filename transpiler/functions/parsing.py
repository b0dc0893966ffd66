"""What the operators ``parse``, ``parse-where`` and ``parse-kv`` are made of. No query calls these; their names hold a blank.

The pattern and the names of its groups are options of the call: ``(pattern, is Kusto's regular expression, name, name …)``.
Group n of a pattern is written ``(?P<gN>…)``, that of a time among regular expressions ``(?P<tN>…)``; every other parenthesis
captures nothing that is asked for. ``parse pair`` has the options ``(Kusto's regular expression of a key and its value, key)``.
"""

from __future__ import annotations

from transpiler.functions.registry import fn

fn("parse test(text: string~) -> bool%")
fn("parse groups(text: string~) -> unknown?")
fn("parse field(groups: unknown) -> string?")
fn("parse group(text: string~) -> string?")
fn("parse whole(text: string~) -> long?")
fn("parse whole int(text: string~) -> int?")
fn("parse pair(text: string~) -> string?")
fn("parse unquoted(text: string~) -> string")
