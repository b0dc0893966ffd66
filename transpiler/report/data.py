"""Reports as plain data: what ``--format json`` prints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from transpiler.rule.durations import show_duration


def plain(value: object) -> Any:  # Any: JSON
    """A report's value as JSON has it: dataclasses as objects (fields that begin with _ left out), durations as ``15m``."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value) if not f.name.startswith("_")}
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        return [plain(inner) for inner in value]
    if isinstance(value, timedelta):
        return show_duration(value)
    if isinstance(value, datetime):
        return value.isoformat() + "Z"
    if isinstance(value, Enum):
        return str(value.value)
    return value


def json_text(value: object) -> str:
    """A report as JSON text."""
    return json.dumps(plain(value), ensure_ascii=False, indent=2)
