# One word a chore. Everything works in a fresh clone: .venv and node_modules are made from the lock files.
#   make demo        the whole life of a letter, then the site at http://127.0.0.1:8000
#   make test        every test
#   make test-postgresql   the site's tests, on PostgreSQL instead of SQLite
#   make check       lint, types, the import contract
#   make browser     only the tests in real Chromium
#   make scripts     what browsers run, built from frontend/ by its lock file
#   make pictures    screenshots of every page, into pictures/
#   make bench       the figures, each beside its control
#   make durability  the long runs of faults: kills, power cuts, full disks; an hour. durability-every: each call of an edition
#   make soak        twenty minutes of signing and reading: does anything grow that should not? DURATION=seconds
#   make run         a server with its data in ./data
#   make lock        the lock files anew from pyproject.toml (needs uv)
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes
NPM := npm ci --silent --no-audit --no-fund
WORKERS ?= 2
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help demo test test-postgresql check browser scripts pictures bench durability durability-every soak docs run lock format clean
help:
	@sed -n '2,13p' Makefile | cut -c3-

$(VENV)/.installed: requirements/build.lock requirements/undersigned.lock pyproject.toml
	@./scripts/system-packages build
	$(PYTHON) -m venv $(VENV)
	$(PIP) -r requirements/build.lock
	$(PIP) --no-build-isolation -r requirements/undersigned.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

# Node 20.19 or newer: the machine's own, else the one on PyPI.
$(VENV)/.node: $(VENV)/.installed requirements/node.lock
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' \
	  2>/dev/null || $(PIP) -r requirements/node.lock
	@touch $@

%/node_modules/.installed: %/package-lock.json $(VENV)/.node
	cd $* && $(NPM)
	@touch $@

SCRIPTS := src/undersigned/web/static/scripts/index.json
$(SCRIPTS): frontend/node_modules/.installed $(shell find frontend/src frontend/pages frontend/scripts -type f)
	cd frontend && npm run --silent place

scripts: $(SCRIPTS)

demo: $(VENV)/.installed $(SCRIPTS)
	undersigned demo $(DEMO)

run: $(VENV)/.installed $(SCRIPTS)
	undersigned serve --data data

check: $(VENV)/.installed
	ruff check
	ruff format --check
	mypy
	lint-imports

test: check tests/partners/node_modules/.installed $(SCRIPTS)
	@./scripts/system-packages test
	cd frontend && npm test --silent && npm run --silent test:chromium
	pytest -n $(WORKERS) --dist loadfile --cov --cov-report= --durations=15 $(TEST)
	coverage report --include='*/undersigned/protocol/*' --fail-under=100
	coverage report --fail-under=$(COVERAGE)

COVERAGE := 90

test-postgresql: $(VENV)/.installed $(SCRIPTS)
	@./scripts/system-packages test
	python tests/onpostgresql.py pytest -n $(WORKERS) --dist loadfile tests/web tests/cli tests/browser $(TEST)

browser: $(SCRIPTS)
	@./scripts/system-packages test
	cd frontend && npm run --silent test:chromium
	pytest tests/browser

# Every page of a small real letter, as people see it, into pictures/: to be looked at.
pictures: $(SCRIPTS)
	@./scripts/system-packages test
	cd tests && python -m browser.pictures ../pictures

bench: $(VENV)/.installed
	@./scripts/system-packages test
	python bench/speed.py

# Patroni is no dependency; one line of the table is about it. PostgreSQL's own user has to be able to run it.
PATRONI := $(if $(filter 0,$(shell id -u)),/var/lib/undersigned-patroni,$(CURDIR)/$(VENV)/patroni)
$(PATRONI)/.installed: requirements/patroni.lock
	/usr/bin/python3 -m venv $(PATRONI)
	$(PATRONI)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/patroni.lock
	@touch $@

durability: $(VENV)/.installed $(PATRONI)/.installed
	@./scripts/system-packages test
	UNDERSIGNED_PATRONI=$(PATRONI)/bin pytest --durability tests/durability

# Each call of a cut's and a publication's way, not each twelfth: hours.
durability-every: $(VENV)/.installed
	EDITION_STEP=1 pytest --durability tests/durability/test_editions.py

DURATION ?= 1200
soak: $(VENV)/.installed
	python bench/soak.py --seconds $(DURATION) --out bench/results/soak

format: $(VENV)/.installed
	ruff check --fix
	ruff format

lock:
	for name in build node patroni; do uv pip compile --python-version 3.11 --generate-hashes --no-strip-extras --quiet requirements/$$name.in -o requirements/$$name.lock; done
	uv pip compile --python-version 3.11 --generate-hashes --no-strip-extras --quiet --group dev pyproject.toml -o requirements/undersigned.lock

clean:
	rm -rf $(VENV) demo build dist tests/partners/node_modules frontend/node_modules src/undersigned/web/static/scripts
