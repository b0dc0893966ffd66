"""How much of other people's rules translates: per target, what is refused and why, which tables are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from transpiler.api import Translation, transpile
from transpiler.catalog import Catalog, Function
from transpiler.catalog.load import load_functions
from transpiler.diagnostics import KqlError, RuleError
from transpiler.dialects import TARGET_NAMES
from transpiler.functions import FUNCTIONS
from transpiler.kql import parse_query
from transpiler.report.tree import named_tables
from transpiler.rule import load_rule, rule_files
from transpiler.rule.document import decode, read_bytes
from transpiler.rule.model import Kind, Rule
from transpiler.semantics.dispatch import FUNCTION_BINDERS
from transpiler.semantics.lookups import EXTERNAL_FUNCTIONS
from transpiler.source import Source

QUERY_SUFFIXES = (".kql", ".csl")


@dataclass(frozen=True, slots=True)
class Answer:
    """One target's answer: translated (code ''), or the refusal."""

    code: str = ""
    message: str = ""
    hint: str = ""
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Covered:
    """One file. ``problem`` says why it could not be read; ``missing`` are tables and functions that nobody declares.

    ``inferred`` and ``guesses`` are those of its translation.
    """

    path: str
    name: str = ""
    kind: str = ""
    problem: Answer | None = None
    answers: Mapping[str, Answer] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    inferred: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    guesses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """A refusal shared by files: what was said, and in how many of them, per target."""

    code: str
    message: str
    targets: Mapping[str, int]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """A folder's rules. ``translated`` counts by target; ``missing`` counts the files that want a table."""

    files: tuple[Covered, ...]
    translated: Mapping[str, int]
    readable: int
    reasons: tuple[Reason, ...]
    unreadable: tuple[Reason, ...]
    missing: Mapping[str, int]


def coverage(
    paths: Iterable[str | Path],
    catalog: Catalog,
    *,
    targets: Sequence[str] = TARGET_NAMES,
    infer_schema: bool = False,
    progress: Callable[[Covered], None] | None = None,
) -> Coverage:
    """What translates of rule files and folders of them (YAML, JSON, bare KQL). One broken file never costs another.

    Parser functions among the files serve the other rules. ``infer_schema``: tables that nobody declares get the
    columns that the rule uses.
    """
    found = list(dict.fromkeys(files_of(paths)))
    known, broken = _with_functions(found, catalog)
    results: list[Covered] = []
    for path in found:
        result = broken.get(path) or _covered(path, known, targets, infer_schema)
        results.append(result)
        if progress:
            progress(result)
    return _summed(results, targets)


def files_of(paths: Iterable[str | Path]) -> Iterator[Path]:
    """The files of rules and queries: those that are given, and those below the folders that are given."""
    for path in map(Path, paths):
        if path.is_dir():
            yield from rule_files(path)
            yield from sorted(p for p in path.rglob("*") if p.suffix.lower() in QUERY_SUFFIXES and p.is_file())
        else:
            yield path


def _with_functions(paths: Iterable[Path], catalog: Catalog) -> tuple[Catalog, dict[Path, Covered]]:
    """The catalog with the parser functions among the files, and a result for every file that cannot be read."""
    functions: dict[str, Function] = {}
    broken: dict[Path, Covered] = {}
    for path in paths:
        if path.suffix.lower() in QUERY_SUFFIXES:
            continue
        try:
            rule = load_rule(path)
            if rule.kind is Kind.PARSER:
                functions |= load_functions(path)
        except RuleError as error:
            broken[path] = Covered(str(path), problem=_answer(error))
        except ValueError as error:  # a parameter's type that is none of KQL's
            broken[path] = Covered(str(path), problem=Answer("RULE007", str(error)))
    return catalog.merged(Catalog(functions=functions)), broken


def _answer(error: RuleError | KqlError) -> Answer:
    return Answer(error.code, error.message, error.hint, error.line, error.column)


def _covered(path: Path, catalog: Catalog, targets: Sequence[str], infer_schema: bool) -> Covered:
    try:
        rule = None if path.suffix.lower() in QUERY_SUFFIXES else load_rule(path)
        source = rule.source if rule else Source(decode(str(path), read_bytes(str(path))), str(path))
    except RuleError as error:
        return Covered(str(path), problem=_answer(error))
    window = rule.schedule.period if rule and rule.schedule else None
    kind = str(rule.kind) if rule else "Query"
    if rule is not None and rule.kind is Kind.PARSER and (called := _callable(rule)):
        source = Source(f"{called}()", rule.path)
    answers: dict[str, Answer] = {}
    inferred: dict[str, Mapping[str, str]] = {}
    guesses: tuple[str, ...] = ()
    for target in targets:
        answers[target], found = _translated(source, target, catalog, window, infer_schema)
        if found is not None:
            inferred, guesses = inferred | dict(found.inferred), found.guesses
    missing = missing_tables(rule.source if rule else source, catalog)
    return Covered(str(path), rule.name if rule else path.stem, kind, None, answers, missing, inferred, guesses)


def _callable(rule: Rule) -> str:
    """The name under which a parser function can be called with its defaults; '' where it wants an argument."""
    function = rule.function
    return function.names[0] if function and all(p.default is not None for p in function.parameters) else ""


def _translated(
    source: Source, target: str, catalog: Catalog, window: timedelta | None, infer_schema: bool
) -> tuple[Answer, Translation | None]:
    """The answer of a target, and the translation if there is one."""
    try:
        found = transpile(source, target, catalog, window=window, infer=infer_schema)
    except KqlError as error:
        return _answer(error), None
    except Exception as error:  # a defect of the product's own: one rule may not cost the report of the others
        return Answer("DEFECT", f"{type(error).__name__}: {error}"), None
    return Answer(), found


def missing_tables(source: Source, catalog: Catalog) -> tuple[str, ...]:
    """The tables and tabular functions that a query names and nobody declares; functions end in ``()``."""
    try:
        named = named_tables(parse_query(source))
    except KqlError:
        return ()
    known = set(catalog.names())
    tables = [name for name in named.tables if name not in known]
    built_in = {*FUNCTIONS.names(), *FUNCTION_BINDERS, *EXTERNAL_FUNCTIONS}
    return (*tables, *(f"{name}()" for name in named.functions if name not in known | built_in))


_SHOWN = 3


def _summed(results: Sequence[Covered], targets: Sequence[str]) -> Coverage:
    readable = [r for r in results if r.problem is None]
    translated = {t: sum(not r.answers[t].code for r in readable) for t in targets}
    refused = [(r.path, t, r.answers[t]) for r in readable for t in targets if r.answers[t].code]
    unreadable = [(r.path, "file", r.problem) for r in results if r.problem is not None]
    missing = Counter(name for r in readable for name in r.missing)
    return Coverage(
        tuple(results),
        translated,
        len(readable),
        _reasons(refused),
        _reasons(unreadable),
        dict(sorted(missing.items(), key=lambda pair: (-pair[1], pair[0]))),
    )


def _reasons(found: Iterable[tuple[str, str, Answer]]) -> tuple[Reason, ...]:
    """The refusals by code and message, the most frequent first."""
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for path, target, answer in found:
        # What is known instead differs from rule to rule; what is missing is the reason.
        message = answer.message.partition("; known: ")[0]
        groups.setdefault((answer.code, message), []).append((path, target))
    reasons = [
        Reason(
            code,
            message,
            dict(Counter(target for _, target in uses)),
            tuple(dict.fromkeys(path for path, _ in uses))[:_SHOWN],
        )
        for (code, message), uses in groups.items()
    ]
    return tuple(sorted(reasons, key=lambda r: (-max(r.targets.values()), r.code, r.message)))
