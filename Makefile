# Every target sets up what it needs: only Python 3.11 or newer, git and make must be there.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The first interpreter that is new enough; PYTHON=/path/to/python overrides.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$p"; break; }; done)
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help setup export check test lint fmt update support ratchet bench lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(READY) ## create the locked environment in .venv

$(READY): requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed (set PYTHON=/path/to/python)" >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	@echo "setting up .venv (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

export: $(READY) ## translate, prove and write every rule under rules/ to out/ (ARGS=... are passed on)
	@$(BIN)/rulesql export $(ARGS)

test: $(READY) ## run all tests (ARGS=... are passed to pytest)
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 $(ARGS)

lint: $(READY) ## formatting, ruff, mypy --strict
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

fmt: $(READY) ## format the code and repair what ruff can
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

update: $(READY) ## rewrite the SQL snapshots of the Markdown cases (never their rows)
	@$(BIN)/python -m pytest --update tests/cases $(ARGS)

support: $(READY) ## rewrite the summary of what is supported in README.md
	@$(BIN)/rulesql support --update README.md

ratchet: $(READY) ## measure every suite of ../shared and keep the better figures (minutes)
	@RULESQL_RATCHET=update $(BIN)/python -m pytest tests/test_ratchet.py $(ARGS)

bench: $(READY) ## how long translations take and how large they are (tests/benchmarks)
	@$(BIN)/python tests/benchmarks/translation.py $(ARGS)

lock: $(READY) ## pin the newest allowed versions in requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-package rulesql \
		--extra dev --custom-compile-command "make lock" --output-file requirements-dev.lock pyproject.toml

clean: ## remove the environment and every cache
	@rm -rf .venv .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info
	@find transpiler tests -name __pycache__ -type d -prune -exec rm -rf {} +
