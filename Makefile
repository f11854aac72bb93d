# What each command does is in README.md. Every one of them brings what it needs.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test check bench package obligations install install-web

BIN := .venv/bin
SOURCES := app.py chalicelib infra tests bench

help: ## lists the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/'

run: .jaga/run.json ## runs all of it on this machine until Ctrl-C; PORT= moves it

# A file, so that an interrupted make deletes it: a SIGINT that reaches make alone is not passed on
# to what make runs, but the vanishing of its file is noticed.
.jaga/run.json: install
	@$(BIN)/python -m infra.local

# The stack and the browser wait for each other, and want the machine for themselves.
test: install install-web ## runs every test: code, package, deployed stack, browser
	@$(BIN)/python -m pytest --numprocesses auto --dist worksteal tests/unit tests/property tests/vectors tests/contract
	@JAGA_CHROMIUM="$$(infra/install-browser.sh)" $(BIN)/python -m pytest tests/package tests/deployed tests/browser

check: install ## format, lint, types, imports, template and policies; no tests
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports
	$(BIN)/python -m infra.package
	$(BIN)/cfn-lint dist/template.json
	$(BIN)/python -m infra.rules

bench: install install-web ## measures each part beside a named peer, writes bench/results.json
	@JAGA_CHROMIUM="$$(infra/install-browser.sh)" $(BIN)/python -m bench

package: install ## builds dist/deployment.zip and dist/template.json
	@$(BIN)/python -m infra.package

obligations: install ## prints which promises are kept and which are open
	@$(BIN)/python -m infra.obligations

install:
	@infra/install.sh

install-web:
	@infra/install-web.sh
