"""``python -m transpiler`` is ``rulesql``."""

from __future__ import annotations

from transpiler.cli import app

if __name__ == "__main__":
    app()
