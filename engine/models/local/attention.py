"""Attention for work that shares prefixes: a shared prefix all rows see, and what each row sees besides.

Registered with transformers under `NAME`; the model's own layers run as they are and call it. Keys are in two
places, those of the shared prefix, computed once and kept, and those of the branches at hand. Each part gives its
output and the log-sum-exp of its scores, from which the attention over both follows exactly: softmax over a union of
keys is the parts' outputs, weighted by their shares of the sum (Juravsky et al. 2024, "Hydragen", section 3.1).

This module knows neither texts nor scores, and no model but by the tensors it is handed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from transformers import AttentionInterface

from engine.models.local.prefix_tree import PrefixTree

NAME = "noise_floor"
CHUNK = 64
"""Queries that are taken together: what is computed in vain is at most about as wide as this."""
UNSUPPORTED = ("softcap", "s_aux")
"""Twists some models put on their scores. They are scored row by row instead."""


@dataclass(frozen=True, slots=True)
class Call:
    """Which layer asks, what its scores are multiplied by, and how many tokens back it sees; None for all."""

    layer: int
    scale: float
    window: int | None


class Layout(Protocol):
    """Who sees whom in one forward pass of a single row of tokens."""

    def attend(self, call: Call, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """What each place of the row sees, weighted: (heads, L, d).

        call        the layer, its scale and its window
        query       (heads, L, d)
        key, value  (kv heads, L, d)
        """
        ...


def _attend(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: None, **given: Any
) -> tuple[torch.Tensor, None]:
    """What transformers calls in every layer, with one row of (1, heads, L, d). The layout stands for the mask."""
    layout: Layout | None = given.get("layout")
    if layout is None or any(given.get(name) is not None for name in UNSUPPORTED):
        raise NotImplementedError("attention of this kind needs a layout and plain scores")
    window = given.get("sliding_window")
    if _sees_less_than_told(module, window):
        raise NotImplementedError("what this layer sees is told to the mask alone")
    scale = given.get("scaling")
    call = Call(module.layer_idx, query.shape[-1] ** -0.5 if scale is None else scale, window)
    return layout.attend(call, query[0], key[0], value[0]).transpose(0, 1)[None], None


def _sees_less_than_told(module: Any, window: int | None) -> bool:
    """Whether the config limits what a layer sees and its attention is not told: no short probe would find that out."""
    config = getattr(module, "config", None)
    if kinds := getattr(config, "layer_types", None):
        kind = kinds[module.layer_idx]
        return kind != "full_attention" and not (kind == "sliding_attention" and window)
    return bool(getattr(config, "sliding_window", None)) and not window


AttentionInterface.register(NAME, _attend)


@dataclass(slots=True)
class KVCache:
    """Keys and values of every layer, (kv heads, length, d) each."""

    layers: dict[int, tuple[torch.Tensor, torch.Tensor]] = field(default_factory=dict)

    @property
    def length(self) -> int:
        return next(iter(self.layers.values()))[0].shape[1] if self.layers else 0

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(tensor.nbytes for pair in self.layers.values() for tensor in pair)

    def beginning(self, length: int) -> KVCache:
        """What of it belongs to the first tokens."""
        if not length:
            return KVCache()
        return KVCache({layer: (key[:, :length], value[:, :length]) for layer, (key, value) in self.layers.items()})

    def extend(self, more: KVCache) -> None:
        """Goes on with what was kept of the next tokens."""
        for layer, pair in more.layers.items():
            old = self.layers.get(layer)
            self.layers[layer] = pair if old is None else _joined(old, pair)


def _joined(
    first: tuple[torch.Tensor, torch.Tensor], second: tuple[torch.Tensor, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.cat((first[0], second[0]), 1), torch.cat((first[1], second[1]), 1)


class Forest:
    """A prefix tree that goes on from a shared prefix (see `prefix_tree`).

    Queries are taken in chunks, each with only the keys some query in it sees: a tree is laid out branch by branch,
    so these are few, and the work does not grow with the square of the row.
    """

    def __init__(self, tree: PrefixTree, prefix: KVCache, like: torch.Tensor, keep: bool = False) -> None:
        self.prefix = prefix
        self.kept = KVCache()
        self._keep = keep
        self.nodes = len(tree.tokens)
        self.positions = tree.positions + prefix.length
        chunks = -(-self.nodes // CHUNK)
        seen = [np.flatnonzero(tree.sees[c * CHUNK : (c + 1) * CHUNK].any(0)) for c in range(chunks)]
        self.columns = np.zeros((chunks, max(map(len, seen))), np.int64)
        self.sees = np.zeros((chunks, CHUNK, self.columns.shape[1]), np.bool_)
        for c, columns in enumerate(seen):
            rows = tree.sees[c * CHUNK : (c + 1) * CHUNK][:, columns]
            self.columns[c, : len(columns)] = columns
            self.sees[c, : len(rows), : len(columns)] = rows
        self.index = torch.from_numpy(self.columns.ravel()).to(like.device)
        self.like = like
        self._biases: dict[tuple[str, int | None, int], torch.Tensor | None] = {}

    def attend(self, call: Call, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        if self._keep:
            self.kept.layers[call.layer] = (key, value)
        heads, length, d = query.shape
        groups = heads // len(key)
        chunks, width = self.columns.shape
        padded = functional.pad(query, (0, 0, 0, chunks * CHUNK - length))
        rows = padded.view(len(key), groups, chunks, CHUNK, d).permute(2, 0, 1, 3, 4).flatten(2, 3)
        near_key, near_value = (
            t.index_select(1, self.index).view(len(key), chunks, width, d).transpose(0, 1) for t in (key, value)
        )
        out, mass = _part(rows, near_key, near_value, self._near(call.window, groups), call.scale)
        out = out.reshape(chunks, len(key), groups, CHUNK, d).permute(1, 2, 0, 3, 4).reshape(heads, -1, d)[:, :length]
        mass = mass.reshape(chunks, len(key), groups, CHUNK).permute(1, 2, 0, 3).reshape(heads, -1)[:, :length]
        if not self.prefix.layers:
            return out
        start = max(0, int(self.positions.min()) - call.window + 1) if call.window else 0
        if start >= self.prefix.length:
            return out
        far_key, far_value = (t[None, :, start:] for t in self.prefix.layers[call.layer])
        bias = self._far(call.window, groups, start)
        far, far_mass = _part(query.reshape(1, len(key), groups * length, d), far_key, far_value, bias, call.scale)
        return _merged(out, mass, far.reshape(heads, length, d), far_mass.reshape(heads, length))

    def _near(self, window: int | None, groups: int) -> torch.Tensor | None:
        """(chunks, 1, groups x CHUNK, width): what of its chunk's columns a query sees."""

        def sees() -> NDArray[np.bool_]:
            if window is None or window > self.positions.max() - self.prefix.length:
                return np.tile(self.sees, (1, groups, 1))[:, None]
            queries = np.pad(self.positions, (0, len(self.sees) * CHUNK - self.nodes)).reshape(-1, CHUNK, 1)
            return np.tile(self.sees & (queries - self.positions[self.columns][:, None] < window), (1, groups, 1))[
                :, None
            ]

        return self._bias(("near", window, groups), sees)

    def _far(self, window: int | None, groups: int, start: int) -> torch.Tensor | None:
        """(1, 1, groups x L, shared prefix from `start`); None where all is seen."""
        if window is None or self.positions.max() - start < window:
            return None
        keys = np.arange(start, self.prefix.length)
        return self._bias(
            ("far", window, groups),
            lambda: np.tile(self.positions[:, None] - keys[None] < window, (groups, 1))[None, None],
        )

    def _bias(self, name: tuple[str, int | None, int], sees: Callable[[], NDArray[np.bool_]]) -> torch.Tensor | None:
        """The same in every layer of a kind, so it is made once."""
        if name not in self._biases:
            self._biases[name] = _additive(sees(), self.like)
        return self._biases[name]


class Slots:
    """Texts that are being written, one token each a pass: every slot sees the shared prefix and its own tokens so far.

    Slots in use are always the first ones, so that no keys are copied to read them.
    """

    def __init__(self, prefix: KVCache, capacity: int) -> None:
        self.prefix = prefix
        self.capacity = capacity
        self.lengths = np.zeros(0, np.int64)
        """Own tokens of each slot in use, the one being read included once a pass begins."""
        self._layers: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self._biases: dict[int | None, torch.Tensor] = {}

    @property
    def positions(self) -> NDArray[np.int64]:
        """Where the next token of each slot stands in its text."""
        return self.prefix.length + self.lengths

    def add(self, kept: KVCache, nodes: NDArray[np.int64]) -> None:
        """A new slot for a text whose tokens so far are these nodes of a forest."""
        slot, length = len(self.lengths), len(nodes)
        index = torch.from_numpy(nodes).to(next(iter(kept.layers.values()))[0].device)
        for layer, pair in kept.layers.items():
            for own, new in zip(self._room(layer, pair[0], slot + 1, length + 1), pair, strict=True):
                own[slot, :, :length] = new[:, index]
        self.lengths = np.append(self.lengths, length)

    @torch.inference_mode()
    def drop(self, slot: int) -> None:
        """The last slot moves to the place of the one that is done."""
        last = len(self.lengths) - 1
        if slot != last:
            length = self.lengths[last]
            for pair in self._layers.values():
                for own in pair:
                    own[slot, :, :length] = own[last, :, :length]
            self.lengths[slot] = length
        self.lengths = self.lengths[:last]

    def _room(self, layer: int, like: torch.Tensor, slots: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Own keys and values with space for so many; (slots, kv heads, length, d)."""
        pair = self._layers.get(layer)
        if pair is None or pair[0].shape[0] < slots or pair[0].shape[2] < length:
            heads, d = like.shape[0], like.shape[-1]
            held = (0, 0) if pair is None else (pair[0].shape[0], pair[0].shape[2])
            space = (max(slots, held[0], self.capacity), heads, -(-max(length, held[1]) // 64) * 64, d)
            new = (like.new_zeros(space), like.new_zeros(space))
            if pair is not None:
                for old, wide in zip(pair, new, strict=True):
                    wide[: held[0], :, : held[1]] = old
            self._layers[layer] = pair = new
        return pair

    def begin(self) -> None:
        """The tokens that are read now become part of their slots."""
        self.lengths = self.lengths + 1
        self._biases = {}

    def attend(self, call: Call, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        heads, slots, d = query.shape
        groups, longest = heads // len(key), int(self.lengths.max())
        own = self._room(call.layer, key, slots, longest)
        at = torch.from_numpy(self.lengths - 1).to(key.device)
        every = torch.arange(slots, device=key.device)
        for kept, new in zip(own, (key, value), strict=True):
            kept[every, :, at] = new.transpose(0, 1)
        rows = query.view(len(key), groups, slots, d).permute(2, 0, 1, 3)
        own_key, own_value = (t[:slots, :, :longest] for t in own)
        if call.window not in self._biases:
            place = np.arange(longest)[None]
            sees = place < self.lengths[:, None]
            if call.window is not None:
                sees &= self.lengths[:, None] - 1 - place < call.window
            self._biases[call.window] = _additive(np.repeat(sees[:, None, None], groups, 2), query)
        out, mass = _part(rows, own_key, own_value, self._biases[call.window], call.scale)
        if self.prefix.layers:
            out = self._with_prefix(call, rows, out, mass)
        return out.permute(1, 2, 0, 3).reshape(heads, slots, d)

    def _with_prefix(self, call: Call, rows: torch.Tensor, out: torch.Tensor, mass: torch.Tensor) -> torch.Tensor:
        slots, kv_heads, groups, d = rows.shape
        last = self.positions - 1
        start = max(0, int(last.min()) - call.window + 1) if call.window else 0
        if start >= self.prefix.length:
            return out
        bias = None
        if call.window is not None and last.max() - start >= call.window:
            sees = last[:, None] - np.arange(start, self.prefix.length)[None] < call.window
            bias = _additive(np.repeat(sees, groups, 0)[None, None], rows)
        far_key, far_value = (t[None, :, start:] for t in self.prefix.layers[call.layer])
        asked = rows.transpose(0, 1).reshape(1, kv_heads, slots * groups, d)
        far, far_mass = _part(asked, far_key, far_value, bias, call.scale)
        far = far.reshape(kv_heads, slots, groups, d).transpose(0, 1)
        return _merged(out, mass, far, far_mass.reshape(kv_heads, slots, groups).transpose(0, 1))


def _additive(sees: NDArray[np.bool_], like: torch.Tensor) -> torch.Tensor:
    seen = torch.from_numpy(sees).to(like.device)
    return torch.zeros(seen.shape, dtype=like.dtype, device=like.device).masked_fill_(
        ~seen, torch.finfo(like.dtype).min
    )


def _merged(first: torch.Tensor, mass: torch.Tensor, second: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """The output over both parts' keys: the second one's share is e^other / (e^mass + e^other)."""
    share = torch.sigmoid(other - mass)[..., None].to(first.dtype)
    return torch.lerp(first, second, share)


def _part(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, bias: torch.Tensor | None, scale: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attention of (B, H, Q, d) over (B, H, K, d): the output, and the natural log of the scores' exponential sum."""
    return (_fused if query.device.type == "cpu" else _spelled_out)(query, key, value, bias, scale)


def _fused(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, bias: torch.Tensor | None, scale: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """By a kernel that never writes the scores down, and so takes half the time. On a CPU only."""
    out, mass = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
        query, key, value, 0.0, False, attn_mask=bias, scale=scale
    )
    return out, mass


def _spelled_out(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, bias: torch.Tensor | None, scale: float
) -> tuple[torch.Tensor, torch.Tensor]:
    scores = (query @ key.transpose(-1, -2)).float() * scale
    if bias is not None:
        scores += bias
    mass = scores.logsumexp(-1)
    return (scores - mass[..., None]).exp_().to(value.dtype) @ value, mass
