# `make up` requires Python 3.11 or newer, git and make only, `make test` also Chromium; dev/local/ installs the rest.

PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: help up test chromium lint lint-here down clean setup env lock audit sbom bench last-hop faults soak

# For commands with the tools and the virtual environment of `make setup`.
WITH_ENV = exports="$$($(PYTHON) -m dev.local env)" && eval "$$exports" &&

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { gsub(/[$$][$$]/, "$$"); printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## set up, start the local cluster, run `pulumi up` for the stack dev, show the access path
	@$(PYTHON) -m dev.local up

# A file at a time for each process, in the order of a single one: the long ones of tests/engine first. A process has a
# control plane of its own, about 1 GB. Three, since with two on two processors both wait half of the time, for pods.
TEST_PROCESSES = --numprocesses=3 --dist=loadfile --no-loadscope-reorder

test: chromium ## set up, lint, run every test
	@$(WITH_ENV) $(MAKE) --no-print-directory lint-here && python -m pytest $(TEST_PROCESSES)

lint: ## check format, lint, types, layers and licences
	@$(WITH_ENV) $(MAKE) --no-print-directory lint-here

# For the browser tests of the fleet page. Without Debian's package, the tests fail with installation instructions.
chromium:
	@command -v chromium >/dev/null || [ -n "$$CHROMIUM" ] || [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null \
		|| { echo "installing chromium for the browser tests"; apt-get update -qq && apt-get install -y -qq chromium >/dev/null; }

lint-here:
	ruff format --check .
	ruff check .
	mypy
	lint-imports
	pip-licenses >/dev/null

down: ## stop the local cluster; its data is kept
	@$(PYTHON) -m dev.local down

clean: ## delete the local cluster with its data, the virtual environment and the tools that were built
	@$(PYTHON) -m dev.local clean

setup: ## install the tools and the virtual environment only
	@$(PYTHON) -m dev.local setup

env: ## print exports for a shell: eval "$$(make -s env)"
	@$(PYTHON) -m dev.local env

lock: ## lock the Python packages of pyproject.toml
	@$(PYTHON) -m dev.local lock

audit: ## ask PyPI for known vulnerabilities of every locked package; needs PyPI itself, not a mirror
	@$(WITH_ENV) $(MAKE) --no-print-directory -f ci/pipeline.mk audit

sbom: ## write build/sbom/: the packages and Go modules in use here, with their licences
	@$(PYTHON) -m dev.local sbom

bench: ## measure speed beside helm and kubectl, write docs/benchmark.md, 20 min
	@$(WITH_ENV) python -m dev.bench

last-hop: ## serve VIPs with the real kube-keepalived-vip in a virtual machine, write docs/bad-day.md's table, 30 min
	@$(WITH_ENV) python -m dev.last_hop --write

faults: ## inject every fault of docs/reliability.md, and write the page, 30 min
	@$(WITH_ENV) python -m pytest -m "nightly or not nightly" tests/engine/test_faults.py

soak: ## run the tests that take minutes
	@$(WITH_ENV) python -m pytest -m nightly --timeout 7200
