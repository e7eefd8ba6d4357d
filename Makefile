# Everything a developer types. Each target does the set-up it needs by itself.

PYTHON ?=
# Test processes side by side: tests mostly wait for other processes, so there are more of them than processors.
WORKERS ?= 6
# What runs pytest. The gate measures coverage with it, which takes a third longer: RUN=".venv/bin/coverage run".
RUN ?= .venv/bin/python
# Go's garbage collection in API servers, kubectl and helm: with Go's own value, 100, the start and the requests of an
# API server take a quarter more processor time, and each worker's 400 MB less memory.
GOGC ?= 400
# The local stack's state.
LOCAL ?= .local
# What every target needs first; empty: .venv is there already, whoever made it.
SET_UP ?= .venv/.set-up
UV_COMPILE = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock"

# Some images and shells set it; then each of the thousand Python processes of a test run compiles what it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo demo-helm up down image cluster cluster-down test test-node coverage check bench crds chart chart-package lock fmt clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(SET_UP) ## Start the whole stack, move some thousand real files with it, compare them, take it down
	@.venv/bin/python -m datamover_dev demo --local $(LOCAL)

up: $(SET_UP) ## Start the stack and leave it running; then: source .local/env
	@.venv/bin/python -m datamover_dev up --local $(LOCAL)

down: $(SET_UP) ## Stop what `make up` started
	@.venv/bin/python -m datamover_dev down --local $(LOCAL)

image: $(SET_UP) ## Build the images with docker, podman or buildah
	@.venv/bin/python -m datamover_dev image

cluster: $(SET_UP) ## Start a control plane and a real node that has the images (needs root)
	@.venv/bin/python -m datamover_dev cluster --local $(LOCAL)

cluster-down: $(SET_UP) ## Stop what `make cluster` started
	@.venv/bin/python -m datamover_dev down --local $(LOCAL)

demo-helm: $(SET_UP) ## The demo again, with everything in pods that helm installed (needs root)
	@.venv/bin/python -m datamover_dev demo-helm --local $(LOCAL)

test: $(SET_UP) ## Run every test on real processes
	@.venv/bin/python -m datamover_dev build
	@rm -rf .local/coverage && mkdir -p .local/coverage
	GOGC=$(GOGC) $(RUN) -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

test-node: $(SET_UP) ## Run the tests on a real node: pods, helm, upgrades (needs root)
	exec env NODE_TESTS=1 .venv/bin/python -m pytest tests/node -v --durations=0 --durations-min=1 \
		-o faulthandler_timeout=1800 $(ARGS)

coverage: ## Report what a measured `make test` covered; fails under the limit in pyproject.toml
	.venv/bin/coverage combine --quiet --keep
	.venv/bin/coverage report

check: $(SET_UP) ## Lint, formatting, types, import rules, generated files
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo
	.venv/bin/python -m datamover_crds --check
	.venv/bin/python -m datamover_crds --check charts/datamover-operator/files/crds
	.venv/bin/python -m datamover_crds.reference --check
	.venv/bin/python -m datamover_crds.locations.reference --check

bench: $(SET_UP) ## Measure the operator at work and at rest, runs, the emulator's copying, reads by REST (an hour)
	.venv/bin/python -m benchmarks

crds: $(SET_UP) ## Generate crds/*.yaml, the chart's copy of them, docs/reference.md and docs/locations.md from the models
	.venv/bin/python -m datamover_crds
	.venv/bin/python -m datamover_crds charts/datamover-operator/files/crds
	.venv/bin/python -m datamover_crds.reference
	.venv/bin/python -m datamover_crds.locations.reference

chart: $(SET_UP) ## Generate the values in the chart's README.md from values.yaml
	.venv/bin/python -m datamover_dev.chart.readme

chart-package: $(SET_UP) ## Package the chart into dist/, for helm push
	@.venv/bin/python -m datamover_dev chart-package

lock: $(SET_UP) ## Resolve the dependencies anew and lock them with hashes
	$(UV_COMPILE) --upgrade requirements/uv.in --output-file requirements/uv.txt
	$(UV_COMPILE) --upgrade pyproject.toml --extra emulator --extra dev --output-file requirements/dev.txt
	$(UV_COMPILE) pyproject.toml --constraints requirements/dev.txt --output-file requirements/operator.txt
	$(UV_COMPILE) pyproject.toml --constraints requirements/dev.txt --extra emulator --output-file requirements/emulator.txt
	$(UV_COMPILE) requirements/build.in --constraints requirements/dev.txt --output-file requirements/build.txt

fmt: $(SET_UP) ## Format the code and mend what the linter can mend
	.venv/bin/ruff check --fix-only --quiet
	.venv/bin/ruff format

clean: ## Remove .venv and everything generated; the control plane stays in the user's cache
	@if [ -x .venv/bin/python ]; then .venv/bin/python -m datamover_dev down; fi
	rm -rf .venv .local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/.set-up: dev/set-up pyproject.toml requirements/uv.txt requirements/dev.txt
	@PYTHON="$(PYTHON)" dev/set-up
