"""What a loaded rule holds: every field of every kind of file."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from transpiler.diagnostics import RuleError
from transpiler.rule import Kind, check_columns, load_rule, parse_rule
from transpiler.rule.durations import parse_duration, show_duration
from transpiler.rule.model import EntityMapping, FunctionParameter, Grouping, Operator, Schedule, Trigger

WHOLE = """\
id: 11111111-2222-4333-8444-555555555555
name: Everything
description: |
  'In quotes, as Microsoft writes it.'
severity: medium
status: Available
requiredDataConnectors:
  - connectorId: C
    dataTypes: [T, U]
queryFrequency: PT1H
queryPeriod: 1.00:00:00
triggerOperator: LessThan
triggerThreshold: 5
tactics: [Impact]
relevantTechniques: [T1486]
query: |
  T
  | project Who, Where, Level, Score
entityMappings:
  - entityType: Account
    fieldMappings:
      - {identifier: Name, columnName: Who}
      - {identifier: UPNSuffix, columnName: Where}
customDetails:
  Score: Score
alertDetailsOverride:
  alertDisplaynameFormat: "{{Who}} at {{ Where }}"
  alertDescriptionFormat: Words.
  alertSeverityColumnName: Level
  alertTacticsColumnName:
  alertDynamicProperties:
    - {alertProperty: ConfidenceScore, value: Score}
eventGroupingSettings:
  aggregationKind: AlertPerResult
suppressionEnabled: true
suppressionDuration: 5h
sentinelEntitiesMappings:
  - columnName: Entities
incidentConfiguration:
  createIncident: false
  groupingConfiguration:
    enabled: true
    reopenClosedIncident: true
    lookbackDuration: P1D
    matchingMethod: Selected
    groupByEntities: [Account]
    groupByAlertDetails: []
    groupByCustomDetails: [Score]
version: 1.2.3
enabled: false
tags: [one, {Schema: ASIMDns}]
metadata: {author: {name: Someone}}
kind: Scheduled
"""


def test_every_field_of_a_scheduled_rule() -> None:
    rule = parse_rule(WHOLE)
    assert rule.findings == ()
    assert (rule.kind, rule.severity, rule.status, rule.version, rule.enabled) == (
        Kind.SCHEDULED,
        "Medium",
        "Available",
        "1.2.3",
        False,
    )
    assert rule.description == "In quotes, as Microsoft writes it."
    assert rule.schedule == Schedule(timedelta(hours=1), timedelta(days=1))
    assert rule.trigger == Trigger(Operator.LT, 5)
    assert rule.entities == (EntityMapping("Account", (("Name", "Who"), ("UPNSuffix", "Where"))),)
    assert rule.custom_details == {"Score": "Score"}
    assert rule.alert.display_name == "{{Who}} at {{ Where }}"
    assert (rule.alert.severity_column, rule.alert.tactics_column) == ("Level", None)
    assert rule.alert.properties == (("ConfidenceScore", "Score"),)
    assert rule.grouping is Grouping.ALERT_PER_RESULT
    assert rule.suppression is not None
    assert (rule.suppression.enabled, rule.suppression.duration) == (True, timedelta(hours=5))
    assert rule.sentinel_entities == ("Entities",)
    assert (rule.incidents.create, rule.incidents.matching, rule.incidents.lookback) == (
        False,
        "Selected",
        timedelta(days=1),
    )
    assert rule.tags == ("one", "Schema: ASIMDns")
    assert rule.metadata == {"author": {"name": "Someone"}}
    assert rule.query == "T\n| project Who, Where, Level, Score\n"
    assert rule.language == "kql"


def test_fields_keep_their_places_and_a_field_that_is_absent_points_at_what_is_around() -> None:
    rule = parse_rule(WHOLE, "a/b.yaml")
    assert rule.place("queryPeriod") == (11, 14, "a/b.yaml")
    assert rule.place("entityMappings[0].fieldMappings[1].columnName")[:2] == (23, 45)
    assert rule.place("entityMappings[0].nothing")[:2] == rule.place("entityMappings[0]")[:2]
    assert rule.place("nothing")[:2] == (1, 1)


def test_the_hash_is_that_of_the_file_s_bytes(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode()
    path = tmp_path / "rule.yaml"
    path.write_bytes(data)
    rule = load_rule(path)
    assert rule.sha256 == hashlib.sha256(data).hexdigest()
    assert rule.path == str(path)


def test_columns_that_the_query_does_not_return_are_found_wherever_they_are_named() -> None:
    rule = parse_rule(WHOLE)
    assert check_columns(rule, ["Who", "Where", "Level", "Score", "Entities"]) == ()
    found = {(f.place.line, f.message) for f in check_columns(rule, ["where", "Level"])}
    missing = "the query returns no column "
    assert found == {
        (22, missing + "'Who'"),
        (23, missing + "'Where'"),
        (25, missing + "'Score'"),
        (27, missing + "'Who'"),
        (27, missing + "'Where'"),
        (32, missing + "'Score'"),
        (38, missing + "'Entities'"),
    }
    assert any("did you mean where?" in f.hint for f in check_columns(rule, ["where"]))
    assert check_columns(rule, [], is_open=True) == ()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5m", 300),
        ("1h", 3600),
        ("14d", 14 * 86400),
        ("90s", 90),
        ("1D", 86400),
        ("05:00:00", 18000),
        ("10:00:00", 36000),
        ("1.00:00:00", 86400),
        ("00:05", 300),
        ("2", 2 * 86400),
        ("PT5H", 18000),
        ("P1D", 86400),
        ("P1DT12H", 129600),
        ("PT31M", 1860),
        ("P2W", 14 * 86400),
        ("pt1h30m", 5400),
    ],
)
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "1", "h", "1 hour", "P", "PT", "P1Y", "P1M", "25:00:00", "1h30m", "-1h", "1.5h", "٣h"]
)
def test_what_is_no_duration(text: str) -> None:
    assert parse_duration(text) == (timedelta(days=1) if text == "1" else None)


def test_durations_are_shown_in_the_shortest_form() -> None:
    assert [show_duration(timedelta(seconds=s)) for s in (90, 300, 5400, 7200, 86400)] == [
        "90s",
        "5m",
        "90m",
        "2h",
        "1d",
    ]


SOLUTION = """\
id: c1
Function: {Title: A parser, Version: 1.0.0, LastUpdated: 2026-01-01}
Category: Microsoft Sentinel Parser
FunctionName: Parsed
FunctionAlias: ParsedAlias
FunctionParams: "start:datetime=datetime(null), needle:string='*', off:bool=false"
FunctionQuery: |
  let f = (disabled: bool) { T | where not(disabled) };
  f(off)
"""

ASIM = """\
Parser: {Title: DNS parser, Version: '0.3', LastUpdated: Feb 2026}
Product: {Name: Some product}
Normalization: {Schema: Dns, Version: '0.1.7'}
References: [{Title: t, Link: l}]
Description: Words.
ParserName: vimDnsSome
EquivalentBuiltInParser: _Im_Dns_Some
ParserParams:
  - {Name: starttime, Type: datetime, Default: datetime(null)}
  - {Name: srcipaddr, Type: string, Default: '*'}
  - {Name: T, Type: '(*)'}
ParserQuery: T | where true
"""


def test_parser_functions_of_both_styles() -> None:
    solution, asim = parse_rule(SOLUTION), parse_rule(ASIM)
    assert solution.kind is asim.kind is Kind.PARSER
    assert solution.function is not None
    assert asim.function is not None
    assert solution.function.names == ("Parsed", "ParsedAlias")
    assert solution.function.parameters == (
        FunctionParameter("start", "datetime", "datetime(null)"),
        FunctionParameter("needle", "string", "'*'"),
        FunctionParameter("off", "bool", "false"),
    )
    assert asim.function.names == ("vimDnsSome", "_Im_Dns_Some")
    assert asim.function.parameters[1] == FunctionParameter("srcipaddr", "string", '"*"')
    assert asim.function.parameters[2] == FunctionParameter("T", "(*)", None)
    assert (asim.function.schema, asim.function.product) == ("Dns", "Some product")


GRAPH = """\
displayName: A detection
isEnabled: false
queryCondition: {queryText: DeviceEvents, lastModifiedDateTime: 2026-01-01T00:00:00Z}
schedule: {period: 24H, nextRunDateTime: 2026-01-01T00:00:00Z}
detectionAction:
  alertTemplate:
    title: Title
    severity: low
    category: Collection
    mitreTechniques: [T1530]
    impactedAssets: [{"@odata.type": "#microsoft.graph.security.impactedUserAsset", identifier: accountUpn}]
  responseActions: [{"@odata.type": x, identifier: y}]
"""

NEW = """\
{"displayName": "A detection", "eventGroupingKind": "singleAlert",
 "queryText": "DeviceEvents", "schedule": {"frequency": "PT3H"},
 "alertTemplate": {"title": "Title", "severity": "high", "tactics": ["Collection"],
  "entityMappings": {"accounts": [{"name": "AccountName"}], "mailboxes": [{"mailboxPrimaryAddress": "Mail"}]},
  "customDetails": {"Who": "AccountName"}}}
"""


def test_custom_detections_of_both_shapes() -> None:
    graph, new = parse_rule(GRAPH), parse_rule(NEW, "new.json")
    assert graph.findings == new.findings == ()
    assert graph.detection is not None
    assert new.detection is not None
    assert (graph.detection.shape, new.detection.shape) == ("graph", "2026")
    assert graph.schedule == Schedule(timedelta(days=1), timedelta(days=30))
    assert new.schedule == Schedule(timedelta(hours=3), timedelta(hours=12))
    assert graph.detection.impacted_assets == (("User", "AccountUpn"),)
    assert len(graph.detection.response_actions) == 1
    assert (graph.enabled, graph.grouping, new.grouping) == (False, Grouping.ALERT_PER_RESULT, Grouping.SINGLE_ALERT)
    assert new.entities == (
        EntityMapping("Account", (("name", "AccountName"),)),
        EntityMapping("Mailbox", (("mailboxPrimaryAddress", "Mail"),)),
    )
    assert graph.tactics == new.tactics == ("Collection",)
    messages = [f.message for f in check_columns(graph, ["DeviceName"])]
    assert messages == ["the query returns no column 'AccountUpn'", "a custom detection must return Timestamp"]
    assert len(check_columns(graph, ["Timestamp", "Title"])) == 2
    missing = check_columns(new, ["Timestamp", "DeviceId", "AccountName"])
    places = [NEW.splitlines()[f.place.line - 1][f.place.column - 1 :] for f in missing]
    assert [p.startswith('"Mail"') for p in places] == [True]
    both = check_columns(new, ["Timestamp", "DeviceId", "Mail"])
    assert [f.place.line for f in both] == [4, 5]


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{c}: &{c} [{','.join('*' + p for _ in range(9))}]\n" for p, c in zip("abcdef", "bcdefg", strict=True)
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "RULE001"),
        ("\0", "RULE001"),
        ("a: \x07", "RULE001"),
        ("[" * 100_000, "RULE001"),
        ("- " * 100_000, "RULE001"),
        ("{a: " * 20_000, "RULE001"),
        ("a: &a [*a]", "RULE001"),
        (BOMB, "RULE001"),
        ("a: 1\n---\nb: 2", "RULE001"),
        ("? [a]\n: b", "RULE001"),
        ("- 1", "RULE006"),
        ("query: [T]\nname: n", "RULE004"),
        ("resources: []\n$schema: x", "RULE006"),
    ],
)
def test_bad_input_is_refused_with_a_code_and_a_place(text: str, code: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_rule(text)
    assert caught.value.code == code
    assert caught.value.line >= 1
    assert "rule.yaml:" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["{", '{"a":}', "[1,]", "[" * 10_000, '{"a":1} x', "nul", '{"a": "\\x"}', "01", '{"a": 1, "a": 2}', "'a'"]
)
def test_json_is_read_strictly(text: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse_rule(text, "rule.json")
    assert caught.value.code in ("RULE001", "RULE005")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(RuleError) as caught:
            load_rule(path)
        assert caught.value.code == "RULE009"
    bad = tmp_path / "bad.yaml"
    bad.write_bytes(b"name: \xff\xfe\xfd")
    with pytest.raises(RuleError) as caught:
        load_rule(bad)
    assert (caught.value.code, caught.value.line, caught.value.column) == ("RULE001", 1, 7)


def test_a_field_as_long_as_the_file_is_not_echoed_whole(tmp_path: Path) -> None:
    file = tmp_path / "rule.yaml"
    file.write_text(f"query: T\nname: x\nseverity: {'y' * 100_000}\n{'z' * 100_000}: 1\n")
    with pytest.raises(RuleError) as refused:
        load_rule(file)
    assert len(str(refused.value)) < 2_000
