# One word for each need. Every target makes the environment that it lacks.
PYTHON ?= python3
VENV := .venv
# Sets in test names must be written alike by every worker.
export PYTHONHASHSEED ?= 0
PY := $(VENV)/bin/python

.PHONY: demo mutants test browser deep upstream lint format types docs court bench bench-check lock clean

demo: $(VENV)/.ready  ## serve a real app and watch its contexts at work
	$(PY) examples/08_miniflask.py

test: $(VENV)/.ready  ## run the whole test suite; installs Chromium for it, or says why it cannot
	-$(PY) -m tests.browser.chromium
	$(PY) -m pytest -n auto $(ARGS)

browser: $(VENV)/.ready  ## the tests in a real Chromium
	$(PY) -m tests.browser.chromium
	$(PY) -m pytest tests/browser $(ARGS)

deep: $(VENV)/.ready  ## the property tests with a hundred times the examples
	HYPOTHESIS_PROFILE=deep $(PY) -m pytest -n auto -o timeout=0 tests/against_flask $(ARGS)

mutants: $(VENV)/.ready  ## change the package in small ways; a test has to notice
	$(PY) -m tests.mutants $(ARGS)

upstream: $(VENV)/.ready  ## Flask's own test suite, unmodified, on miniflask
	$(PY) -m tests.upstream

lint: $(VENV)/.ready  ## style, formatting, and the floors of the house
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(VENV)/bin/lint-imports

format: $(VENV)/.ready  ## rewrite files as `make lint` wants them
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

types: $(VENV)/.ready  ## two strict type checkers over package and tests
	$(PY) -m mypy
	$(PY) -m pyright

docs: $(VENV)/.ready  ## build the pages; a warning is an error
	$(PY) -m sphinx -W --keep-going -q -b html docs docs/_build/html

court: $(VENV)/.ready  ## run what documentation claims, and write the page of it
	$(PY) -m tests.lessons.court

bench: $(VENV)/.ready  ## ratios to the originals and to peers, side by side, into docs/
	$(PY) -m tests.benchmarks $(ARGS)

bench-check: $(VENV)/.ready  ## fail when a request needs more calls or memory than it did
	$(PY) -m tests.benchmarks.counts $(ARGS)

lock:  ## compile requirements.lock anew; needs `uv`
	uv pip compile -q --universal --generate-hashes --group dev --python-version 3.10 --upgrade \
	  --custom-compile-command "make lock" -o requirements.lock

clean:
	rm -rf $(VENV) docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@
