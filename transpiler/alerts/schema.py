"""The columns of an alert, the same for every rule and target, and the one definition of the table that holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transpiler.dialects import check_targets
from transpiler.types import Type


@dataclass(frozen=True, slots=True)
class AlertColumn:
    """A column of the alerts table. ``required``: it is never NULL."""

    name: str
    type: Type
    required: bool
    description: str


ALERT_COLUMNS: tuple[AlertColumn, ...] = (
    AlertColumn("alert_id", Type.STRING, True, "SHA-256 of rule, run and row: the same run gives the same ids"),
    AlertColumn("rule_id", Type.STRING, True, "the rule's id"),
    AlertColumn("rule_name", Type.STRING, True, "the rule's name"),
    AlertColumn("rule_version", Type.STRING, True, "the rule's version, or empty"),
    AlertColumn("severity", Type.STRING, True, "High, Medium, Low or Informational"),
    AlertColumn("tactics", Type.STRING, True, "ATT&CK tactics, a JSON array of texts"),
    AlertColumn("techniques", Type.STRING, True, "ATT&CK techniques, a JSON array of texts"),
    AlertColumn("alert_name", Type.STRING, True, "the rule's name, or its override with values filled in"),
    AlertColumn("alert_description", Type.STRING, True, "the rule's description, or its override"),
    AlertColumn(
        "alert_kind", Type.STRING, True, "single (all rows of a run), row (one row), summary (the last of many)"
    ),
    AlertColumn("window_start", Type.DATETIME, False, "where the run's window begins (included)"),
    AlertColumn("window_end", Type.DATETIME, True, "where the run's window ends (not included): the scheduled time"),
    AlertColumn("run_time", Type.DATETIME, True, "when the run was due, after the ingestion delay"),
    AlertColumn("row_count", Type.LONG, True, "how many result rows the alert stands for"),
    AlertColumn("first_event_time", Type.DATETIME, False, "the earliest TimeGenerated or Timestamp of these rows"),
    AlertColumn("last_event_time", Type.DATETIME, False, "the latest of them"),
    AlertColumn("entities", Type.STRING, True, 'Sentinel entities, JSON: [{"Type":"ip","Address":"192.0.2.1"}]'),
    AlertColumn("custom_details", Type.STRING, True, 'custom details, JSON: {"Key":["value"]}'),
    AlertColumn("properties", Type.STRING, True, 'other overridden alert properties, JSON: {"AlertLink":"…"}'),
    AlertColumn("matching_rows", Type.STRING, True, "the first result rows, a JSON array of objects"),
)


@dataclass(frozen=True, slots=True)
class Ddl:
    """How a target's DDL says a table: its types, quotes, the description of a column (``%s``), and how it is laid out."""

    types: Mapping[Type, str]
    quote: tuple[str, str]
    escapes: Mapping[str, str]
    description: str
    layout: str


PARTITION_COLUMN = "window_end"
CLUSTER_COLUMNS = ("rule_id", "severity")

DDL: Mapping[str, Ddl] = {
    "bigquery": Ddl(
        types={Type.STRING: "STRING", Type.DATETIME: "TIMESTAMP", Type.LONG: "INT64"},
        quote=("`", "."),
        escapes={"\\": "\\\\", "`": "\\`"},
        description=" OPTIONS (description = '%s')",
        layout=f"\nPARTITION BY DATE({PARTITION_COLUMN})\nCLUSTER BY {', '.join(CLUSTER_COLUMNS)}",
    ),
    "duckdb": Ddl(
        types={Type.STRING: "VARCHAR", Type.DATETIME: "TIMESTAMP", Type.LONG: "BIGINT"},
        quote=('"', '"."'),
        escapes={'"': '""'},
        description="",
        layout="",
    ),
}
check_targets(DDL, "the DDL of the alerts table")


def quoted_path(target: str, parts: Sequence[str]) -> str:
    """A table's identifier, quoted for a target. ``{name}`` and ``${name}`` in a part stay as they are."""
    ddl = DDL[target]
    mark, between = ddl.quote
    escapes = str.maketrans(dict(ddl.escapes))
    return mark + between.join(p.translate(escapes) for p in parts) + mark


def alerts_table(target: str, parts: Sequence[str]) -> str:
    """The statement that creates the alerts table where it is missing. ``parts``: project, dataset, table (or fewer)."""
    ddl = DDL[target]
    lines = []
    for column in ALERT_COLUMNS:
        line = f"  {column.name} {ddl.types[column.type]}{' NOT NULL' if column.required else ''}"
        if ddl.description:
            line += ddl.description % column.description.replace("\\", "\\\\").replace("'", "\\'")
        lines.append(line)
    body = ",\n".join(lines)
    return f"CREATE TABLE IF NOT EXISTS {quoted_path(target, parts)} (\n{body}\n){ddl.layout};\n"
