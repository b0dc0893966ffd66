"""What look-ups by address are made of. No query calls these; their names hold a blank."""

from __future__ import annotations

from transpiler.functions.registry import fn

fn("ipv4 last(first: long, prefix: long) -> long")
