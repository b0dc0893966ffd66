"""What the exports of a team have in common: where alerts go, how long ingestion takes, and names that are made of paths."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta

from transpiler.alerts import RunWindow, run_window
from transpiler.exports.schedule import MINIMUM
from transpiler.rule.model import Rule
from transpiler.validation import DELAY

_UNSAFE = re.compile(r"[^A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Settings:
    """``dataset`` and ``table`` name the alerts table; ``location`` is BigQuery's; ``delay`` the ingestion delay."""

    dataset: str = "detections"
    table: str = "alerts"
    location: str = "US"
    delay: timedelta = DELAY

    @property
    def alerts_path(self) -> tuple[str, str]:
        """The alerts table in the project of the query that writes it."""
        return (self.dataset, self.table)


def window_in_service(rule: Rule) -> RunWindow | None:
    """A rule's window when BigQuery runs it: no more often than every five minutes."""
    return run_window(rule, MINIMUM)


def identifier_of(stem: str) -> str:
    """A rule's path as a name of letters, digits and ``_``: ``gcp/dns/mining-pools`` is ``gcp_dns_mining_pools``.

    Where other characters were lost, a hash keeps two rules apart.
    """
    name = _UNSAFE.sub("_", stem).strip("_") or "rule"
    name = f"r_{name}" if name[0].isdigit() else name
    plain = re.fullmatch(r"[A-Za-z0-9/]+([_-][A-Za-z0-9/]+)*", stem) is not None
    return name if plain else f"{name}_{hashlib.sha256(stem.encode()).hexdigest()[:8]}"
