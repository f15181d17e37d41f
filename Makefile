# The table of contents: `make help` says what can be done here.
# Written for GNU make 3.81 and newer. Installing is safe to repeat: what is up to date is left alone.

VENV := .venv
BIN := $(VENV)/bin
UV := sh scripts/uv
NPM := sh scripts/with-node npm --prefix widget
# Compiled once, here: where Python may not write bytecode (PYTHONDONTWRITEBYTECODE), each start would take seconds longer.
LOCKED := $(UV) pip sync --quiet --require-hashes --compile-bytecode
# Versions that are installed already are kept, unless UPGRADE=1 asks for newer ones.
LOCK := $(UV) pip compile --quiet --generate-hashes --no-annotate --universal --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)
PROCESSES ?= 2

.PHONY: help setup run test check fix lint types imports lints widget widget-check size pictures soak repeats FORCE
.PHONY: bench-search bench-ingest bench-replacing bench-answers bench-ttft migrate lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

setup: $(VENV)/app app/web/static/widget.js ## install and build, nothing else

run: setup ## install, build, and serve in the foreground; HOST and PORT choose the address
	@exec $(BIN)/frontdesk serve

test: $(VENV)/dev widget ## all tests, on a real database, Redis and browser; ARGS="-k word" chooses some
	@sh scripts/test-programs
	@$(NPM) test
	$(BIN)/pytest -n $(PROCESSES) $(ARGS)

check: lint types imports widget-check lints ## everything that must hold before a commit, tests apart

fix: $(VENV)/dev widget/node_modules/installed ## correct and format what tools can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	@$(NPM) run --silent format

lint: $(VENV)/dev ## style and formatting of the Python code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev ## types of the Python code
	$(BIN)/mypy

imports: $(VENV)/dev ## which part may know which (the contracts in pyproject.toml)
	$(BIN)/lint-imports

lints: $(VENV)/dev ## the project's own rules, each with its reason
	$(BIN)/pytest tests/lint

widget: app/web/static/widget.js ## build the browser code

widget-check: widget/node_modules/installed ## types and formatting of the browser code
	@$(NPM) run --silent check

size: widget ## bytes of the widget: raw, gzip, brotli
	@$(NPM) run --silent size

pictures: $(VENV)/dev widget ## take the documentation's pictures anew, from the running product
	@sh scripts/test-programs
	$(BIN)/python -m tests.browser.pictures

soak: $(VENV)/dev widget ## two minutes of everything breaking, and nothing lost; ARGS="--seconds 600 --seed 7" sets more
	@$(BIN)/python -m bench.soak $(ARGS)

bench-search: $(VENV)/dev ## search against plain dense search and ts_rank, up to 200,000 chunks; ARGS="--large 50000" asks less
	@$(BIN)/python -m bench.search $(ARGS)

repeats: $(VENV)/dev widget ## 10,000 requests that repeat 2,000 messages through broken lines: is each stored once?
	@$(BIN)/python -m bench.repeats

bench-ingest: $(VENV)/dev ## pages a second into search, and what the time goes into; ARGS="FOLDER" reads real files
	@$(BIN)/python -m bench.ingest $(ARGS)

bench-replacing: $(VENV)/dev ## a minute of twenty that replace, delete and search: is anything found that is gone, or lost?
	@$(BIN)/python -m bench.replacing $(ARGS)

bench-answers: $(VENV)/app ## how often the assistant is right to answer, on the evaluation sets; ARGS=DIRECTORY names their folder
	@$(BIN)/frontdesk migrate
	@$(BIN)/python -m bench.answers $(ARGS)

bench-ttft: $(VENV)/dev widget ## how much later the first word comes than from the model endpoint itself
	@$(BIN)/python -m bench.ttft $(ARGS)

migrate: $(VENV)/app ## bring the database to the newest schema, as `serve` does by itself
	@exec $(BIN)/frontdesk migrate

lock: $(VENV)/uv ## write requirements/*.lock anew; UPGRADE=1 takes the newest versions
	$(LOCK) requirements/app.in -o requirements/app.lock
	$(LOCK) requirements/dev.in -c requirements/app.lock -o requirements/dev.lock
	$(LOCK) requirements/node.in -o requirements/node.lock
	$(LOCK) requirements/installer.in -o requirements/installer.lock

clean: ## remove what is installed and built; data stays
	rm -rf $(VENV) widget/node_modules app/web/static
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

# --- what is installed, each step with a mark that it is done ---

# A virtual environment holds the path that it was made in: where the checkout was moved or copied, it is made anew.
ifneq ($(shell test -x $(BIN)/python && cat $(VENV)/made 2>/dev/null),$(CURDIR))
$(VENV)/made: FORCE
endif

$(VENV)/made:
	@python="$$(sh scripts/find-python)" && echo "Making a virtual environment with $$python" \
		&& "$$python" -m venv --clear $(VENV)
	@printf %s "$(CURDIR)" > $@

$(VENV)/uv: $(VENV)/made requirements/installer.lock
	@echo "Installing uv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/installer.lock
	@touch $@

$(VENV)/app: $(VENV)/uv requirements/app.lock requirements/app.in requirements/hatch_dependencies.py pyproject.toml
	@echo "Installing the packages of requirements/app.lock"
	@$(LOCKED) requirements/app.lock requirements/installer.lock
	@$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: $(VENV)/app requirements/dev.lock
	@echo "Installing the packages of requirements/dev.lock"
	@$(LOCKED) requirements/dev.lock requirements/installer.lock
	@$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

widget/node_modules/installed: widget/package.json widget/package-lock.json | $(VENV)/uv
	@echo "Installing what builds the browser code"
	@$(NPM) ci --no-audit --no-fund --no-update-notifier --ignore-scripts --loglevel=error
	@touch $@

# Folders are listed too: they change when a file is added or removed.
app/web/static/widget.js: widget/node_modules/installed $(shell find widget/* -name node_modules -prune -o -name test -prune -o -print)
	@echo "Building the browser code"
	@$(NPM) run --silent build
	@touch $@
