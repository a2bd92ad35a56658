# What people type here; `make` alone lists it. PYTHON, PORT and DATABASE_URL can be set in front or behind.

PYTHON ?= python3
BIN := .venv/bin
MESSAGES := $(patsubst %.po,%.mo,$(wildcard coalition/locale/*/LC_MESSAGES/*.po))
PYTHON_FILES = $(shell find manage.py coalition letters signatories tests -name '*.py')
TEMPLATES = $(shell find templates -name '*.html')

.DEFAULT_GOAL := help
.PHONY: help run test check fix clean-local

# A Python that was removed or upgraded takes its environment along.
$(shell [ -x $(BIN)/python ] || rm -rf .venv)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1 - /p' Makefile

run: .venv/.run $(MESSAGES) ## the whole of it on this machine, from nothing; PORT=8001 make run for another port
	@$(BIN)/python manage.py quickstart --follow-parent

test: .venv/.dev $(MESSAGES) ## every test, browser included, from nothing
	@.ci/test

check: .venv/.dev $(MESSAGES) ## format, lint, types, layers, migrations, deployment settings
	@$(BIN)/python -m coalition.postgres -- .ci/check

fix: .venv/.dev ## repairs what `make check` finds and a program can repair
	@$(BIN)/django-upgrade --target-version 5.2 --exit-zero-even-if-changed $(PYTHON_FILES)
	@$(BIN)/djade --target-version 5.2 $(TEMPLATES) || true
	@$(BIN)/ruff check --quiet --fix --exit-zero .
	@$(BIN)/ruff format .

clean-local: ## removes the data, keys and mails of local runs
	@$(PYTHON) -m coalition.postgres clean

# The environment. Each stamp is newer than what it was made from, so nothing is installed twice.

define install
$(BIN)/uv pip install --python $(BIN)/python --require-hashes -r $(1) || { \
	echo "Trying again with the certificates of this system"; \
	$(BIN)/uv --system-certs pip install --python $(BIN)/python --require-hashes -r $(1); }
endef

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, and $(PYTHON) is not. Name another one: make run PYTHON=python3.12" >&2; \
		exit 1; }
	@if $(BIN)/python -c 'import pip' 2>/dev/null; then \
		true; \
	elif $(PYTHON) -c 'import ensurepip; ensurepip.version()' 2>/dev/null; then \
		echo "Making .venv"; \
		$(PYTHON) -m venv --clear .venv; \
	elif $(PYTHON) -c 'import venv; from pip import __version__' 2>/dev/null; then \
		echo "Making .venv"; \
		$(PYTHON) -m venv --clear --without-pip .venv && $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; \
	else \
		echo "$(PYTHON) can't make virtual environments. On Debian and Ubuntu: sudo apt install python3-venv" >&2; \
		exit 1; \
	fi
	@touch $@

.venv/.uv: requirements/uv.txt .venv/.made
	@echo "Installing uv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/.run: requirements/run.txt .venv/.uv
	@echo "Installing what Coalition runs on"
	@$(call install,requirements/run.txt)
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.run
	@echo "Installing what tests and checks need"
	@$(call install,requirements/dev.txt)
	@touch $@

%.mo: %.po | .venv/.run
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@
