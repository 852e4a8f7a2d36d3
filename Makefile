# Everything a developer or an operator of a clone runs. Each target sets up what it needs by itself:
# .venv for serving and testing, .venv-generate for the code generators.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help serve demo test check generate bench accuracy chaos

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP_INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
ARGS ?=
# The tests start two hundred processes: where no bytecode may be kept, each would compile all of this tree again.
unexport PYTHONDONTWRITEBYTECODE

help: ## This list
	@awk -F ':.*## ' '/^[a-z_-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

serve: $(VENV)/.ready-serve ## Build the gazetteer if there is none, then serve on 127.0.0.1:50051 (ARGS="--port 50052")
	$(BIN)/waypost serve $(ARGS)

demo: $(VENV)/.ready-serve ## Start a server on a free port, ask a dozen telling questions, stop
	$(BIN)/python scripts/demo.py

test: $(VENV)/.ready-dev third_party/.filled ## All tests but the slow ones of chaos (ARGS="tests/unit -k wire")
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/.ready-dev .venv-generate/.ready third_party/.filled ## Format, lint, types, protos, drift of generated/
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/buf lint
	scripts/check_breaking.sh $(BIN)/buf
	scripts/check_generated.sh $(BIN)/buf

generate: $(VENV)/.ready-dev .venv-generate/.ready third_party/.filled ## Make generated/ from protos/, and the diagram in docs/jobs.md
	rm -rf generated
	$(BIN)/buf generate
	touch generated/waypost/v1/py.typed
	$(BIN)/python scripts/draw_lifecycle.py

bench: $(VENV)/.ready-bench ## Speed, each figure beside its yardstick
	$(BIN)/python tests/bench/run.py $(ARGS)

chaos: $(VENV)/.ready-dev ## The slow tests of jobs, then servers and workers killed at random, 100 rounds (ROUNDS=100 SEED=1)
	$(BIN)/python -m pytest -m slow
	WAYPOST_CHAOS_ROUNDS=$(or $(ROUNDS),100) WAYPOST_CHAOS_SEED=$(or $(SEED),1) \
	  $(BIN)/python -m pytest tests/chaos $(ARGS)

accuracy: $(VENV)/.ready-dev ## Accuracy and calibration on generated and hand-written questions
	$(BIN)/python tests/accuracy/run.py $(ARGS)

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready-serve: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing into $(VENV)"
	$(PIP_INSTALL) -e '.[server]'
	@touch $@

$(VENV)/.ready-dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing into $(VENV)"
	$(PIP_INSTALL) -e '.[server,dev]'
	@touch $@ $(VENV)/.ready-serve

# Apart from the rest, for with it comes SciPy, which numba imports wherever it finds it: a tenth of each process's start.
$(VENV)/.ready-bench: $(VENV)/.ready-dev
	$(PIP_INSTALL) -e '.[server,dev,bench]'
	@touch $@

.venv-generate/.ready: scripts/generate-requirements.txt
	@echo "installing into .venv-generate"
	$(PYTHON) -m venv .venv-generate
	.venv-generate/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

third_party/.filled: $(VENV)/.ready-dev scripts/fill_third_party.py
	$(BIN)/python scripts/fill_third_party.py third_party
	@touch $@
