# Every target sets up what it needs by itself: `make app` in a fresh clone is enough.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
# Real tables for tests and benchmarks that want them; those skip with a reason without.
REBAL_DATA ?= $(abspath $(wildcard ../shared/data))
export REBAL_DATA
# Two OpenMP threads on busy cores make one fit a hundred times slower.
export OMP_NUM_THREADS = 1

.PHONY: help setup app test test-all check bench peers pictures samples clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Rebal needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check "$$(grep '^torch==' constraints.txt)"
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

.venv/browser: .venv/ready .ci/browser
	bash .ci/browser $(BIN)
	touch $@

setup: .venv/ready  ## make the virtual environment (the other targets do it by themselves)

app: .venv/ready  ## open the dashboard
	$(BIN)/rebal app

test: .venv/ready .venv/browser  ## run the default tests
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

test-all: .venv/ready .venv/browser  ## run every test: the kill matrix, wide tables, simulations, both languages
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m 'not alone'
	$(BIN)/python -m pytest -q -m alone

check: .venv/ready  ## lint, types, import contracts, import circles, translations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m app.locales
	$(BIN)/python .ci/import_circles.py

bench: .venv/ready  ## print the benchmark ratios
	for script in benchmarks/*.py; do $(BIN)/python $$script; done

.venv-peers/ready: benchmarks/peers/neighbours.txt constraints.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -r $<
	touch $@

peers: .venv-peers/ready  ## make the environments of what we are held against (other searches, empulse, imbens, sdmetrics, rectools, generators)
	bash benchmarks/peers/make.sh

pictures: .venv/ready .venv/browser  ## draw a contact sheet of each page into pictures/, and the READMEs' pictures
	$(BIN)/python tests/pictures.py

samples: .venv/ready  ## make sample_data/ again
	$(BIN)/python -m rebal_core.data.simulate

clean:  ## remove what the other targets made
	rm -rf .venv .venv-peers build dist pictures *.egg-info .mypy_cache .ruff_cache .hypothesis .import_linter_cache
