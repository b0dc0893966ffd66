"""Every example of ``--help`` and of the README is run as it stands, over files of the names that it uses."""

from __future__ import annotations

import gzip
import inspect
import json
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from transpiler.cli import app

ROOT = Path(__file__).parents[1]
RULES = ("gcp/dns/malicious_python_packages", "gcp/dns/mining_pools", "gcp/audit/owner_granted")
ENTRY = {
    "insertId": "a",
    "timestamp": "2026-03-02T09:50:00Z",
    "resource": {"type": "dns_query", "labels": {"project_id": "p"}},
    "jsonPayload": {"queryName": "tornadodomain.000webhostapp.com.", "queryType": "A", "sourceIP": "10.0.0.1"},
}
GETSCHEMA = "ColumnName,ColumnOrdinal,DataType,ColumnType\nName,0,System.String,string\n"


def commands() -> Iterator[tuple[str, Callable[..., object]]]:
    """Every command by its name, with the function that it is."""
    groups = [("", app), *((f"{g.name} ", g.typer_instance) for g in app.registered_groups)]
    for prefix, group in groups:
        for command in group.registered_commands if group else ():
            function = command.callback
            assert function is not None
            yield prefix + (command.name or function.__name__.replace("_", "-")), function


def examples_of(function: Callable[..., object]) -> list[str]:
    text = inspect.getdoc(function) or ""
    return [line.strip() for line in text.splitlines() if re.match(r"\s+(rulesql|echo) ", line)]


def readme_examples() -> list[str]:
    """The commands of the README's table, and those at a prompt."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = [m[1].replace("\\|", "|") for m in re.finditer(r"^\| `(rulesql [^`]+)` \|", text, re.MULTILINE)]
    return [*rows, *re.findall(r"^\$ (rulesql .*)$", text, re.MULTILINE)]


EXAMPLES = [example for _, function in commands() for example in examples_of(function)]


def test_every_command_has_an_example_of_itself() -> None:
    for name, function in commands():
        found = [example for example in examples_of(function) if f"rulesql {name}" in example]
        assert found, f"{name} has no example"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of three rules, and the files that the examples name."""
    at = tmp_path_factory.mktemp("project")
    for name in RULES:
        (at / "rules" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "rules" / f"{name}.yaml", at / "rules" / f"{name}.yaml")
        shutil.copytree(ROOT / "fixtures" / name, at / "fixtures" / name)
    record = json.dumps(ENTRY)
    for name in ("dns.jsonl", "dns-1.jsonl.gz", "logs/dns.jsonl.gz"):
        (at / name).parent.mkdir(exist_ok=True)
        data = (record + "\n").encode()
        (at / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    (at / "access-1.jsonl").write_text('{"host": "a", "status": 500}\n')
    (at / "columns.csv").write_text(GETSCHEMA)
    (at / "columns.json").write_text(json.dumps([{"table_name": "T", "column_name": "a", "data_type": "STRING"}]))
    rule = (ROOT / "rules" / f"{RULES[0]}.yaml").read_text()
    slip = "where Querry has_any ('psec.forward.io.global.prod.fastly.net')"
    (at / "rule.yaml").write_text(re.sub(r"where Query has_any \(.*?\)", slip, rule))
    for home in ("their-rules", "Azure-Sentinel/Detections"):
        (at / "home" / home).mkdir(parents=True)
        (at / "home" / home / "r.yaml").write_text(rule)
    shutil.copy(ROOT / "README.md", at / "README.md")
    connection = duckdb.connect(str(at / "events.duckdb"))
    connection.execute("CREATE TABLE raw_events AS SELECT 1 AS a")
    connection.execute(f"COPY (FROM read_json('{at}/dns.jsonl')) TO '{at}/dns.parquet'")
    connection.execute(f"COPY (FROM read_json('{at}/access-1.jsonl')) TO '{at}/access.parquet'")
    connection.close()
    return at


def run(example: str, at: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.chdir(at)
    monkeypatch.setenv("COLUMNS", "120")
    words = shlex.split(example)
    given = None
    if words[0] == "echo":
        pipe = words.index("|")
        given, words = " ".join(words[1:pipe]), words[pipe + 1 :]
    assert words.pop(0) == "rulesql"
    return CliRunner().invoke(app, [re.sub(r"^~", str(at / "home"), word) for word in words], input=given)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_help_runs(example: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Trap: examples run on several workers, each with a folder of its own, so that no example finds what another has written.
    if example.endswith(" --check"):
        run(example.removesuffix(" --check"), folder, monkeypatch)
    result = run(example, folder, monkeypatch)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("example", readme_examples())
def test_an_example_of_the_readme_runs(example: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(example, folder, monkeypatch)
    shown = (ROOT / "README.md").read_text(encoding="utf-8")
    answer = re.search(rf"^\$ {re.escape(example)}\n(.*?)^```", shown, re.MULTILINE | re.DOTALL)
    if answer is None:
        assert result.exit_code == 0, result.output
        return
    wanted = [line.removesuffix("…").rstrip(" ,") for line in answer[1].splitlines()]
    assert all(f"\n{line}" in f"\n{result.output}" for line in wanted), result.output
