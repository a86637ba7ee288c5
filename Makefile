# Every target sets itself up: a virtual environment in .venv, the pinned packages, this package in editable mode.
.DEFAULT_GOAL := help
.PHONY: help course test lab lint format bench doctor lock clean

PYTHON ?= $(shell for candidate in python3 python3.13 python3.12 python3.11 python; do \
	"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$candidate" && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ARGS ?=

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "lipcourse needs Python 3.11 or newer; none was found. Install one, or name it: make PYTHON=/path/to/python3"; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version): the pinned packages are about 6 GB, a few minutes the first time."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "$(PYTHON) cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements.lock | cut -d' ' -f1)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --link-mode copy --compile-bytecode -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $(READY)
	@echo "Ready."

help: ## list the targets
	@echo "lipcourse: a course on speech-driven faces. Each target sets up what it needs first."
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

course: $(READY) ## build the notebooks, run every one, leave build/course/index.html
	$(BIN)/lipcourse course build
	$(BIN)/lipcourse course run $(ARGS)

test: $(READY) ## run every test, the notebooks included, with the network closed
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

lab: $(READY) ## open JupyterLab on the course
	$(BIN)/lipcourse course build
	$(BIN)/jupyter lab notebooks

lint: $(READY) ## ruff, mypy, import-linter, codespell
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

format: $(READY) ## put the code in its standard layout
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: $(READY) ## measure speeds, as ratios in one run
	$(BIN)/python -m pytest benchmarks -p no:xdist --benchmark-group-by=group --benchmark-columns=median,iqr,rounds --benchmark-sort=mean $(ARGS)

doctor: $(READY) ## say what works on this machine and what does not
	$(BIN)/lipcourse doctor

lock: $(READY) ## write requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.11 --no-header --no-annotate --all-extras pyproject.toml requirements.in -o requirements.lock

clean: ## delete what was built, and the virtual environment
	rm -rf build $(VENV)
