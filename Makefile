# Two commands are all that most people need: make run, make test. `make` alone lists the rest.
# They may be given:  PYTHON=python3.13 (which interpreter)  VENV=.venv313 (a second environment)
#                     ARGS="..." (more words for the program or for pytest)

VENV ?= .venv
BIN := $(VENV)/bin
export PYTHON

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name what; \
	do printf '  make %-12s %s\n' "$$name" "$$what"; done

.PHONY: run
run: has-run ## the demo cluster; nothing real is touched
	@$(BIN)/pve-auth-tui demo $(ARGS)

.PHONY: test
test: has-dev ## all tests
	@$(BIN)/python -m pytest -q $(ARGS)

.PHONY: check
check: has-dev ## lint, format, types, who imports whom
	@failed=0; \
	$(BIN)/ruff check --quiet . || failed=1; \
	$(BIN)/ruff format --quiet --diff . || failed=1; \
	$(BIN)/mypy --no-error-summary || failed=1; \
	said=$$($(BIN)/lint-imports --no-cache --no-logo) || { echo "$$said"; failed=1; }; \
	exit $$failed

.PHONY: format
format: has-dev ## put the code into its form
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

.PHONY: conformance
conformance: has-dev ## compare our answers with those recorded from PVE (apt install slapd)
	@$(BIN)/python -m tests.conformance.report

.PHONY: lab
lab: has-dev ## tests with real directories, OpenID, systemd, sshd, /dev/hidraw, as root (see .ci/run for packages)
	@$(BIN)/python -m pytest -q tests/lab $(ARGS)

.PHONY: bench
bench: has-dev ## measure speed and memory; fails when a bound is missed
	@$(BIN)/python -m bench $(ARGS)

.PHONY: snapshots
snapshots: has-dev ## take the pictures of the screens anew; look at the difference before you commit
	@$(BIN)/python -m pytest -q tests/snapshots --snapshot-update $(ARGS)

.PHONY: lock
lock: has-dev ## choose the newest versions that pyproject.toml allows, with their hashes
	@requirements/lock $(BIN)

.PHONY: clean
clean: ## remove everything that make made
	@rm -rf .venv .venv313 build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@rm -rf .import_linter_cache .grimp_cache snapshot_report.html
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: has-run has-dev
has-run:
	@requirements/setup $(VENV) run
has-dev:
	@requirements/setup $(VENV) dev
