"""``parse_xml`` and ``parse_command_line`` of stored texts, against readers that share nothing with their SQL."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from itertools import groupby
from xml.dom import expatbuilder, minidom
from xml.parsers.expat import ExpatError

import pytest

from transpiler import transpile
from transpiler.dialects.formats import windows_arguments
from transpiler.engine import duckdb, googlesql
from transpiler.types import Type

TARGETS = ["duckdb", pytest.param("bigquery", marks=pytest.mark.bigquery)]
COUNT = 400
_NAMES = ("a", "b", "Data", "ns:c", "é", "x-1")
_TEXTS = (
    "t",
    " t ",
    "1",
    "0x3e7",
    "true",
    "two words",
    "a&amp;b",
    "&#65;&lt;&#x42;",
    "\t",
    "\r\n x",
    '"q"',
    "]",
    "back\\slash",
    "日本",
)
_BROKEN = ("<", ">", "&", "</a>", "<a>", '"', "<!--", "<a b=1/>", "&nope;", "/", "text", "<?p ?>", " ")


def _attributes(draw: random.Random) -> str:
    names = draw.sample(("Name", "x", "y"), draw.choice((0, 0, 1, 1, 2)))
    quote = draw.choice("'\"")
    values = ("v", "", "a b", "a='1'" if quote == '"' else 'a="1"', "&quot;&apos;", "p\nq", ">", "/")
    return "".join(
        f"{draw.choice((' ', '  ', chr(10)))}{n}{draw.choice(('=', ' = '))}{quote}{draw.choice(values)}{quote}"
        for n in names
    )


def _element(draw: random.Random, depth: int) -> str:
    name, attributes = draw.choice(_NAMES), _attributes(draw)
    if draw.random() < 0.2:
        return f"<{name}{attributes}{draw.choice(('', ' '))}/>"
    inner = ""
    for _ in range(draw.choice((0, 1, 1, 2, 3, 5))):
        kind = draw.random()
        if depth and kind < 0.55:
            inner += _element(draw, depth - 1)
        elif kind < 0.85:
            inner += draw.choice(_TEXTS)
        else:
            inner += draw.choice(("<!-- <a> -->", "<![CDATA[<b> & ]]>", "<?p x?>", "\n  "))
    return f"<{name}{attributes}>{inner}</{name}>"


def _document(draw: random.Random) -> str:
    prolog = draw.choice(("", "", '<?xml version="1.0"?>', "<!-- c -->", "\n", '<?xml version="1.0"?>\n<!-- c -->\n'))
    text = prolog + _element(draw, draw.choice((0, 1, 2, 3))) + draw.choice(("", "", "\n", "<!-- e -->"))
    if draw.random() < 0.25:
        place = draw.randrange(len(text) + 1)
        text = text[:place] + draw.choice(_BROKEN) + text[place + draw.choice((0, 0, 1)) :]
    return text


def _runs(node: minidom.Element) -> Iterator[minidom.Element | tuple[str, str]]:
    """Child elements, and the texts between them as one: as it is, and without blanks around it, those of CDATA excepted."""
    for is_text, group in groupby(node.childNodes, lambda c: c.nodeType != c.ELEMENT_NODE):
        if not is_text:
            yield from (c for c in group if isinstance(c, minidom.Element))
            continue
        nodes = [c for c in group if c.nodeType in (c.TEXT_NODE, c.CDATA_SECTION_NODE)]
        whole = "".join(c.data for c in nodes)
        while nodes and nodes[0].nodeType == minidom.Node.TEXT_NODE and not nodes[0].data.strip():
            del nodes[0]
        while nodes and nodes[-1].nodeType == minidom.Node.TEXT_NODE and not nodes[-1].data.strip():
            del nodes[-1]
        if nodes:
            parts = [c.data for c in nodes]
            parts[0] = parts[0].lstrip() if nodes[0].nodeType == minidom.Node.TEXT_NODE else parts[0]
            parts[-1] = parts[-1].rstrip() if nodes[-1].nodeType == minidom.Node.TEXT_NODE else parts[-1]
            yield whole, "".join(parts)


def _value(node: minidom.Element) -> object:
    members: dict[str, list[object]] = {f"@{name}": [value] for name, value in node.attributes.items()}
    runs = list(_runs(node))
    if len(runs) == 1 and isinstance(runs[0], tuple):
        return {**{k: v[0] for k, v in members.items()}, "#text": runs[0][0]} if members else runs[0][0]
    for child in runs:
        name, value = ("#text", child[1]) if isinstance(child, tuple) else (child.tagName, _value(child))
        members.setdefault(name, []).append(value)
    return {k: v[0] if len(v) == 1 else v for k, v in members.items()} or None


def _expected(text: str) -> object:
    try:
        root = expatbuilder.parseString(text.encode(), namespaces=False).documentElement
    except (ExpatError, ValueError):
        return None
    return {root.tagName: _value(root)} if root else None


def _run(target: str, expression: str, texts: list[str]) -> list[object]:
    made = transpile(
        f"T | sort by i asc | project x = {expression}", target=target, tables={"T": {"i": "long", "s": "string"}}
    )
    columns = {"i": Type.LONG, "s": Type.STRING}
    rows = [[i, s] for i, s in enumerate(texts)]
    if target == "bigquery":
        if not googlesql.available():
            pytest.skip("Google's engine is not installed")
        return [r[0] for r in googlesql.connect().execute(made.sql, {"T": googlesql.stored(columns, rows)}).rows]
    with duckdb.connect(threads=1) as session:
        session.create_table("T", columns, rows)
        return [r[0] for r in session.run(made.sql).rows]


def _compared(target: str, expression: str, texts: list[str], expected: Callable[[str], object]) -> None:
    found = _run(target, expression, texts)
    wrong = [
        f"{text!r}: {json.loads(str(value)) if value else None!r}, not {expected(text)!r}"
        for text, value in zip(texts, found, strict=True)
        if (json.loads(str(value)) if value else None) != expected(text)
    ]
    assert not wrong, "\n".join(wrong[:20])


@pytest.mark.parametrize("target", TARGETS)
def test_xml_is_read_as_a_parser_reads_it(target: str) -> None:
    draw = random.Random(20)
    # What a declaration says is not looked at, nor where it stands.
    texts = [
        t for t in (_document(draw) for _ in range(COUNT)) if "<?xml" not in t.removeprefix('<?xml version="1.0"?>')
    ]
    assert sum(_expected(t) is not None for t in texts) > COUNT / 2
    _compared(target, "tostring(parse_xml(s))", texts, _expected)


@pytest.mark.parametrize("target", TARGETS)
def test_a_stored_command_line_is_taken_apart_as_a_constant_is(target: str) -> None:
    draw = random.Random(21)
    texts = [
        "".join(draw.choices(("a", "bc", " ", "\t", '"', '"', "\\", "\\\\", "é"), k=draw.randrange(14)))
        for _ in range(COUNT)
    ]
    _compared(target, 'tostring(parse_command_line(s, "windows"))', texts, lambda t: windows_arguments(t))
