"""Instants and durations."""

from __future__ import annotations
