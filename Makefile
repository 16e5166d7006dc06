# Handtorch. `make help` lists the commands; CONTRIBUTING.md says when to use which.

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8888
BIN := $(VENV)/bin
RUN := $(BIN)/python -m handtorch_classroom
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --constraint requirements.lock
READY := $(VENV)/.ready
TEST_READY := $(VENV)/.ready-for-tests
BROWSER_TESTS := tests/classroom/test_browser.py

.PHONY: help start test test-site grade export progress book translate exercises notebooks check reset kills mutants bench bench-gpu lock clean
.DEFAULT_GOAL := help

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  Options: PYTHON=python3.12 VENV=.venv PORT=8888 BROWSER=none"

start: $(READY)  ## open JupyterLab on the exercises and serve the book beside it
	@$(RUN) start --port $(PORT)

test: $(TEST_READY)  ## lint, types, tests, every notebook, every exercise, the site
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@$(MAKE) --no-print-directory test-site
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --durations 10 \
		--nbval --nbval-cell-timeout 120 --ignore $(BROWSER_TESTS) tests book solutions

test-site: $(TEST_READY)  ## the site in a browser: Chromium or Chrome, or HANDTORCH_BROWSER=path
	@$(BIN)/python -m pytest -q -s -rs $(BROWSER_TESTS)

grade: $(READY)  ## grade yours, or a class: EX=tokenizer/bpe SUBMISSIONS=folder SCHEDULER=tcp://host:8786
	@$(RUN) grade $(if $(SUBMISSIONS),--submissions "$(SUBMISSIONS)") \
		$(if $(SCHEDULER),--scheduler "$(SCHEDULER)") $(if $(EX),--exercise "$(EX)")

export: $(READY)  ## the marks for other systems: FORMAT=csv, gradescope or canvas, TO=path
	@$(RUN) export --form "$(or $(FORMAT),csv)" --to "$(TO)"

progress: $(READY)  ## best mark, attempts and last try of every exercise
	@$(RUN) progress

book: $(READY)  ## build the site in _build/html
	@$(RUN) book

translate: $(READY)  ## bring the Chinese edition up to date with the pages: PAGES=, SHOW=1
	@$(RUN) translate $(PAGES) $(if $(SHOW),--show)

exercises: $(READY)  ## generate exercises/ from solutions/
	@$(RUN) exercises

notebooks: $(TEST_READY)  ## execute and normalize changed notebooks (or PATHS="a.ipynb b.ipynb")
	@$(RUN) run $(PATHS)

check: $(TEST_READY)  ## prove one exercise or page: EX=tokenizer/bpe or PAGE=tokenizer/byte_pair_encoding
	@$(RUN) check $(if $(EX),--exercise $(EX)) $(if $(PAGE),--page $(PAGE))

reset: $(READY)  ## put back the release form of an exercise, keeping yours aside: EX=tokenizer/bpe
	@$(RUN) reset "$(EX)"

kills: $(TEST_READY)  ## try every wrong answer and write the kill table for the site
	@$(RUN) kills
	@$(RUN) translate

mutants: $(TEST_READY)  ## grade every right and wrong answer as a class: EX=tokenizer/bpe for one exercise
	@$(RUN) mutants $(EX)

bench: $(TEST_READY)  ## measure speed, as ratios in one run
	@for file in $(filter-out %_gpu.py,$(wildcard benchmarks/[a-z]*.py)); do \
		$(BIN)/python $$file || exit 1; done

bench-gpu: $(TEST_READY)  ## measure attention on a CUDA device, as TFLOP/s and as ratios in one run
	$(BIN)/python benchmarks/attention_gpu.py

lock: $(TEST_READY)  ## write requirements.lock from what is installed
	@sed '/^[^#]/d' requirements.lock > requirements.lock.new
	@$(PIP) freeze --exclude-editable | sed 's/+cpu$$//' | grep -v '^handtorch' >> requirements.lock.new
	@mv requirements.lock.new requirements.lock

clean:  ## remove the site and caches (the environment, grading/ and kept/ stay)
	rm -rf _build .mypy_cache .ruff_cache .hypothesis
	find locale -name '*.mo' -delete
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +

$(READY): requirements.txt requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info[:2] <= (3, 13); \
		sys.exit(None if ok else "Handtorch needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is " \
		+ sys.version.split()[0] + ": name another one, for example make start PYTHON=python3.12")'
	@echo "Making the environment in $(VENV): 2 GB, a few minutes the first time."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) --requirement requirements.txt
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@$(RUN) kernelspec
	@touch $@

$(TEST_READY): $(READY) requirements-test.txt
	$(INSTALL) --requirement requirements-test.txt
	@touch $@
