"""What is installed: every requirement is in a lock with its hashes, and every package has a licence we can live with."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.test_architecture import PACKAGES, imports, modules

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("app", "torch", "torch-cpu", "dev", "supply")
PIN = re.compile(r"^([\w.-]+)(?:\[[\w,]+\])?==([^\s;]+)", re.MULTILINE)


def pins(file: str) -> dict[str, str]:
    """The releases a requirements file pins, by canonical name; those it includes are left out."""
    return {canonical(name): release for name, release in PIN.findall((ROOT / file).read_text(encoding="utf-8"))}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def licences() -> ModuleType:
    spec = importlib.util.spec_from_file_location("licences", ROOT / "scripts" / "licences.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("requirements", "locks"),
    [
        ("requirements.txt", ("app", "torch")),
        ("requirements.txt", ("app", "torch-cpu")),
        ("requirements-gym.txt", ("app", "dev")),
        ("requirements-dev.txt", ("app", "dev")),
        ("requirements-supply.txt", ("supply",)),
        ("constraints.txt", ("app", "torch", "dev")),
    ],
)
def test_a_lock_has_what_the_requirements_ask_for(requirements: str, locks: tuple[str, ...]) -> None:
    locked = {name: release for lock in locks for name, release in pins(f"locks/{lock}.txt").items()}
    asked = pins(requirements)
    assert asked
    assert {name: locked.get(name, "").partition("+")[0] for name in asked} == asked


def test_every_requirements_file_is_locked_or_has_hashes_itself() -> None:
    files = {file.name for file in ROOT.glob("requirements*.txt")}
    locked = {f"requirements{which}.txt" for which in ("", "-gym", "-dev", "-supply")}
    hashed = {"requirements-packs.txt", "requirements-tutor.txt"}
    assert files == locked | hashed
    for line in (line for file in hashed for line in (ROOT / file).read_text(encoding="utf-8").splitlines()):
        assert line.startswith("#") or re.fullmatch(r"[\w.-]+==[\w.]+ --hash=sha256:[0-9a-f]{64}", line), line


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_of_a_lock_has_hashes(lock: str) -> None:
    text = (ROOT / "locks" / f"{lock}.txt").read_text(encoding="utf-8")
    entries = re.findall(r"^(\w\S*==[^\\\n]*)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", text, re.MULTILINE)
    assert len(entries) == len(pins(f"locks/{lock}.txt")) > 0
    rest = re.sub(r"^(?:#.*|\w\S*==[^\\\n]*(?: \\\n    --hash=sha256:[0-9a-f]{64})+)$", "", text, flags=re.MULTILINE)
    assert rest.strip() == "", "a lock names packages and hashes, and no place to fetch them from"


def test_locks_do_not_overlap() -> None:
    """They are installed together, and pip refuses two pins of one package."""
    app, torch, cpu, dev = (set(pins(f"locks/{lock}.txt")) for lock in ("app", "torch", "torch-cpu", "dev"))
    assert not app & torch
    assert not app & dev
    assert not torch & dev
    assert cpu == {"torch"} <= torch
    assert not any(name.startswith(("nvidia", "cuda", "triton")) for name in app | dev)


def test_nothing_is_installed_without_its_hash() -> None:
    script = (ROOT / "scripts" / "install").read_text(encoding="utf-8")
    installs = re.findall(r"^ +install (.*)$", script, re.MULTILINE)
    assert len(installs) == 3
    assert [line for line in installs if not line.startswith("--require-hashes ")] == []


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    """The kind of lock we write, with a wheel that is another than the one it was made for."""
    wheel = tmp_path / "nothing-1.0-py3-none-any.whl"
    wheel.write_bytes(b"PK\x05\x06" + bytes(18))
    lock = tmp_path / "lock.txt"
    lock.write_text(f"nothing==1.0 \\\n    --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    given = ("--no-index", "--find-links", str(tmp_path), "--require-hashes", "--dry-run", "-r", str(lock))
    pip = (sys.executable, "-m", "pip", "install", "--isolated", *given)
    ran = subprocess.run(pip, capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    assert "DO NOT MATCH THE HASHES" in ran.stderr


def test_everything_locked_has_a_licence_that_is_judged(licences: ModuleType) -> None:
    page = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    rows = {
        name: (release, stated) for name, release, stated in re.findall(r"^\| (\S+) \| (\S+) \| (.+?) \|", page, re.M)
    }
    wanted = {name: release for file in licences.FILES for name, release in pins(file).items()}
    assert {name: rows.get(name, ("no row",))[0] for name in wanted} == wanted, "run `make licences`"
    assert [name for name in wanted if not licences.judged(name, rows[name][1])] == []


def test_a_licence_nobody_judged_is_found(licences: ModuleType) -> None:
    assert licences.judged("anything", "MIT AND (Apache-2.0 OR BSD-3-Clause)")
    assert licences.judged("nvidia-cublas", "LicenseRef-NVIDIA-Proprietary")
    for stated in ("GPL-3.0-only", "MIT AND AGPL-3.0-or-later", "not stated", "LicenseRef-NVIDIA-Proprietary"):
        assert not licences.judged("anything", stated)


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ({"license_expression": "MIT", "license": "GPL"}, "MIT"),
        ({"license": "Apache License, Version 2.0"}, "Apache-2.0"),
        ({"license": "Copyright (c) somebody\nall of it", "classifier": ["License :: OSI Approved :: BSD License"]}, "BSD"),
        ({"classifier": ["License :: OSI Approved :: GNU General Public License v3 (GPLv3)"]}, "GNU General Public License v3 (GPLv3)"),
        ({"classifier": ["Programming Language :: Python"]}, "not stated"),
        ({}, "not stated"),
    ],
)  # fmt: skip
def test_licences_are_read_from_metadata(licences: ModuleType, metadata: dict[str, object], told: str) -> None:
    assert licences.licence(metadata) == told


def test_an_audit_that_could_not_look_is_no_pass() -> None:
    """Without --strict pip-audit leaves out what its database does not have, and calls the rest clean."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    command = re.search(r"bin/pip-audit (.*)", makefile)
    assert command and "--strict" in command[1]


def test_whatever_is_imported_is_asked_for() -> None:
    """What comes along with something else may go with it."""
    known = importlib.metadata.packages_distributions()
    used = {name.partition(".")[0] for module in modules() for name, _ in imports(module)}
    others = used - sys.stdlib_module_names - set(PACKAGES)
    asked = {*pins("requirements.txt"), *pins("requirements-gym.txt"), "inspect-ai"}
    assert [name for name in sorted(others) if not asked & {canonical(dist) for dist in known.get(name, [name])}] == []
