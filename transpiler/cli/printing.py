"""The two outputs: data on stdout, messages on stderr; colours only on a terminal."""

from __future__ import annotations

import re
import sys
from typing import TextIO, cast

from rich.console import Console
from rich.text import Text

from transpiler.diagnostics import RulesqlError
from transpiler.engine import EngineError
from transpiler.rule.findings import FileError, Finding

PIPED_WIDTH = 120


class _Trimmed:
    """A pipe that gets no blanks at the ends of lines, with which tables are filled up for the screen."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.encoding = file.encoding

    def write(self, text: str) -> int:
        return self._file.write(re.sub(r" +(?=\n)", "", text))

    def flush(self) -> None:
        self._file.flush()


def console() -> Console:
    """Standard output. A pipe has no width; lines are cut for readers at 120 characters."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(file=cast(TextIO, _Trimmed(sys.stdout)), highlight=False, width=PIPED_WIDTH)


def messages() -> Console:
    """Standard error."""
    return Console(file=sys.stderr, highlight=False, soft_wrap=True)


def note(text: str) -> None:
    """Something worth knowing about the output that follows."""
    messages().print(Text(f"note: {text}", style="dim"))


def problem(error: RulesqlError | EngineError | str) -> None:
    """An error: what, where (file, line, column, the line with carets), and the way out."""
    out = messages()
    if isinstance(error, FileError):
        for finding in error.findings:
            out.print(_finding(finding, error), end="")
        return
    if isinstance(error, EngineError):
        error = f"{error.engine}: {error.message}"
    first, _, rest = str(error).partition("\n")
    out.print(Text.assemble(("error: ", "bold red"), (first, "bold"), f"\n{rest}" if rest else ""))


def _finding(finding: Finding, error: FileError) -> Text:
    styles = {"error": "bold red", "warning": "bold yellow", "info": "bold"}
    text = finding.show(error.source) if error.source else str(finding)
    first, _, rest = text.partition("\n")
    head = first.replace(f"{finding.code} {finding.severity}: ", f"{finding.code} ", 1)
    return Text.assemble((f"{finding.severity}: ", styles[str(finding.severity)]), (head, "bold"), f"\n{rest}\n")
