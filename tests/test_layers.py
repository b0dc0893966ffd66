"""The package's shape, read from its source: imports go one way, files and functions are small."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "transpiler"
MODULES = sorted(ROOT.rglob("*.py"))

# A stage may import itself and the lines above it; the stages of one line do not know each other.
STAGES: tuple[tuple[str, ...], ...] = (
    ("source", "types", "frozen"),
    ("diagnostics",),
    ("rule", "kql"),
    ("functions", "catalog"),
    ("plan",),
    ("semantics",),
    ("dialects",),
    ("lowering",),
    ("api", "engine"),
    ("alerts",),
    ("validation",),
    ("exports", "report", "run", "backtest"),
    ("cli",),
    ("__main__",),
)
LEVEL = {stage: level for level, stages in enumerate(STAGES) for stage in stages}

# Who may import a library that is the business of some stages only.
OWNERS = {
    "sqlglot": {"dialects", "lowering", "alerts"},
    "duckdb": {"engine"},
    "zetasql": {"engine"},
    "wasmtime": {"engine"},
    "google": {"engine"},
    "typer": {"cli", "__main__"},
    "rich": {"cli", "report", "__main__"},
}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 40


def name(path: Path) -> str:
    return str(path.relative_to(ROOT.parent))


def stage_of(path: Path, root: Path = ROOT) -> str:
    """``kql`` for transpiler/kql/tokens.py, ``source`` for transpiler/source.py, "" for the package itself."""
    first = path.relative_to(root).parts[0]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def imports(path: Path, root: Path = ROOT) -> Iterator[tuple[str, int]]:
    """Every imported module of a file in full, with its line; imports under TYPE_CHECKING count as well."""
    package = path.relative_to(root.parent).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            # `from transpiler import kql` imports the stage that it names.
            yield from (
                (f"{module}.{alias.name}" if module == "transpiler" else module, node.lineno) for alias in node.names
            )


def problems(path: Path, package: Path = ROOT) -> list[str]:
    """What a file imports that its stage must not."""
    stage = stage_of(path, package)
    found = []
    for module, line in imports(path, package):
        root, _, rest = module.partition(".")
        if root in OWNERS and stage not in OWNERS[root]:
            found.append(f"line {line}: {root} is the business of {', '.join(sorted(OWNERS[root]))}")
        if root != "transpiler" or not stage:
            continue
        other = rest.partition(".")[0]
        if other in LEVEL and other != stage and LEVEL[other] >= LEVEL[stage]:
            found.append(f"line {line}: {stage} comes before {other}")
    return found


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_imports_go_one_way(path: Path) -> None:
    assert problems(path) == []


@pytest.mark.parametrize(
    ("where", "code", "reason"),
    [
        ("kql/x.py", "from transpiler.plan import relations", "kql comes before plan"),
        ("kql/x.py", "from transpiler import rule", "kql comes before rule"),
        ("plan/x.py", "from ..semantics.scope import Scope", "plan comes before semantics"),
        ("semantics/x.py", "import sqlglot.expressions", "sqlglot is the business of alerts, dialects, lowering"),
        ("report/x.py", "def f():\n    import duckdb", "duckdb is the business of engine"),
    ],
)
def test_a_wrong_import_is_found(tmp_path: Path, where: str, code: str, reason: str) -> None:
    path = tmp_path / "transpiler" / where
    path.parent.mkdir(parents=True)
    path.write_text(code)
    assert [reason in text for text in problems(path, tmp_path / "transpiler")] == [True]


@pytest.mark.parametrize("path", [p for p in MODULES if p.parent.name == "constants"], ids=name)
def test_constants_know_no_names(path: Path) -> None:
    """What constants come to is computed without a scope, a catalog or a plan of the query."""
    inside = [module for module, _ in imports(path) if module.startswith("transpiler.semantics")]
    assert [module for module in inside if not module.startswith("transpiler.semantics.constants")] == []


def test_every_stage_has_a_place() -> None:
    found = {stage_of(path) for path in MODULES} - {""}
    assert found - LEVEL.keys() == set()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_files_and_functions_are_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_FILE_LINES
    long = [
        f"{node.name} has {lines} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION_LINES
    ]
    assert long == []


def test_texts_and_tests_are_small() -> None:
    """What people write; what a tool writes (the lock, the report of the exports) grows as it must."""
    folders = (ROOT, ROOT.parent / "tests", ROOT.parent / "fixtures", ROOT.parent / "rules")
    found = [p for f in folders for p in f.rglob("*") if p.suffix in {".py", ".md", ".test", ".yaml"}]
    found += ROOT.parent.glob("*.md")
    assert len(found) > len(MODULES)
    assert [name(p) for p in found if len(p.read_text(encoding="utf-8").splitlines()) > MAX_FILE_LINES] == []


def test_modules_are_named_after_subjects() -> None:
    parts = {part.removesuffix(".py") for path in MODULES for part in path.relative_to(ROOT).parts}
    assert parts & FORBIDDEN_NAMES == set()


def test_the_top_level_holds_five_folders() -> None:
    ignored = {"build", "dist"}  # of a build, never committed
    folders = {p.name for p in ROOT.parent.iterdir() if p.is_dir() and not p.name.startswith(".")} - ignored
    assert {f for f in folders if not f.endswith(".egg-info")} <= {"transpiler", "rules", "tests", "fixtures", "out"}
