# One command each: make setup, demo, test, check, bench, campaign.
VENV := .venv
BIN := $(VENV)/bin
ROOMS := flows schemas connectors citysync
# Tests outside the pure rooms that are what proves some of their modules.
PURE_TOO := tests/alerts/test_announce.py tests/alerts/test_digest.py tests/alerts/test_channels.py tests/storage/test_carry.py \
  tests/storage/test_life.py tests/config/test_cities.py tests/config/test_logs.py tests/delivery/test_delivery.py tests/stories/test_guard.py \
  tests/flows/test_settled.py
PYTHON ?= $(shell for p in python3.11 python3.12 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null && echo $$p && break; done)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1

.PHONY: setup demo test check format bench campaign lock clean

# Bytecode is written now: where the program runs it may not be (another user, a read-only folder), and a start without it
# costs more than twice the CPU.
setup: $(VENV)/.ready
	@$(BIN)/python -m compileall -q $(ROOMS)

# uv where it is there and works, pip where not; the lock pins and hashes every package.
$(VENV)/.ready: requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 或 3.12 / Python 3.11 or 3.12 is needed" >&2; exit 1; }
	@if command -v uv >/dev/null 2>&1 && uv venv --quiet --clear --python "$$(command -v $(PYTHON))" $(VENV) \
	   && uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --require-hashes -r requirements-dev.lock; then \
	   uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	 else \
	   rm -rf $(VENV) && $(PYTHON) -m venv $(VENV) \
	   && $(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements-dev.lock \
	   && $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .; \
	 fi
	@touch $@

demo: setup
	@$(BIN)/citysync demo

test: setup
	$(BIN)/pytest -n 3 --dist loadfile

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -q tests/house
	$(BIN)/pytest -q -n 2 --dist loadfile --cov --cov-report=term tests/domain tests/schemas tests/reconciliation $(PURE_TOO)

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup
	$(BIN)/python -m bench.run

campaign: setup
	CITYSYNC_CAMPAIGN=1 $(BIN)/pytest -n 2 --dist loadfile -m campaign
	$(BIN)/python -m bench.fuzz --seconds 120

# Pins move here and nowhere else: read docs/decisions/0002-pins.md first. Needs uv.
lock:
	uv pip compile --quiet --python-version 3.11 --no-header --generate-hashes --no-annotate pyproject.toml -o requirements.lock
	uv pip compile --quiet --python-version 3.11 --no-header --generate-hashes --no-annotate pyproject.toml --extra dev -o requirements-dev.lock

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
