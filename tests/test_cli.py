"""The command line: what goes to which output, exit codes, and errors with their place."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from transpiler.cli import app

ROOT = Path(__file__).parents[1]
RULE = "gcp/dns/malicious_python_packages"


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "120")


def rulesql(*arguments: str | Path, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], input=stdin)


def test_translate_reads_a_rule_and_cuts_it_to_its_period() -> None:
    result = rulesql("translate", f"rules/{RULE}.yaml", "--target", "bigquery")
    assert result.exit_code == 0
    assert "dns_googleapis_com_dns_queries" in result.stdout
    assert "900000000 MICROSECOND" in result.stdout or "INTERVAL 15 MINUTE" in result.stdout
    assert "psec" in result.stdout


def test_translate_of_standard_input_with_declared_columns() -> None:
    result = rulesql(
        "translate", "-", "-t", "duckdb", "--table", "T=Name:string,N:long", stdin="T | where N > 1 | project Name"
    )
    assert (result.exit_code, result.stderr) == (0, "")
    assert "FROM" in result.stdout


def test_translate_of_a_rule_on_standard_input() -> None:
    result = rulesql("translate", "-", stdin=(ROOT / f"rules/{RULE}.yaml").read_text())
    assert result.exit_code == 0
    assert "psec" in result.stdout


def test_translate_as_json_has_columns_stages_and_tables() -> None:
    result = rulesql("translate", "-", "--table", "T=Name:string", "--format", "json", stdin="T | where Name == 'a'")
    data = json.loads(result.stdout)
    assert data["columns"] == [{"name": "Name", "sql_name": "Name", "type": "string"}]
    assert data["requires"][0]["name"] == "T"
    assert data["stages"][-1]["keyword"] == "where"


def test_a_literal_now_is_in_the_sql() -> None:
    text = rulesql(
        "translate", "-", "--table", "T=t:datetime", "--now", "2026-03-02T11:00:00+01:00", stdin="T | where t > now()"
    )
    assert "2026-03-02 10:00:00" in text.stdout


def test_the_run_time_is_in_the_sql() -> None:
    text = rulesql("translate", "-", "--table", "T=t:datetime", "--now", "run-time", stdin="T | where t > now()")
    assert "@run_time" in text.stdout


def test_columns_found_from_their_use_are_told() -> None:
    result = rulesql("translate", "-", "--infer-schema", stdin="Unheard | where Name has 'evil'")
    assert result.exit_code == 0
    assert "Unheard is not declared; columns found from their use: Name: string" in result.stderr


def test_a_guess_is_told() -> None:
    result = rulesql("translate", "-", "--infer-schema", stdin="Unheard | where Name has 'evil' | top 3 by Score")
    assert result.exit_code == 0
    assert "nothing tells the type of Unheard.Score, by which rows are ordered: taken for a string" in result.stderr


def test_an_error_has_its_place_in_the_rule_file(tmp_path: Path) -> None:
    path = tmp_path / "rule.yaml"
    path.write_text((ROOT / f"rules/{RULE}.yaml").read_text().replace("where Query has_any", "where Querry has_any"))
    result = rulesql("translate", path)
    line = next(i for i, text in enumerate(path.read_text().splitlines(), 1) if "Querry" in text)
    assert result.exit_code == 1
    assert f"{path}:{line}:" in result.stderr
    assert "KQL100" in result.stderr
    assert "^^^^^^" in result.stderr
    assert "did you mean 'Query'" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("command", ["translate", "inspect", "validate", "export", "validate --format=json"])
def test_every_error_of_a_broken_rule_is_shown(command: str, tmp_path: Path) -> None:
    path = tmp_path / "rule.yaml"
    text = (ROOT / f"rules/{RULE}.yaml").read_text()
    path.write_text(
        text.replace("severity: High", "severity: Huge").replace("triggerOperator: gt", "triggerOperator: over")
    )
    out = ("--out", tmp_path / "out") if command == "export" else ()
    result = rulesql(*command.split(), path, *out)
    assert result.exit_code == 1
    assert "'Huge' is no severity" in result.output
    assert "'over' is no operator" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["translate", "no_such_file.kql"],
        ["translate", "-", "--table", "T"],
        ["translate", "-", "--table", "T=a:strung"],
        ["translate", "-", "--window", "soon"],
        ["translate", "-", "--now", "yesterday"],
        ["translate", "-", "--target", "oracle"],
        ["translate", "-", "--catalog", "no_such_folder"],
        ["inspect", "gcp/dns/no_such_rule"],
        ["validate", "--rules", "no_such_folder"],
        ["coverage", "no_such_folder"],
        ["schema", "import", "no_such_file"],
        ["export", "--check", "--alerts", "no_dataset"],
        ["frobnicate"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    result = rulesql(*arguments, stdin="print 1")
    assert result.exit_code == 2
    assert "Error" in result.stderr


@pytest.mark.parametrize(
    "command", ["export", "validate", "translate", "run", "query", "inspect", "support", "coverage"]
)
def test_help_shows_an_example(command: str) -> None:
    result = rulesql(command, "--help")
    assert result.exit_code == 0
    assert "Example" in result.stdout
    assert f"rulesql {command}" in result.stdout


EXAMPLES = [
    ("translate", "rules/gcp/dns/malicious_python_packages.yaml --target duckdb"),
    ("inspect", "gcp/dns/mining_pools"),
    ("inspect", "rules/gcp/audit/owner_granted.yaml --format json"),
    ("support", "join"),
    ("coverage", "rules --declared-only --format json"),
]


@pytest.mark.parametrize(("command", "arguments"), EXAMPLES, ids=" ".join)
def test_an_example_of_the_help_is_true(command: str, arguments: str) -> None:
    shown = " ".join(rulesql(command, "--help").stdout.replace("│", " ").split())
    assert f"rulesql {command} {arguments}" in shown
    result = rulesql(command, *arguments.split())
    assert result.exit_code in (0, 1)
    assert "defect" not in result.output
    assert result.stdout


def test_an_output_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    result = rulesql("export", "good", *small_project(tmp_path), "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "cannot be written" in result.stdout
    assert (tmp_path / "out").read_text() == "a file"


def test_a_defect_is_one_line_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("lost")

    monkeypatch.setattr("transpiler.cli.translating.transpile", broken)
    result = rulesql("translate", "-", stdin="print 1")
    assert result.exit_code == 1
    assert "a defect of rulesql: KeyError: 'lost'" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_pipe_gets_no_colours_and_no_blanks_at_line_ends() -> None:
    result = rulesql("inspect", RULE)
    assert "\x1b" not in result.stdout
    assert not re.search(r" $", result.stdout, re.MULTILINE)


def test_the_version_is_shown() -> None:
    assert re.fullmatch(r"rulesql \d+\.\d+\.\d+\n", rulesql("--version").stdout)


def small_project(tmp_path: Path) -> tuple[str, ...]:
    """A folder with one good rule, one that is refused, one without fixtures, one that is broken."""
    rules, fixtures = tmp_path / "rules", tmp_path / "fixtures"
    good = (ROOT / f"rules/{RULE}.yaml").read_text()
    rules.mkdir()
    (rules / "good.yaml").write_text(good)
    (rules / "refused.yaml").write_text(good.replace("| where Query has_any", "| sample 5 | where Query has_any"))
    (rules / "untested.yaml").write_text(good)
    (rules / "broken.yaml").write_text("id: [")
    (fixtures / "good").mkdir(parents=True)
    shutil.copy(ROOT / f"fixtures/{RULE}/plain_rows.yaml", fixtures / "good")
    return ("--rules", str(rules), "--fixtures", str(fixtures))


def test_validate_tells_good_from_bad(tmp_path: Path) -> None:
    result = rulesql("validate", *small_project(tmp_path), "--format", "json")
    found = {Path(r["path"]).stem: r["verdict"] for r in json.loads(result.stdout)}
    assert found == {"good": "passed", "refused": "refused", "untested": "untested", "broken": "unreadable"}
    assert result.exit_code == 1


@pytest.mark.parametrize("command", [("validate",), ("export", "--check", "--allow-untested")])
def test_what_is_doubtful_in_a_rule_is_said(tmp_path: Path, command: tuple[str, ...]) -> None:
    text = (ROOT / f"rules/{RULE}.yaml").read_text()
    (tmp_path / "rule.yaml").write_text(text.replace("version: 1.0.0", "versoin: 1.0.0"))
    result = rulesql(*command, tmp_path / "rule.yaml")
    assert "warning: RULE003 the field 'versoin' is not known" in result.stdout


def test_a_shown_line_sends_the_terminal_no_commands() -> None:
    result = rulesql("translate", "-", stdin='print "a\x1b[31mb", zz')
    assert "\x1b" not in result.stderr
    assert '  print "a\N{REPLACEMENT CHARACTER}[31mb", zz\n' + " " * 19 + "^^" in result.stderr


def test_a_fixture_gives_tables_that_the_query_reads(tmp_path: Path) -> None:
    options = small_project(tmp_path)
    fixture = tmp_path / "fixtures/good/plain_rows.yaml"
    fixture.write_text(
        re.sub(
            r"^expect:\n.*",
            "expect: {count: 0}\n",
            fixture.read_text().replace("GCPCloudDNS:", "GCPCloudDNZ:"),
            flags=re.M | re.S,
        )
    )
    result = rulesql("validate", "good", *options)
    assert result.exit_code == 1
    assert "RULE008 the query does not read the given table 'GCPCloudDNZ' (it reads GCPCloudDNS)" in result.stdout


def test_validate_of_good_rules_exits_with_0(tmp_path: Path) -> None:
    options = small_project(tmp_path)
    result = rulesql("validate", "good", *options)
    assert result.exit_code == 0
    assert re.search(r"good +passed", result.stdout)
    assert re.search(r"good +passed .*1 run, 1 shape", result.stdout)


def test_export_writes_what_is_good_and_reports_the_rest(tmp_path: Path) -> None:
    options, out = small_project(tmp_path), tmp_path / "out"
    result = rulesql("export", *options, "--out", out)
    assert result.exit_code == 1
    assert (out / "duckdb" / "good.sql").is_file()
    assert (out / "bigquery" / "good.sql").is_file()
    assert not (out / "duckdb" / "untested.sql").exists()
    assert "--allow-untested" in result.stdout
    assert "1 of 4 rules exported" in result.stdout


def test_a_rule_is_the_same_however_its_path_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An absolute path was another rule, with files of its own beside the ones that it had."""
    small_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert rulesql("export", "good").exit_code == 0
    before = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    for path in (tmp_path / "rules/good.yaml", "rules/../rules/good.yaml", f"../{tmp_path.name}/rules/good.yaml"):
        result = rulesql("export", path)
        assert "1 of 1 rules exported, 0 files changed" in result.stdout
    assert {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()} == before


def test_export_check_writes_nothing_and_finds_what_is_stale(tmp_path: Path) -> None:
    options, out = small_project(tmp_path), tmp_path / "out"
    stale = rulesql("export", "good", *options, "--out", out, "--check")
    assert (stale.exit_code, out.exists()) == (1, False)
    assert "stale" in stale.stdout
    assert rulesql("export", "good", *options, "--out", out).exit_code == 0
    assert rulesql("export", "good", *options, "--out", out, "--check").exit_code == 0
    (out / "duckdb" / "good.sql").write_text("SELECT 1")
    assert rulesql("export", "good", *options, "--out", out, "--check").exit_code == 1
    assert (out / "duckdb" / "good.sql").read_text() == "SELECT 1"


def test_export_of_an_untested_rule_when_allowed(tmp_path: Path) -> None:
    options, out = small_project(tmp_path), tmp_path / "out"
    result = rulesql("export", "untested", *options, "--out", out, "--allow-untested")
    assert result.exit_code == 0
    assert "untested" in result.stdout
    assert (out / "duckdb" / "untested.sql").is_file()


def test_export_as_json(tmp_path: Path) -> None:
    options = small_project(tmp_path)
    result = rulesql("export", "good", *options, "--out", tmp_path / "out", "--report", "json")
    data = json.loads(result.stdout)
    assert data["good"] is True
    assert "duckdb" in data["rules"][0]["proven_by"]["duckdb"]


def test_schema_import_from_getschema(tmp_path: Path) -> None:
    path = tmp_path / "Heartbeat.csv"
    path.write_text(
        "ColumnName,ColumnOrdinal,DataType,ColumnType\nTimeGenerated,0,System.DateTime,datetime\nHits,1,System.Int64,long\n"
    )
    result = rulesql("schema", "import", path)
    assert result.stdout == "table: Heartbeat\ncolumns:\n  TimeGenerated: datetime\n  Hits: long\n"
    assert "--name" in result.stderr


def test_schema_import_from_log_files(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(
        '{"t": "2026-03-02T10:00:00Z", "n": 1, "o": {"x": 1}, "s": "a"}\n{"t": "", "n": 2.5, "s": "b", "late": true}\n'
    )
    result = rulesql("schema", "import", path, "--name", "Log", "-o", tmp_path / "schemas")
    assert result.exit_code == 0
    text = (tmp_path / "schemas" / "Log.yaml").read_text()
    assert text == 'table: Log\ncolumns:\n  t: datetime\n  "n": real\n  o: dynamic\n  s: string\n  late: bool\n'


def test_an_imported_schema_is_used(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text('{"t": "2026-03-02T10:00:00Z", "n": 1}\n')
    assert rulesql("schema", "import", log, "--name", "Log", "-o", tmp_path / "schemas").exit_code == 0
    result = rulesql("translate", "-", "--catalog", tmp_path, stdin="Log | where t > datetime(2026-01-01)")
    assert result.exit_code == 0
    assert "FROM" in result.stdout


def test_export_writes_the_formats_that_are_named(tmp_path: Path) -> None:
    out = tmp_path / "deploy"
    options = ("--format", "sql", "--format", "terraform", "--alerts", "soc.alerts", "--location", "EU")
    result = rulesql("export", "good", *small_project(tmp_path), "--out", out, *options)
    assert result.exit_code == 0, result.output
    assert (out / "bigquery/good.sql").is_file()
    files = list((out / "terraform").rglob("*.json"))
    assert files
    assert any('"soc"' in f.read_text() and '"EU"' in f.read_text() for f in files)


def test_an_unknown_format_is_wrong_usage(tmp_path: Path) -> None:
    result = rulesql("export", "good", *small_project(tmp_path), "--out", tmp_path / "out", "--format", "cobol")
    assert result.exit_code == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [["validate"], ["export"], ["coverage"]], ids=" ".join)
def test_a_folder_without_rules_exits_with_2(arguments: list[str], tmp_path: Path) -> None:
    """A mistyped path looks green in a build when nothing at all is found to be good."""
    (tmp_path / "notes.txt").write_text("nothing")
    result = rulesql(*arguments, tmp_path)
    assert result.exit_code == 2
    assert "no rule" in result.stderr
    assert result.stdout == ""


def test_a_word_that_no_feature_has_exits_with_2() -> None:
    result = rulesql("support", "nosuch")
    assert result.exit_code == 2
    assert "nosuch" in result.stderr
    assert result.stdout == ""


LATIN_1 = 'print x = "\u00e9"\n'.encode("latin-1")


@pytest.mark.parametrize("arguments", [["translate"], ["query"]], ids=" ".join)
def test_what_is_no_utf_8_is_refused_on_standard_input(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, [*arguments, "-"], input=LATIN_1)
    assert result.exit_code == 1
    assert "UTF-8" in result.stderr
    assert "stdin:1:12" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("command", ["translate", "coverage"])
def test_what_is_no_utf_8_is_refused_in_a_file(command: str, tmp_path: Path) -> None:
    file = tmp_path / "query.kql"
    file.write_bytes(LATIN_1)
    result = rulesql(command, file)
    assert result.exit_code == 1
    assert "UTF-8" in result.stderr + result.stdout


def test_utf_16_with_its_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / "query.kql"
    file.write_bytes('print x = "\u00e9"'.encode("utf-16"))
    assert "'\u00e9'" in rulesql("translate", file).stdout


def test_a_name_as_long_as_the_query_is_not_echoed_whole() -> None:
    result = rulesql("translate", "-", "--table", "T=a:string", stdin=f"T | where {'x' * 500_000} == 1")
    assert result.exit_code == 1
    assert "no column 'xxx" in result.stderr
    assert "known: a" in result.stderr
    assert len(result.stderr) < 2_000
