"""Choices between values: ``case``, ``coalesce``, ``isnull`` and ``isempty``."""

from __future__ import annotations

from transpiler.functions.registry import fn

fn("case(arguments: any*) -> common?")
fn(("coalesce(arguments: string~*) -> string", "coalesce string"), ("coalesce(arguments: any*) -> common", "coalesce"))
fn(("isnull(value: string) -> bool!", "isnull string"), ("isnull(value: any) -> bool!", "isnull"))
fn(
    ("isnotnull(value: string) -> bool!", "isnotnull string"),
    ("isnotnull(value: any) -> bool!", "isnotnull"),
    aliases=("notnull",),
)
fn(
    ("isempty(value: string|unknown) -> bool!", "isempty"),
    ("isempty(value: dynamic) -> bool!", "isempty dynamic"),
    ("isempty(value: any) -> bool!", "isempty any"),
)
fn(
    ("isnotempty(value: string|unknown~) -> bool%", "isnotempty"),
    ("isnotempty(value: dynamic) -> bool!", "isnotempty dynamic"),
    ("isnotempty(value: any) -> bool!", "isnotempty any"),
    aliases=("notempty",),
)
