"""One text at a time: the same tokens as alone, in pieces, with nothing read twice and an end whenever it is unwanted."""

from __future__ import annotations

import pytest
import torch

from engine.models import interruption
from engine.models.interruption import Interrupted, interruptible
from engine.models.local import fastest_precision, streaming
from engine.models.local import precision as precisions
from tests.engine.models.local.zoo import CONFIGS, ON_TREES, RHYME, Opened, alone, passes_of, sentences


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "READ_AT_ONCE", 7)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_pieces_are_what_the_model_writes_alone(opened: Opened, name: str) -> None:
    model = opened(name)
    for text in (RHYME, *sentences(2, seed=3, words=30), RHYME[:40], RHYME + " the cat", "a"):
        pieces = list(model.stream(text, 20))
        assert "".join(pieces) == model.tokenizer.decode(alone(model, text, 20), skip_special_tokens=True)
        assert all(pieces)


@pytest.mark.parametrize("name", ON_TREES)
def test_what_two_prompts_begin_with_is_read_once(opened: Opened, name: str) -> None:
    model = opened(name)
    first, second = (model.encoder.tokens([text])[text] for text in (RHYME, RHYME + " the cat sat"))
    passes = passes_of(model)
    list(model.stream(RHYME, 1))
    assert sum(passes) == len(first)
    passes.clear()
    list(model.stream(RHYME + " the cat sat", 1))
    assert sum(passes) == len(second) - len(first)
    passes.clear()
    list(model.stream(RHYME, 1))
    assert sum(passes) == 1  # its last token, for what comes next


def test_a_character_of_several_tokens_comes_whole(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    model = opened("llama")
    written = iter(model.tokenizer.encode("sun ☀ rain", add_special_tokens=False))
    monkeypatch.setattr(model, "_tokens", lambda prompt, writer: written)
    pieces = list(model.stream(RHYME, 20))
    assert "".join(pieces) == "sun ☀ rain" and "☀" in "".join(pieces) and not any("\ufffd" in piece for piece in pieces)


def test_nobody_wants_it_any_more(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interruption, "LOOK", 0.0)
    model = opened("llama")
    unwanted = False
    with interruptible(lambda: unwanted):
        pieces = model.stream(RHYME, 20)
        begun = next(pieces)
        unwanted = True
        with pytest.raises(Interrupted):
            list(pieces)
    with interruptible(lambda: True), pytest.raises(Interrupted):  # while the prompt is read
        list(model.stream(RHYME + " so it is", 20))
    assert "".join(model.stream(RHYME, 20)).startswith(begun)


def test_a_prompt_that_is_too_long_is_read_from_where_it_fits(opened: Opened) -> None:
    model = opened("llama")
    long = " ".join(sentences(40, seed=5, words=40))
    assert len(model.tokenizer.encode(long)) > model.encoder.max_length
    assert list(model.stream(long, 8))


def test_the_faster_precision_is_the_one_that_took_less_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = {torch.bfloat16: 1.0, torch.float32: 2.0}
    monkeypatch.setattr(precisions, "_seconds", seconds.get)
    assert fastest_precision() == "bfloat16"
    seconds[torch.bfloat16] = 3.0
    assert fastest_precision() == "float32"
