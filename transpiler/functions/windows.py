"""Window functions over serialised rows."""

from __future__ import annotations
