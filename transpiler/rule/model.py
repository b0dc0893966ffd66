"""A detection rule as data, whatever file it came from. Field names follow Sentinel's.

The model is open for a second query language (``Rule.language``) and for more kinds: what only one kind has lies in a
part of its own (``schedule``, ``trigger``, ``function``, ``detection``, ``exploration``), None for the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from transpiler.rule.findings import At, Finding, Severity
from transpiler.rule.text import Lines
from transpiler.source import Source, Span


class Kind(StrEnum):
    """The kinds of rule file that are read."""

    SCHEDULED = "Scheduled"
    NRT = "NRT"
    HUNTING = "Hunting"
    EXPLORATION = "Exploration"
    PARSER = "Parser"
    CUSTOM_DETECTION = "CustomDetection"


class Operator(StrEnum):
    """How the number of result rows is compared with the threshold."""

    GT = "gt"
    LT = "lt"
    EQ = "eq"
    NE = "ne"


class Grouping(StrEnum):
    """One alert for a run's whole result, or one for each of its rows."""

    SINGLE_ALERT = "SingleAlert"
    ALERT_PER_RESULT = "AlertPerResult"


@dataclass(frozen=True, slots=True)
class Connector:
    """A data connector and the tables that it fills."""

    id: str
    data_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """How often the query runs (``frequency``) and how far it looks back (``period``). NRT rules have none.

    A continuous Defender detection has frequency zero.
    """

    frequency: timedelta
    period: timedelta


@dataclass(frozen=True, slots=True)
class Trigger:
    """An alert is raised when ``count of rows <operator> threshold``."""

    operator: Operator = Operator.GT
    threshold: int = 0


@dataclass(frozen=True, slots=True)
class EntityMapping:
    """An entity of the alert: identifiers and the result columns that fill them, as (identifier, column)."""

    type: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AlertOverride:
    """Titles and details taken from the result: formats with ``{{column}}``, or column names; None: not overridden."""

    display_name: str | None = None
    description: str | None = None
    severity_column: str | None = None
    tactics_column: str | None = None
    properties: tuple[tuple[str, str], ...] = ()
    """alertDynamicProperties as (alert property, column)."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """After an alert the query rests for ``duration``."""

    enabled: bool
    duration: timedelta


@dataclass(frozen=True, slots=True)
class Incidents:
    """How alerts become incidents (kept for export; no part of the query)."""

    create: bool = True
    grouping_enabled: bool = False
    reopen_closed: bool = False
    lookback: timedelta = timedelta(hours=5)
    matching: str = "AllEntities"
    by_entities: tuple[str, ...] = ()
    by_alert_details: tuple[str, ...] = ()
    by_custom_details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionParameter:
    """A parser function's parameter: its KQL type as written (``(*)`` for a table) and its default, KQL text."""

    name: str
    type: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class ParserFunction:
    """What makes a query callable: every name under which rules call it, its parameters, the schema it fills."""

    names: tuple[str, ...]
    parameters: tuple[FunctionParameter, ...] = ()
    schema: str = ""
    product: str = ""


@dataclass(frozen=True, slots=True)
class CustomDetection:
    """What only Defender's custom detections have. ``shape`` is "2026" or "graph" (the older one).

    ``impacted_assets`` are (kind, column): kind is Device, User or Mailbox. ``response_actions`` are kept as data.
    """

    shape: str
    title: str
    category: str = ""
    recommended_actions: str = ""
    impacted_assets: tuple[tuple[str, str], ...] = ()
    response_actions: tuple[Mapping[str, Any], ...] = ()  # Any: Graph's own objects


@dataclass(frozen=True, slots=True)
class Exploration:
    """An entity page's query: which entity goes in and out, and the range around the moment asked for."""

    input_type: str
    input_fields: tuple[str, ...]
    output_types: tuple[str, ...]
    before: timedelta
    after: timedelta
    data_sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as loaded. ``query`` is the query's text; ``source`` the same with the way back to the file.

    ``severity`` is High, Medium, Low, Informational or "". ``places`` tells where each field stands, by its path
    (``entityMappings[0].fieldMappings[1].columnName``). ``extra`` holds unknown fields. ``findings`` has no errors.
    """

    kind: Kind
    id: str
    name: str
    description: str
    severity: str
    source: Source
    path: str
    text: str
    sha256: str
    language: str = "kql"
    version: str = ""
    status: str = ""
    enabled: bool = True
    connectors: tuple[Connector, ...] = ()
    schedule: Schedule | None = None
    trigger: Trigger | None = None
    tactics: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    entities: tuple[EntityMapping, ...] = ()
    sentinel_entities: tuple[str, ...] = ()
    custom_details: Mapping[str, str] = field(default_factory=dict)
    alert: AlertOverride = field(default_factory=AlertOverride)
    grouping: Grouping = Grouping.SINGLE_ALERT
    suppression: Suppression | None = None
    incidents: Incidents = field(default_factory=Incidents)
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)  # Any: free data
    function: ParserFunction | None = None
    detection: CustomDetection | None = None
    exploration: Exploration | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)  # Any: free data
    places: Mapping[str, Span] = field(default_factory=dict, repr=False)
    findings: tuple[Finding, ...] = ()

    @property
    def query(self) -> str:
        """The query's text."""
        return self.source.text

    def span(self, path: str) -> Span:
        """The part of the file that holds a field, else the nearest mapping around it, else the beginning."""
        while path:
            if path in self.places:
                return self.places[path]
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return Span(0, 0)

    def place(self, path: str) -> At:
        """Line and column of a field."""
        return At(*Lines(self.text).position(self.span(path).start), self.path)

    def finding(self, severity: Severity, code: str, message: str, path: str, hint: str = "") -> Finding:
        """A finding about a field."""
        return Finding(code, severity, message, self.place(path), self.span(path), hint)
