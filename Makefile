# Every target sets up what it needs; `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8000

# Two processes on two cores: waiting threads of torch must sleep, not spin.
export OMP_WAIT_POLICY := PASSIVE

.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/installed ## make the environment: a venv pinned by constraints.txt

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; choose one with: make PYTHON=python3.12 …")'
	@echo "Installing the course's packages into .venv (the first time takes some minutes) …"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

course: exercises book grade-demo ## everything: environment, assignments, book, a graded demo cohort
	@echo "The site is at _build/html/index.html; see it with: make serve"

exercises: setup ## generate the solved and the released notebooks from solutions/*.md
	$(BIN)/course exercises

book: setup ## build the site into _build/html, executing what has changed
	$(BIN)/jupyter-book build . -W -n --keep-going

grade-demo: exercises ## grade a demo cohort and write its feedback
	$(BIN)/course demo

serve: setup ## show the built site on http://127.0.0.1:8000 (PORT=… for another port)
	@test -f _build/html/index.html || $(MAKE) book
	@echo "The course is at http://127.0.0.1:$(PORT) (stop with Ctrl-C)"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

test: setup ## run the tests that need no browser and no GPU
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist loadgroup

site-test: setup ## drive every page and widget in a real browser (Chromium), on the built site
	@test -f _build/html/index.html || $(MAKE) book
	OMP_NUM_THREADS=1 $(BIN)/pytest -m browser --browser -n auto --dist loadgroup

lint: setup ## ruff, import contracts, freshness of the generated notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/course exercises --check

bench: setup ## run the recorded experiments again on the CPU (long), into benchmarks/results
	@for script in benchmarks/record_*.py; do echo $$script; $(BIN)/python $$script || exit 1; done

lock: setup ## write the versions installed now to constraints.txt
	@{ sed -n '/^#/p' constraints.txt; $(BIN)/pip freeze --exclude-editable | sed 's/+cpu$$//'; } > constraints.new
	@mv constraints.new constraints.txt && touch .venv/installed

clean: ## remove what was built, but not the environment
	rm -rf _build .pytest_cache .ruff_cache .hypothesis .import_linter_cache

.PHONY: help setup course exercises book grade-demo serve test site-test lint bench lock clean
