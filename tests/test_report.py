"""Reports: indicators, lineage, a rule's page, the support matrix, coverage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from transpiler.catalog import Catalog, default_catalog
from transpiler.cli import app
from transpiler.kql import parse_query, syntax
from transpiler.report import kusto_names, probes
from transpiler.report.coverage import coverage
from transpiler.report.data import plain
from transpiler.report.indicators import indicators, kind_of, sought, with_others
from transpiler.report.lineage import lineage
from transpiler.report.page import rule_page
from transpiler.report.show_support import BEGIN, END, replaced, summary_markdown, why_not
from transpiler.report.support import Feature, State, Support, support_matrix
from transpiler.report.tree import named_tables, walk
from transpiler.rule import load_rule, load_rules
from transpiler.semantics import Environment, bind_query
from transpiler.source import Source

ROOT = Path(__file__).parents[1]
RULES = ROOT / "rules"


def found(kql: str) -> list[tuple[str, str, list[str], bool]]:
    query = parse_query(Source(kql))
    return [(i.field, i.operator, [v.value for v in i.values], i.excluded) for i in indicators(query, Source(kql))]


@pytest.mark.parametrize(
    ("kql", "expected"),
    [
        ("T | where a == 'x'", [("a", "==", ["x"], False)]),
        ("T | where 'x' == a", [("a", "==", ["x"], False)]),
        ("T | where a != 'x'", [("a", "==", ["x"], True)]),
        ("T | where not(a has 'x')", [("a", "has", ["x"], True)]),
        ("T | where not(a !has 'x')", [("a", "has", ["x"], False)]),
        ("T | where tolower(a) in ('x', 'y')", [("a", "in", ["x", "y"], False)]),
        ("T | where d.a.b has_any ('x') or c =~ 'z'", [("d.a.b", "has_any", ["x"], False), ("c", "=~", ["z"], False)]),
        ("let l = dynamic(['x', 'y']); T | where a has_any (l)", [("a", "has_any", ["x", "y"], False)]),
        ("let v = 'x'; let l = v; T | where a has l", [("a", "has", ["x"], False)]),
        ("let l = datatable(i: string) ['x']; T | where a in ((l | project i))", [("a", "in", ["x"], False)]),
        ("T | summarize c = countif(a has 'x')", [("a", "has", ["x"], False)]),
        ("T | where n == 4625 or n in (1, -2)", [("n", "==", ["4625"], False), ("n", "in", ["1", "-2"], False)]),
        ("T | where a == b or a has tostring(b) or a in ((U | project b))", []),
        ("T | where a == '' or n > 5", []),
        (
            "T | join (U | where b has 'x') on k | where a has 'y'",
            [("b", "has", ["x"], False), ("a", "has", ["y"], False)],
        ),
    ],
)
def test_indicators_come_out_of_the_conditions(kql: str, expected: list[tuple[str, str, list[str], bool]]) -> None:
    assert sorted(found(kql)) == sorted(expected)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("10.0.0.1", "ip"),
        ("2001:db8::1", "ip"),
        ("10.0.0.0/8", "network"),
        ("evil.example.com", "domain"),
        ("pool.minexmr.com.", "domain"),
        ("cmd.exe", "file"),
        ("https://evil.example/x", "url"),
        ("a@evil.example", "email"),
        ("d41d8cd98f00b204e9800998ecf8427e", "hash"),
        ("75491db8-eaf7-40bb-a46a-279872cc82f5", "guid"),
        ("C:\\Windows\\Temp", "path"),
        ("4625", "number"),
        ("stratum", "text"),
    ],
)
def test_values_are_sorted_by_what_they_look_like(value: str, kind: str) -> None:
    assert kind_of(value) == kind


def test_the_same_indicator_in_other_rules_is_counted() -> None:
    texts = [
        "T | where a has 'Evil.example'",
        "U | where b == 'evil.example.'",
        "U | where b != 'evil.example'",
        "U | where b == 'text'",
    ]
    rules = [indicators(parse_query(Source(t)), Source(t)) for t in texts]
    own, *others = rules
    (counted,) = with_others(own, [sought(o) for o in others])
    assert counted.values[0].others == 1


def columns_of(kql: str) -> dict[str, tuple[tuple[str, ...], str]]:
    tables = Catalog({"T": {"a": "string", "n": "long", "t": "datetime"}, "U": {"a": "string", "m": "long"}})
    plan, _ = bind_query(parse_query(Source(kql)), Source(kql), Environment(tables, "duckdb"))
    return {c.name: (c.sources, c.expression) for c in lineage(plan, Source(kql))}


def test_lineage_goes_through_renames_computations_and_joins() -> None:
    kql = "T | extend b = a | join kind=inner (U | project a, m2 = m * 2) on a | project x = b, y = n + m2, z = 5"
    assert columns_of(kql) == {"x": (("T.a",), ""), "y": (("T.n", "U.m"), "n + m2"), "z": ((), "5")}


def test_an_expression_of_a_let_over_several_lines_is_shown() -> None:
    kql = "let X = T\n  | project\n      k = a,\n      twice = n * 2;\nX | project twice"
    assert columns_of(kql) == {"twice": (("T.n",), "n * 2")}


def test_lineage_goes_through_aggregates_and_unions() -> None:
    assert columns_of("T | summarize c = count(), s = sum(n) by a")["s"] == (("T.n",), "sum(n)")
    assert columns_of("T | summarize c = count() by a")["c"] == ((), "count()")
    assert columns_of("T | summarize arg_max(t, n) by a")["n"] == (("T.n",), "arg_max(t, n)")
    assert columns_of("T | union U | project a")["a"] == (("T.a", "U.a"), "")


@pytest.mark.parametrize(
    ("kql", "tables", "functions", "patterns"),
    [
        ("A | join (B) on x", ["A", "B"], [], []),
        ("let A = B; A | union C, (D | take 1)", ["B", "C", "D"], [], []),
        ("let f = (X: (a: long)) { X | where a > 1 }; f(T)", [], [], []),
        ("imDns(starttime=ago(1d)) | where x in ((W | project x))", ["W"], ["imDns"], []),
        ("union Security*, T", ["T"], [], ["Security*"]),
        ("T | as X | union X", ["T"], [], []),
        ("find in (A, B) where x == 1", ["A", "B"], [], []),
    ],
)
def test_named_tables(kql: str, tables: list[str], functions: list[str], patterns: list[str]) -> None:
    named = named_tables(parse_query(Source(kql)))
    assert (sorted(named.tables), list(named.functions), list(named.patterns)) == (tables, functions, patterns)


def test_the_page_of_the_seed_rule() -> None:
    rule = load_rule(RULES / "gcp/dns/malicious_python_packages.yaml")
    page = rule_page(rule, default_catalog(), load_rules(RULES).rules.values())
    assert (page.severity, page.tactics, page.techniques) == ("High", ("InitialAccess",), ("T1195",))
    assert page.timing is not None
    assert plain(page.timing)["period"] == "15m"
    (indicator,) = page.indicators
    assert (indicator.field, indicator.operator, len(indicator.values)) == ("Query", "has_any", 4)
    assert [v.others for v in indicator.values] == [0, 0, 0, 0]
    columns = {c.name: c for c in page.columns}
    assert columns["DNSCustomEntity"].sources == ("GCPCloudDNS.Query",)
    assert [(e.type, dict(e.fields)) for e in page.entities] == [
        ("DNS", {"DomainName": "DNSCustomEntity"}),
        ("IP", {"Address": "IPCustomEntity"}),
    ]
    (table,) = page.tables
    assert table.name == "GCPCloudDNS"
    assert "dns_googleapis_com_dns_queries" in table.stored["bigquery"]
    assert [s.keyword for s in page.stages] == ["from", "where", "extend"]


def test_a_copy_of_a_rule_counts_as_another_that_looks_for_the_same(tmp_path: Path) -> None:
    path = tmp_path / "copy.yaml"
    path.write_text((RULES / "gcp/dns/malicious_python_packages.yaml").read_text())
    page = rule_page(load_rule(path), default_catalog(), load_rules(RULES).rules.values())
    assert [v.others for v in page.indicators[0].values] == [1, 1, 1, 1]


def test_every_rule_has_a_page() -> None:
    loaded = load_rules(RULES)
    for rule in loaded.rules.values():
        page = rule_page(rule, default_catalog(), loaded.rules.values())
        assert page.stages
        assert json.loads(json.dumps(plain(page)))["name"] == rule.name


def test_inspect_shows_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(app, ["inspect", "gcp/dns/mining_pools"])
    assert result.exit_code == 0
    for text in ("minexmr.com", "every 15m over the last 15m", "T1496", "Leaves out", "GCPCloudDNS.SrcIpAddr"):
        assert text in result.stdout


# ---- the support matrix -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def matrix() -> tuple[Feature, ...]:
    return support_matrix()


def test_every_probe_is_kql() -> None:
    for queries in (probes.STATEMENTS, probes.SOURCES, probes.OPERATORS, probes.SCALARS, probes.PLUGINS):
        for kql in queries.values():
            parse_query(Source(kql))


def test_every_operator_of_the_syntax_is_probed() -> None:
    internal = {"OperatorNode", "ExecuteAndCache", "Evaluate"}
    known = {name for name in syntax.__all__ if _is_operator(name)} - internal
    everything = (probes.STATEMENTS, probes.SOURCES, probes.OPERATORS, probes.SCALARS)
    used = {
        type(n).__name__ for queries in everything for kql in queries.values() for n in walk(parse_query(Source(kql)))
    }
    assert known - used == set()


def _is_operator(name: str) -> bool:
    kind = getattr(syntax, name)
    return isinstance(kind, type) and issubclass(kind, syntax.OperatorNode)


def test_the_matrix_names_everything_that_kusto_knows(matrix: tuple[Feature, ...]) -> None:
    names = {(f.kind, f.name) for f in matrix}
    functions = {name for kind, name in names if kind in ("function", "window function")}
    internal = {name for name in kusto_names.FUNCTIONS if name.startswith("__")}
    assert functions >= kusto_names.FUNCTIONS - internal - probes.TABLE_FUNCTIONS
    assert {name for kind, name in names if kind == "aggregate"} >= kusto_names.AGGREGATES
    assert {name for kind, name in names if kind == "plugin"} >= kusto_names.PLUGINS


def test_every_refusal_has_a_reason(matrix: tuple[Feature, ...]) -> None:
    silent = [f.name for f in matrix for s in f.targets.values() if s.state is not State.TRANSLATED and not s.reason]
    assert silent == []


def test_the_matrix_is_true_of_what_is_easily_checked(matrix: tuple[Feature, ...]) -> None:
    by_name = {(f.kind, f.name): f for f in matrix}
    assert by_name["operator", "where"].is_translated
    assert by_name["scalar operator", "has_any"].is_translated
    assert not by_name["operator", "sample"].is_translated
    assert not by_name["plugin", "python"].is_translated
    assert by_name["function", "geo_info_from_ip_address"].targets["duckdb"].state is State.TRANSLATED
    assert by_name["function", "hash_xxhash64"].targets["bigquery"].state is State.PARTLY  # of constants
    assert not by_name["function", "parse_user_agent"].is_translated


def test_reasons_that_differ_name_their_target() -> None:
    one = Feature("function", "f", {"bigquery": Support(State.REFUSED, "too big"), "duckdb": Support(State.TRANSLATED)})
    same = Feature("function", "f", dict.fromkeys(("bigquery", "duckdb"), Support(State.REFUSED, "random", "use g")))
    assert why_not(one) == "BigQuery: too big"
    assert why_not(same) == "random (use g)"


def test_the_summary_in_the_readme_is_up_to_date(matrix: tuple[Feature, ...]) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert replaced(text, summary_markdown(matrix)) == text, "rulesql support --update README.md"


def test_a_document_without_marks_is_not_touched() -> None:
    with pytest.raises(ValueError, match="no part between"):
        replaced("# a document\n", "x")
    assert replaced(f"a\n{BEGIN}\nold\n{END}\nb\n", "new\n") == f"a\n{BEGIN}\nnew\n{END}\nb\n"


def test_support_filters_by_word_and_state() -> None:
    result = CliRunner().invoke(app, ["support", "sample", "--only", "refused", "--format", "json"])
    assert {f["name"] for f in json.loads(result.stdout)} >= {"sample", "sample-distinct"}


# ---- coverage -----------------------------------------------------------------------------------------------------

HUNT = """\
id: 11111111-1111-1111-1111-111111111111
name: {name}
description: d
tactics: [Discovery]
relevantTechniques: [T1046]
query: |
  {query}
"""


def folder(tmp_path: Path) -> Path:
    root = tmp_path / "hunting queries"
    root.mkdir()
    queries = {
        "good": "GCPCloudDNS | where Query has 'a'",
        "unknown": "Unheard | where Name has 'a'",
        "refused": "GCPCloudDNS | sample 5",
        "refused_too": "GCPCloudDNS | take 5 | sample 5",
        "syntax": "GCPCloudDNS | where (",
    }
    for name, query in queries.items():
        (root / f"{name}.yaml").write_text(HUNT.format(name=name, query=query))
    (root / "broken.yaml").write_text("a: [\n")
    (root / "bare.kql").write_text("GCPCloudDNS | count")
    return root


def test_coverage_counts_by_reason_and_one_broken_file_costs_no_other(tmp_path: Path) -> None:
    report = coverage([folder(tmp_path)], default_catalog())
    answers = {Path(f.path).stem: {t: a.code for t, a in f.answers.items()} for f in report.files}
    assert answers["good"] == answers["bare"] == {"bigquery": "", "duckdb": ""}
    assert {Path(f.path).stem for f in report.files if f.problem} >= {"broken"}
    assert report.missing == {"Unheard": 1}
    reasons = {r.code: r.targets for r in report.reasons if "sample" in r.message}
    assert list(reasons.values()) == [{"bigquery": 2, "duckdb": 2}]


def test_coverage_with_columns_found_from_their_use(tmp_path: Path) -> None:
    report = coverage([folder(tmp_path)], default_catalog(), infer_schema=True)
    unknown = next(f for f in report.files if f.path.endswith("unknown.yaml"))
    assert {a.code for a in unknown.answers.values()} == {""}
    assert unknown.inferred == {"Unheard": {"Name": "string"}}


def test_a_guess_of_one_rule_gives_way_to_what_another_tells(tmp_path: Path) -> None:
    (tmp_path / "a.kql").write_text("Unheard | top 3 by Score | where Size > 1")
    (tmp_path / "b.kql").write_text("Unheard | top 3 by Size | where Name has 'x'")
    text = CliRunner().invoke(app, ["coverage", str(tmp_path)]).stdout
    guess = "string (a guess: nothing tells it, and rows are ordered by it)"
    assert f"Unheard: Score: {guess}, Size: long, Name: string" in text


def test_coverage_prints_text_and_json(tmp_path: Path) -> None:
    root = str(folder(tmp_path))
    text = CliRunner().invoke(app, ["coverage", root])
    assert text.exit_code == 1
    assert "Unheard (1)" in text.stdout
    data = json.loads(CliRunner().invoke(app, ["coverage", root, "--format", "json", "-t", "duckdb"]).stdout)
    assert list(data["translated"]) == ["duckdb"]
    assert data["missing"] == {"Unheard": 1}
    refused = [CliRunner().invoke(app, ["coverage", root, *more]).stdout for more in ((), ("--declared-only",))]
    assert ["no table or function 'Unheard'" in text for text in refused] == [False, True]


def test_parser_functions_serve_the_rules_beside_them(tmp_path: Path) -> None:
    (tmp_path / "parser.yaml").write_text(
        "Function:\n  Title: t\n  Version: '1'\n  LastUpdated: 2026-01-01\nFunctionName: MyDns\nFunctionAlias: MyDns\n"
        "FunctionQuery: |\n  GCPCloudDNS | project Query, TimeGenerated\n"
    )
    (tmp_path / "rule.yaml").write_text(HUNT.format(name="r", query="MyDns | where Query has 'a'"))
    report = coverage([tmp_path], default_catalog())
    assert report.missing == {}
    assert report.translated == {"bigquery": 2, "duckdb": 2}, report
