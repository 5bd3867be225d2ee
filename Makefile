# Two commands: `make run` and `make test`. Both set up what they need; a second call starts at once.
PORT ?= 8501
HOST ?= 127.0.0.1

.PHONY: run test check install clean

run: .venv/.installed
	scripts/run $(PORT) $(HOST)

test: .venv/.installed-dev
	scripts/test

check: .venv/.installed-dev  ## lint, types and fast tests only
	scripts/test fast

install: .venv/.installed

.venv/.installed: requirements.txt constraints.txt requirements-packs.txt scripts/install
	scripts/install requirements.txt requirements-packs.txt
	@touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.txt requirements-gym.txt
	scripts/install requirements-dev.txt
	@touch $@

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
