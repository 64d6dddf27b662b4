# `make up` and `make test` start from a bare machine: Python 3.11 or newer, git and make; dev/local/ does the rest.

PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: help up test lint down clean setup env lock bench soak

# What runs with the tools and the virtual environment that `make setup` provides.
WITH_ENV = exports="$$($(PYTHON) -m dev.local env)" && eval "$$exports" &&

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { gsub(/[$$][$$]/, "$$"); printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## set up, start the local cluster, `pulumi up` of stack dev, show the access path
	@$(PYTHON) -m dev.local up

test: chromium ## set up, lint, run every test
	@$(WITH_ENV) $(MAKE) --no-print-directory lint-here && python -m pytest

lint: ## format, lint, types and layers
	@$(WITH_ENV) $(MAKE) --no-print-directory lint-here

# The fleet page is tested in a real browser. Where Debian's package can be installed it is; elsewhere the tests say how.
.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || [ -n "$$CHROMIUM" ] || [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null \
		|| { echo "installing chromium for the browser tests"; apt-get update -qq && apt-get install -y -qq chromium >/dev/null; }

.PHONY: lint-here
lint-here:
	ruff format --check .
	ruff check .
	mypy
	lint-imports

down: ## stop the local cluster; its data stays
	@$(PYTHON) -m dev.local down

clean: ## drop the local cluster with its data, the virtual environment and the tools that were built
	@$(PYTHON) -m dev.local clean

setup: ## tools and virtual environment only
	@$(PYTHON) -m dev.local setup

env: ## print exports for a shell: eval "$$(make -s env)"
	@$(PYTHON) -m dev.local env

lock: ## lock the Python packages anew, from pyproject.toml
	@$(PYTHON) -m dev.local lock

bench: ## compare with helm and kubectl
	@$(WITH_ENV) python -m dev.bench

soak: ## the tests that take minutes
	@$(WITH_ENV) python -m pytest -m nightly --timeout 7200
