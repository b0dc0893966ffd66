"""Collects the cases that are data, ``cases/**/*.md`` and ``cases/**/*.test``, each on both engines."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.support.functions import FunctionCase, parse_lines, run_lines
from tests.support.markdown import TARGETS, Case, parse_cases, rewrite_snapshots
from tests.support.running import CaseFailedError, Translation, check_case
from tests.support.tables import MalformedCaseError
from transpiler.engine import googlesql

CASES = Path(__file__).parent / "cases"
_UPDATES = pytest.StashKey[dict[Path, dict[int, str]]]()
NO_ENGINE = "Google's engine is not installed: pip install 'rulesql[bigquery]'"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update", action="store_true", help="rewrite the sql fences of the Markdown cases, never their rows"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--update") and getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("--update rewrites files and runs in one process: leave out -n")
    config.stash[_UPDATES] = {}


def pytest_sessionfinish(session: pytest.Session) -> None:
    for path, replacements in session.config.stash[_UPDATES].items():
        rewrite_snapshots(path, replacements)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if CASES not in file_path.parents:
        return None
    if file_path.suffix == ".test":
        return FunctionFile.from_parent(parent, path=file_path)
    if file_path.suffix == ".md" and file_path.name != "README.md":
        return CaseFile.from_parent(parent, path=file_path)
    return None


def translate(kql: str, **arguments: object) -> Translation:
    """The public interface, imported when a case runs: a broken package fails cases, not the collection."""
    made: Translation = importlib.import_module("transpiler").transpile(kql, **arguments)
    return made


class DataFile(pytest.File):
    """A file of cases; what does not follow the format is told with its place."""

    def collect(self) -> Iterable[pytest.Item]:
        try:
            yield from self.items(self.path.read_text(encoding="utf-8"))
        except MalformedCaseError as e:
            raise self.CollectError(f"{self.path}:{e.line}: {e}") from None

    def items(self, text: str) -> Iterable[pytest.Item]:
        raise NotImplementedError


class DataItem(pytest.Item):
    """One case on one target."""

    target = ""
    line = 0

    def aim(self, target: str, line: int) -> None:
        self.target = target
        self.line = line
        self.add_marker(target) if target == "bigquery" else None

    def setup(self) -> None:
        if self.target == "bigquery" and not googlesql.available():
            pytest.skip(NO_ENGINE)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.line - 1, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        if isinstance(excinfo.value, CaseFailedError | MalformedCaseError):
            return f"{self.path}:{self.line}: {self.name}\n{excinfo.value}"
        return str(super().repr_failure(excinfo))


class CaseFile(DataFile):
    def items(self, text: str) -> Iterable[pytest.Item]:
        for case in parse_cases(text):
            for target in TARGETS:
                item = CaseItem.from_parent(self, name=f"{case.title}[{target}]")
                item.aim(target, case.line)
                item.case = case
                yield item


class CaseItem(DataItem):
    case: Case

    def runtest(self) -> None:
        sql = check_case(self.case, self.target, translate)
        snapshot = self.case.snapshots.get(self.target)
        if snapshot is None or sql is None or snapshot.text.strip() == sql.strip():
            return
        if self.config.getoption("--update"):
            self.config.stash[_UPDATES].setdefault(self.path, {})[snapshot.first] = sql
            return
        diff = difflib.unified_diff(snapshot.text.splitlines(), sql.splitlines(), "written", "translated", lineterm="")
        raise CaseFailedError("the SQL is another (make update rewrites it):\n" + "\n".join(diff))


class FunctionFile(DataFile):
    def items(self, text: str) -> Iterable[pytest.Item]:
        self.lines = parse_lines(text)
        self.failures: dict[str, dict[int, str]] = {}
        for case in self.lines:
            for target in TARGETS:
                item = FunctionItem.from_parent(self, name=f"{case.number}: {case.text} [{target}]")
                item.aim(target, case.number)
                item.case = case
                yield item

    def failure(self, line: int, target: str) -> str | None:
        """What is wrong with a line; the whole file runs when the first of its lines is asked for."""
        if target not in self.failures:
            self.failures[target] = run_lines(self.lines, target, translate)
        return self.failures[target].get(line)


class FunctionItem(DataItem):
    case: FunctionCase

    def runtest(self) -> None:
        assert isinstance(self.parent, FunctionFile)
        if problem := self.parent.failure(self.case.number, self.target):
            raise CaseFailedError(f"{self.case.expression}\n{problem}")
