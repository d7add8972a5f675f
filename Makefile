# Two commands matter to a newcomer: `make demo` and `make test`. Each fetches what it
# needs, pinned, into .venv/ and .cache/ and nothing outside this folder. Needs make, git, Python 3.11+.
SHELL := /bin/sh
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
MEMBERS := core plugins/terraform plugins/helm plugins/observability plugins/release plugins/deps
# Four for two cores: tests that wait for a process, a reply or real time leave room for another one.
PYTEST_ARGS ?= -n 4 --dist worksteal
# Hundreds of processes import the same modules, and pytest rewrites every test module: both are done once and kept.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install demo tools test isolated lint format bench docs lock clean

help:
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

# The stamp depends on everything that decides what is installed.
$(VENV)/.stamp: requirements.lock $(MEMBERS:=/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Bascule needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing pinned dependencies into $(VENV) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation $(addprefix -e ./,$(MEMBERS))
	@$(BIN)/python -m compileall -q $(addsuffix /src,$(MEMBERS))
	@touch $@

install: $(VENV)/.stamp ## everything, pinned, into .venv/

demo: tools ## the whole main job on the embedded simulator, with real tools
	@PATH="$(CURDIR)/.cache/tools/bin:$$PATH" $(BIN)/bascule demo

tools: install ## the real tools that tests run, pinned, into .cache/tools/
	@$(BIN)/python -m tests.support.toolchain

test: tools ## the whole test suite
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

isolated: tools ## each plugin's tests with nothing installed but what it declares
	@$(BIN)/python -m tests.support.isolated

lint: install ## ruff, mypy strict, import layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: install ## apply ruff's fixes and format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: install ## figures of the budgets, counted from real runs
	@$(BIN)/python -m tests.benchmarks

docs: install ## regenerate reference pages from the code
	@$(BIN)/python -m docs.build

# Maintainers only: re-resolve. No index address may end up in the lock.
lock:
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv==0.13.8
	@$(BIN)/uv export -q --all-packages --all-extras --all-groups --no-emit-workspace --no-header -o requirements.lock
	@rm -f uv.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .cache
