"""Tables of a BigQuery statement, bound to an engine that knows names of one part only.

A path in any quoting (all of it in one pair of backticks, or each part in its own) becomes one quoted identifier, with
the alias that BigQuery would give: the last part. A wildcard table becomes the union of the shards that match, each row
with its ``_TABLE_SUFFIX``, in the columns of the newest shard, as the service reads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from transpiler.engine.googlesql import StoredTable
from transpiler.engine.result import EngineError

_TOKEN = re.compile(
    r"""
      (?P<gap>    \s+ | --[^\n]* | \#[^\n]* | /\*.*?\*/ )
    | (?P<text>   [rRbB]{0,2} (?: \"{3}(?:\\.|[^\\])*?\"{3} | '{3}(?:\\.|[^\\])*?'{3}
                                | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' ) )
    | (?P<name>   `(?:\\.|[^`\\])*` | [A-Za-z_]\w* )
    | (?P<other>  . )
    """,
    re.VERBOSE | re.DOTALL,
)
# What may follow a table without being its alias.
_NO_ALIAS = frozenset(
    """
    CROSS EXCEPT FOR FULL GROUP HAVING INNER INTERSECT JOIN LEFT LIMIT NATURAL ON ORDER PIVOT QUALIFY RIGHT TABLESAMPLE
    UNION UNPIVOT USING WHERE WINDOW WITH
    """.split()
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def bind_tables(sql: str, tables: Mapping[str, StoredTable]) -> tuple[str, dict[str, StoredTable]]:
    """The statement with every path of ``tables`` as one identifier, and the tables that it may read.

    A table of a one-part name needs no binding and is always among them.
    """
    tokens = _tokens(sql)
    used = {name: table for name, table in tables.items() if "." not in name}
    out: list[str] = []
    at = 0
    while at < len(tokens):
        if tokens[at].kind == "name" and not _follows_dot(out):
            path, end = _path(tokens, at)
            if found := _table(path, tables):
                name, table = found
                used[name] = table
                alias = "" if _has_alias(tokens, end) else f" AS `{name.rpartition('.')[2]}`"
                out.append(f"`{name}`{alias if name[-1] != '*' else ''}")
                at = end
                continue
        out.append(tokens[at].text)
        at += 1
    return "".join(out), used


def _tokens(sql: str) -> list[_Token]:
    return [_Token(m.lastgroup or "other", m.group()) for m in _TOKEN.finditer(sql)]


def _follows_dot(out: list[str]) -> bool:
    return next((text for text in reversed(out) if not text.isspace()), "") == "."


def _path(tokens: list[_Token], start: int) -> tuple[str, int]:
    """The dotted path that begins at a name, without quotes, and the index after it."""
    parts = [_bare(tokens[start].text)]
    at = start + 1
    while at + 1 < len(tokens) and tokens[at].text == "." and tokens[at + 1].kind == "name":
        parts.append(_bare(tokens[at + 1].text))
        at += 2
    return ".".join(parts), at


def _bare(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name[1:-1]) if name.startswith("`") else name


def _table(path: str, tables: Mapping[str, StoredTable]) -> tuple[str, StoredTable] | None:
    if "." not in path:
        return None
    if path in tables:
        return path, tables[path]
    if path.endswith("*"):
        return path, _wildcard(path, tables)
    return None


def _wildcard(path: str, tables: Mapping[str, StoredTable]) -> StoredTable:
    prefix = path[:-1]
    shards = sorted(name for name in tables if name.startswith(prefix) and not name.endswith("*"))
    if not shards:
        raise EngineError("googlesql", f"{path} does not match any table")
    newest = tables[shards[-1]].columns
    rows: list[Mapping[str, object]] = []
    for shard in shards:
        columns = list(tables[shard].columns)
        for row in tables[shard].rows:
            values = row if isinstance(row, Mapping) else dict(zip(columns, row, strict=True))
            rows.append({**{c: values.get(c) for c in newest}, "_TABLE_SUFFIX": shard.removeprefix(prefix)})
    return StoredTable({**newest, "_TABLE_SUFFIX": "STRING"}, rows)


def _has_alias(tokens: list[_Token], at: int) -> bool:
    following = next((t for t in tokens[at:] if t.kind != "gap"), None)
    return following is not None and following.kind == "name" and following.text.upper() not in _NO_ALIAS
