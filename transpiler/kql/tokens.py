"""The lexer: a query's text becomes parallel arrays of token kinds and places.

A token's kind is its own text for keywords and punctuation (``where``, ``!has_cs``, ``==``) and one of the upper-case
kinds below for everything else. White space and comments leave no token; two tokens touch when one ends where the next
begins, which matters for wildcards (``Account*``) and signed numbers.

Which words are keywords, and which of them may still name a column, follows Microsoft's parser (Kusto.Language 12.4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from transpiler.diagnostics import KqlError
from transpiler.source import Source, Span

IDENT = "IDENT"
STRING = "STRING"
LONG = "LONG"
REAL = "REAL"
TIMESPAN = "TIMESPAN"
BOOL = "BOOL"
TYPED = "TYPED"  # int(…), datetime(…): a keyword and everything up to the next closing parenthesis
RAW_GUID = "RAW_GUID"
DIRECTIVE = "DIRECTIVE"
END = "END"

# Keywords that are also names wherever a name is expected.
SOFT_KEYWORDS = frozenset(
    """access alias best_effort bin bool consume count database dataformat datetime_pattern declare default distinct
    edges entity_group evaluate extend facet filter fork from getschema graph guid id inline_external_table join let
    limit lookup mvapply mvexpand nodes null nulls on optional order output pack parse __partitionby partition pattern
    plotly query_parameters range reduce regex render restrict scan serialize sort step summarize take top typeof uuid
    view with with_node_id""".split()
)
# Keywords that are names only where a column or parameter is declared or renamed (``extend title = …``).
DECLARED_KEYWORDS = SOFT_KEYWORDS | frozenset(
    """accumulate as by contains datatable earliest externaldata find has in invoke latest materialize mdm of print
    sample sample-distinct search set sql title to toscalar totable top-nested top-hitters verbose viewers
    where""".split()
)
RESERVED_WORDS = frozenset(
    """__crossCluster __crossDB __id __isFuzzy __noWithSource __packedColumn __sourceColumnIndex accumulate and
    anomalychart areachart as asc bagexpansion barchart between bin_legacy by cachingpolicy callout cancel card
    columnchart contains containscs contains_cs __contextual_datatable cycles dataexport datascope datatable
    decodeblocks desc earliest encodingpolicy endswith endswith_cs __executeAndCache expandoutput
    extent_tags_retention externaldata external_data find first flags harddelete hardretention has has_any has_all
    has_cs hasprefix hasprefix_cs hassuffix hassuffix_cs hotcache in invoke isfuzzy force_remote journal kind
    ladderchart last latest like likecs linechart materialize mdm missing nooptimization notcontains notcontainscs
    notlike notlikecs of or others pathformat piechart pivotchart print project __projectAway queries query_results
    relaxed restricted_view_access row_level_security rowstore rowstore_references rowstore_sealinfo rowstorepolicy
    rowstores sample scatterchart seal seals search set shards simple softdelete softretention sql stackedareachart
    startswith startswith_cs statistics storedqueryresultcontainers tablepurge timechart timeline timepivot title to
    toscalar totable treemap union unrestrictedviewers verbose viewers views where with_itemindex with_match_id
    with_source with_step_name withsource writeaheadlog boolean int8 char uint8 byte int16 uint16 int int32 uint
    uint32 long int64 ulong uint64 float real decimal double string time timespan date datetime uniqueid
    dynamic""".split()
)
KEYWORDS: dict[str, str] = {word: word for word in sorted(SOFT_KEYWORDS | RESERVED_WORDS)}

_BOOLEANS = dict.fromkeys(("true", "True", "TRUE", "false", "False", "FALSE"), BOOL)
_WORD_KINDS = KEYWORDS | _BOOLEANS

# Operators that begin with an exclamation mark. ``!=`` and ``!~`` are punctuation.
_NEGATED = """!between !contains !contains_cs !endswith !endswith_cs !has !has_cs !hasprefix !hasprefix_cs !hassuffix
    !hassuffix_cs !in !startswith !startswith_cs""".split()

# Keywords of more than one word, in a shape that the regular expression engine leaves after one character.
_COMPOUND = (
    r"3Dchart|assert-schema|commands-and-queries|granny-(?:asc|desc)"
    r"|graph-(?:match|shortest-paths|to-table|mark-components|where-nodes|where-edges)"
    r"|hint\.(?:concurrency|distribution|materialized|num_partitions|shufflekey|spread|remote|strategy|progressive_top)"
    r"|in~|ma(?:cro-expand|ke-(?:graph|series)|tches\ regex|terialized-view(?:-combine|s))|mv-(?:apply|expand)"
    r"|par(?:se-(?:where|kv)|titioned-by)|project-(?:away|by-names|keep|rename|reorder|smart)|sample-distinct"
    r"|set-or-(?:append|replace)|top-(?:hitters|nested)"
)
_TIMESPAN_UNITS = (
    "m(?:in(?:utes?)?|s|illi(?:s|sec|seconds?)?|icro(?:s|sec|seconds?)?)?|s(?:ec(?:onds?)?)?|d(?:ays?)?"
    "|h(?:rs?|ours?)?|nano(?:s|sec|seconds?)?|ticks?"
)
_SPACE = "\t \r\n\f\xa0\u1680\u180e\u2000-\u200b\u202f\u205f\u3000\ufeff"
_ESCAPE = r"\\(?:[\\'\"abfnrtv]|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[0-7])"
_WORD_END = "(?![A-Za-z0-9_])"
_HEX4 = "[0-9a-fA-F]{4}"

_TOKEN = re.compile(
    rf"""(?:[{_SPACE}]++|//[^\r\n\u2028\u2029]*+)*+
    (?:(?P<PLAIN>(?!matches\ |hint\.)[A-Za-z_$][A-Za-z0-9_]*+(?=[\ \t\r\n,)=.|\[\]:<>;]))
    |(?P<PUNCTUATION>[()\[\]{{}},|:;+\-*/%?]|<[=|>]?|>=?|=[=>~]?|\.\.?|![=~]|@(?!["'`~]))
    |(?P<STRING>[hH]?(?:"[^"\\\r\n]*+(?:{_ESCAPE}[^"\\\r\n]*+)*+"|'[^'\\\r\n]*+(?:{_ESCAPE}[^'\\\r\n]*+)*+'
        |@"[^"\r\n]*+(?:""[^"\r\n]*+)*+"|@'[^'\r\n]*+(?:''[^'\r\n]*+)*+'|@?```[\s\S]*?```|@?~~~[\s\S]*?~~~))
    |(?P<OPEN_STRING>[hH]?@?(?:"|'|```|~~~))
    |(?P<COMPOUND>(?:{_COMPOUND}){_WORD_END})
    |(?P<NEGATED>!in~|(?:{"|".join(_NEGATED)}){_WORD_END})
    |(?P<TYPED>(?:int(?:32|64)?|long|real|double|decimal|bool|date(?:time)?|time(?:span)?|guid)\([^)\r\n\u2028\u2029]*+\)?)
    |(?P<RAW_GUID>[0-9a-fA-F]{{8}}-{_HEX4}-{_HEX4}-{_HEX4}-[0-9a-fA-F]{{12}})
    |(?P<WORD>[A-Za-z_$][A-Za-z0-9_]*+)
    |(?P<REAL>[0-9]++(?:\.(?!\.(?!\.))[0-9]*+(?:[eE][+-]?[0-9]++)?+|[eE][+-]?[0-9]++){_WORD_END})
    |(?P<TIMESPAN>[0-9]++(?:\.[0-9]++)?+(?:{_TIMESPAN_UNITS}){_WORD_END})
    |(?P<LONG>(?:0[xX][0-9a-fA-F]++|[0-9]++){_WORD_END})
    |(?P<NUMBERED_WORD>[0-9]++[A-Za-z_][A-Za-z0-9_]*+)
    |(?P<DIRECTIVE>\#[^\r\n\u2028\u2029]*+)
    |(?P<END>\Z)
    |(?P<BAD>.))""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one text as parallel arrays; the last kind is END."""

    kinds: list[str]
    starts: list[int]
    ends: list[int]


def tokenize(source: Source) -> Tokens:
    """All tokens of the text, an END token last; KqlError where the text holds what is no token."""
    kinds: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    words, text = _WORD_KINDS, source.text
    for match in _TOKEN.finditer(text):
        group = match.lastgroup or ""
        start, end = match.span(group)
        if group == "PUNCTUATION":
            kind = text[start:end]
        elif group in _WORDS:
            kind = words.get(text[start:end], IDENT)
        elif group in _OWN_TEXT:
            kind = KEYWORDS.get(text[start:end]) or text[start:end]
        else:
            kind = group
            if group in _CHECKED:
                kind = _checked(source, group, start, end)
        kinds.append(kind)
        starts.append(start)
        ends.append(end)
        if kind == END:
            break
    return Tokens(kinds, starts, ends)


_WORDS = frozenset({"PLAIN", "WORD"})
"""PLAIN: a word after which nothing can follow that would make it more; it is found before all else is tried."""
_OWN_TEXT = frozenset({"COMPOUND", "NEGATED"})
_CHECKED = frozenset({"OPEN_STRING", "BAD", "TYPED", "NUMBERED_WORD"})


def _checked(source: Source, group: str, start: int, end: int) -> str:
    """The kind of a token that may be an error; raises when it is one."""
    text = source.text
    if group == "NUMBERED_WORD":
        return IDENT
    if group == "TYPED":
        if text[end - 1] == ")":
            return TYPED
        name = text[start : text.index("(", start)]
        raise KqlError("KQL002", f"the {name} literal has no closing ')' on its line", Span(start, end), source=source)
    if group == "OPEN_STRING":
        raise _open_string(source, start, end)
    found = text[start:end]
    shown = found if found.isprintable() else f"U+{ord(found):04X}"
    hint = _BAD_CHARACTERS.get(found, "")
    raise KqlError(
        "KQL001", f"the character {shown} is not part of KQL here", Span(start, end), hint=hint, source=source
    )


_LINE_END = re.compile(r"[\r\n]|\Z")
_BAD_CHARACTERS = {
    **dict.fromkeys("“”‘’", "quotes are written \" or '"),
    "&": "the connective is written and",
    "!": "an operator such as !has or != has no blank after its first character",
}
_QUOTE_BODY = {quote: re.compile(rf"(?:[^{quote}\\\r\n]|{_ESCAPE})*+") for quote in ("'", '"')}


def _open_string(source: Source, start: int, body: int) -> KqlError:
    """The error for a string literal that does not end: at its bad escape, else at its opening quote."""
    text = source.text
    quote = text[body - 1]
    if text[start:body].lstrip("hH")[0] in "'\"":
        match = _QUOTE_BODY[quote].match(text, body)
        stop = match.end() if match else body
        if text.startswith("\\", stop):
            end = min(stop + 2, len(text))
            hint = f"a backslash is written \\\\, or the string as @{quote}…{quote}"
            return KqlError(
                "KQL002", f"{text[stop:end]} is not an escape of a string", Span(stop, end), hint=hint, source=source
            )
    line_end = _LINE_END.search(text, body)
    end = line_end.start() if line_end else len(text)
    what = "is not closed" if quote in "`~" else "is not closed before the end of its line"
    return KqlError("KQL002", f"the string that begins with {text[start:body]} {what}", Span(start, end), source=source)
