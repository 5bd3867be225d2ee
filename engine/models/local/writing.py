"""Greedy writing: as many texts at a time as fit, and whoever is done makes room for the next one at once.

Prompts are read over prefix trees, what they share once. How a text goes on does not depend on the company it is
written in but by rounding, as with any batch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import transformers

from engine.harness.config import Decoding
from engine.models.local import prefix_tree
from engine.models.local.attention import Forest, KVCache, Slots
from engine.models.local.batching import Line, plan_batches
from engine.models.local.scoring import RowScorer, TreeScorer

CHECK_TAIL = 4
"""Tokens looked at beyond the longest stop string: one may begin inside of a token."""
NO_TOKEN = -1
"""Ends a text whose next token's logits are not finite."""


@dataclass(slots=True)
class ActiveSequence:
    """A text being written."""

    index: int
    prompt: tuple[int, ...]
    own: tuple[int, ...]
    """What of the prompt goes on from the shared prefix."""
    new: list[int] = field(default_factory=list)


class Writer:
    """How texts end: at a token that ends all, at a stop string, at the limit, or where the numbers do."""

    def __init__(self, decoding: Decoding, ends: set[int], decode: Callable[[list[int]], str]) -> None:
        self.decoding = decoding
        self.ends = ends
        self.decode = decode
        self.tail = max((len(stop.encode()) for stop in decoding.until), default=0) + CHECK_TAIL

    def over(self, new: list[int]) -> bool:
        if new[-1] in self.ends or new[-1] == NO_TOKEN or len(new) >= self.decoding.max_tokens:
            return True
        if not any(self.decoding.until):
            return False
        if self.decoding.after:
            return self.decoding.end(self.decode(new)) is not None
        return self.decoding.end(self.decode(new[-self.tail :])) is not None


def write_over_trees(
    scorer: TreeScorer, prompts: Sequence[tuple[int, ...]], writer: Writer, memory: int, most: int
) -> Iterator[tuple[int, list[int]]]:
    """(index of the prompt, its new tokens), each as soon as it is done.

    scorer   the model, with the prefixes it keeps
    prompts  token ids
    writer   how texts are decoded, and where they end
    memory   bytes for the keys and values of what is written
    most     texts at a time
    """
    asked = [(Line(prompt, (0,)),) for prompt in prompts]
    for group in plan_batches(asked, scorer.budget, most, split_long=False):
        prefix = scorer.prefix(group.prefix)
        waiting = deque(i for batch in group.batches for i in batch)
        longest = max(len(prompts[i]) for i in waiting) - len(group.prefix)
        per_token = _bytes_a_token(scorer, prefix)
        fit = max(1, min(most, memory // (per_token * (longest + min(128, writer.decoding.max_tokens)))))
        yield from _write_group(scorer, prompts, writer, waiting, (group.prefix, prefix, fit))


def _write_group(
    scorer: TreeScorer,
    prompts: Sequence[tuple[int, ...]],
    writer: Writer,
    waiting: deque[int],
    place: tuple[tuple[int, ...], KVCache, int],
) -> Iterator[tuple[int, list[int]]]:
    shared, prefix, fit = place
    slots = Slots(prefix, fit)
    active: list[ActiveSequence] = []
    while waiting or active:
        free = min(fit - len(active), len(waiting))
        if free and (not active or free >= min(len(waiting), max(1, fit // 4))):  # a pass for few is a pass half used
            coming = [
                ActiveSequence(i, prompts[i], prompts[i][len(shared) :])
                for i in (waiting.popleft() for _ in range(free))
            ]
            for batch in _batches(coming, scorer.budget):
                append_likeliest(batch, _read(scorer, prefix, slots, batch), scorer)
                active += batch
        else:
            append_likeliest(active, step(scorer, slots, active), scorer)
        for slot in reversed(range(len(active))):
            if writer.over(active[slot].new):
                done = active[slot]
                slots.drop(slot)
                active[slot] = active[-1]
                active.pop()
                yield done.index, done.new


def _batches(active: list[ActiveSequence], budget: int) -> Iterator[list[ActiveSequence]]:
    batch: list[ActiveSequence] = []
    for sequence in active:
        if batch and prefix_tree.size([d.own for d in (*batch, sequence)]) > budget:
            yield batch
            batch = []
        batch.append(sequence)
    if batch:
        yield batch


@torch.inference_mode()
def _read(scorer: TreeScorer, prefix: KVCache, slots: Slots, batch: list[ActiveSequence]) -> torch.Tensor:
    """Reads the prompts into slots of their own; (active sequences, vocabulary) logits of what comes next."""
    if len(batch) == 1:
        kept, logits = scorer.read(batch[0].own, prefix)
        slots.add(kept, np.arange(len(batch[0].own)))
        return logits
    tree = prefix_tree.flatten([sequence.own for sequence in batch])
    forest = Forest(tree, prefix, scorer.like, keep=True)
    last = np.array([path[-1] for path in tree.paths])
    wanted, row_of = np.unique(last, return_inverse=True)
    logits = scorer.forward(tree, forest, wanted)
    for path in tree.paths:
        slots.add(forest.kept, path)
    return logits[torch.as_tensor(row_of, device=logits.device)]


@torch.inference_mode()
def step(scorer: TreeScorer, slots: Slots, active: list[ActiveSequence]) -> torch.Tensor:
    """Reads each active sequence's newest token; (active sequences, vocabulary) logits of what comes next.

    scorer  the model
    slots   where the sequences are, in their order
    active  the sequences
    """
    positions = slots.positions
    slots.begin()
    return scorer.row([sequence.new[-1] for sequence in active], positions, slots)


@torch.inference_mode()
def append_likeliest(active: list[ActiveSequence], logits: torch.Tensor, scorer: TreeScorer) -> None:
    """The likeliest token, after the penalty on tokens used before that some models come with, as transformers has it
    (and lm-eval with it).

    active  the sequences, each of which gets one token more
    logits  (active sequences, vocabulary); the penalty changes them
    scorer  the model
    """
    penalty = getattr(scorer.model.generation_config, "repetition_penalty", None) or 1.0
    if penalty != 1.0:
        logits = logits.float()
        for row, sequence in zip(logits, active, strict=True):
            used = torch.as_tensor(sorted({*sequence.prompt, *sequence.new}), device=row.device)
            row[used] = torch.where(row[used] < 0, row[used] * penalty, row[used] / penalty)
    finite = logits.amax(-1).isfinite().tolist()
    for sequence, token, usable in zip(active, logits.argmax(-1).tolist(), finite, strict=True):
        sequence.new.append(token if usable else NO_TOKEN)


def _bytes_a_token(scorer: TreeScorer, prefix: KVCache) -> int:
    if prefix.layers:
        return max(1, prefix.size // prefix.length)
    config = scorer.model.config.get_text_config()
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    d = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return int(2 * config.num_hidden_layers * heads * d * scorer.like.element_size())


@torch.inference_mode()
def write_in_rows(scorer: RowScorer, prompts: Sequence[tuple[int, ...]], writer: Writer) -> Iterator[list[int]]:
    """New tokens of each prompt by transformers' own `generate`, padded on the left so that all end at one place.

    scorer   the model
    prompts  token ids
    writer   how texts are decoded, and where they end
    """
    scorer.use()
    width = max(map(len, prompts))
    pad = min(writer.ends, default=0)
    device = scorer.model.device
    over, finite = _Over(writer, width), _Finite(torch.ones(len(prompts), dtype=torch.bool, device=device))
    written = scorer.model.generate(
        input_ids=torch.as_tensor([[pad] * (width - len(p)) + list(p) for p in prompts], device=device),
        attention_mask=torch.as_tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts], device=device),
        generation_config=transformers.GenerationConfig(
            max_new_tokens=writer.decoding.max_tokens,
            do_sample=False,
            eos_token_id=sorted(writer.ends) or None,
            pad_token_id=pad,
        ),
        logits_processor=[finite],
        stopping_criteria=[over],
    )
    for at, (row, usable) in enumerate(zip(written[:, width:].tolist(), finite.rows.tolist(), strict=True)):
        yield [*row[: over.lengths[at]], *([] if usable else [NO_TOKEN])]


class _Finite(transformers.LogitsProcessor):  # type: ignore[misc]
    """Remembers which rows of `generate` had numbers to go by all the time."""

    def __init__(self, rows: torch.Tensor) -> None:
        self.rows = rows

    def __call__(self, input_ids: Any, scores: torch.Tensor) -> torch.Tensor:
        self.rows = self.rows & scores.amax(-1).isfinite()
        return scores


class _Over(transformers.StoppingCriteria):  # type: ignore[misc]
    """Ends a row of `generate` where the writer says so, and remembers where that was."""

    def __init__(self, writer: Writer, prompt_length: int) -> None:
        self.writer = writer
        self.start = prompt_length
        self.lengths: dict[int, int] = {}

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        rows = input_ids[:, self.start :].tolist()
        for at, new in enumerate(rows):
            if at not in self.lengths and self.writer.over(new):
                self.lengths[at] = len(new)
        return torch.tensor([at in self.lengths for at in range(len(rows))], device=input_ids.device)
