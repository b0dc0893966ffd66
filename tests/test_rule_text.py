"""From a query's offsets back to the file, whatever way YAML spells the scalar."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from transpiler.rule import parse_rule
from transpiler.rule.text import Lines, embed
from transpiler.source import Source

HEAD = "kind: Hunting\nname: n\nid: 11111111-2222-4333-8444-555555555555\ndescription: d\n"

SPELLINGS = {
    "literal": "query: |\n  T\n  | where NEEDLE\n",
    "literal, stripped": "query: |-\n  T\n  | where NEEDLE",
    "literal, deep": "query: |\n          T\n          | where NEEDLE\n",
    "literal with an indicator": "query: |2\n    T\n  | where NEEDLE\n",
    "literal, more indented inside": "query: |\n  T\n    | where NEEDLE\n",
    "literal after blank lines": "query: |\n\n\n  T\n\n  | where NEEDLE\n",
    "literal with a comment": "query: |  # the query\n  T\n  | where NEEDLE\n",
    "folded": "query: >\n  T\n  | where\n  NEEDLE\n",
    "folded with a blank line": "query: >-\n  T\n\n  | where\n  NEEDLE\n",
    "folded, more indented": "query: >\n  T\n    | where NEEDLE\n  | take 1\n",
    "plain": "query: T | where NEEDLE\n",
    "plain over lines": "query: T\n  | where x\n\n  | where NEEDLE\n",
    "single quotes": "query: 'T | where a == ''b'' | where NEEDLE'\n",
    "single quotes over lines": "query: 'T\n  | where ''b''\n\n  | where NEEDLE'\n",
    "double quotes": 'query: "T | where a == \\"b\\" \\u00e9 \\t| where NEEDLE"\n',
    "double quotes with line breaks": 'query: "T\\n| where a\\n  | where NEEDLE"\n',
    "double quotes, joined lines": 'query: "T \\\n    | where\\\n    \\ NEEDLE"\n',
    "carriage returns": "query: |\r\n  T\r\n  | where NEEDLE\r\n",
    "letters outside the basic plane": "query: |\n  T // 😀 é\n  | where NEEDLE\n",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "with a byte order mark"])
def test_an_offset_leads_to_its_line_and_column(spelling: str, mark: str) -> None:
    text = HEAD.replace("\n", "\r\n") + spelling if "\r" in spelling else HEAD + spelling
    rule = parse_rule(mark + text)
    line, column = rule.source.file_position(rule.query.index("NEEDLE"))
    assert text.splitlines()[line - 1][column - 1 :].startswith("NEEDLE")


def test_json_keeps_places_too() -> None:
    text = '{"displayName": "d", "schedule": {"period": "0"},\n "queryText": "T\\n| where \\u00e9 NEEDLE",\n'
    text += ' "alertTemplate": {"title": "t", "severity": "low"}}'
    rule = parse_rule(text, "rule.json")
    line, column = rule.source.file_position(rule.query.index("NEEDLE"))
    assert text.splitlines()[line - 1][column - 1 :].startswith("NEEDLE")


_PIECES = st.lists(
    st.sampled_from(["a", "b ", " ", "\n", "\n\n", "\t", "é", "  d", "\r\n", "#x ", "😀"]), min_size=1, max_size=14
)
_QUOTED = st.lists(
    st.sampled_from(
        ["a", "b ", " ", "\n ", "\n\n  ", "\t", "é", "\r\n ", "\\n", "\\u00e9", "\\\n", '\\"', "\\x41", "\\ "]
    ),
    min_size=1,
    max_size=14,
)


def _scalar(text: str) -> tuple[yaml.ScalarNode, Source] | None:
    """The value of the only key of a text, with its embedding; None where PyYAML refuses the text."""
    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return None
    assert root is not None
    node = root.value[0][1]
    start, end = node.start_mark.index, node.end_mark.index
    embedding = embed("f", text, Lines(text), start, end, node.style or "", node.value)
    return node, Source(node.value, "f", embedding)


def _check(text: str) -> None:
    found = _scalar(text)
    if found is None or not found[0].value.strip():
        return
    node, source = found
    starts = Lines(text).starts
    for offset, char in enumerate(node.value):
        line, column = source.file_position(offset)
        at = starts[line - 1] + column - 1
        assert text[at] == char or text[at] in "\\\r\n" or char in " \n", (text, offset)


@settings(max_examples=300, deadline=None)
@given(_PIECES, st.sampled_from(["|", ">", "|-", ">+", "|+", ">-"]), st.sampled_from(["  ", "   "]))
def test_block_scalars_are_read_as_pyyaml_reads_them(pieces: list[str], head: str, indent: str) -> None:
    body = "".join(indent + line for line in "".join(pieces).splitlines(True))
    _check(f"q: {head}\n{body}")


@settings(max_examples=300, deadline=None)
@given(_QUOTED, st.sampled_from(['"', "'", ""]))
def test_flow_scalars_are_read_as_pyyaml_reads_them(pieces: list[str], quote: str) -> None:
    _check(f"q: {quote}{''.join(pieces)}{quote}\n")
