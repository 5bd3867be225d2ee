"""Converted weights are whole or made again: never is anything computed with a byte that is not as it was written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.home import exposed
from engine.models import checksums
from engine.models.local.model import open_local
from engine.models.registry import find
from tests.engine.models.local.zoo import questions, sums_of


def flip_200_bits(weights: Path) -> None:
    content = bytearray(weights.read_bytes())
    for i in range(200):
        content[-1 - i * 97] ^= 0x40
    weights.write_bytes(content)


def cut(weights: Path) -> None:
    weights.write_bytes(weights.read_bytes()[:-4_000])


def from_before(weights: Path) -> None:
    (weights.parent / checksums.FILE).unlink()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("harm", [flip_200_bits, cut, from_before])
def test_what_is_not_as_it_was_written_is_made_again_and_said(
    harm: Callable[[Path], None], dtype: str, gguf_file: Path, own_home: Path
) -> None:
    first = open_local(find(str(gguf_file)), "cpu", dtype)
    assert first.notices == []
    expected = sums_of(first, items := questions(3, seed=5))
    suffix = "" if dtype == "float32" else f"-{dtype}"
    (folder,) = (own_home / "models").glob(f"tiny-{'?' * 12}{suffix}")
    harm(folder / "model.safetensors")
    again = open_local(find(str(gguf_file)), "cpu", dtype)
    assert sums_of(again, items) == expected
    (notice,) = again.notices
    assert "weights of tiny" in notice and "made again" in notice
    assert checksums.damage(folder) is None
    assert open_local(find(str(gguf_file)), "cpu", dtype).notices == []
    assert not [left for left in folder.parent.iterdir() if left.name.startswith(checksums.SCRATCH)]


def test_a_rounded_copy_is_not_made_of_damaged_weights(gguf_file: Path, own_home: Path) -> None:
    open_local(find(str(gguf_file)), "cpu")
    expected = sums_of(open_local(find(str(gguf_file)), "cpu", "bfloat16"), items := questions(3, seed=5))
    for weights in (own_home / "models").glob("tiny-*/model.safetensors"):
        flip_200_bits(weights)
    again = open_local(find(str(gguf_file)), "cpu", "bfloat16")
    assert sums_of(again, items) == expected
    assert len(again.notices) == 2  # the exact ones and the rounded ones


def test_a_rounded_copy_leaves_no_exact_one_that_nobody_asked_for(gguf_file: Path, own_home: Path) -> None:
    alone = open_local(find(str(gguf_file)), "cpu", "bfloat16")
    assert [folder.name.rpartition("-")[2] for folder in (own_home / "models").iterdir()] == ["bfloat16"]
    open_local(find(str(gguf_file)), "cpu")
    shutil.rmtree(next((own_home / "models").glob("*-bfloat16")))
    items = questions(3, seed=5)
    assert sums_of(open_local(find(str(gguf_file)), "cpu", "bfloat16"), items) == sums_of(alone, items)
    assert len(list((own_home / "models").iterdir())) == 2


def test_converted_weights_are_their_owners_alone(gguf_file: Path, own_home: Path) -> None:
    open_local(find(str(gguf_file)), "cpu")
    assert [path for path in own_home.rglob("*") if exposed(path)] == []
