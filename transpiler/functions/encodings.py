"""Encodings, hashes, and parsers of well-known formats."""

from __future__ import annotations
