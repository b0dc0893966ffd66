"""Sentinel's own files as rules: Scheduled and NRT rules, hunting and exploration queries, parser functions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import yaml

from transpiler.rule.document import plain
from transpiler.rule.findings import Severity
from transpiler.rule.knowledge import SEVERITIES
from transpiler.rule.model import (
    AlertOverride,
    Connector,
    EntityMapping,
    Exploration,
    FunctionParameter,
    Grouping,
    Incidents,
    Kind,
    Operator,
    ParserFunction,
    Rule,
    Schedule,
    Suppression,
    Trigger,
)
from transpiler.rule.record import Record
from transpiler.source import Source

OPERATORS = {
    "gt": Operator.GT,
    "lt": Operator.LT,
    "eq": Operator.EQ,
    "ne": Operator.NE,
    "GreaterThan": Operator.GT,
    "LessThan": Operator.LT,
    "Equal": Operator.EQ,
    "NotEqual": Operator.NE,
}
GROUPINGS = {kind.value: kind for kind in Grouping}
MATCHING = {name: name for name in ("AllEntities", "Selected", "AnyAlert")}
PASSIVE = ("alertRuleTemplateName", "templateVersion", "category", "functionAlias", "displayName")
"""Fields of exported rules and saved searches that change nothing here."""


def read_base(record: Record, kind: Kind, name: str = "name", description: str = "description") -> Rule:
    """The fields that every kind has. A missing query is an error; so is a missing name or id of an analytics rule."""
    strict = Severity.ERROR if kind in (Kind.SCHEDULED, Kind.NRT) else Severity.WARNING
    record.require(name, strict)
    document = record.document
    return Rule(
        kind=kind,
        id=(record.text("id") or "").strip(),
        name=(record.text(name) or "").strip(),
        description=_unwrapped(record.text(description) or ""),
        severity="",
        source=Source("", document.path),
        path=document.path,
        text=document.text,
        sha256=document.sha256,
    )


def _unwrapped(description: str) -> str:
    """Without the extra pair of single quotes that Microsoft's repository puts around descriptions in a block."""
    text = description.strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] == "'" else text


def read_query(record: Record, rule: Rule, name: str = "query") -> Rule:
    """The rule with its query."""
    record.require(name)
    source = record.source(name)
    if source is not None and not source.text.strip():
        record.document.error("RULE002", f"the field '{name}' holds no query", record.node_of(name))
    return rule if source is None else replace(rule, source=source)


def read_analytics(record: Record, kind: Kind) -> Rule:
    """A Scheduled or NRT rule, or a hunting query, which has the same fields but no schedule."""
    record.value("kind")
    strict = Severity.ERROR if kind is not Kind.HUNTING else Severity.WARNING
    record.require("id", strict, "every rule has a GUID of its own")
    rule = read_query(record, read_base(record, kind))
    for field in ("description", "requiredDataConnectors") if kind is Kind.SCHEDULED else ("description",):
        if not record.has(field):
            record.require(field, Severity.WARNING)
    if kind is not Kind.HUNTING:
        record.require("severity")
    rule = replace(
        rule,
        severity=record.choice("severity", SEVERITIES, "severity") or "",
        version=record.text("version", Severity.WARNING) or "",
        status=record.text("status", Severity.WARNING) or "",
        connectors=_connectors(record),
        tactics=record.texts("tactics"),
        techniques=(*record.texts("relevantTechniques"), *record.texts("techniques"), *record.texts("subTechniques")),
        entities=_entities(record),
        custom_details=record.mapping_of_texts("customDetails"),
        tags=_tags(record),
        metadata=_metadata(record),
    )
    rule = rule if kind is Kind.HUNTING else _with_alerting(record, rule)
    rule = replace(rule, schedule=_schedule(record), trigger=_trigger(record)) if kind is Kind.SCHEDULED else rule
    for name in PASSIVE:
        record.value(name)
    return rule


def _with_alerting(record: Record, rule: Rule) -> Rule:
    """What turns rows into alerts and alerts into incidents."""
    enabled = record.boolean("enabled")
    grouping = record.record("eventGroupingSettings", Severity.WARNING)
    kind = grouping.choice("aggregationKind", GROUPINGS, "aggregation kind") if grouping else None
    if grouping:
        grouping.rest()
    return replace(
        rule,
        enabled=enabled is not False,
        grouping=kind or Grouping.SINGLE_ALERT,
        alert=_alert(record),
        suppression=_suppression(record),
        incidents=_incidents(record),
        sentinel_entities=tuple(
            column
            for item in record.records("sentinelEntitiesMappings", Severity.WARNING)
            if (column := item.text("columnName")) is not None
        ),
    )


def _connectors(record: Record) -> tuple[Connector, ...]:
    found = []
    for item in record.records("requiredDataConnectors", Severity.WARNING):
        item.require("connectorId", Severity.WARNING)
        item.require("dataTypes", Severity.WARNING)
        found.append(Connector(item.text("connectorId", Severity.WARNING) or "", item.texts("dataTypes")))
        item.rest()
    return tuple(found)


def _schedule(record: Record) -> Schedule | None:
    for name in ("queryFrequency", "queryPeriod"):
        record.require(name, why="a duration such as 15m, 1h or 1d")
    frequency, period = record.duration("queryFrequency"), record.duration("queryPeriod")
    return None if frequency is None or period is None else Schedule(frequency, period)


def _trigger(record: Record) -> Trigger:
    for name in ("triggerOperator", "triggerThreshold"):
        record.require(name, Severity.WARNING, "without it the rule alerts on more than 0 rows")
    operator = record.choice("triggerOperator", OPERATORS, "operator")
    return Trigger(operator or Operator.GT, record.integer("triggerThreshold") or 0)


def _entities(record: Record) -> tuple[EntityMapping, ...]:
    """Today's list of mappings, or the old mapping of entity type to column."""
    node = record.value("entityMappings")
    if isinstance(node, yaml.MappingNode):
        identifiers = {"Account": "FullName", "Host": "FullName", "IP": "Address", "URL": "Url"}
        old = record.mapping_of_texts("entityMappings")
        message = "entityMappings in the old form, entity type to column; read as the identifier that it meant"
        record.document.warn("RULE004", message, node, "list entityType and fieldMappings")
        return tuple(EntityMapping(t, ((identifiers.get(t, "Name"), column),)) for t, column in old.items())
    return tuple(_entity(item) for item in record.records("entityMappings"))


def _entity(item: Record) -> EntityMapping:
    item.require("entityType")
    item.require("fieldMappings")
    fields = []
    for field in item.records("fieldMappings"):
        field.require("identifier")
        field.require("columnName")
        fields.append((field.text("identifier") or "", field.text("columnName") or ""))
        field.rest()
    mapping = EntityMapping(item.text("entityType") or "", tuple(fields))
    item.rest()
    return mapping


def _alert(record: Record) -> AlertOverride:
    inner = record.record("alertDetailsOverride", Severity.WARNING)
    if inner is None:
        return AlertOverride()
    properties = []
    for item in inner.records("alertDynamicProperties", Severity.WARNING):
        properties.append((item.text("alertProperty") or "", item.text("value") or ""))
        item.rest()
    override = AlertOverride(
        display_name=inner.text("alertDisplayNameFormat"),
        description=inner.text("alertDescriptionFormat"),
        severity_column=inner.text("alertSeverityColumnName"),
        tactics_column=inner.text("alertTacticsColumnName"),
        properties=tuple(properties),
    )
    inner.rest()
    return override


def _suppression(record: Record) -> Suppression | None:
    enabled = record.boolean("suppressionEnabled")
    duration = record.duration("suppressionDuration")
    if enabled is None and duration is None:
        return None
    return Suppression(enabled is True, duration or timedelta(hours=5))


def _incidents(record: Record) -> Incidents:
    outer = record.record("incidentConfiguration", Severity.WARNING)
    if outer is None:
        return Incidents()
    create = outer.boolean("createIncident")
    inner = outer.record("groupingConfiguration", Severity.WARNING)
    outer.rest()
    if inner is None:
        return Incidents(create=create is not False)
    incidents = Incidents(
        create=create is not False,
        grouping_enabled=inner.boolean("enabled") is True,
        reopen_closed=inner.boolean("reopenClosedIncident") is True,
        lookback=inner.duration("lookbackDuration", Severity.WARNING) or timedelta(hours=5),
        matching=inner.choice("matchingMethod", MATCHING, "matching method", Severity.WARNING) or "AllEntities",
        by_entities=inner.texts("groupByEntities"),
        by_alert_details=inner.texts("groupByAlertDetails"),
        by_custom_details=inner.texts("groupByCustomDetails"),
    )
    inner.rest()
    return incidents


def _metadata(record: Record) -> dict[str, Any]:  # Any: free data
    found = record.record("metadata", Severity.WARNING)
    return plain(found.node) if found else {}


def _tags(record: Record) -> tuple[str, ...]:
    """Tags as texts; Microsoft's repository also writes them as small mappings (``- Schema: ASIMDns``)."""
    found = []
    for item in record.items("tags"):
        value = plain(item)
        found += [f"{k}: {v}" for k, v in value.items()] if isinstance(value, dict) else [str(value)]
    return tuple(found)


def read_exploration(record: Record) -> Rule:
    """A query of an entity's page (capitalised field names)."""
    rule = read_query(record, read_base(record, Kind.EXPLORATION, "DisplayName"))
    for name in ("InputEntityType", "QueryPeriodBefore", "QueryPeriodAfter"):
        record.require(name, Severity.WARNING)
    exploration = Exploration(
        input_type=record.text("InputEntityType") or "",
        input_fields=record.texts("InputFields"),
        output_types=record.texts("OutputEntityTypes"),
        before=record.duration("QueryPeriodBefore") or timedelta(),
        after=record.duration("QueryPeriodAfter") or timedelta(),
        data_sources=record.texts("DataSources"),
    )
    return replace(rule, tactics=record.texts("Tactics"), exploration=exploration)


_STYLES = (
    ("ParserQuery", "ParserName", "Parser", "ParserParams"),
    ("FunctionQuery", "FunctionName", "Function", "FunctionParams"),
    ("query", "name", "Function", "functionParameters"),
)
"""Fields of query, name, head and parameters: as ASIM, solutions and saved searches write a parser function."""


def read_parser(record: Record) -> Rule:
    """A parser function. It can be called by its name, its alias and its built-in name."""
    query, name, head_name, parameters = next(s for s in _STYLES if record.has(s[0]) or s[0] == "query")
    rule = read_query(record, read_base(record, Kind.PARSER, name, "Description"), query)
    head = record.record(head_name, Severity.WARNING)
    title, version = (head.text("Title"), head.text("Version")) if head else (None, None)
    if head:
        head.value("LastUpdated")
        head.rest()
    names = [rule.name, *(record.text(n) or "" for n in ("FunctionAlias", "EquivalentBuiltInParser"))]
    names = names[1:] if query == "query" else names
    function = ParserFunction(
        names=tuple(dict.fromkeys(n for n in names if n)),
        parameters=_parameters(record, parameters),
        schema=_named(record, "Normalization", "Schema"),
        product=_named(record, "Product", "Name"),
    )
    for passive in ("References", "Category", "Parsers", "Tags", "Tactics", "Techniques", "requiredDataConnectors"):
        record.value(passive)
    version = version or record.text("Version")
    return replace(rule, description=rule.description or title or "", version=version or "", function=function)


def _named(record: Record, outer: str, inner: str) -> str:
    found = record.record(outer, Severity.WARNING)
    return (found.text(inner, Severity.WARNING) or "") if found else ""


def _parameters(record: Record, name: str) -> tuple[FunctionParameter, ...]:
    """A list of {Name, Type, Default}, or KQL's own ``a:string='*', b:bool=false``."""
    node = record.value(name)
    if isinstance(node, yaml.ScalarNode):
        return _spelled_parameters(record, name, node)
    found = []
    for item in record.records(name):
        item.require("Name")
        item.require("Type")
        type_, default = item.text("Type") or "", item.text("Default")
        found.append(FunctionParameter(item.text("Name") or "", type_, _default(type_, default)))
        item.rest()
    return tuple(found)


def _spelled_parameters(record: Record, name: str, node: yaml.ScalarNode) -> tuple[FunctionParameter, ...]:
    found = []
    for part in str(node.value).split(","):
        left, equals, default = part.partition("=")
        parameter, colon, type_ = left.partition(":")
        if not colon:
            record.ill_typed(name, "a list of name:type or name:type=default", node)
            return ()
        found.append(FunctionParameter(parameter.strip(), type_.strip(), default.strip() if equals else None))
    return tuple(found)


def _default(type_: str, text: str | None) -> str | None:
    """The default as a KQL literal: YAML takes the quotes off a string's."""
    if text is None or type_.strip().lower() != "string" or text[:1] in ("'", '"'):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
