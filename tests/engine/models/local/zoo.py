"""Real transformers models, tiny and random, and every number one sequence at a time, written out here.

Random weights are as good as trained ones to find a wrong mask, position or truncation, as long as they are
large enough for attention to matter; hence the wide initialisation. Parity with lm-eval on real weights is
in tests/parity.
"""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Callable, Collection
from typing import Any

import pytest
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from engine.harness.config import Decoding
from engine.models.interface import Completion, Logliks, Prompt, Ranking
from engine.models.local.model import LocalModel

RHYME = "the cat sat on a red mat while seven small birds sang about rain and nobody knew why"
WORDS = RHYME.split()
LENGTH = 1_024
"""Positions each model knows."""
WIDE = {"initializer_range": 0.3}
SMALL: dict[str, Any] = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4, **WIDE}
LONG: dict[str, Any] = {**SMALL, "max_position_embeddings": LENGTH}

CONFIGS: dict[str, Callable[[int], Any]] = {
    "llama": lambda size: transformers.LlamaConfig(
        vocab_size=size, num_hidden_layers=2, num_key_value_heads=2, **LONG
    ),
    "gpt2": lambda size: transformers.GPT2Config(
        vocab_size=size, n_embd=32, n_layer=2, n_head=4, n_positions=LENGTH, **WIDE
    ),
    "gemma3": lambda size: transformers.Gemma3TextConfig(
        vocab_size=size, num_hidden_layers=3, num_key_value_heads=1, head_dim=8, sliding_window=8,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"], **LONG
    ),
    "mamba": lambda size: transformers.MambaConfig(vocab_size=size, hidden_size=32, state_size=4, num_hidden_layers=2, **WIDE),
}  # fmt: skip
ON_TREES = ("llama", "gpt2", "gemma3")
Opened = Callable[[str], LocalModel]


def sentences(count: int, seed: int, words: int = 6) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(rng.choices(WORDS, k=words)) for _ in range(count)]


def make_tokenizer(begins_with_bos: bool) -> transformers.PreTrainedTokenizerFast:
    """Byte-level BPE of a few hundred tokens, trained on self-made sentences."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=330, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet, show_progress=False
    )
    bpe.train_from_iterator(sentences(50, seed=0), trainer)
    if begins_with_bos:
        bpe.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    return transformers.PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token="<s>", eos_token="</s>")


# ---- ranking


def questions(count: int, seed: int, *, context: int = 8) -> list[Ranking]:
    """Random questions: a shared few-shot beginning, contexts of many lengths, 2 to 5 choices, some alike."""
    rng = random.Random(seed)
    shared = sentences(1, seed, words=12)[0] + "\n\n"
    made = []
    for i in range(count):
        asked = shared * (i % 2) + " ".join(rng.choices(WORDS, k=rng.randint(1, context)))
        choices = [" " + " ".join(rng.choices(WORDS, k=rng.randint(1, 5))) for _ in range(rng.randint(2, 5))]
        made.append(Ranking(item_id=f"q{i}", pairs=tuple((asked, choice) for choice in choices)))
    return made


def subjects(count: int, words: int, seed: int, each: int = 4) -> list[Ranking]:
    """MMLU's form: each subject has long worked examples of its own, and each of its questions begins with them."""
    made = []
    for subject, examples in enumerate(sentences(count, seed, words)):
        for item in questions(each, 10 * seed + subject, context=12):
            pairs = tuple((f"{examples}\n\n{asked}", choice) for asked, choice in item.pairs)
            made.append(Ranking(item_id=f"s{subject}{item.item_id}", pairs=pairs))
    random.Random(seed).shuffle(made)
    return made


def plain_logits(model: LocalModel, tokens: list[int]) -> torch.Tensor:
    """By transformers' own attention, one sequence at a time."""
    model.rows.use()
    logits: torch.Tensor = model.model(torch.tensor([tokens])).logits[0]
    return logits


def sum_of_last(model: LocalModel, whole: list[int], scored: int) -> float:
    """The log-likelihood of the last tokens of a sequence, the rest of it cut on the left."""
    whole = whole[-(model.encoder.max_length + 1) :]
    with torch.inference_mode():
        logprobs = plain_logits(model, whole[:-1]).log_softmax(-1)
    return sum(float(logprobs[at - 1, whole[at]]) for at in range(len(whole) - scored, len(whole)))


def plain_sum(model: LocalModel, context: str, continuation: str) -> float:
    """lm-eval's rule, one sequence at a time: encode the whole, score what the context does not cover, cut left."""
    whole = model.tokenizer.encode(context + continuation)
    return sum_of_last(model, whole, len(whole) - len(model.tokenizer.encode(context.rstrip())))


def sums_of(model: LocalModel, items: list[Ranking], skip: Collection[str] = ()) -> dict[str, tuple[float, ...]]:
    told = [outcome for batch in model.rank(items, skip) for outcome in batch]
    assert all(isinstance(outcome, Logliks) for outcome in told), told
    return {outcome.item_id: outcome.sums for outcome in told if isinstance(outcome, Logliks)}


def assert_plain(model: LocalModel, items: list[Ranking]) -> None:
    told = sums_of(model, items)
    assert len(told) == len(items)
    for item in items:
        assert told[item.item_id] == pytest.approx([plain_sum(model, *pair) for pair in item.pairs], abs=1e-4)


# ---- writing


def prompts() -> list[Prompt]:
    return [Prompt(item_id=f"p{i}", text=text) for i, text in enumerate([*sentences(5, 20, 3), *sentences(5, 21, 9)])]


def written_by(model: LocalModel, items: list[Prompt], decoding: Decoding) -> dict[str, Completion]:
    told = [outcome for batch in model.write(items, decoding) for outcome in batch]
    assert all(isinstance(outcome, Completion) for outcome in told), told
    assert len(told) == len({outcome.item_id for outcome in told}) == len(items)
    return {outcome.item_id: outcome for outcome in told if isinstance(outcome, Completion)}


def ends_of(model: LocalModel) -> set[int]:
    """The tokens that end a text, by the two places that may name them."""
    told = model.model.generation_config.eos_token_id
    return {model.tokenizer.eos_token_id, *(told if isinstance(told, list) else [told])}


_WITHOUT_END: dict[tuple[str, str], list[int]] = {}


def alone(model: LocalModel, text: str, most: int = 12) -> list[int]:
    """Greedy decoding without a cache, a batch or a library: the likeliest token, again and again.

    How a text goes on where nothing ends it is remembered from test to test: it takes longer than all the rest.
    """
    start = list(model.tokenizer.encode(text))
    new = _WITHOUT_END.setdefault((model.environment["weights"], text), [])
    with torch.inference_mode():
        while len(new) < most:
            new.append(int(plain_logits(model, [*start, *new])[-1].argmax()))
    ends = ends_of(model)
    end = next((at + 1 for at, token in enumerate(new[:most]) if token in ends), most)
    return new[:end]


# ---- what a model does, and what it cannot


def passes_of(model: LocalModel) -> list[int]:
    """From now on, the tokens of every forward pass."""
    seen: list[int] = []
    real = model.model.forward

    @functools.wraps(real)
    def forward(*given: Any, **named: Any) -> Any:
        seen.append((given[0] if given else named["input_ids"]).numel())
        return real(*given, **named)

    model.model.forward = forward
    return seen


def short_of_memory(model: LocalModel, most: int) -> None:
    """From now on more than `most` tokens at a time do not fit."""
    no_room_for(model, lambda tokens: tokens.numel() > most)


def no_room_for(model: LocalModel, too_much: Callable[[torch.Tensor], bool]) -> None:
    """From now on memory runs out in a pass over such tokens."""
    roomy = model.model.forward

    @functools.wraps(roomy)
    def forward(*given: Any, **named: Any) -> Any:
        if too_much(given[0] if given else named["input_ids"]):
            raise torch.OutOfMemoryError("out of memory")
        return roomy(*given, **named)

    model.model.forward = forward


def out_of_memory_at(model: LocalModel, *passes: int) -> list[int]:
    """Memory runs out in these forward passes, counted from now; the list says in which it did."""
    count = itertools.count(1)
    ran_out: list[int] = []

    def too_much(tokens: torch.Tensor) -> bool:
        if (now := next(count)) in passes:
            ran_out.append(now)
        return now in passes

    no_room_for(model, too_much)
    return ran_out
