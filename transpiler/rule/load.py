"""Rule files as rules: which kind a file is, one file, a folder of files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

import yaml

from transpiler.diagnostics import RuleError
from transpiler.rule.checks import check_rule, check_together
from transpiler.rule.defender import read_detection
from transpiler.rule.document import Document, broken, read_bytes, read_document
from transpiler.rule.findings import FileError, Finding, Severity, in_order
from transpiler.rule.knowledge import UNREAD_KINDS
from transpiler.rule.model import Kind, Rule
from transpiler.rule.record import Record
from transpiler.rule.sentinel import read_analytics, read_exploration, read_parser

SUFFIXES = (".yaml", ".yml", ".json")
YARA_L_SUFFIXES = (".yaral", ".yara-l", ".yara")
_YARA_L = re.compile(r"^[ \t]*(?:(?:global|private)\s+)*rule\s+\w+\s*(?::[^{\n]*)?\{\s*meta\s*:", re.MULTILINE)

_READERS: dict[Kind, Callable[[Record], Rule]] = {
    Kind.SCHEDULED: lambda record: read_analytics(record, Kind.SCHEDULED),
    Kind.NRT: lambda record: read_analytics(record, Kind.NRT),
    Kind.HUNTING: lambda record: read_analytics(record, Kind.HUNTING),
    Kind.EXPLORATION: read_exploration,
    Kind.PARSER: read_parser,
    Kind.CUSTOM_DETECTION: read_detection,
}

_MARKS: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    (Kind.PARSER, ("FunctionQuery", "ParserQuery", "functionAlias")),
    (Kind.CUSTOM_DETECTION, ("queryCondition", "queryText", "detectionAction", "alertTemplate")),
    (Kind.EXPLORATION, ("InputEntityType", "QueryPeriodBefore", "QueryPeriodAfter")),
)
"""Fields that only one kind of file has."""

KNOWN_FIELDS = (
    *("id", "name", "kind", "description", "severity", "status", "requiredDataConnectors", "queryFrequency"),
    *("queryPeriod", "triggerOperator", "triggerThreshold", "tactics", "relevantTechniques", "query", "entityMappings"),
    *("customDetails", "alertDetailsOverride", "eventGroupingSettings", "suppressionEnabled", "suppressionDuration"),
    *("incidentConfiguration", "sentinelEntitiesMappings", "version", "enabled", "tags", "metadata"),
)
"""Sentinel's own fields, for suggestions."""

_FOREIGN: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("logsource", "detection"), "a Sigma rule", "convert it to KQL first"),
    (("$schema", "resources"), "an ARM template", "export the rule as YAML"),
    (("resources",), "an ARM template", "export the rule as YAML"),
    (("AnalysisType",), "a Panther rule", ""),
    (("search", "data_source"), "a Splunk detection", ""),
)
"""Files of other products, by fields that they always have."""


def load_rule(path: str | Path) -> Rule:
    """The rule in a file (YAML or JSON). Its ``findings`` are warnings and advice.

    Raises RuleError (a FileError, whose ``findings`` are all errors and warnings): RULE001 to RULE009.
    """
    data = read_bytes(str(path))
    _refuse_yara_l(str(path), data)
    return rule_of(read_document(path, data))


def parse_rule(text: str, path: str = "rule.yaml") -> Rule:
    """The rule in a text, as if it were the file ``path``. Raises like load_rule."""
    return load_rule_bytes(path, text.encode())


def load_rule_bytes(path: str, data: bytes) -> Rule:
    """The rule in the bytes of a file. Raises like load_rule."""
    _refuse_yara_l(path, data)
    return rule_of(read_document(path, data))


def rule_of(document: Document) -> Rule:
    """The rule in a file's tree, checked."""
    if not isinstance(document.root, yaml.MappingNode):
        document.error("RULE006", "a rule is a mapping of fields; this file holds something else", document.root)
        document.raise_errors()
        raise AssertionError("unreachable")
    record = Record(document, document.root)
    rule = _READERS[_kind_of(record)](record)
    extra = record.rest(KNOWN_FIELDS)
    rule = replace(rule, extra=extra, places=record.places)
    findings = in_order([*document.findings, *check_rule(rule)])
    if any(f.severity is Severity.ERROR for f in findings):
        raise FileError(findings, document.source)
    return replace(rule, findings=findings)


def _refuse_yara_l(path: str, data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    if PurePath(path).suffix.lower() in YARA_L_SUFFIXES or _YARA_L.search(text):
        message = "a YARA-L rule of Google SecOps (Chronicle); rules in KQL are read so far"
        start = _YARA_L.search(text)
        at = start.start() if start else 0
        raise broken(path, text, "RULE006", message, at, "a Sentinel or Defender rule with the same logic can be read")


def _kind_of(record: Record) -> Kind:
    """The kind of file, by its own word or by its fields. Raises RULE006 for files of other kinds."""
    for kind, marks in _MARKS:
        if any(record.has(mark) for mark in marks):
            return kind
    if record.has("kind"):
        return _named_kind(record)
    if not record.has("query"):
        raise _foreign(record)
    path = record.document.path.lower().replace("\\", "/")
    in_hunting = any("hunting" in part for part in path.split("/")[:-1])
    if not in_hunting and any(record.has(n) for n in ("queryFrequency", "queryPeriod", "triggerOperator")):
        record.require("kind", Severity.WARNING, "read as Scheduled, because it has a schedule")
        return Kind.SCHEDULED
    return Kind.HUNTING


def _named_kind(record: Record) -> Kind:
    text = (record.text("kind") or "").strip()
    node = record.node_of("kind")
    known = {kind.lower(): kind for kind in Kind}
    if text.lower() in ("scheduled", "nrt", "hunting"):
        return known[text.lower()]
    if text.lower() in (kind.lower() for kind in UNREAD_KINDS):
        record.document.error("RULE006", f"rules of kind {text} have no query of their own to translate", node)
    else:
        record.document.error("RULE006", f"the kind '{text}' is not supported; known: Scheduled, NRT, Hunting", node)
    raise FileError(record.document.sorted(), record.document.source)


def _foreign(record: Record) -> FileError:
    for marks, what, hint in _FOREIGN:
        if all(record.has(mark) for mark in marks):
            record.document.error("RULE006", f"this is {what}, which is not read", record.key_of(marks[0]), hint)
            return FileError(record.document.sorted(), record.document.source)
    record.require("query")
    return FileError(record.document.sorted(), record.document.source)


@dataclass(frozen=True, slots=True)
class LoadedRules:
    """What a folder holds: the rules that could be read, an error for each other file, findings across files.

    ``rules`` and ``errors`` are by path relative to the folder, in order.
    """

    rules: Mapping[str, Rule]
    errors: Mapping[str, RuleError]
    findings: tuple[Finding, ...]


def load_rules(folder: str | Path) -> LoadedRules:
    """Every rule file under a folder. A file that cannot be used costs no other one anything."""
    rules: dict[str, Rule] = {}
    errors: dict[str, RuleError] = {}
    for path in rule_files(folder):
        name = path.relative_to(folder).as_posix()
        try:
            rules[name] = load_rule(path)
        except RuleError as error:
            errors[name] = error
    return LoadedRules(rules, errors, check_together(rules.values()))


def rule_files(folder: str | Path) -> Iterable[Path]:
    """The files under a folder that may be rules, in the order of their paths; hidden ones are passed over."""
    root = Path(folder)
    for path in sorted(root.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if path.suffix.lower() in (*SUFFIXES, *YARA_L_SUFFIXES) and path.is_file() and not hidden:
            yield path
