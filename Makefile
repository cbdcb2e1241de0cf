# SPDX-License-Identifier: GPL-3.0-or-later
# `make run` and `make test` are all that is needed on a fresh machine.

PYTEST_FLAGS ?=
FUZZ_FLAGS ?=
SOAK_FLAGS ?=
RELEASE_FLAGS ?=
# How many test processes run at a time; 0 runs the tests inside pytest's own process.
WORKERS ?= 6

.PHONY: help run test test-faults test-lowest soak fuzz lint format types dead-code check lock release bundle bench docs linkcheck icons screenshots clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 20

run: ## install into .venv and start wattui on a simulated meter
	@.ci/bootstrap run
	.venv/bin/wattui gui --demo --or-terminal

test: ## run every test
	@.ci/bootstrap test
	.venv/bin/python -m pytest --numprocesses=$(WORKERS) --dist=loadfile --no-loadscope-reorder $(PYTEST_FLAGS)

test-faults: ## the whole fault suite: kills, pulled plugs, full disks, power cuts; an hour
	@.ci/bootstrap test
	rm -rf .pytest_cache/faults
	WATTUI_FAULTS=full WATTUI_FAULT_FIGURES=.pytest_cache/faults \
		.venv/bin/python -m pytest --numprocesses=4 --dist=worksteal tests/faults $(PYTEST_FLAGS)
	.venv/bin/python tests/faults/promises.py .pytest_cache/faults

test-lowest: ## some tests, with the lowest versions of all packages that setup.cfg allows
	@.ci/bootstrap dev
	.ci/test-lowest $(PYTEST_FLAGS)

soak: ## a week of twelve simulated meters with random faults; ten minutes
	@.ci/bootstrap test
	.venv/bin/python tests/soak --figures tests/soak/figures.json $(SOAK_FLAGS)

fuzz: ## fuzz all readers: FUZZ_FLAGS='--seconds 300 framer import'; ten minutes
	@.ci/bootstrap fuzz
	.venv/bin/python tests/fuzz --figures tests/fuzz/figures.json $(FUZZ_FLAGS)

lint: ## check the style of the code
	@.ci/bootstrap dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: ## check the types
	@.ci/bootstrap dev
	.venv/bin/mypy

dead-code: ## list code that nothing uses
	@.ci/bootstrap dev
	.venv/bin/vulture

check: ## everything CI checks: style, types, dead code, licences, the wheel, tests
	.ci/run

lock: ## pin the dependencies of a release, with their hashes
	@.ci/bootstrap dev
	.venv/bin/uv pip compile --quiet --universal --upgrade --generate-hashes --no-annotate \
		--no-emit-index-url --python-version 3.11 --custom-compile-command 'make lock' \
		setup.cfg --output-file requirements.lock

release: ## make a release, publish nothing: make release VERSION=0.2.0
	@.ci/bootstrap dev
	@.ci/bootstrap docs
	.venv/bin/python .ci/release.py $(VERSION) $(RELEASE_FLAGS)

format: ## format the code
	@.ci/bootstrap dev
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bundle: ## build the folder, the single file and the Debian package for people without Python
	@.ci/bootstrap docs
	.ci/build-man
	packaging/build

bench: ## run the benchmarks, side by side with earlier programs
	@.ci/bootstrap bench
	for script in benchmarks/*.py; do echo "== $$script"; .venv/bin/python "$$script" || exit; done

docs: ## build the documentation: the site in build/site, the manual page in build/man
	@.ci/bootstrap docs
	.venv/bin/python -m sphinx --fail-on-warning --keep-going -q -b html \
		-d build/doctrees -c docs/site docs build/site
	.ci/build-man

linkcheck: ## check the external links of the documentation, which needs the network
	@.ci/bootstrap docs
	.venv/bin/python -m sphinx -q -b linkcheck -d build/doctrees -c docs/site docs build/linkcheck

icons: ## redraw the icons from resources/icons/*.svg
	@.ci/bootstrap run
	.venv/bin/python docs/images/make_icons.py

screenshots: ## retake the pictures of the documentation
	@.ci/bootstrap test
	.venv/bin/python docs/images/make_screenshots.py

clean: ## remove everything that was built here
	rm -rf .venv build dist man *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
