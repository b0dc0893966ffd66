"""The parser: precedence, literals, names, operators and errors, as data."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import pytest

from tests.kql_samples import SAMPLES
from transpiler.diagnostics import KqlError
from transpiler.kql import parse_query, print_node
from transpiler.kql import syntax as s
from transpiler.kql.lookahead import OPERATOR_KEYWORDS
from transpiler.kql.pipelines import OPERATORS
from transpiler.source import Source, Span


def parse(text: str) -> s.Query:
    return parse_query(Source(text))


def only(text: str) -> s.Expr:
    """The one expression of ``print …``."""
    (statement,) = parse("print " + text).statements
    assert isinstance(statement, s.QueryStatement)
    assert isinstance(statement.value, s.Pipeline)
    (row,) = statement.value.operators
    assert isinstance(row, s.Print)
    (column,) = row.columns
    return column


def operators(text: str) -> tuple[s.Operator, ...]:
    statement = parse(text).statements[-1]
    assert isinstance(statement, s.QueryStatement)
    assert isinstance(statement.value, s.Pipeline)
    return statement.value.operators


def outline(node: s.Expr) -> str:
    """An expression with every bracket written: (+ a (* b c))."""
    if isinstance(node, s.Binary):
        return f"({node.operator} {outline(node.left)} {outline(node.right)})"
    if isinstance(node, s.Logical):
        return f"({node.operator} {' '.join(map(outline, node.operands))})"
    if isinstance(node, s.Unary):
        return f"({node.operator} {outline(node.operand)})"
    if isinstance(node, s.InList):
        return f"({node.operator} {outline(node.left)} [{' '.join(map(outline, node.items))}])"
    if isinstance(node, s.Between):
        return f"({node.operator} {outline(node.operand)} {outline(node.low)} {outline(node.high)})"
    if isinstance(node, s.Member):
        return f"(. {outline(node.base)} {node.name})"
    if isinstance(node, s.Index):
        return f"(@ {outline(node.base)} {outline(node.index)})"
    if isinstance(node, s.Call):
        base = f"{outline(node.base)} " if node.base else ""
        return f"(call {base}{node.name} {' '.join(map(outline, node.arguments))})".replace(" )", ")")
    if isinstance(node, s.NamedExpression):
        return f"(= {' '.join(node.names)} {outline(node.value)})"
    return f"{{{print_node(node)}}}" if isinstance(node, s.Pipeline) else print_node(node)


PRECEDENCE = [
    ("a or b and c", "(or a (and b c))"),
    ("a and b or c and d", "(or (and a b) (and c d))"),
    ("a or b or c", "(or a b c)"),
    ("a or (b or c)", "(or a (or b c))"),
    ("a and not(b)", "(and a (call not b))"),
    ("a == b and c != d", "(and (== a b) (!= c d))"),
    ("a <> b", "(!= a b)"),
    ("a < b == c", "(== (< a b) c)"),
    ("a + b < c * d", "(< (+ a b) (* c d))"),
    ("a - b - c", "(- (- a b) c)"),
    ("a / b * c % d", "(% (* (/ a b) c) d)"),
    ("a - (b - c)", "(- a (- b c))"),
    ("a + b has c", "(+ a (has b c))"),
    ("a has b + c", "(+ (has a b) c)"),
    ("a * b has c * d", "(* (* a (has b c)) d)"),
    ("a has b == c", "(== (has a b) c)"),
    ("-a.b + c", "(+ (- (. a b)) c)"),
    ("-a has b", "(has (- a) b)"),
    ("-1", "(- 1)"),
    ("-(-1)", "(- (- 1))"),
    ("- f(x)[0]", "(- (@ (call f x) 0))"),
    ("a.b[0]['c'].d", '(. (@ (@ (. a b) 0) "c") d)'),
    ("a.['b c'].kind", "(. (. a b c) kind)"),
    ("a.f(x).g()", "(call (call a f x) g)"),
    ("a in (1, 2)", "(in a [1 2])"),
    ("a !in~ (b)", "(!in~ a [b])"),
    ("a in (T | project b)", "(in a [{T | project b}])"),
    ("a in ((T | project b))", "(in a [{T | project b}])"),
    ("a has_any ('x')", '(has_any a ["x"])'),
    ("a + 1 in (b) and c", "(and (in (+ a 1) [b]) c)"),
    ("a between (1 + 2 .. b)", "(between a (+ 1 2) b)"),
    ("a !between (x or y .. b) or c", "(or (!between a (or x y) b) c)"),
    ("* has 'x'", '(has * "x")'),
    ("* == 1 and * : 'y'", '(and (== * 1) (: * "y"))'),
    ("x = a == b", "(= x (== a b))"),
    ("(x, ['y z']) = f()", "(= x y z (call f))"),
    ("f(n = 1, *, a or b)", "(call f (= n 1) * (or a b))"),
    ("a notcontains b", "(!contains a b)"),
    ("a containscs b", "(contains_cs a b)"),
    ("a notcontainscs b", "(!contains_cs a b)"),
    ("a notlike b", "(!like a b)"),
    ("a likecs b", "(like_cs a b)"),
    ("((a))", "a"),
]


@pytest.mark.parametrize(("text", "expected"), PRECEDENCE, ids=[p[0] for p in PRECEDENCE])
def test_precedence(text: str, expected: str) -> None:
    assert outline(only(text)) == expected


SECOND, DAY = 10_000_000, 864_000_000_000
NEW_YEAR_2020 = 637_134_336_000_000_000

LITERALS: list[tuple[str, str, Any]] = [  # Any: a literal's value is of the literal's kind
    ("5", "long", 5),
    ("0x1F", "long", 31),
    ("9223372036854775807", "long", 9223372036854775807),
    ("long(-5)", "long", -5),
    ("long(0x10)", "long", 16),
    ("int( 5 )", "int", 5),
    ("int(null)", "int", None),
    ("1.5", "real", 1.5),
    ("1.", "real", 1.0),
    ("1e3", "real", 1000.0),
    ("real(1)", "real", 1.0),
    ("double(-1.5)", "real", -1.5),
    ("real(+inf)", "real", math.inf),
    ("real(-inf)", "real", -math.inf),
    ("decimal(1.50)", "decimal", "1.50"),
    ("true", "bool", True),
    ("FALSE", "bool", False),
    ("bool(1)", "bool", True),
    ("bool(null)", "bool", None),
    ("guid(74BE27DE-1e4e-49d9-b579-fe0b331d3642)", "guid", "74be27de-1e4e-49d9-b579-fe0b331d3642"),
    ("guid(74be27de1e4e49d9b579fe0b331d3642)", "guid", "74be27de-1e4e-49d9-b579-fe0b331d3642"),
    ("1d", "timespan", DAY),
    ("1.5h", "timespan", 5400 * SECOND),
    ("90sec", "timespan", 90 * SECOND),
    ("1ms", "timespan", 10_000),
    ("1microsecond", "timespan", 10),
    ("100nanos", "timespan", 1),
    ("7ticks", "timespan", 7),
    ("time(1.02:03:04)", "timespan", DAY + 7384 * SECOND),
    ("time(1.02:03:04.5)", "timespan", DAY + 7384 * SECOND + SECOND // 2),
    ("timespan(-00:30)", "timespan", -1800 * SECOND),
    ("time(3)", "timespan", 3 * DAY),
    ("time('1d')", "timespan", DAY),
    ("time(-1d)", "timespan", -DAY),
    ("time(null)", "timespan", None),
    ("datetime(2020-01-01)", "datetime", NEW_YEAR_2020),
    ("date(2020)", "datetime", NEW_YEAR_2020),
    ("datetime(2020-1)", "datetime", NEW_YEAR_2020),
    ("datetime(2020 - 01 - 01)", "datetime", NEW_YEAR_2020),
    ("datetime(1/1/2020)", "datetime", NEW_YEAR_2020),
    ("datetime('01/01/2020 00:00:00')", "datetime", NEW_YEAR_2020),
    ("datetime(20200101)", "datetime", NEW_YEAR_2020),
    ("datetime(1 Jan 2020)", "datetime", NEW_YEAR_2020),
    ("datetime(Wed, 1 Jan 2020 00:00:00 GMT)", "datetime", NEW_YEAR_2020),
    ("datetime(January 1, 2020)", "datetime", NEW_YEAR_2020),
    ("datetime(2020-01-01 02:00:01.1234567Z)", "datetime", NEW_YEAR_2020 + 7201 * SECOND + 1_234_567),
    ("datetime(2020-01-01T02:00:00+02:00)", "datetime", NEW_YEAR_2020),
    ("datetime(1/1/2020 12:00 AM)", "datetime", NEW_YEAR_2020),
    ("datetime(min)", "datetime", 0),
    ("datetime(9999-12-31 23:59:59.9999999)", "datetime", 3_155_378_975_999_999_999),
    ("datetime(null)", "datetime", None),
    ("'a' \"b\" @'c\\'", "string", "abc\\"),
    (r"'\a\b\f\n\r\t\v\\\'\"'", "string", "\a\b\f\n\r\t\v\\'\""),
    (r"'\x41\u00e9\U0001F600\101\0'", "string", "A\u00e9\U0001f600A\0"),
    (r"'\ud83d\ude00'", "string", "\U0001f600"),
    ("@'a''b\\'", "string", "a'b\\"),
    ('h@"a""b"', "string", 'a"b'),
    ("```a\n'\\n'```", "string", "a\n'\\n'"),
    ("~~~a~~~", "string", "a"),
    ("dynamic(null)", "dynamic", None),
    ("dynamic([1, 2.50, -3, 'x', \"y\", true, null])", "dynamic", '[1,2.50,-3,"x","y",true,null]'),
    ("dynamic({'b': 1, \"a\": {}, 'b': [ ]})", "dynamic", '{"b":1,"a":{},"b":[]}'),
    ("dynamic(007)", "dynamic", "7"),
    ("dynamic(1.)", "dynamic", "1.0"),
    ("dynamic(0x1F)", "dynamic", "31"),
    ("dynamic('it\\'s \"q\" \\u0001')", "dynamic", '"it\'s \\"q\\" \\u0001"'),
    ("dynamic([datetime(2020-01-01), 1d, time(1.5h), guid(74BE27DE-1e4e-49d9-b579-fe0b331d3642)])", "dynamic",
     '["2020-01-01T00:00:00.0000000Z",864000000000,54000000000,"74be27de-1e4e-49d9-b579-fe0b331d3642"]'),
    ("dynamic([dynamic({'a': dynamic(null)}), long(5), real(1.5)])", "dynamic", '[{"a":null},5,1.5]'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "value"), LITERALS, ids=[case[0] for case in LITERALS])
def test_literals(text: str, kind: str, value: Any) -> None:  # Any: as above
    literal = only(text)
    assert isinstance(literal, s.Literal)
    assert (literal.kind, literal.value, type(literal.value)) == (kind, value, type(value))
    assert literal.malformed is None
    assert literal.span == Span(6, 6 + len(text))


def test_not_a_number() -> None:
    literal = only("real(nan)")
    assert isinstance(literal, s.Literal)
    assert isinstance(literal.value, float)
    assert math.isnan(literal.value)


MALFORMED = [
    ("int(abc)", "int", "abc"),
    ("int(3000000000)", "int", "3000000000"),
    ("long(9223372036854775808)", "long", "9223372036854775808"),
    ("real(x)", "real", "x"),
    ("datetime(10:00)", "datetime", "10:00"),
    ("datetime(2020-13-01)", "datetime", "2020-13-01"),
    ("datetime('soon')", "datetime", "'soon'"),
    ("time(25:00)", "timespan", "25:00"),
    ("guid(xyz)", "guid", "xyz"),
    ("bool(maybe)", "bool", "maybe"),
    ("int()", "int", ""),
    ("99999999999999d", "timespan", "99999999999999d"),
]


@pytest.mark.parametrize(("text", "kind", "malformed"), MALFORMED, ids=[case[0] for case in MALFORMED])
def test_a_literal_without_a_value_keeps_its_text(text: str, kind: str, malformed: str) -> None:
    literal = only(text)
    assert isinstance(literal, s.Literal)
    assert (literal.kind, literal.value, literal.malformed) == (kind, None, malformed)


@pytest.mark.parametrize(
    "word", "count table type id from pattern title_ kind range bin top join where_ on step take limit evaluate".split()
)
def test_words_that_are_columns_too(word: str) -> None:
    (where,) = operators(f"T | where {word} == 1")
    assert isinstance(where, s.Where)
    assert outline(where.predicate).replace("['", "").replace("']", "") == f"(== {word} 1)"


def test_more_keywords_are_names_where_they_are_declared() -> None:
    extend, rename = operators("T | extend title = 1, by = 2 | project-rename where = a")
    assert isinstance(extend, s.Extend)
    assert isinstance(rename, s.ProjectRename)
    named = [*extend.columns, *rename.columns]
    assert [e.names for e in named if isinstance(e, s.NamedExpression)] == [("title",), ("by",), ("where",)]


# ---------------------------------------------------------------- shapes of the tree


def test_a_bare_source_is_no_pipeline_and_a_source_operator_has_no_source() -> None:
    for text, kind in (("T", s.Name), ("T | take 1", s.Pipeline), ("print 1", s.Pipeline), ("(T)", s.Name)):
        (statement,) = parse(text).statements
        assert isinstance(statement, s.QueryStatement)
        assert type(statement.value) is kind
    (statement,) = parse("print 1 | take 1").statements
    assert isinstance(statement, s.QueryStatement)
    assert isinstance(statement.value, s.Pipeline)
    assert statement.value.source is None
    assert [type(o) for o in statement.value.operators] == [s.Print, s.Take]


def test_a_nested_pipeline_keeps_its_parentheses_in_its_span() -> None:
    (join,) = operators("T | join (U | take 1) on k")
    assert isinstance(join, s.Join)
    assert isinstance(join.right, s.Pipeline)
    assert join.right.span == Span(9, 21)


def test_ordering_is_none_where_it_is_not_written() -> None:
    (sort,) = operators("T | sort by a, b desc, c asc nulls first, d granny-desc nulls last")
    assert isinstance(sort, s.Sort)
    found = [(k.descending, k.nulls_first, k.natural) for k in sort.keys]
    assert found == [(None, None, False), (True, None, False), (False, True, False), (True, False, True)]


def test_parameters() -> None:
    (join,) = operators("T | join kind=inner hint.strategy=shuffle hint.shufflekey=id (U) on k")
    assert [(p.name, print_node(p.value)) for p in join.parameters] == [
        ("kind", "inner"), ("hint.strategy", "shuffle"), ("hint.shufflekey", "['id']"),
    ]  # fmt: skip
    (union,) = operators("T | union with_source=X __isFuzzy=true U")
    assert [p.name for p in union.parameters] == ["withsource", "isfuzzy"]
    (where,) = operators("T | where kind == 1")
    assert where.parameters == ()


def test_types_have_one_name() -> None:
    (statement,) = parse("datatable (a:double, b:date, c:boolean, d:int64, e:time, f:uniqueid) []").statements
    assert isinstance(statement, s.QueryStatement)
    assert isinstance(statement.value, s.DataTable)
    assert [c.type_name for c in statement.value.columns] == ["real", "datetime", "bool", "long", "timespan", "guid"]


def test_a_function_with_tabular_parameters() -> None:
    let = parse("let f = view (x:long = 5, T:(a:long), U:(*)) { let y = x; T };").statements[0]
    assert isinstance(let, s.Let)
    assert isinstance(let.value, s.FunctionBody)
    assert let.value.is_view
    x, t, u = let.value.parameters
    assert (x.name, x.type_name, print_node(x.default or x)) == ("x", "long", "5")
    assert t.columns is not None
    assert [c.name for c in t.columns] == ["a"]
    assert (u.columns, u.open) == ((), True)
    assert [type(item) for item in let.value.statements] == [s.Let, s.QueryStatement]


def test_parse_parts() -> None:
    (parse_operator,) = operators("T | parse x with * 'a' \"b\" c:long ['d e'] *")
    assert isinstance(parse_operator, s.Parse)
    found = [(p.star, p.text, p.column, p.type_name) for p in parse_operator.parts]
    assert found == [
        (True, None, None, None), (False, "ab", None, None), (False, None, "c", "long"), (False, None, "d e", None),
        (True, None, None, None),
    ]  # fmt: skip


def test_the_table_of_operators_is_what_the_look_ahead_knows() -> None:
    assert set(OPERATORS) == OPERATOR_KEYWORDS


def test_every_operator_and_expression_of_the_tree_occurs_in_the_samples() -> None:
    seen: set[type] = set()

    def visit(item: object) -> None:
        if isinstance(item, s.Node):
            seen.add(type(item))
            for name in type(item).__dataclass_fields__:
                visit(getattr(item, name))
        elif isinstance(item, tuple):
            for member in item:
                visit(member)

    for text in SAMPLES:
        visit(parse(text))
    missing = {t.__name__ for t in (*s.Operator.__args__, *s.Expr.__args__, *s.Statement.__args__)} - {
        t.__name__ for t in seen
    }
    assert missing <= {"ExecuteAndCache", "OpaqueTable", "Bracketed", "NamePattern"}


@pytest.mark.parametrize("text", SAMPLES)
def test_every_node_lies_within_its_parent(text: str) -> None:
    def check(node: s.Node, outer: Span) -> None:
        assert outer.start <= node.span.start <= node.span.end <= outer.end
        for name in type(node).__dataclass_fields__:
            check_value(getattr(node, name), node.span)

    def check_value(value: object, outer: Span) -> None:
        if isinstance(value, s.Node):
            check(value, outer)
        elif type(value) is tuple:
            for item in value:
                check_value(item, outer)

    check(parse(text), Span(0, len(text)))


# ---------------------------------------------------------------- what is refused


GUID = "74be27de-1e4e-49d9-b579-fe0b331d3642"

# query, code, line, column, text under the caret, a part of the message, a part of the hint
ERRORS = [
    ("", "KQL005", 1, 1, "", "empty", ""),
    ("  // nothing", "KQL005", 1, 1, "", "empty", ""),
    ("T | Where x == 1", "KQL003", 1, 5, "Where", "expected an operator after '|'", "lower-case: where"),
    ("T\n| where x == 1\n| foo", "KQL003", 3, 3, "foo", "found the name 'foo'", ""),
    ("T |", "KQL003", 1, 4, "", "found the end of the query", ""),
    ("T | where x = = 1", "KQL003", 1, 15, "=", "expected an expression", ""),
    ("T | where x == 1)", "KQL003", 1, 17, ")", "found ')'", "no opening bracket"),
    ("T | where (x == 1", "KQL003", 1, 18, "", "expected ')'", ""),
    ("T | where x in 'a'", "KQL003", 1, 16, "'a'", "expected '(' after in", ""),
    ("T | where x not in (1)", "KQL003", 1, 13, "not", "found the name 'not'", "!in"),
    ("T | where a == b == c", "KQL003", 1, 18, "==", "expected ';', '|'", ""),
    ("T | where a has b has c", "KQL003", 1, 19, "has", "expected ';', '|'", ""),
    ("print --1", "KQL003", 1, 8, "-", "expected an expression", ""),
    ("T | extend first = 1", "KQL003", 1, 12, "first", "the keyword 'first'", "['first']"),
    ("T | project a, | take 1", "KQL003", 1, 16, "|", "expected an expression", ""),
    ("T | top 5 by a, b", "KQL003", 1, 15, ",", "found ','", ""),
    ("T | lookup U", "KQL003", 1, 13, "", "expected 'on'", ""),
    ("T | where x between (1, 2)", "KQL003", 1, 23, ",", "expected '..'", ""),
    ("f(T | count)", "KQL003", 1, 5, "|", "expected ',' or ')'", "parentheses of its own"),
    ("T | mv-expand x to long", "KQL003", 1, 20, "long", "expected typeof", ""),
    ("let f = (x:float) { x }; f(1)", "KQL003", 1, 12, "float", "not a type", "real"),
    ("datatable (a:long) [x]", "KQL003", 1, 21, "x", "expected a literal", "int(null)"),
    ("print dynamic({a:1})", "KQL003", 1, 16, "a", "member's name in quotes", ""),
    ("print dynamic([1,])", "KQL003", 1, 18, "]", "expected a JSON value", ""),
    ("print dynamic(datetime(soon))", "KQL002", 1, 15, "datetime(soon)", "'soon' is not a datetime", ""),
    (f"print {GUID}", "KQL003", 1, 7, GUID, "a guid without quotes", f"guid({GUID})"),
    ("T where x == 1", "KQL003", 1, 3, "where", "expected ';', '|'", "a pipe stands"),
    ("T;;", "KQL003", 1, 3, ";", "expected an expression", ""),
    (".show tables", "KQL003", 1, 1, ".", "control command", ""),
    (".create function f() { T } | take 1", "KQL003", 1, 28, "|", "expected '.'", ""),
    ("T | render", "KQL003", 1, 11, "", "expected a kind of chart", ""),
    ("T | summarize by bin=1h", "KQL003", 1, 18, "bin", "expected an expression", ""),
    ("print " + "9" * 500, "KQL002", 1, 7, "9" * 500, "more digits", ""),
    ("/* x */ T", "KQL003", 1, 1, "/", "expected an expression", "//"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "under", "message", "hint"), ERRORS, ids=[case[0][:40] for case in ERRORS]
)
def test_errors(text: str, code: str, line: int, column: int, under: str, message: str, hint: str) -> None:
    with pytest.raises(KqlError) as caught:
        parse(text)
    error = caught.value
    assert (error.code, error.line, error.column) == (code, line, column)
    assert text[error.span.start : error.span.end] == under
    assert message in error.message
    assert hint in error.hint
    lines = str(error).splitlines()
    caret = next(shown for shown in lines if set(shown.strip()) == {"^"})
    assert caret.index("^") == column - 1 + 2


REFUSED = [
    "let x = 1 T", "T | join", "T | union", "union A,", "search in (A)", "find in (A) x", "T | sort x", "T | take",
    "T | count()", "T | distinct", "T | extend", "T | summarize a,", "T | summarize count() by", "T | parse x 'a'",
    "T | make-series count() on t", "T | make-series count() on t from 1 to 2", "T | scan with (step s: x)",
    "T | partition by x", "T | mv-apply x on", "T | mv-expand limit 5", "T | evaluate x", "T | fork",
    "T | render table with", "set", "declare query_parameters ()", "restrict access to ()", "let f = (x) { x }",
    "print f(1,)", "print (1, 2)", "print ()", "print a.", "print a[]", "print [1", "print {x", "print 'a' +",
    "print x matches  regex 'a'", "print a in ()", "T | where * in (1)", "datatable (a:long) [1 2]",
    "datatable a:long [1]", "externaldata (a:string)", "T | project-away a.b", "T | as kind", "T | count as kind",
    "print typeof()x", "T | graph-match (a)-[b", "T | make-graph a - b", "macro-expand X (T", "T | facet x",
    "T | reduce x", "T | sample-distinct 5 x", "T | top-nested 5 x by y", "T | top-hitters 5 by x",
    "T | lookup U kind=inner on x", "T | join (U) on", "T | invoke x", "T | assert-schema a:long", "T | parse-kv x",
    "T\n#connect x", "T | getschema x", "T | where x == 'a' b",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    with pytest.raises(KqlError) as caught:
        parse(text)
    assert caught.value.code in ("KQL003", "KQL002")
    assert caught.value.source is not None


@pytest.mark.parametrize("text", SAMPLES)
def test_a_query_cut_off_anywhere_is_read_or_refused(text: str) -> None:
    for end in range(0, len(text), 3):
        with contextlib.suppress(KqlError):
            parse(text[:end])
