# Two commands: `make run` and `make test`. Both set up what they need; a second call starts at once.
PORT ?= 8501
HOST ?= 127.0.0.1

.PHONY: run test check install tutor clean lock licences sbom audit

run: .venv/.installed
	scripts/run $(PORT) $(HOST)

test: .venv/.installed-dev
	scripts/test

check: .venv/.installed-dev  ## lint, types and fast tests only
	scripts/test fast

install: .venv/.installed

tutor: .venv/.installed  ## a model that speaks as tutor on this machine, without a key: 1.1 GB
	.venv/bin/python -m tutor fetch

.venv/.installed: locks/app.txt locks/torch.txt locks/torch-cpu.txt requirements-packs.txt scripts/install
	scripts/install app
	@touch $@

.venv/.installed-dev: .venv/.installed locks/dev.txt
	scripts/install dev
	@touch $@

lock: .venv-supply/.installed  ## hashes of all requirements; UPGRADE=1 moves what they bring along to its newest release
	.venv-supply/bin/python scripts/lock.py $(if $(UPGRADE),--upgrade)

licences: .venv-supply/.installed  ## docs/licences.md
	.venv-supply/bin/python scripts/licences.py

sbom: .venv/.installed .venv-supply/.installed  ## sbom.cdx.json: what is installed here, with licences
	.venv-supply/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible -o sbom.cdx.json .venv

audit: .venv-supply/.installed  ## known vulnerabilities; --strict: a package that the database does not have is no pass
	.venv-supply/bin/pip-audit --strict --disable-pip --require-hashes $(foreach lock,app torch dev,-r locks/$(lock).txt)

.venv-supply/.installed: locks/supply.txt
	python3 -m venv .venv-supply
	.venv-supply/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

clean:
	rm -rf .venv .venv-supply .pytest_cache .mypy_cache .ruff_cache .hypothesis
