"""Checksums of converted weights: whatever happened to a byte is found, wherever it lies."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.home import exposed
from engine.models import checksums


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "weights"
    made.mkdir()
    (made / "model.safetensors").write_bytes(random.Random(1).randbytes(3 << 20))
    (made / "config.json").write_text("{}")
    checksums.write(made)
    return made


def test_what_is_as_it_was_written_is_whole(folder: Path) -> None:
    assert checksums.damage(folder) is None


def test_any_single_flipped_bit_is_found(folder: Path) -> None:
    """200 of them turned 7 of 20 right answers into 1. Each is found alone, all over the file."""
    file, places = folder / "model.safetensors", random.Random(2)
    whole = file.read_bytes()
    for _ in range(200):
        at, bit = places.randrange(len(whole)), places.randrange(8)
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
        assert checksums.damage(folder) == "model.safetensors has changed since it was written"
    file.write_bytes(whole)
    assert checksums.damage(folder) is None


def another_converter(folder: Path) -> None:
    kept = json.loads((folder / checksums.FILE).read_text())
    (folder / checksums.FILE).write_text(json.dumps(kept | {"converter": 0}))


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda at: (at / "model.safetensors").write_bytes(b"cut"), "has 3 bytes instead of 3,145,728"),
        (lambda at: (at / "model.safetensors").write_bytes(b""), "has 0 bytes"),
        (lambda at: (at / "config.json").unlink(), "config.json is missing"),
        (lambda at: (at / "adapter_config.json").write_text("{}"), "adapter_config.json is not one of their files"),
        (lambda at: (at / checksums.FILE).unlink(), "no checksums were kept"),
        (lambda at: (at / checksums.FILE).write_text("{"), "cannot be read"),
        (lambda at: (at / checksums.FILE).write_text('{"converter": 1, "files": {"config.json": 3}}'), "is not one of"),
        (lambda at: (at / checksums.FILE).write_text("[]"), "cannot be read"),
        (another_converter, "another version converted them"),
    ],
)
def test_damage_is_named(folder: Path, harm: Callable[[Path], object], says: str) -> None:
    harm(folder)
    assert says in str(checksums.damage(folder))


def test_a_folder_of_weights_is_its_owners_alone(folder: Path) -> None:
    assert not any(exposed(path) for path in (folder, *folder.iterdir()))
