"""The entities of a row, as JSON objects with Sentinel's types and identifiers.

Meaning: "Entity types reference". An identifier without a value is left out, an entity without any is none. A generic
built-in account name makes no entity. Account.Name holds the part of a user principal name before the ``@`` (since July
2026); the part behind it becomes UPNSuffix where the rule maps none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from transpiler.alerts.values import Results
from transpiler.plan.scalars import Column
from transpiler.rule.knowledge import ENTITY_IDENTIFIERS
from transpiler.rule.model import EntityMapping, Rule
from transpiler.types import Type

MOST_ENTITIES = 500
"""Entities of one alert, shared out equally among the mappings."""
MOST_ENTITY_BYTES = 64 * 1024

TYPE_NAMES: Mapping[str, str] = {
    "AzureResource": "azure-resource",
    "CloudApplication": "cloud-application",
    "MailCluster": "mail-cluster",
    "MailMessage": "mail-message",
    "RegistryKey": "registry-key",
    "RegistryValue": "registry-value",
    "SecurityGroup": "security-group",
    "SubmissionMail": "SubmissionMail",
}
"""How Sentinel writes the type of an entity; the others are the mapping's type in lower case."""

GENERIC_ACCOUNTS = (
    *("ADMIN", "ADMINISTRATOR", "SYSTEM", "ROOT", "ANONYMOUS", "AUTHENTICATED USER", "NETWORK", "NULL"),
    *("LOCAL SYSTEM", "LOCALSYSTEM", "NETWORK SERVICE"),
)

_ASSETS: Mapping[str, tuple[str, str]] = {
    "DeviceId": ("Host", "MdatpDeviceId"),
    "DeviceName": ("Host", "HostName"),
    "RemoteDeviceName": ("Host", "HostName"),
    "RecipientEmailAddress": ("Mailbox", "MailboxPrimaryAddress"),
    "SenderFromAddress": ("Mailbox", "MailboxPrimaryAddress"),
    "SenderMailFromAddress": ("Mailbox", "MailboxPrimaryAddress"),
    "RecipientObjectId": ("Account", "AadUserId"),
    "AccountObjectId": ("Account", "AadUserId"),
    "AccountSid": ("Account", "Sid"),
    "AccountUpn": ("Account", "Name"),
    "InitiatingProcessAccountSid": ("Account", "Sid"),
    "InitiatingProcessAccountUpn": ("Account", "Name"),
    "InitiatingProcessAccountObjectId": ("Account", "AadUserId"),
}
"""A custom detection's impacted asset, by its column: entity type and identifier."""


@dataclass(frozen=True, slots=True)
class EntityColumn:
    """A column of the rows that holds an entity as JSON (or NULL); ``most`` of it go into one alert."""

    name: str
    tree: exp.Expr
    most: int


def mappings_of(rule: Rule) -> tuple[EntityMapping, ...]:
    """A rule's entity mappings, those of a custom detection's impacted assets included."""
    assets = rule.detection.impacted_assets if rule.detection else ()
    known = [(kind, column, _asset(kind, column)) for kind, column in assets if column]
    return (*rule.entities, *(EntityMapping(t, ((identifier, c),)) for _, c, (t, identifier) in known))


def _asset(kind: str, column: str) -> tuple[str, str]:
    by_column = next((found for name, found in _ASSETS.items() if name.lower() == column.lower()), None)
    fallback = {"Device": ("Host", "HostName"), "User": ("Account", "Name")}
    return by_column or fallback.get(kind, ("Mailbox", "MailboxPrimaryAddress"))


def entity_columns(rule: Rule, results: Results) -> list[EntityColumn]:
    """The entities of a row; a mapping whose columns are not in the result has none."""
    mappings, ready = mappings_of(rule), rule.sentinel_entities
    count = len(mappings) + len(ready)
    found: list[EntityColumn] = []
    for mapping in mappings:
        tree = _entity(mapping, results)
        if tree is not None:
            found.append(EntityColumn(f"entity_{len(found) + 1}", tree, MOST_ENTITIES // count))
    for name in ready:
        column = results.find(name)
        if column is not None and column.type in (Type.DYNAMIC, Type.STRING):
            found.append(EntityColumn(f"entity_{len(found) + 1}", _elements(results, column), MOST_ENTITIES // count))
    return found


def _elements(results: Results, column: Column) -> exp.Expr:
    """What stands between the brackets of a JSON array of entities."""
    writer = results.writer
    return writer.sql(
        "CASE WHEN {x} LIKE {array} THEN SUBSTR({x}, 2, LENGTH({x}) - 2) WHEN {x} LIKE {object} THEN {x} END",
        x=results.raw_text(column),
        array=writer.literal("[{%}]"),
        object=writer.literal("{%}"),
    )


def _entity(mapping: EntityMapping, results: Results) -> exp.Expr | None:
    fields = [(i, c) for i, name in mapping.fields if (c := results.find(name)) is not None]
    if not fields:
        return None
    writer = results.writer
    known = {name.lower(): name for name in ENTITY_IDENTIFIERS.get(mapping.type, ())}
    spelled = [(known.get(identifier.lower(), identifier), column) for identifier, column in fields]
    type_name = TYPE_NAMES.get(mapping.type, mapping.type.lower())
    parts: list[exp.Expr | str] = [f'{{"Type":{_quoted(type_name)}']
    account_name = next((c for i, c in spelled if mapping.type == "Account" and i == "Name"), None)
    for identifier, column in spelled:
        value = _before_at(results, column) if column is account_name else results.text(column)
        parts += _member(results, column, identifier, value, always=len(spelled) == 1)
    if account_name is not None and all(i != "UPNSuffix" for i, _ in spelled):
        parts.append(_suffix(results, account_name))
    given = [writer.sql("{x} <> ''", x=results.text(c)) for _, c in spelled]
    condition: exp.Expr = exp.Or(this=given[0], expression=given[1]) if len(given) > 1 else given[0]
    for other in given[2:]:
        condition = exp.Or(this=condition, expression=other)
    if account_name is not None:
        names = ", ".join(f"'{n}'" for n in GENERIC_ACCOUNTS)
        real = writer.sql(f"NOT UPPER({{x}}) IN ({names})", x=results.text(account_name))
        condition = writer.sql("{given} AND {real}", given=condition, real=real)
    return writer.sql("CASE WHEN {c} THEN {t} END", c=condition, t=writer.same_escapes(writer.concat([*parts, "}"])))


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _member(
    results: Results, column: Column, identifier: str, value: exp.Expr, *, always: bool
) -> list[exp.Expr | str]:
    """``,"Address":"192.0.2.1"``, or nothing where the column is empty."""
    writer = results.writer
    parts: list[exp.Expr | str] = [f",{_quoted(identifier)}:", writer.json_text(value)]
    if always:
        return parts
    member = writer.concat(parts)
    return [writer.sql("CASE WHEN {x} <> '' THEN {m} ELSE '' END", x=results.text(column), m=member)]


def _before_at(results: Results, column: Column) -> exp.Expr:
    pattern = results.writer.literal("(?s)@.*$")
    return results.writer.sql("REGEXP_REPLACE({x}, {p}, '')", x=results.text(column), p=pattern)


def _suffix(results: Results, column: Column) -> exp.Expr:
    """The domain of a user principal name, as a further identifier; nothing for a plain name."""
    writer = results.writer
    domain = writer.sql("REGEXP_REPLACE({x}, {p}, '')", x=results.text(column), p=writer.literal("(?s)^[^@]*@"))
    member = writer.concat([',"UPNSuffix":', writer.json_text(domain)])
    return writer.sql(
        "CASE WHEN {x} LIKE {p} THEN {m} ELSE '' END", x=results.text(column), p=writer.literal("%_@_%"), m=member
    )
