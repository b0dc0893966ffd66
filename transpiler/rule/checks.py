"""What Sentinel and Defender would refuse or misread in a rule: limits, contradictions, likely mistakes.

Errors are what no run could make sense of; warnings what Microsoft's own checks refuse, or what is most likely a slip.
``check_columns`` needs the query's result, so it is asked for after binding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from transpiler.rule.durations import show_duration
from transpiler.rule.findings import Finding, Severity
from transpiler.rule.knowledge import (
    ALERT_PROPERTIES,
    ENTITY_IDENTIFIERS,
    LEGACY_ENTITY_COLUMNS,
    STRONG_IDENTIFIERS,
    TACTICS,
    TECHNIQUE_TACTICS,
)
from transpiler.rule.model import EntityMapping, Kind, Rule

WARNING, ERROR, INFO = Severity.WARNING, Severity.ERROR, Severity.INFO
MINUTES_5, DAYS_14 = timedelta(minutes=5), timedelta(days=14)
PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
"""A placeholder of a title or description; group 1 is the column's name."""

_GUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
# Kusto's rule for names of columns: ``['a.b']`` is one, though a query must quote it.
_COLUMN = re.compile(r"[\w$ .\-]{1,1024}")
_DETAIL = re.compile(r"[a-zA-Z]\w*", re.ASCII)
_FILLED_IN = re.compile(r"\{\{(?:Start|End)Time\w*\}\}", re.IGNORECASE)
_TECHNIQUE = re.compile(r"T\d{4}(\.\d{3})?")
_VERSION = re.compile(r"\d+\.\d+\.\d+")

Check = Callable[[Rule], Iterator[Finding]]


def check_rule(rule: Rule) -> tuple[Finding, ...]:
    """All findings about one rule that need nothing but its file."""
    return tuple(finding for check in CHECKS[rule.kind] for finding in check(rule))


def identity(rule: Rule) -> Iterator[Finding]:
    """The id is a GUID, the version X.Y.Z, name and description within their limits."""
    if rule.id and not _GUID.fullmatch(rule.id):
        yield rule.finding(WARNING, "RULE004", f"the id '{rule.id}' is not a GUID", "id")
    if rule.version and not (_VERSION.fullmatch(rule.version) and len(rule.version) <= 20):
        yield rule.finding(WARNING, "RULE004", f"the version '{rule.version}' is not of the form X.Y.Z", "version")
    for field, text, limit in (("name", rule.name, 256), ("description", rule.description, 5000)):
        if len(text) > limit:
            yield _too_long(rule, field, len(text), limit)


def _too_long(rule: Rule, path: str, length: int, limit: int) -> Finding:
    return rule.finding(WARNING, "RULE007", f"'{path}' has {length:,} characters; the limit is {limit:,}", path)


def query_text(rule: Rule) -> Iterator[Finding]:
    """Sentinel takes queries of up to 10,000 characters, and neither ``search *`` nor ``union *``."""
    if len(rule.query) > 10_000:
        yield _too_long(rule, "query", len(rule.query), 10_000)
    for match in re.finditer(r"\b(search|union)\s+\*", rule.query):
        message = f"Sentinel allows no '{match.group(1)} *' in a rule's query"
        line, column = rule.source.file_position(match.start())
        place = rule.place("query")._replace(line=line, column=column)
        hint = "name the tables"
        yield Finding("RULE008", WARNING, message, place, rule.span("query"), hint)


def placeholders(rule: Rule) -> Iterator[Finding]:
    """``{{StartTimeISO}}`` and the like, which Sentinel's hunting page fills in before Kusto sees the query."""
    for match in dict.fromkeys(m[0] for m in _FILLED_IN.finditer(rule.query)):
        message = f"Sentinel's hunting page puts a value in the place of {match}; here it is a text, as it stands"
        line, column = rule.source.file_position(rule.query.index(match))
        place = rule.place("query")._replace(line=line, column=column)
        hint = "todatetime of it is null, so that no row is found: write ago(1d) and now(), or the instants themselves"
        yield Finding("RULE008", WARNING, message, place, rule.span("query"), hint)


def schedule(rule: Rule) -> Iterator[Finding]:
    """Both durations lie between 5 minutes and 14 days, the period is no shorter, long periods run hourly at most."""
    if rule.schedule is None:
        return
    for name, value in (("queryFrequency", rule.schedule.frequency), ("queryPeriod", rule.schedule.period)):
        if not MINUTES_5 <= value <= DAYS_14:
            message = f"'{name}' is {show_duration(value)}; Sentinel allows 5m to 14d"
            yield rule.finding(ERROR, "RULE007", message, name)
    frequency, period = rule.schedule.frequency, rule.schedule.period
    if period < frequency:
        message = f"the period {show_duration(period)} is shorter than the frequency {show_duration(frequency)}"
        hint = f"events between the windows are never seen; set queryPeriod to {show_duration(frequency)} or more"
        yield rule.finding(ERROR, "RULE008", message, "queryPeriod", hint)
    if period >= timedelta(days=2) and frequency < timedelta(hours=1):
        message = f"a period of {show_duration(period)} allows no frequency under 1h, found {show_duration(frequency)}"
        yield rule.finding(WARNING, "RULE008", message, "queryFrequency")


def trigger(rule: Rule) -> Iterator[Finding]:
    """The threshold lies between 0 and 10,000."""
    if rule.trigger and not 0 <= rule.trigger.threshold <= 10_000:
        message = f"the threshold {rule.trigger.threshold} lies outside 0 to 10000"
        yield rule.finding(ERROR, "RULE007", message, "triggerThreshold")


def attack(rule: Rule) -> Iterator[Finding]:
    """Tactics are ATT&CK's, techniques well formed, and each technique has a tactic in the list."""
    field = _written(rule, "tactics", "Tactics", "category")
    for tactic in rule.tactics:
        if tactic not in TACTICS:
            near = [t for t in TACTICS if t.lower() == re.sub(r"[\s_-]", "", tactic).lower()]
            hint = f"write {near[0]}" if near else f"known: {', '.join(TACTICS)}"
            yield rule.finding(WARNING, "RULE007", f"'{tactic}' is no tactic", _item(rule, field, tactic), hint)
    path = _written(rule, "relevantTechniques", "mitreTechniques", "techniques")
    for technique in rule.techniques:
        if not _TECHNIQUE.fullmatch(technique):
            message = f"'{technique}' is no technique; forms: T1234, T1234.001"
            yield rule.finding(WARNING, "RULE007", message, _item(rule, path, technique))
            continue
        known = TECHNIQUE_TACTICS.get(technique[:5])
        if known and not known & set(rule.tactics):
            message = f"none of the tactics of {technique} ({', '.join(sorted(known))}) is listed"
            hint = "add one of them to tactics"
            yield rule.finding(WARNING, "RULE008", message, _item(rule, path, technique), hint)
    if rule.tactics and not rule.techniques and rule.kind in (Kind.SCHEDULED, Kind.NRT):
        message = "tactics without techniques: the rule covers no technique of ATT&CK"
        yield rule.finding(INFO, "RULE002", message, field, "add relevantTechniques")


def _written(rule: Rule, *names: str) -> str:
    """The path of the first of the fields that the file has, wherever it stands."""
    found = (path for name in names for path in rule.places if path.rpartition(".")[2] == name)
    return next(found, names[0])


def _item(rule: Rule, path: str, text: str) -> str:
    """The path of the item of a list that is written so, or the list's."""
    items = (p for p in rule.places if p.startswith(f"{path}["))
    written = (p for p in items if rule.text[slice(*rule.places[p])].strip("\"'") == text)
    return next(written, path)


def entities(rule: Rule) -> Iterator[Finding]:
    """Up to ten mappings of known types, each with one to three identifiers that are enough to know the entity."""
    if len(rule.entities) > 10:
        message = f"{len(rule.entities)} entity mappings; the limit is 10"
        yield rule.finding(WARNING, "RULE007", message, "entityMappings")
    for index, mapping in enumerate(rule.entities):
        yield from _entity(rule, mapping, f"entityMappings[{index}]")


def _entity(rule: Rule, mapping: EntityMapping, path: str) -> Iterator[Finding]:
    known = ENTITY_IDENTIFIERS.get(mapping.type)
    if known is None:
        message = f"'{mapping.type}' is no entity type; known: {', '.join(ENTITY_IDENTIFIERS)}"
        yield rule.finding(WARNING, "RULE007", message, f"{path}.entityType")
        return
    identifiers = [identifier for identifier, _ in mapping.fields]
    if not 1 <= len(identifiers) <= 3:
        message = f"an entity has one to three identifiers, found {len(identifiers)}"
        yield rule.finding(WARNING, "RULE007", message, f"{path}.fieldMappings")
    lower = {name.lower() for name in known}
    for index, (identifier, column) in enumerate(mapping.fields):
        at = f"{path}.fieldMappings[{index}]"
        if identifier.lower() not in lower:
            message = f"'{identifier}' is no identifier of {mapping.type}; known: {', '.join(known)}"
            yield rule.finding(WARNING, "RULE007", message, f"{at}.identifier")
        if identifier in identifiers[:index]:
            yield rule.finding(WARNING, "RULE008", f"'{identifier}' is mapped twice", f"{at}.identifier")
        if not _COLUMN.fullmatch(column):
            yield rule.finding(WARNING, "RULE004", f"'{column}' is not the name of a column", f"{at}.columnName")
    given = {identifier.lower() for identifier in identifiers}
    strong = STRONG_IDENTIFIERS[mapping.type]
    if given <= lower and not any({name.lower() for name in group} <= given for group in strong):
        forms = " or ".join(" with ".join(sorted(group)) for group in strong)
        message = f"{', '.join(identifiers)} alone identifies no {mapping.type}"
        yield rule.finding(WARNING, "RULE008", message, f"{path}.fieldMappings", f"map {forms}")


def legacy_entities(rule: Rule) -> Iterator[Finding]:
    """A column such as IPCustomEntity makes an entity only when it is mapped."""
    mapped = {column for mapping in rule.entities for _, column in mapping.fields}
    for name in LEGACY_ENTITY_COLUMNS:
        if name not in mapped and re.search(rf"\b{name}\b", rule.query):
            message = f"the query makes the column {name}, but no entity mapping uses it"
            hint = "such a column no longer becomes an entity by its name alone; add it to entityMappings"
            yield rule.finding(WARNING, "RULE008", message, "query", hint)


def custom_details(rule: Rule) -> Iterator[Finding]:
    """Up to twenty details with names of up to twenty letters, digits and underscores."""
    if len(rule.custom_details) > 20:
        message = f"{len(rule.custom_details)} custom details; the limit is 20"
        yield rule.finding(WARNING, "RULE007", message, "customDetails")
    for key, column in rule.custom_details.items():
        path = f"customDetails.{key}"
        if len(key) > 20:
            yield rule.finding(WARNING, "RULE007", f"'{key}' has {len(key)} characters; the limit is 20", path)
        if not _DETAIL.fullmatch(key):
            yield rule.finding(WARNING, "RULE004", f"'{key}' is not the name of a custom detail", path)
        if not _COLUMN.fullmatch(column):
            yield rule.finding(WARNING, "RULE004", f"'{column}' is not the name of a column", path)


def overrides(rule: Rule) -> Iterator[Finding]:
    """Formats have up to three placeholders and 256 or 5,000 characters; dynamic properties have known names."""
    for name, text, limit in (
        ("alertDisplayNameFormat", rule.alert.display_name, 256),
        ("alertDescriptionFormat", rule.alert.description, 5000),
    ):
        path = f"alertDetailsOverride.{name}"
        if text is None:
            continue
        if not 1 <= len(text) <= limit:
            yield _too_long(rule, path, len(text), limit)
        found = PLACEHOLDER.findall(text)
        if len(found) > 3:
            message = f"{len(found)} placeholders in {name}; the limit is 3"
            yield rule.finding(WARNING, "RULE007", message, path, "move the others to customDetails")
        for column in found:
            if not _COLUMN.fullmatch(column):
                message = f"the placeholder {{{{{column}}}}} is not the name of a column"
                yield rule.finding(WARNING, "RULE004", message, path)
    for index, (name, _) in enumerate(rule.alert.properties):
        if name not in ALERT_PROPERTIES:
            message = f"'{name}' is no alert property; known: {', '.join(ALERT_PROPERTIES)}"
            path = f"alertDetailsOverride.alertDynamicProperties[{index}].alertProperty"
            yield rule.finding(WARNING, "RULE007", message, path)


def suppression(rule: Rule) -> Iterator[Finding]:
    """Suppression lasts 5 minutes to 24 hours."""
    if rule.suppression and not MINUTES_5 <= rule.suppression.duration <= timedelta(hours=24):
        message = f"suppression for {show_duration(rule.suppression.duration)}; Sentinel allows 5m to 24h"
        yield rule.finding(WARNING, "RULE007", message, "suppressionDuration")


def incidents(rule: Rule) -> Iterator[Finding]:
    """The window of grouping lies between 5 minutes and 7 days; what is grouped by exists in the rule."""
    path = "incidentConfiguration.groupingConfiguration"
    config = rule.incidents
    if not MINUTES_5 <= config.lookback <= timedelta(days=7):
        message = f"incidents are grouped over {show_duration(config.lookback)}; Sentinel allows 5m to 7d"
        yield rule.finding(WARNING, "RULE007", message, f"{path}.lookbackDuration")
    types = {mapping.type for mapping in rule.entities}
    for entity in config.by_entities:
        if entity not in types:
            message = f"incidents are grouped by the entity {entity}, which the rule does not map"
            yield rule.finding(WARNING, "RULE008", message, f"{path}.groupByEntities")
    for detail in config.by_custom_details:
        if detail not in rule.custom_details:
            message = f"incidents are grouped by the custom detail {detail}, which the rule does not have"
            yield rule.finding(WARNING, "RULE008", message, f"{path}.groupByCustomDetails")


def detection_period(rule: Rule) -> Iterator[Finding]:
    """A custom detection looks back at least as far as it waits."""
    if rule.schedule and rule.schedule.period < rule.schedule.frequency:
        message = "the lookback is shorter than the frequency: events between the windows are never seen"
        yield rule.finding(ERROR, "RULE008", message, "schedule.lookback")


CHECKS: dict[Kind, tuple[Check, ...]] = {
    Kind.SCHEDULED: (
        *(identity, query_text, placeholders, schedule, trigger, attack, entities, legacy_entities),
        *(custom_details, overrides, suppression, incidents),
    ),
    Kind.NRT: (
        *(identity, query_text, placeholders, attack, entities, legacy_entities),
        *(custom_details, overrides, suppression, incidents),
    ),
    Kind.HUNTING: (identity, placeholders, attack, entities, custom_details),
    Kind.EXPLORATION: (identity, placeholders, attack),
    Kind.PARSER: (identity,),
    Kind.CUSTOM_DETECTION: (attack, custom_details, detection_period),
}
"""What is checked for each kind, in order."""

EVENT_COLUMNS = ("Timestamp",)
ASSET_COLUMNS = (
    *("DeviceId", "DeviceName", "RemoteDeviceName", "RecipientEmailAddress", "SenderFromAddress"),
    *("SenderMailFromAddress", "RecipientObjectId", "AccountObjectId", "AccountSid", "AccountUpn"),
    *("InitiatingProcessAccountSid", "InitiatingProcessAccountUpn", "InitiatingProcessAccountObjectId"),
)
"""A custom detection's result must have one of these, so that its alerts have an asset."""


def check_columns(rule: Rule, columns: Iterable[str], *, is_open: bool = False) -> tuple[Finding, ...]:
    """Findings about names of result columns in the rule that the query does not return.

    ``columns`` are the result's; with ``is_open`` there may be more, and nothing can be said.
    """
    if is_open:
        return ()
    known = list(columns)
    used = [*_entity_columns(rule), *_detail_columns(rule)]
    findings = []
    for path, column in used:
        if column and column not in known:
            same = [k for k in known if k.lower() == column.lower()]
            hint = f"did you mean {same[0]}?" if same else f"the query returns {', '.join(known) or 'nothing'}"
            message = f"the query returns no column '{column}'"
            findings.append(rule.finding(WARNING, "RULE008", message, path, hint))
    if rule.kind is Kind.CUSTOM_DETECTION:
        findings += _detection_columns(rule, known)
    return tuple(findings)


def _entity_columns(rule: Rule) -> Iterator[tuple[str, str]]:
    if rule.kind is Kind.CUSTOM_DETECTION:
        # A list for each type, and in it an object whose fields are the identifiers: read in the order of the mappings.
        written = (p for p in rule.places if re.search(r"\bentityMappings\.[^.\[]+\[\d+\]\.[^.\[@]+$", p))
        yield from zip(written, (column for m in rule.entities for _, column in m.fields), strict=False)
        yield from _impacted(rule)
        return
    for i, mapping in enumerate(rule.entities):
        for j, (_, column) in enumerate(mapping.fields):
            yield f"entityMappings[{i}].fieldMappings[{j}].columnName", column
    for i, column in enumerate(rule.sentinel_entities):
        yield f"sentinelEntitiesMappings[{i}].columnName", column


def _impacted(rule: Rule) -> Iterator[tuple[str, str]]:
    for index, (_, column) in enumerate(rule.detection.impacted_assets if rule.detection else ()):
        yield _written(rule, "impactedAssets") + f"[{index}].identifier", column


def _detail_columns(rule: Rule) -> Iterator[tuple[str, str]]:
    for key, column in rule.custom_details.items():
        path = f"customDetails.{key}"
        yield next((p for p in rule.places if p == path or p.endswith(f".{path}")), path), column
    override, where = rule.alert, "alertDetailsOverride"
    for name, text in (
        ("alertDisplayNameFormat", override.display_name),
        ("alertDescriptionFormat", override.description),
    ):
        for column in PLACEHOLDER.findall(text or ""):
            yield f"{where}.{name}", column
    yield f"{where}.alertSeverityColumnName", override.severity_column or ""
    yield f"{where}.alertTacticsColumnName", override.tactics_column or ""
    for i, (_, column) in enumerate(override.properties):
        yield f"{where}.alertDynamicProperties[{i}].value", column


def _detection_columns(rule: Rule, known: list[str]) -> Iterator[Finding]:
    path = _written(rule, "queryText")
    for name in EVENT_COLUMNS:
        if name not in known:
            yield rule.finding(WARNING, "RULE008", f"a custom detection must return {name}", path)
    if not any(name in known for name in ASSET_COLUMNS):
        message = "a custom detection must return a column that names an asset"
        yield rule.finding(WARNING, "RULE008", message, path, f"one of {', '.join(ASSET_COLUMNS)}")


def check_together(rules: Iterable[Rule]) -> tuple[Finding, ...]:
    """Findings across rules: an id that two rules share."""
    seen: dict[str, Rule] = {}
    findings = []
    for rule in rules:
        first = seen.setdefault(rule.id.lower(), rule) if rule.id else rule
        if first is not rule:
            at = first.place("id")
            message = f"the id {rule.id} is also that of '{first.name}' ({at.path}:{at.line}:{at.column})"
            findings.append(rule.finding(WARNING, "RULE008", message, "id", "give one of the two rules a new GUID"))
    return tuple(findings)
