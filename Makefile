# The front door: every target sets up what it needs.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo test check bench clean

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(READY)  ## the whole product on a desktop
	$(BIN)/netgiro-terminal demo $(ARGS)

test: $(READY)  ## every test, under five minutes
	$(BIN)/pytest $(ARGS)

check: $(READY)  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)  ## the numbers, as ratios against a baseline in the same run
	$(BIN)/python -m tests.bench $(ARGS)

clean:
	rm -rf $(VENV) build artefacts *.egg-info
