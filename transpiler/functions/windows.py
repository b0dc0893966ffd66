"""Window functions over serialised rows. Those with a restart, and the ranks, become several stages (semantics.windowing)."""

from __future__ import annotations

from transpiler.functions.registry import Kind, fn, refused

fn("row_number(start: integer?, restart: bool?) -> long!", kind=Kind.WINDOW)
fn("row_cumsum(term: number, restart: bool?) -> term!", kind=Kind.WINDOW)
fn("prev(column: any, offset: integer#?, default: any?) -> column?", kind=Kind.WINDOW)
fn("next(column: any, offset: integer#?, default: any?) -> column?", kind=Kind.WINDOW)
fn("row_rank_dense(term: plain, restart: bool?) -> long!", kind=Kind.WINDOW)
fn("row_rank_min(term: plain, restart: bool?) -> long!", kind=Kind.WINDOW)
fn(
    "row_window_session(expr: datetime, from_first: timespan#, between: timespan#, restart: bool?) -> datetime?",
    kind=Kind.WINDOW,
)
# Written by the binder only: the greatest, least and first value so far, the sum over all rows of a part.
fn("running max(term: any) -> term?", kind=Kind.WINDOW)
fn("running min(term: any) -> term?", kind=Kind.WINDOW)
fn("running first(term: any) -> term?", kind=Kind.WINDOW)
fn("sum up to(term: number) -> term!", kind=Kind.WINDOW)
fn("total sum(term: number) -> term!", kind=Kind.WINDOW)
fn("true nearby(term: bool, before: integer#, after: integer#) -> bool!", kind=Kind.WINDOW)
# How many rows of the part have a term less than this one's plus a distance.
fn("count within(term: timespan, distance: timespan#) -> long!", kind=Kind.WINDOW)

refused(
    "which of the two ranks it gives is not documented",
    "row_rank",
    hint="row_rank_dense, row_rank_min",
    kind=Kind.WINDOW,
)
refused("its ids are Kusto's own", "row_id", kind=Kind.WINDOW)
