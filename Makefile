# Everything runs from a virtual environment in .venv, made from hashed locks with nothing but python3.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench
INTEROP := .interop
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test check counterparts interop fuzz bench serve lock clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

$(VENV)/.run: requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Vestibule needs Python 3.11 or newer; set PYTHON=/path/to/python3"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing: install python3-venv"; exit 2; }
	@echo "Installing Vestibule into $(VENV) …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	@echo "Installing the test tools into $(VENV) …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

setup: $(VENV)/.dev ## Set up .venv with everything

demo: $(VENV)/.run ## Watch the story: groups refused, explained, granted, filled (ARGS=--exit leaves at its end)
	@$(BIN)/vestibule demo $(ARGS)

serve: $(VENV)/.run ## Serve on http://127.0.0.1:8700 with vestibule.db in this folder
	@$(BIN)/vestibule serve $(ARGS)

check: $(VENV)/.dev ## Style, types and import rules
	@$(BIN)/ruff format --check -q .
	@$(BIN)/ruff check -q .
	@$(BIN)/basedpyright --warnings
	@PYTHONPATH=src $(BIN)/lint-imports --no-logo | tail -n 3

$(INTEROP)/.done: tests/interop/oidc_provider/package-lock.json
	@mkdir -p $(INTEROP)/oidc_provider && cp tests/interop/oidc_provider/package*.json $(INTEROP)/oidc_provider
	@cd $(INTEROP)/oidc_provider && npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 --fetch-timeout=20000
	@touch $@

counterparts:
	@command -v npm >/dev/null || { echo "No npm here: the tests with oidc-provider are skipped"; exit 0; }; \
	  $(MAKE) -s $(INTEROP)/.done >/dev/null 2>&1 || echo "npm could not install oidc-provider: its tests are skipped"

interop: $(VENV)/.dev counterparts ## Sign in with SimpleSAMLphp and oidc-provider, provision from scim2-client: counterparts not ours
	@$(BIN)/python -m pytest -q tests/interop $(ARGS)

test: check counterparts ## Set up and pass all checks and tests
	@$(BIN)/python -m pytest -q -n auto $(ARGS)

fuzz: $(VENV)/.dev ## The property tests of readers, PATCH, filters and requests, 20 times as hard (some minutes)
	@VESTIBULE_FUZZ=20 $(BIN)/python -m pytest -q -n auto tests/scim tests/store/test_where.py \
	  tests/server/test_any_request.py $(ARGS)

$(BENCH)/.done: requirements/bench.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Vestibule needs Python 3.11 or newer; set PYTHON=/path/to/python3"; exit 2; }
	@test -x $(BENCH)/bin/python || $(PYTHON) -m venv $(BENCH)
	@echo "Installing the benchmark and the peers into $(BENCH) …"
	@$(BENCH)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@$(BENCH)/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

bench: $(BENCH)/.done ## Measure ours, peers and the machine (some minutes; ARGS="--sizes 1000,20000,1000000")
	@$(BENCH)/bin/python -m bench --out docs/performance.md $(ARGS)

lock: ## Renew requirements/*.txt from pyproject.toml
	@test -x .venv-lock/bin/uv || { $(PYTHON) -m venv .venv-lock && .venv-lock/bin/python -m pip install -q uv; }
	@.venv-lock/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-strip-extras \
	  pyproject.toml requirements/build.in --extra server --extra postgres --extra idp -o requirements/run.txt
	@.venv-lock/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-strip-extras \
	  pyproject.toml requirements/build.in --extra server --extra postgres --extra idp --group dev -o requirements/dev.txt
	@.venv-lock/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-strip-extras \
	  -c requirements/run.txt pyproject.toml requirements/build.in requirements/bench.in --extra server --extra postgres --extra idp -o requirements/bench.txt

clean: ## Remove what make made
	@rm -rf $(VENV) $(BENCH) bench/.peers $(INTEROP) .venv-lock .pytest_cache .ruff_cache .hypothesis .import_linter_cache
