"""Dynamic values: bags, arrays, sets."""

from __future__ import annotations
