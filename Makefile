# `make` prints the targets. Each sets up what it needs in .venv (or .venv-run, without test tools) and says so.
PYTHON ?= python3
COUNTS ?= small
export MEDVIRKNING_COUNTS = $(COUNTS)

RUN = .venv-run/bin
DEV = .venv/bin
PIP = -m pip --disable-pip-version-check install --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test check faults bench generate format lock clean

help: ## Print the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

demo: $(RUN)/.ready ## Serve the golden history of 2009 from an embedded ledger in ./data
	$(RUN)/medvirkning demo

test: $(DEV)/.ready ## Run the tests on both back ends (COUNTS=small or ci)
	$(DEV)/python -m pytest --numprocesses auto --dist loadfile --ignore tests/test_contract.py
	@# Its cases have one name for each operation, which workers take for one test.
	$(DEV)/python -m pytest tests/test_contract.py

check: $(DEV)/.ready ## Lint, format, types, import contracts
	$(DEV)/ruff check
	$(DEV)/ruff format --check
	$(DEV)/mypy
	$(DEV)/lint-imports

faults: $(DEV)/.ready ## The large fault runs, a JSON line for each fault (hours)
	$(DEV)/python -m pytest tests/faults

bench: $(DEV)/.ready ## Measure against named peers and print the table
	$(DEV)/python -m benchmarks

generate: $(DEV)/.ready ## Write again what is generated: openapi/
	$(DEV)/medvirkning spec openapi

format: $(DEV)/.ready ## Format the code
	$(DEV)/ruff check --fix --quiet || true
	$(DEV)/ruff format

lock: $(DEV)/.ready ## Resolve the dependencies anew, with hashes
	$(DEV)/pip-compile -q --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links -o requirements.lock requirements.in
	$(DEV)/pip-compile -q --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links -o requirements-dev.lock requirements-dev.in

clean: ## Remove the environments and caches; data stays
	rm -rf .venv .venv-run .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info build dist

# pip refuses hashes for an editable install: the locked packages first, then the project itself.
$(RUN)/.ready: requirements.lock setup.cfg
	@echo "Setting up .venv-run (the locked packages, then the project): once, a minute or so"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	@$(PYTHON) -m venv --clear .venv-run
	@$(RUN)/python $(PIP) --require-hashes -r requirements.lock
	@$(RUN)/python $(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(DEV)/.ready: requirements-dev.lock setup.cfg
	@echo "Setting up .venv (the locked packages with test tools, then the project): once, a minute or two"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	@$(PYTHON) -m venv --clear .venv
	@$(DEV)/python $(PIP) --require-hashes -r requirements-dev.lock
	@$(DEV)/python $(PIP) --no-deps --no-build-isolation -e .
	@touch $@
