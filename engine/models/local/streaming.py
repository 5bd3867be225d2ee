"""One text after the other, token by token: what it begins with and the one before began with is not read again.

The next prompt of a talk begins as the last one did: with the same instructions. Their keys and values are kept.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from engine.models import interruption
from engine.models.local.attention import KVCache, Slots
from engine.models.local.prefix_tree import common_prefix
from engine.models.local.scoring import TreeScorer
from engine.models.local.writing import ActiveSequence, Writer, append_likeliest, step

READ_AT_ONCE = 256
"""Tokens of a prompt between two looks at whether anybody still wants the answer."""


class Streamer:
    """Writes greedily, one text at a time, with the prompt that it read last kept."""

    def __init__(self, scorer: TreeScorer) -> None:
        self._scorer = scorer
        self._read: tuple[int, ...] = ()
        self._kept = KVCache()

    def tokens(self, prompt: tuple[int, ...], writer: Writer) -> Iterator[int]:
        """New tokens as they come; NO_TOKEN ends a text whose logits are not finite.

        Raises:
            Interrupted: nobody wants the answer any more. What was read of the prompt is kept.
        """
        sequence = ActiveSequence(0, prompt, ())
        append_likeliest([sequence], self._logits(prompt), self._scorer)
        slots = Slots(self._kept, 1)
        slots.add(self._kept, np.empty(0, np.int64))
        yield sequence.new[-1]
        while not writer.over(sequence.new):
            interruption.check()
            append_likeliest([sequence], step(self._scorer, slots, [sequence]), self._scorer)
            yield sequence.new[-1]

    def _logits(self, prompt: tuple[int, ...]) -> torch.Tensor:
        """(1, vocabulary) logits of what follows the prompt: at least its last token is read for them."""
        shared = min(common_prefix(self._read, prompt), len(prompt) - 1)
        self._read, self._kept = prompt[:shared], self._kept.beginning(shared)
        while True:
            interruption.check()
            piece = prompt[len(self._read) :][:READ_AT_ONCE]
            kept, logits = self._scorer.read(piece, self._kept)
            self._kept.extend(kept)
            self._read += piece
            if len(self._read) == len(prompt):
                return logits
