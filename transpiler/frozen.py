"""``@frozen``: the dataclasses of which a translation makes thousands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

Made = TypeVar("Made")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(*, eq: bool = True, kw_only: bool = False) -> Callable[[type[Made]], type[Made]]:
    """A dataclass with slots that mypy holds to be frozen; equal by its fields, or (``eq=False``) only to itself.

    Trap: ``dataclass(frozen=True)`` makes each object by a call per field, five times slower than assignments; that was a
    sixth of a translation. Nothing stops an assignment at run time, so values that leave the package stay really frozen.
    """
    return dataclass(slots=True, eq=eq, unsafe_hash=eq, kw_only=kw_only)
