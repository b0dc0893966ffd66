"""A file that remembers which runs of a backtest are done, so that a stopped one goes on where it was.

The first line says what is being computed; a file of another computation is begun anew. Each further line is a portion:
its number and its alerts. A line that was cut off is forgotten.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from transpiler.alerts import ALERT_COLUMNS
from transpiler.backtest.history import Record
from transpiler.types import Type

_TIMES = tuple(c.name for c in ALERT_COLUMNS if c.type is Type.DATETIME)


def fingerprint(*parts: object) -> str:
    """One text for what determines a computation."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


@dataclass(slots=True)
class Progress:
    """The portions that are done, by number. ``path`` None: nothing is kept."""

    path: Path | None
    identity: str
    done: dict[int, list[Record]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.path is None:
            return
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.is_file() else []
        if lines and _read(lines[0]).get("backtest") == self.identity:
            for line in lines[1:]:
                data = _read(line)
                if "portion" in data:
                    self.done[data["portion"]] = [_alert(a) for a in data["alerts"]]
            # Without the line that was cut off, if there is one.
            self._rewrite()
        else:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(json.dumps({"backtest": self.identity}) + "\n", encoding="utf-8")

    def _rewrite(self) -> None:
        assert self.path is not None
        lines = [json.dumps({"backtest": self.identity})]
        lines += [_written(number, alerts) for number, alerts in self.done.items()]
        self.path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def add(self, portion: int, alerts: Sequence[Record]) -> None:
        """Keeps a portion's alerts."""
        self.done[portion] = list(alerts)
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(_written(portion, alerts) + "\n")


def _written(portion: int, alerts: Sequence[Record]) -> str:
    return json.dumps({"portion": portion, "alerts": [dict(a) for a in alerts]}, default=_instant, ensure_ascii=False)


def _instant(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()


def _read(line: str) -> dict[str, Any]:  # Any: JSON
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _alert(data: dict[str, Any]) -> Record:  # Any: JSON
    return {k: datetime.fromisoformat(v) if k in _TIMES and v is not None else v for k, v in data.items()}
