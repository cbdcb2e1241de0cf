# SPDX-License-Identifier: GPL-3.0-or-later
# `make run` and `make test` are all that is needed on a fresh machine.

PYTEST_FLAGS ?=
# How many tests run at a time; 0 is one, in the process of pytest itself.
WORKERS ?= 2

.PHONY: help run test lint format types check bench icons screenshots clean

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 20

run: ## install into .venv, and start the program on a simulated meter
	@.ci/bootstrap run
	.venv/bin/wattui gui --demo --or-terminal

test: ## run every test
	@.ci/bootstrap test
	.venv/bin/python -m pytest --numprocesses=$(WORKERS) --dist=loadfile --no-loadscope-reorder $(PYTEST_FLAGS)

lint: ## look at the style of the code
	@.ci/bootstrap dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types: ## check the types of what lies below the window
	@.ci/bootstrap dev
	.venv/bin/mypy

check: ## all that is asked of a change: style, types, tests, the wheel
	.ci/run

format: ## put the code into its form
	@.ci/bootstrap dev
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bench: ## measure, beside the programs that did this job before
	@.ci/bootstrap bench
	.venv/bin/python benchmarks

icons: ## draw the icons anew from resources/icons/*.svg
	@.ci/bootstrap run
	.venv/bin/python docs/make_icons.py

screenshots: ## take the pictures of the documentation anew
	@.ci/bootstrap test
	.venv/bin/python docs/make_screenshots.py

clean: ## remove whatever was made here
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
