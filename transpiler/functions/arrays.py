"""Dynamic arrays: their parts, their order, their sums, and sets of their elements.

What is no array gives null. An element is compared by its JSON text, so that the string "1" is not the number 1.
``semantics.scalars.arrays`` binds the functions that take a value of any type beside an array: it is there a dynamic value.
"""

from __future__ import annotations

from transpiler.functions.registry import Naming, fn

MOST_VALUES = 2**20
"""Kusto cuts what a range would hold beyond them (the function's page)."""

fn("array_length(array: dynamic) -> long?", aliases=("arraylength",))
fn("array_concat(arrays: dynamic*) -> dynamic?")
fn("array_reverse(array: dynamic) -> dynamic?")
fn("array_slice(array: dynamic, start: integer, end: integer) -> dynamic?")
fn("array_sum(array: dynamic) -> real?")
fn("array_index_of(array: dynamic, value: dynamic, start: integer?, length: integer?, occurrence: integer?) -> long?")
# The shift is to the left; what is shifted in is the default, which of an array of texts is the empty one.
fn(
    "shifted array(array: dynamic, shift: integer, default: dynamic) -> dynamic?",
    ("shifted array(array: dynamic, shift: integer) -> dynamic?", "shifted array plain"),
)
fn("rotated array(array: dynamic, shift: integer) -> dynamic?")
fn("array_iff(conditions: dynamic, when_true: dynamic, when_false: dynamic) -> dynamic?")
# The options are the positions at which the array is cut.
fn("array_split(array: dynamic, index: any) -> dynamic?")
# The options: whether it ascends, whether nulls come last. With a second array: that one in the order of the first.
fn(
    ("sorted array(array: dynamic) -> dynamic?", "sorted array"),
    ("sorted array(key: dynamic, array: dynamic) -> dynamic?", "sorted array by"),
)
fn("zip(arrays: dynamic*2) -> dynamic?")
fn("repeat(value: dynamic, count: integer) -> dynamic?", naming=Naming.PREFIX_AND_FIRST, prefix="repeat")
fn("strcat_array(array: dynamic, delimiter: text) -> string?", aliases=("array_strcat",))
fn(
    ("range(start: integer, stop: integer, step: integer) -> dynamic?", "range"),
    ("range(start: real, stop: real, step: real) -> dynamic?", "range real"),
    ("range(start: datetime, stop: datetime, step: timespan) -> dynamic?", "range datetime"),
    ("range(start: timespan, stop: timespan, step: timespan) -> dynamic?", "range timespan"),
)

fn("set_union(sets: dynamic*2) -> dynamic?")
fn("set_intersect(sets: dynamic*2) -> dynamic?")
fn("set_difference(sets: dynamic*2) -> dynamic?")
fn("set_has_element(set: dynamic, value: dynamic) -> bool%")
fn("set_equals(set1: dynamic, set2: dynamic) -> bool?")
fn("jaccard_index(set1: dynamic, set2: dynamic) -> dynamic?")
