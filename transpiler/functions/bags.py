"""Property bags: their keys and members. What is no bag gives null; of members with one name the first bag's counts."""

from __future__ import annotations

from transpiler.functions.registry import fn

fn("bag_keys(object: dynamic) -> dynamic?")
fn("bag_has_key(bag: dynamic, key: string) -> bool?")
fn("bag_merge(bags: dynamic*2) -> dynamic?")
fn("bag_remove_keys(bag: dynamic, keys: dynamic) -> dynamic?")
fn("bag_set_key(bag: dynamic, key: string, value: dynamic) -> dynamic?")
fn("bag_zip(keys: dynamic, values: dynamic) -> dynamic?")
fn("dynamic_to_json(value: dynamic) -> string?")
