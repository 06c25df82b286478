# make run    a desk to look at: dashboard, worker, mail catcher; the first run makes demo data
# make test   the same set-up with the test tools and Chromium, then lint, types, import rule, all tests
# A machine needs Python 3.11 or newer, make and git; the rest is installed here.

PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet install
.PHONY: run test check lint chromium mailservers clean
.NOTPARALLEL:

run: .venv/.run
	@exec $(PY) -m core run

test: .venv/.test chromium mailservers
	@$(MAKE) --no-print-directory --silent lint check

lint: .venv/.test
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --quiet --check .
	@$(PY) -m mypy core pages dashboard.py tests
	@.venv/bin/lint-imports --no-cache

check: .venv/.test
	@$(PY) -m pytest

.venv/.run: requirements.txt .venv/bin/python
	@echo "Installing what the program needs …"
	@$(PIP) -r requirements.txt
	@touch $@

.venv/.test: requirements-dev.txt requirements.txt .venv/bin/python
	@echo "Installing what the program and its tests need …"
	@$(PIP) -r requirements-dev.txt
	@touch .venv/.run $@

# A name on the PATH proves nothing (version managers leave empty shims): each is asked for its version.
.venv/bin/python:
	@for python in python3.11 python3.12 python3.13 python3 python3.14 python; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found="$$python"; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "Facturier needs Python 3.11 or newer, and there is none on the PATH. Install it (Debian, Ubuntu: apt-get install python3)." >&2; exit 1; \
	fi; \
	if ! "$$found" -m venv --clear .venv; then \
	  rm -rf .venv; \
	  name=$$("$$found" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
	  echo "$$found cannot make virtual environments. Install its venv module (Debian, Ubuntu: apt-get install $$name), then try again." >&2; exit 1; \
	fi

chromium: .venv/.test
	@if command -v chromium >/dev/null || command -v chromium-browser >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing Chromium …"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium poppler-utils >/dev/null; \
	else $(PY) -m playwright install chromium; fi

# A real postfix and dovecot for the tests, which start them from folders of their own: the system's are not started, now or later.
mailservers:
	@if [ -x /usr/lib/postfix/sbin/master ] && [ -x /usr/sbin/dovecot ] && command -v redis-server >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing postfix, dovecot and redis for the tests …"; \
	  if [ ! -e /usr/sbin/policy-rc.d ]; then printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d && mine=1; fi; \
	  apt-get update -qq && echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postfix dovecot-imapd redis-server >/dev/null; result=$$?; \
	  if [ -n "$$mine" ]; then rm -f /usr/sbin/policy-rc.d; fi; exit $$result; \
	else echo "The tests with real mail servers are skipped: only root can install and start postfix, dovecot and redis."; fi

clean:
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache test-results
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
