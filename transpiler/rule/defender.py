"""Defender XDR's custom detections, in Graph's older shape and in that of 2026, from YAML or JSON."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from transpiler.rule.findings import Severity
from transpiler.rule.knowledge import ENTITY_IDENTIFIERS, SEVERITIES
from transpiler.rule.model import CustomDetection, EntityMapping, Grouping, Kind, Rule, Schedule, Trigger
from transpiler.rule.record import Record
from transpiler.rule.sentinel import read_base, read_query

PERIODS = {"0": 0, "1H": 1, "3H": 3, "12H": 12, "24H": 24}
LOOKBACKS = {0: 1, 1: 4, 3: 12, 12: 48, 24: 30 * 24}
"""Hours that a run looks back, by the hours between runs, where the file does not say."""

ASSETS = {f"#microsoft.graph.security.impacted{kind}Asset": kind for kind in ("Device", "User", "Mailbox")}
GROUPINGS = {"alertPerEvent": Grouping.ALERT_PER_RESULT, "singleAlert": Grouping.SINGLE_ALERT}
NEW_FIELDS = ("tactics", "entityMappings", "customDetails")
READ_ONLY = ("createdBy", "createdDateTime", "lastModifiedBy", "lastModifiedDateTime", "lastRunDetails", "detectorId")


def read_detection(record: Record) -> Rule:
    """A custom detection. Its alerts come one per event unless the file says otherwise."""
    rule = read_base(record, Kind.CUSTOM_DETECTION, "displayName")
    condition = record.record("queryCondition")
    if condition:
        rule = read_query(condition, rule, "queryText")
        condition.value("lastModifiedDateTime")
        condition.rest()
    else:
        rule = read_query(record, rule, "queryText")
    rule = replace(rule, enabled=record.boolean("isEnabled") is not False, trigger=Trigger())
    for name in ("@odata.context", "@odata.type", *READ_ONLY):
        record.value(name)
    grouping = record.choice("eventGroupingKind", GROUPINGS, "grouping kind", Severity.WARNING)
    rule = replace(rule, schedule=_schedule(record), grouping=grouping or Grouping.ALERT_PER_RESULT)
    return _with_action(record, rule)


def _schedule(record: Record) -> Schedule | None:
    record.require("schedule")
    inner = record.record("schedule")
    if inner is None:
        return None
    inner.value("nextRunDateTime")
    found = _frequency(inner)
    inner.rest()
    return found


def _frequency(inner: Record) -> Schedule | None:
    if inner.has("frequency"):
        frequency = inner.duration("frequency")
        given = inner.duration("lookback")
    else:
        inner.require("period", why='one of "0" (continuous), "1H", "3H", "12H", "24H"; or frequency in ISO 8601')
        hours = inner.choice("period", PERIODS, "period")
        frequency, given = None if hours is None else timedelta(hours=hours), None
    if frequency is None:
        return None
    known = LOOKBACKS.get(int(frequency.total_seconds()) // 3600)
    default = timedelta(hours=known) if known else frequency
    return Schedule(frequency, given or default)


def _with_action(record: Record, rule: Rule) -> Rule:
    action = record.record("detectionAction")
    owner = action or record
    owner.require("alertTemplate")
    template = owner.record("alertTemplate")
    responses = owner.data("responseActions")
    if action:
        action.value("organizationalScope")
        action.rest()
    if template is None:
        return rule
    is_new = "schedule.frequency" in record.places or any(template.has(name) for name in NEW_FIELDS)
    rule = _with_template(template, rule, "2026" if is_new else "graph")
    actions = tuple(item for item in responses if isinstance(item, dict)) if isinstance(responses, list) else ()
    return (
        rule if rule.detection is None else replace(rule, detection=replace(rule.detection, response_actions=actions))
    )


def _is_2026(record: Record, template: Record) -> bool:
    return any(template.has(n) for n in ("tactics", "entityMappings", "customDetails")) or not record.has(
        "queryCondition"
    )


def _with_template(template: Record, rule: Rule, shape: str) -> Rule:
    template.require("title")
    template.require("severity")
    category = template.text("category") or ""
    detection = CustomDetection(
        shape=shape,
        title=template.text("title") or "",
        category=category,
        recommended_actions=template.text("recommendedActions") or "",
        impacted_assets=_assets(template),
    )
    rule = replace(
        rule,
        description=(template.text("description") or "").strip(),
        severity=template.choice("severity", SEVERITIES, "severity") or "",
        tactics=template.texts("tactics") or ((category,) if category else ()),
        techniques=(*template.texts("mitreTechniques"), *template.texts("techniques")),
        entities=_entities(template),
        custom_details=template.mapping_of_texts("customDetails"),
        detection=detection,
    )
    template.rest()
    return rule


def _assets(template: Record) -> tuple[tuple[str, str], ...]:
    found = []
    for item in template.records("impactedAssets", Severity.WARNING):
        kind = item.choice("@odata.type", ASSETS, "asset type", Severity.WARNING)
        item.require("identifier", Severity.WARNING)
        # Graph's identifiers are words of an enumeration: deviceId stands for the column DeviceId.
        identifier = item.text("identifier") or ""
        found.append((kind or "", identifier[:1].upper() + identifier[1:]))
        item.rest()
    return tuple(found)


def _entities(template: Record) -> tuple[EntityMapping, ...]:
    """The mapping of 2026: a list for each entity type, ``accounts: [{name: AccountName}]``."""
    outer = template.record("entityMappings", Severity.WARNING)
    if outer is None:
        return ()
    found = []
    for key, _ in outer.node.value:
        for item in outer.records(key.value, Severity.WARNING):
            names = [name.value for name, _ in item.node.value if not name.value.startswith("@")]
            fields = tuple((name, item.text(name, Severity.WARNING) or "") for name in names)
            found.append(EntityMapping(_entity_type(key.value), fields))
    return tuple(found)


def _entity_type(plural: str) -> str:
    """``accounts`` is Account, ``mailboxes`` is Mailbox, ``ips`` is IP; an unknown name stays."""
    lower = {name.lower(): name for name in ENTITY_IDENTIFIERS}
    forms = (plural.lower(), plural.lower().removesuffix("s"), plural.lower().removesuffix("es"))
    return next((lower[form] for form in forms if form in lower), plural)
