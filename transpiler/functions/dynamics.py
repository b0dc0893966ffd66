"""Dynamic values as a whole: what other types become in them, bags and arrays made of values.

``semantics.scalars.packing`` binds the functions that make them: a value that JSON has no form for (an instant, a real that may
be NaN …) is there already a dynamic value.
"""

from __future__ import annotations

from transpiler.functions.registry import fn, refused

# A scalar as a dynamic value. A null stays null, but a string has none.
fn(
    ("dynamic of(value: string) -> dynamic!", "dynamic of string"),
    ("dynamic of(value: integer) -> dynamic", "dynamic of long"),
    ("dynamic of(value: bool) -> dynamic", "dynamic of bool"),
)
fn(("dynamic of text(value: string~) -> dynamic", "dynamic of text"))

fn("bag_pack(arguments: any*) -> dynamic!", aliases=("pack", "pack_dictionary"))
fn("pack_array(arguments: any*) -> dynamic!")
# A bag of the pairs whose value is neither null nor an empty string.
fn("bag of present(arguments: any*) -> dynamic!")

# What ``to typeof(long)``, ``to typeof(bool)`` leave of an element, which is cast and not parsed.
fn("number alone(value: dynamic) -> dynamic?")
fn("truth alone(value: dynamic) -> dynamic?")

refused("the paths within a value are found by descending to any depth; those of a constant are computed", "treepath")
