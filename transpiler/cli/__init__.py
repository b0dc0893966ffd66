"""The command ``rulesql``. ``app`` is the entry point; each module adds the commands of one subject.

Output that is data goes to stdout, everything said about it to stderr. Exit codes: 0 good, 1 findings, 2 usage.
"""

from transpiler.cli import coverage, exporting, history, inspecting, running, schemas, support, translating
from transpiler.cli.app import app

__all__ = [
    "app",
    "coverage",
    "exporting",
    "history",
    "inspecting",
    "running",
    "schemas",
    "support",
    "translating",
]
