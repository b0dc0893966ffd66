"""What an engine answers: described columns, rows, or an error in the engine's own words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the engine describes it: its name, and its type in the engine's spelling."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Result:
    """The columns and rows of one statement; a row holds one Python value per column, None for NULL."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[object, ...], ...]


class EngineError(Exception):
    """A statement, table or file that the engine refuses.

    ``engine`` is "duckdb" or "googlesql", ``message`` what it said, ``sql`` the statement ("" when there was none).
    """

    def __init__(self, engine: str, message: str, sql: str = "") -> None:
        super().__init__(message)
        self.engine = engine
        self.message = message
        self.sql = sql


class EngineMissingError(EngineError):
    """The engine is not installed; the message names the extra that brings it."""
