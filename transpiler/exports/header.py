"""What stands above exported SQL: where it comes from, so that any copy leads back to its rule. No time, no product version."""

from __future__ import annotations

from transpiler.rule.model import Rule


def header_of(rule: Rule) -> str:
    """The lines of the comment before a rule's SQL."""
    known = [f"id: {_line(rule.id)}"] * bool(rule.id) + [f"version {_line(rule.version)}"] * bool(rule.version)
    lines = [f" {_line(rule.name)}", ", ".join(known), f"source: {_line(rule.path)}, sha256 {rule.sha256} "]
    return "\n   ".join(filter(None, lines))


def _line(text: str) -> str:
    return " ".join(text.split())
