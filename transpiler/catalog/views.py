"""A source's view: put together from its parts, and checked to go row by row so that a window may be cut below it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from transpiler.catalog.model import RAW
from transpiler.diagnostics import KqlError
from transpiler.kql import parse_query
from transpiler.kql import syntax as s
from transpiler.source import Embedding, Source

_ROW_BY_ROW = (s.Where, s.Extend, s.Project, s.ProjectAway, s.ProjectKeep, s.ProjectRename, s.ProjectReorder)
_HEAD = re.compile(rf"\s*{RAW}\b")


def compose_view(view: Source, where: Source | None, extend: Mapping[str, Source]) -> Source:
    """``raw``, the shape's own filter and computed columns, then the view's operators; each line keeps its place."""
    head = _HEAD.match(view.text)
    if head is None or (where is None and not extend):
        return view
    pieces = [(RAW, view, 0)]
    if where is not None:
        pieces += [("\n| where\n", where, 0), (where.text, where, 0)]
    for name, value in extend.items():
        pieces += [(f"\n| extend {name} =\n", value, 0), (value.text, value, 0)]
    pieces += [("\n", view, head.end()), (view.text[head.end() :].lstrip(), view, _start(view.text, head.end()))]
    text = "".join(piece for piece, _, _ in pieces)
    if view.embedding is None:
        return Source(text, view.name)
    return Source(text, view.name, Embedding(view.embedding.path, view.embedding.text, (), tuple(_marks(pieces))))


def _start(text: str, offset: int) -> int:
    return len(text) - len(text[offset:].lstrip())


def _marks(pieces: list[tuple[str, Source, int]]) -> Iterator[tuple[int, int, int]]:
    """For each stretch of each piece that lies whole in the file: its offset in the composed text, its place there."""
    at = 0
    for text, source, start in pieces:
        yield at, *source.file_position(start)
        if text == source.text[start : start + len(text)]:
            inner = source.embedding.marks if source.embedding else ()
            breaks = {offset - start for offset, _, _ in inner} | {i + 1 for i, char in enumerate(text) if char == "\n"}
            for index in sorted(i for i in breaks if 0 < i < len(text)):
                yield at + index, *source.file_position(start + index)
        at += len(text)


def check_view(view: Source, time: str, raw_time: str) -> None:
    """Raises KqlError when a view is not ``raw`` and row-by-row operators, or when its time column is not the raw one.

    A window is cut on the raw time column, below the view: that is right only where every row of the result is one row
    of the table and its time the stored one.
    """
    tree = parse_query(view)
    statement = tree.statements[-1]
    body = statement.value if isinstance(statement, s.QueryStatement) else None
    pipeline = body if isinstance(body, s.Pipeline) else None
    source = pipeline.source if pipeline else body
    if len(tree.statements) != 1 or not isinstance(source, s.Name) or source.name != RAW:
        raise KqlError("KQL105", f"a view is a pipeline that begins with {RAW}", tree.span, source=view)
    for operator in pipeline.operators if pipeline else ():
        if not isinstance(operator, _ROW_BY_ROW):
            message = "a view goes row by row: where, extend and the project family"
            raise KqlError("KQL105", message, operator.span, source=view)
    if time and time != raw_time and not _renames(pipeline, time, raw_time):
        raise KqlError("KQL105", f"the view must say {time} = {raw_time}", tree.span, source=view)


def _renames(pipeline: s.Pipeline | None, time: str, raw_time: str) -> bool:
    named = (
        column
        for operator in (pipeline.operators if pipeline else ())
        if isinstance(operator, (s.Project, s.Extend, s.ProjectRename))
        for column in operator.columns
    )
    return any(
        isinstance(column, s.NamedExpression)
        and time in column.names
        and isinstance(column.value, s.Name)
        and column.value.name == raw_time
        for column in named
    )
