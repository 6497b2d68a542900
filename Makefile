# `make` lists what there is. Second runs are quick: each step leaves a stamp and is redone when its lock file changes.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test test-all check build clean lock screenshots chromium servers

PORT ?= 8000
PYTHON ?= python3
BIN := .venv/bin
# A machine's pip may be set to install into the home directory; that cannot work in a virtual environment.
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# $(call debian_package,NAME): apt-get as root or through sudo; otherwise say what to type.
define debian_package
sudo=; if [ "$$(id -u)" != 0 ]; then \
  command -v sudo >/dev/null || { echo "Please install $(1) as root: apt-get install $(1)" >&2; exit 1; }; sudo=sudo; fi; \
$$sudo apt-get update -qq; \
$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(1)
endef

help:
	@echo "make TARGET [PORT=8000]"
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14 | sed 's/^/  /'

run: $(BIN)/.run build ## install what is missing, build, serve the demo on PORT in the foreground
	@exec $(BIN)/zorio-webphone demo --port $(PORT)

test: $(BIN)/.dev build chromium ## install what tests need and run all of them
	$(BIN)/python -m pytest

# Where Hypothesis looks for new counterexamples, with other seeds each time; it prints how to repeat what it found.
SEARCHED := tests/core tests/protocol tests/shell tests/tabs
# An hour of a random hostile peer goes beside the rest, or this would take an hour more.
HOSTILE := tests/security/test_random_peer.py
# What the attacks on the server want of its database, they want of PostgreSQL too.
SECURITY_OF_ROWS := tests/security/test_at_rest.py tests/security/test_guesses.py tests/security/test_revocation.py
# Whatever fails, the rest is run too and the table printed: a fault whose test failed is in it as lost.
test-all: forget-faults build chromium ## the same, slow ones and real servers too (Kamailio, coturn, baresip, PostgreSQL); the faults survived
	@failed=0; $(MAKE) --no-print-directory servers || failed=1; \
	$(BIN)/python -m pytest || failed=1; \
	nice $(BIN)/python -m pytest -m slow -s $(HOSTILE) > hostile-hour.log 2>&1 & hostile=$$!; \
	$(BIN)/python -m pytest -m slow --ignore $(HOSTILE) || failed=1; \
	$(BIN)/python -m pytest --hypothesis-profile=search --timeout=900 $(SEARCHED) || failed=1; \
	$(BIN)/python -m pytest tests/real || failed=1; \
	$(BIN)/python -m pytest tests/server $(SECURITY_OF_ROWS) --ignore tests/server/pbx --postgresql -m "slow or not slow" || failed=1; \
	wait $$hostile || failed=1; cat hostile-hour.log; $(BIN)/python -m tests.e2e.faults; exit $$failed

.PHONY: forget-faults
forget-faults: $(BIN)/.dev
	@$(BIN)/python -m tests.e2e.faults --forget

check: $(BIN)/.dev node_modules/.installed ## lint, format, types, who may import whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	node_modules/.bin/eslint
	node_modules/.bin/tsc
	node_modules/.bin/tsc --project public/build

build: node_modules/.installed ## make dist/, the frame as it is served
	@node public/build/build.mjs

# A folder has this name too, hence .PHONY. QUICK=1: under two minutes.
.PHONY: bench
bench: $(BIN)/.dev build chromium ## measure the frame against plain JavaScript; QUICK=1 takes two minutes
	@$(BIN)/python -m bench $(if $(QUICK),--quick)

clean: ## remove what was built and cached; the environments stay
	rm -rf dist gallery .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find embed_app server tests public -name __pycache__ -prune -exec rm -rf {} +

LOCK := $(BIN)/uv pip compile pyproject.toml --upgrade --quiet --universal --python-version 3.11 \
  --generate-hashes --custom-compile-command "make lock"
lock: $(BIN)/.dev ## write the Python lock files anew from pyproject.toml
	@test -x $(BIN)/uv || $(BIN)/pip install --quiet uv
	$(LOCK) --extra demo --extra build -o requirements.lock
	$(LOCK) --all-extras -c requirements.lock -o requirements-dev.lock

screenshots: $(BIN)/.dev build chromium ## take the pictures of the README
	$(BIN)/python -m tests.e2e.screenshots

# A folder has this name too.
.PHONY: gallery
gallery: $(BIN)/.dev chromium ## take a picture of every state of the screen, all in gallery/index.html
	@$(BIN)/python -m tests.ui.gallery gallery

# Programs only: the tests start them with configurations and ports of their own.
SERVERS := kamailio kamailio-websocket-modules kamailio-autheph-modules kamailio-tls-modules \
  kamailio-extra-modules kamailio-utils-modules coturn baresip-core openssl iproute2 nftables postgresql
servers:
	@dpkg -s $(SERVERS) >/dev/null 2>&1 || { $(call debian_package,$(SERVERS)); }

chromium:
	@command -v chromium >/dev/null || { $(call debian_package,chromium); }

$(BIN)/.created:
	@command -v $(PYTHON) >/dev/null || { $(call debian_package,python3); }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { $(call debian_package,python3-venv); }
	$(PYTHON) -m venv .venv
	@touch $@

# Everything is locked with hashes, then the project itself is added without asking any registry.
$(BIN)/.run: requirements.lock pyproject.toml $(BIN)/.created
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

# After .run, never beside it: two pips must not write one environment at once.
$(BIN)/.dev: requirements-dev.lock $(BIN)/.run
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

node_modules/.installed: package-lock.json
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "Node.js 20 with npm is needed: https://nodejs.org" >&2; exit 1; }
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { echo "Node.js 20 is needed, this is $$(node --version)." >&2; exit 1; }
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@
