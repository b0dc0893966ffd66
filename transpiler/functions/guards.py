"""What stops a query where Kusto's answer is not known. No query calls it; its name holds a blank."""

from __future__ import annotations

from transpiler.functions.registry import fn

# The value where the test holds; elsewhere the query stops, and its message shows a value.
fn("value if(value: any, holds: bool, message: string#, shown: string) -> value")
