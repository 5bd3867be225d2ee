"""A real model in a process of its own: it replies, is stopped, and replies again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.serving import ServedModel

from .conftest import MODELS

pytestmark = pytest.mark.slow
TURNS = (
    {"role": "system", "content": "You are a tutor. Answer in one short sentence."},
    {"role": "user", "content": "What does a benchmark measure?"},
)


@pytest.fixture
def model() -> Iterator[ServedModel]:
    made = ServedModel(MODELS[0])
    yield made
    made.close()


def test_it_replies_is_stopped_and_replies_again(model: ServedModel) -> None:
    opened = model.open(300.0)
    assert opened.memory > 200 << 20 and opened.precision in ("float32", "bfloat16")
    reply = list(model.stream(TURNS, max_tokens=40, seconds=120.0))
    assert len(reply) > 5 and "".join(reply).strip() and "<|" not in "".join(reply)
    cut_off = model.stream(TURNS, max_tokens=400, seconds=120.0)
    next(cut_off)
    cut_off.close()
    again = list(model.stream(TURNS, max_tokens=40, seconds=120.0))
    assert "".join(again).strip()
