# One word a chore. Everything works in a fresh clone: .venv and node_modules are made from the lock files.
#   make demo        the whole life of a letter, then the site at http://127.0.0.1:8000
#   make test        every test
#   make test-python SECOND=python3.12   what needs no browser, on another Python
#   make test-postgresql   the site's tests, on PostgreSQL instead of SQLite
#   make check       lint, types, the import contracts, in Python and in TypeScript
#   make hooks       check each commit before it is made (.pre-commit-config.yaml)
#   make browser     only the tests in real Chromium
#   make scripts     what browsers run, built from frontend/ by its lock file
#   make pictures    screenshots of every page, into pictures/
#   make bench       the figures, each beside its control
#   make durability  the long runs of faults: kills, power cuts, full disks; an hour. durability-every: each call of an edition
#   make exhaustive   every combination of what the tests sample: each paper in each way
#   make soak        twenty minutes of signing and reading: does anything grow that should not? DURATION=seconds
#   make run         a server with its data in ./data
#   make lock        the lock files anew from pyproject.toml (needs uv); make wheels: which machines have wheels of all
#   make docs        what the documentation draws from the code
#   make wheel       the wheel and the source archive, into dist/
#   make release VERSION=1.2.3   all of a release in build/release; FINAL=yes tags it here (docs/howto/release.md)
#   make machines    the first two on bare Debian 12 and 13, as root and as a user (needs root)
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
NPM := npm ci --loglevel=error --no-audit --no-fund
WORKERS ?= 2
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help demo test test-postgresql test-python check hooks browser scripts pictures bench durability durability-every exhaustive soak \
  docs run lock wheel wheels release machines format clean
help:
	@grep '^#   make' Makefile | cut -c5-

# The newest Python that fits, or PYTHON=...; without one, a sentence that says what brings it (scripts/find-python).
$(BIN)/python:
	@python="$(PYTHON)"; python=$${python:-$$(./scripts/find-python)}; echo "Using $$python ($$("$$python" -V))"; \
	  "$$python" -m venv $(VENV)

# What runs undersigned, and no more.
$(VENV)/.run: requirements/build.lock requirements/run.lock pyproject.toml | $(BIN)/python
	@$(BIN)/python scripts/install requirements/build.lock requirements/run.lock
	@touch $@

# ... and what tests it.
$(VENV)/.installed: requirements/build.lock requirements/dev.lock pyproject.toml | $(BIN)/python
	@$(BIN)/python scripts/install requirements/build.lock requirements/dev.lock
	@touch $@ $(VENV)/.run

# Node 20.19 or newer with npm: the machine's own, else the one on PyPI.
$(VENV)/.node: requirements/node.lock | $(BIN)/python
	@if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' \
	    2>/dev/null || ! npm --version >/dev/null 2>&1; then \
	  echo "Fetching Node for the browser's scripts" >&2; \
	  $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/node.lock; fi
	@touch $@

%/node_modules/.installed: %/package-lock.json $(VENV)/.node
	@echo "Fetching the npm packages of $*" >&2
	@cd $* && $(NPM)
	@touch $@

# Only what builds the scripts; everything is more than enough.
frontend/node_modules/.build: frontend/package-lock.json $(VENV)/.node
	@if ! [ frontend/node_modules/.installed -nt frontend/package-lock.json ]; then \
	  echo "Fetching the npm packages that build the browser's scripts" >&2; cd frontend && $(NPM) --omit=dev; fi
	@touch $@

SCRIPTS := src/undersigned/web/static/scripts/index.json
$(SCRIPTS): frontend/node_modules/.build $(shell find frontend/src frontend/pages frontend/scripts -type f)
	@echo "Building the browser's scripts" >&2
	@cd frontend && npm run --silent place

scripts: $(SCRIPTS)

# By its path, so that the commands it shows are those that work in this folder.
demo: $(VENV)/.run $(SCRIPTS)
	@$(BIN)/undersigned demo $(DEMO)

run: $(VENV)/.run $(SCRIPTS)
	$(BIN)/undersigned serve --data data

check: $(VENV)/.installed frontend/node_modules/.installed
	ruff check
	ruff format --check
	mypy
	lint-imports
	cd frontend && npm run --silent check

hooks: $(VENV)/.installed frontend/node_modules/.installed
	pre-commit install

test: check frontend/node_modules/.installed tests/partners/node_modules/.installed $(SCRIPTS)
	@./scripts/system-packages test
	cd frontend && npm test --silent && npm run --silent test:chromium
	pytest -n $(WORKERS) --dist loadfile --cov --cov-report= --durations=15 $(TEST)
	coverage report --include='*/undersigned/protocol/*' --fail-under=100
	coverage report --fail-under=$(COVERAGE)

COVERAGE := 95

# What another Python could break, and needs no browser: make test-python SECOND=/usr/bin/python3.13. Of the site's tests
# those that go through all of it; with WEB=tests/web, every one.
WEB ?= $(patsubst %,tests/web/test_%.py,life serve forms public mail signing_pages readers words edge clerk guard fuzz)
SECOND ?= $(firstword $(shell ./scripts/find-python --all))
test-python: $(SCRIPTS) tests/partners/node_modules/.installed
	@./scripts/system-packages test
	@echo "Using $(SECOND)" >&2; rm -rf build/second; $(SECOND) -m venv build/second
	@build/second/bin/python scripts/install requirements/build.lock requirements/dev.lock
	PATH="$(CURDIR)/build/second/bin:$$PATH" build/second/bin/python -m pytest -n $(WORKERS) --dist loadfile -m 'not slow' \
	  tests/protocol tests/client tests/languages tests/cli tests/press $(WEB) tests/test_repository.py tests/test_machine.py $(TEST)

test-postgresql: $(VENV)/.installed $(SCRIPTS)
	@./scripts/system-packages test
	python tests/onpostgresql.py pytest -n $(WORKERS) --dist loadfile tests/web tests/cli tests/browser $(TEST)

browser: $(VENV)/.installed frontend/node_modules/.installed $(SCRIPTS)
	@./scripts/system-packages test
	cd frontend && npm run --silent test:chromium
	pytest tests/browser

# Every page of a small real letter, as people see it, into pictures/: to be looked at.
pictures: $(VENV)/.installed $(SCRIPTS)
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

# Every combination of what make test samples.
exhaustive: $(VENV)/.installed
	@./scripts/system-packages test
	pytest --exhaustive -m exhaustive -n $(WORKERS) $(TEST)

# Each call of a cut's and a publication's way, not each twelfth: hours.
durability-every: $(VENV)/.installed
	EDITION_STEP=1 pytest --durability tests/durability/test_editions.py

# Pictures and pages that are made from the code.
docs: $(VENV)/.installed
	python scripts/draw-imports

DURATION ?= 1200
soak: $(VENV)/.installed
	python bench/soak.py --seconds $(DURATION) --out bench/results/soak

format: $(VENV)/.installed
	ruff check --fix
	ruff format

# One lock runs undersigned, the other tests it too; both for every Python and machine at once. The first constrains the
# second, so that tests run on what is installed.
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras --quiet
lock:
	$(LOCK) --extra site pyproject.toml -o requirements/run.lock
	$(LOCK) --extra site --extra bucket --group dev -c requirements/run.lock pyproject.toml -o requirements/dev.lock
	$(LOCK) -c requirements/dev.lock requirements/build.in -o requirements/build.lock
	for name in node patroni; do $(LOCK) requirements/$$name.in -o requirements/$$name.lock; done

# The wheel and the source archive, into dist/: the same bytes each time.
wheel: $(VENV)/.run frontend/node_modules/.build
	$(BIN)/python -m hatchling build

# In a clone; this checkout changes only with FINAL=yes.
release: $(VENV)/.installed frontend/node_modules/.build
	$(BIN)/python scripts/release $(VERSION) $(if $(filter yes,$(FINAL)),--final)

# Is there a wheel of everything for each Python and machine we name? (needs uv)
wheels:
	./scripts/check-wheels

# README's two commands on bare machines, Debian 12 and 13, as root and as a user. Root only; before every release.
machines:
	./scripts/machines $(MACHINES)

clean:
	rm -rf $(VENV) demo build dist tests/partners/node_modules frontend/node_modules src/undersigned/web/static/scripts
