"""Strings and regular expressions."""

from __future__ import annotations
