# Two commands for everybody: `make demo` and `make test`. All others are for developers.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO_SECONDS ?= 30

.PHONY: coverage fuzz demo test test-long test-interop test-places lint types proto check-generated bench clean

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or newer is needed; name one: make PYTHON=python3.12 demo"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "No venv module: on Debian, apt install python3-venv"; exit 1; }

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[cli,trio]'
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.installed

demo: $(VENV)/.installed  ## A simulated room, live on this screen; no account, no network
	@$(BIN)/tiktok-webcast demo --duration $(DEMO_SECONDS)

test: $(VENV)/.installed-dev  ## The whole suite
	@$(BIN)/python -m pytest -n 2

test-long: $(VENV)/.installed-dev test-places  ## Where people run it; then the stateful properties at 100,000 examples each: hours
	@HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -n 2 --timeout 0 -m stateful

$(VENV)-interop/.installed: | $(BIN)/python
	@$(PYTHON) -m venv $(VENV)-interop
	$(VENV)-interop/bin/python -m pip install -q --disable-pip-version-check 'TikTokLive==7.0.1'
	@touch $@

test-interop: $(VENV)/.installed-dev $(VENV)-interop/.installed  ## Another client, in an environment of its own, against our simulator
	@TIKTOKLIVE_PYTHON="$(abspath $(VENV)-interop/bin/python)" $(BIN)/python -m pytest -q -rP tests/interop

$(VENV)-places/.installed: | $(BIN)/python
	@$(PYTHON) -m venv $(VENV)-places
	$(VENV)-places/bin/python -m pip install -q --disable-pip-version-check . nbclient ipykernel pyinstaller fastapi uvicorn httpx
	@touch $@

test-places: $(VENV)/.installed-dev $(VENV)-places/.installed  ## Jupyter, PyInstaller, FastAPI, a thread, a game's loop: minutes
	@$(VENV)-places/bin/python -m pip install -q --disable-pip-version-check --no-deps --force-reinstall .
	@PLACES_PYTHON="$(abspath $(VENV)-places/bin/python)" $(BIN)/python -m pytest -q tests/places

CORE_TESTS := tests/core tests/sim tests/capture tests/fuzz tests/recording
TRACED = HYPOTHESIS_PROFILE=dev $(BIN)/python -m coverage run --rcfile=tests/coverage.ini
# The one test left out asks what an interpreter loads, and a traced one loads more.
PYTEST_ALONE := -m pytest -q -p no:xdist --timeout 600 --deselect tests/bench/test_decode_frames.py::test_the_package_alone_loads_no_protobuf
coverage: $(VENV)/.installed-dev  ## Branches of the core run by its own tests, then of the transports by all tests
	@$(BIN)/python -m pip install -q --disable-pip-version-check 'coverage>=7.10'
	@$(BIN)/python -m coverage erase --rcfile=tests/coverage.ini
	@$(TRACED) --source=tiktok_webcast $(PYTEST_ALONE) $(CORE_TESTS)
	@$(BIN)/python -m coverage combine -q --rcfile=tests/coverage.ini
	@$(BIN)/python -m coverage report --rcfile=tests/coverage.ini
	@$(BIN)/python -m coverage erase --rcfile=tests/coverage.ini
	@$(TRACED) --source=tiktok_webcast_transports $(PYTEST_ALONE) tests
	@$(BIN)/python -m coverage combine -q --rcfile=tests/coverage.ini
	@$(BIN)/python -m coverage report --rcfile=tests/coverage.ini

SECONDS ?= 60
fuzz: $(VENV)/.installed-dev  ## Coverage-guided fuzzing, SECONDS for each target
	@$(BIN)/python -m pip install -q --disable-pip-version-check atheris
	@$(BIN)/python -m fuzz.run all --seconds $(SECONDS)

lint: $(VENV)/.installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

types: $(VENV)/.installed-dev
	@$(BIN)/mypy
	@for folder in $(sort $(dir $(wildcard tests/*/*.py))); do MYPYPATH=src:tests:. $(BIN)/mypy "$$folder" || exit 1; done
	@for each in "tests/*.py fuzz/*.py docs/*.py proto/*.py" examples bench; do MYPYPATH=src:tests $(BIN)/mypy $$each || exit 1; done
	@PATH="$(abspath $(BIN)):$$PATH" VIRTUAL_ENV="$(abspath $(VENV))" pyright --ignoreexternal --verifytypes tiktok_webcast
	@PATH="$(abspath $(BIN)):$$PATH" VIRTUAL_ENV="$(abspath $(VENV))" pyright --ignoreexternal --verifytypes tiktok_webcast_transports

proto: $(VENV)/.installed-dev  ## Generate what is generated from proto/
	@$(BIN)/python proto/generate.py

check-generated: $(VENV)/.installed-dev
	@$(BIN)/python proto/generate.py --check
	@$(BIN)/python docs/generate_events.py --check

bench: $(VENV)/.installed-dev  ## One table: how far from the bare zlib and protobuf loop (docs/performance.md)
	@$(BIN)/python bench/ratios.py

clean:
	rm -rf $(VENV) $(VENV)-interop $(VENV)-places dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
