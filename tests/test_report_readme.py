"""What the README says is true: its Python runs, its SQL is the exported one, its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from transpiler.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_python_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), names)
    assert str(getattr(names["verdict"], "outcome")) == "passed"  # noqa: B009  # the name's type is object


def test_the_sql_is_the_exported_one() -> None:
    """Line by line, in order; … stands for what is left out."""
    path = ROOT / "out/bigquery/gcp/dns/malicious_python_packages.sql"
    if not path.is_file():
        pytest.skip("out/ has not been written yet")
    (shown,) = blocks("sql")
    pattern = re.escape(shown.strip("\n")).replace(re.escape("…"), ".*?")
    assert re.search(pattern, path.read_text(encoding="utf-8"), re.DOTALL)


def test_the_rule_is_the_seed_rule() -> None:
    text = (ROOT / "rules/gcp/dns/malicious_python_packages.yaml").read_text(encoding="utf-8")
    (shown,) = blocks("yaml")
    needles = re.findall(r"'([^']+)'", shown)
    assert len(needles) == 4
    assert all(needle in text for needle in needles)


def test_the_example_of_a_function_is_the_code() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    shown = [line for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    places = ("functions/strings.py", "dialects/duckdb/strings.py", "dialects/bigquery/strings.py")
    code = "".join((ROOT / "transpiler" / place).read_text(encoding="utf-8") for place in places)
    assert len(shown) == 3
    assert [line for line in shown if line.partition("    #")[0].strip() not in code] == []


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`rulesql (\w+)", README))))
def test_the_commands_exist(command: str) -> None:
    assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "transpiler/ARCHITECTURE.md"])
def test_linked_files_exist(name: str) -> None:
    path = ROOT / name
    links = re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (path.parent / link).exists()]
    assert missing == []
