PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# Tests start many processes; without byte code on disk each of them would compile the package anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup demo demo-files gner-tiny docs test test-fast lint format hooks clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## Make .venv with everything at the pinned versions

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "gner-bench needs Python 3.11 or later")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,docs]'
	@touch $@

demo: $(READY) ## Three systems on the embedded corpus, predicted, scored and compared, into build/demo
	$(BIN)/gner-bench run --preset demo --out build/demo
	@cmp -s build/demo/predictions/gner-tiny/predictions.jsonl prediction_results/demo/gner-tiny/predictions.jsonl \
		&& echo 'The predictions equal the committed ones, byte for byte.' \
		|| echo 'The predictions differ from the committed ones (other library versions or processor?).'

demo-files: $(READY) ## Make the committed demo run and report anew
	rm -rf prediction_results/demo reports/demo
	$(BIN)/gner-bench --quiet run --preset demo
	rm -r reports/demo
	$(BIN)/gner-bench --quiet report prediction_results/demo/*/scores.json --out reports/demo --baseline gner-tiny \
		--formats md,tex,csv,png

gner-tiny: $(READY) ## Train the demonstration checkpoint from scratch, on the data sets in DATA, into build/gner-tiny
	$(BIN)/python -m benchmarks.gner_tiny --data '$(DATA)' --out build/gner-tiny

docs: $(READY) ## Build the documentation into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

test: $(READY) lint ## Lint, types and all tests
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist worksteal

# Without the folders whose tests import torch: to import it takes each process longer than the quick tests do.
test-fast: $(READY) ## The quick tests alone, for the edit loop: about a minute on two cores
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto -m 'not slow' --hypothesis-profile quick \
		--ignore tests/train --ignore tests/predict --ignore tests/benchmarks --ignore tests/fuzz

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(READY) ## Format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

hooks: $(READY) ## Install the git hooks
	$(BIN)/pre-commit install

clean: ## Remove what was built; keeps .venv
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
