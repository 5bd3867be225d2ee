"""Log-likelihoods of given texts: over prefix trees that go on from kept shared prefixes, or row by row.

Numbers are those of lm-evaluation-harness 0.4.13's hf backend within float32 rounding. What differs is what is
computed: a prefix once for all that share it, and logits only where a token is asked for.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from engine.models.local import prefix_tree
from engine.models.local.attention import NAME, Forest, KVCache, Layout
from engine.models.local.batching import Line

ROWS_AT_ONCE = 32
"""Logit rows turned into log-probabilities at a time: they are as wide as the vocabulary."""


class TreeScorer:
    """Scores lines over trees. `model` must take `engine.models.local.attention` (checked by whoever opens it).

    budget        distinct tokens of a forward pass
    prefix_memory  bytes of shared prefixes kept for later calls; the latest one is kept whatever it takes
    """

    def __init__(self, model: Any, budget: int, prefix_memory: int) -> None:
        self.model = model
        self.budget = budget
        self.prefix_memory = prefix_memory
        self._prefixes: OrderedDict[tuple[int, ...], KVCache] = OrderedDict()
        weights = model.get_input_embeddings().weight
        self.like = torch.empty(0, dtype=weights.dtype, device=weights.device)

    def forward(self, tree: prefix_tree.PrefixTree, forest: Forest, wanted: Any) -> torch.Tensor:
        """(len(wanted), vocabulary) logits.

        tree    tokens that several prompts share, once
        forest  the layout of that tree
        wanted  nodes of the tree
        """
        return self.row(tree.tokens, forest.positions, forest, wanted)

    def row(self, tokens: Any, positions: Any, layout: Layout, wanted: Any = None) -> torch.Tensor:
        """One pass over a row: (L, vocabulary) logits, or (len(wanted), vocabulary).

        tokens     L ids
        positions  L places in their texts
        layout     who sees whom
        wanted     places in the row; all when None
        """
        if self.model.config._attn_implementation != NAME:
            self.model.set_attn_implementation(NAME)
        logits: torch.Tensor = self.model(
            input_ids=self._tensor(tokens)[None],
            position_ids=self._tensor(positions)[None],
            logits_to_keep=0 if wanted is None else self._tensor(wanted),
            use_cache=False,
            layout=layout,
        ).logits
        return logits[0]

    @torch.inference_mode()
    def prefix(self, tokens: tuple[int, ...]) -> KVCache:
        """Keys and values of a prefix, computed from its first token on in equal pieces; the latest ones are kept."""
        if not tokens:
            return KVCache()
        if tokens in self._prefixes:
            self._prefixes.move_to_end(tokens)
            return self._prefixes[tokens]
        self._make_room(len(tokens))
        self._prefixes[tokens], _ = self.read(tokens, KVCache())
        return self._prefixes[tokens]

    def _make_room(self, length: int) -> None:
        """For a prefix of so many tokens, before it is computed: two long ones at once are a tenth of a small model."""
        while self._prefixes:
            sizes = [kept.size for kept in self._prefixes.values()]
            oldest = next(iter(self._prefixes.values()))
            if sum(sizes) + length * (oldest.size // oldest.length) <= self.prefix_memory:
                return
            self._prefixes.popitem(last=False)

    @torch.inference_mode()
    def read(self, tokens: Sequence[int], prefix: KVCache) -> tuple[KVCache, torch.Tensor]:
        """What goes on from a prefix, in equal pieces: its keys and values, and (1, vocabulary) logits at its end."""
        own = KVCache()
        for piece in np.array_split(np.array(tokens), -(-len(tokens) // self.budget)):
            tree = prefix_tree.flatten([tuple(piece.tolist())])
            before = KVCache(dict(prefix.layers))
            before.extend(own)
            forest = Forest(tree, before, self.like, keep=True)
            logits = self.forward(tree, forest, np.array([len(piece) - 1]))
            own.extend(forest.kept)
        return own, logits

    def forget(self) -> None:
        self._prefixes.clear()

    @torch.inference_mode()
    def sums(self, lines: Sequence[Line], prefix: tuple[int, ...] = ()) -> list[float]:
        """Summed log-likelihood of each line's targets. Every line begins with the shared prefix."""
        tree = prefix_tree.flatten([line.read[len(prefix) :] for line in lines])
        asked = [path[-line.scored :] for path, line in zip(tree.paths, lines, strict=True)]
        needed, row_of = np.unique(np.concatenate(asked), return_inverse=True)
        logits = self.forward(tree, Forest(tree, self.prefix(prefix), self.like), needed)
        targets = np.concatenate([np.array(line.targets) for line in lines])
        logprobs = torch.empty(len(targets), dtype=logits.dtype, device=logits.device)
        for start in range(0, len(needed), ROWS_AT_ONCE):
            # log_softmax as lm-eval calls it: over 262,144 words its float32 sum is off by up to 0.0013 a choice, and
            # logsumexp by a tenth of that, but a number is comparable when it was made the same way (docs/LOG.md).
            rows = logits[start : start + ROWS_AT_ONCE].log_softmax(-1)
            mine = np.flatnonzero((row_of >= start) & (row_of < start + ROWS_AT_ONCE))
            logprobs[self._tensor(mine)] = rows[self._tensor(row_of[mine] - start), self._tensor(targets[mine])]
        return _sum_up(logprobs, lines)

    def _tensor(self, array: Any) -> torch.Tensor:
        return torch.as_tensor(array, device=self.like.device)


class RowScorer:
    """One row a line, padded on the right: no sharing, and no assumption about the architecture."""

    def __init__(self, model: Any, attention: str, rows_at_once: int) -> None:
        self.model = model
        self.attention = attention
        self.rows_at_once = rows_at_once

    def use(self) -> None:
        if self.model.config._attn_implementation != self.attention:
            self.model.set_attn_implementation(self.attention)

    @torch.inference_mode()
    def sums(self, lines: Sequence[Line], prefix: tuple[int, ...] = ()) -> list[float]:
        """As `TreeScorer.sums`; a shared prefix is no use here."""
        self.use()
        device = self.model.device
        sums = [0.0] * len(lines)
        order = sorted(range(len(lines)), key=lambda i: -len(lines[i].read))
        for start in range(0, len(order), self.rows_at_once):
            batch = order[start : start + self.rows_at_once]
            width = len(lines[batch[0]].read)
            tokens = np.zeros((len(batch), width), np.int64)
            real = np.zeros((len(batch), width), np.int64)
            for row, i in enumerate(batch):
                tokens[row, : len(lines[i].read)] = lines[i].read
                real[row, : len(lines[i].read)] = 1
            logits = self.model(
                input_ids=torch.as_tensor(tokens, device=device), attention_mask=torch.as_tensor(real, device=device)
            ).logits
            for row, i in enumerate(batch):
                end = len(lines[i].read)
                scored = logits[row, end - lines[i].scored : end]
                targets = np.array(lines[i].targets)
                sums[i] = _sum_up(scored.log_softmax(-1)[np.arange(len(targets)), targets], [lines[i]])[0]
        return sums


def _sum_up(logprobs: torch.Tensor, lines: Sequence[Line]) -> list[float]:
    ends = np.cumsum([line.scored for line in lines])
    return [float(logprobs[end - line.scored : end].sum()) for end, line in zip(ends, lines, strict=True)]
