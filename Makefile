# One word a chore. Everything works in a fresh clone: .venv and node_modules are made from the lock files.
#   make demo     the whole life of a letter, then the site at http://127.0.0.1:8000
#   make test     every test
#   make check    lint, types, the import contract
#   make bench    the figures of docs/bench.md, each with its control
#   make run      a server with its data in ./data
#   make lock     the lock files anew from pyproject.toml
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PARTNERS := tests/partners/node_modules/.package-lock.json
FRONTEND := frontend/node_modules/.package-lock.json
WORKERS ?= 2

.PHONY: help demo test check browser bench docs run lock format system clean
help:
	@sed -n '2,7p' Makefile | cut -c3-

# Debian packages that a build or a test needs. Installed only as root, and said so; otherwise named.
system:
	@./scripts/system-packages $(NEED)

$(VENV)/.installed: requirements/build.lock requirements/undersigned.lock pyproject.toml
	@./scripts/system-packages build
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --require-hashes -r requirements/undersigned.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

$(PARTNERS): tests/partners/package-lock.json
	cd tests/partners && npm ci --silent --no-audit --no-fund
	@touch $@

$(FRONTEND): frontend/package-lock.json
	cd frontend && npm ci --silent --no-audit --no-fund
	@touch $@

demo: $(VENV)/.installed
	$(BIN)/undersigned demo $(DEMO)

run: $(VENV)/.installed
	$(BIN)/undersigned serve --data data

test: $(VENV)/.installed $(PARTNERS) check
	@./scripts/system-packages test
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --cov --cov-report= --durations=15 $(TEST)
	$(BIN)/coverage report --include='*/undersigned/protocol/*' --fail-under=100
	$(BIN)/coverage report --fail-under=$(COVERAGE)

COVERAGE := 90

check: $(VENV)/.installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock:
	uv pip compile --python-version 3.11 --generate-hashes --quiet requirements/build.in -o requirements/build.lock
	uv pip compile --python-version 3.11 --generate-hashes --quiet --group dev pyproject.toml -o requirements/undersigned.lock

clean:
	rm -rf $(VENV) demo build dist tests/partners/node_modules frontend/node_modules
