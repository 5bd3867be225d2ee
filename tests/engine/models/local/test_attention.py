"""Attention in parts against attention at once: softmax over exactly the keys a token sees, in float64."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from engine.models.local import attention, prefix_tree
from engine.models.local.attention import CHUNK, Call, Forest, KVCache, Slots

D = 8
LENGTHS = (1, 2, CHUNK - 1, CHUNK, CHUNK + 1, 127, 128, 129, 300)
PREFIX_LENGTHS = (0, 5, 200)
WINDOWS = (None, 1, 3, 40, 150, 1_000)  # shorter and longer than branch, shared prefix and both
HEADS = ((4, 2), (3, 3), (4, 1))
"""Heads of queries, heads of keys and values."""
TOLERANCE = {torch.float32: 1e-5, torch.float16: 2**-7, torch.bfloat16: 2**-4}
"""Of the halves: two of their steps at 4, where the largest outputs are. Spelled out, scores are rounded as well."""


@pytest.fixture(params=["fused", "spelled out"])
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The kernel of a CPU, and what any other device takes, which is made to run here as well."""
    if request.param == "spelled out":
        monkeypatch.setattr(attention, "_fused", attention._spelled_out)
    return str(request.param)


@pytest.fixture(autouse=True)
def no_gradients() -> Any:
    with torch.inference_mode():
        yield


def drawn(seed: int, dtype: torch.dtype = torch.float32) -> Callable[..., torch.Tensor]:
    """Normal numbers, wide enough for one key to matter more than another."""
    generator = torch.Generator().manual_seed(seed)
    return lambda *shape: (1.5 * torch.randn(*shape, generator=generator)).to(dtype)


def dense(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, sees: np.ndarray, scale: float) -> torch.Tensor:
    """(heads, L, d) of (heads, L, d) over (kv heads, K, d), as the definition has it; neighbours share a kv head."""
    groups = len(query) // len(key)
    key, value = (tensor.double().repeat_interleave(groups, 0) for tensor in (key, value))
    scores = (query.double() @ key.transpose(1, 2) * scale).masked_fill(~torch.from_numpy(sees), -math.inf)
    return scores.softmax(-1) @ value


def branches(nodes: int, seed: int) -> list[tuple[int, ...]]:
    """Sequences with shared prefixes whose forest has exactly so many nodes: some bushes, some long stems."""
    rng = random.Random(seed)
    made: list[tuple[int, ...]] = []
    fresh = itertools.count()
    left = nodes
    while left:
        parent = rng.choice(made) if made and rng.random() < 0.8 else ()
        new = min(left, rng.choice((1, 2, 5, 30, 90)))
        made.append((*parent[: rng.randint(0, len(parent))], *(next(fresh) for _ in range(new))))
        left -= new
    rng.shuffle(made)
    return made


def seen_by_definition(sequences: Sequence[tuple[int, ...]], prefix: int, window: int | None) -> np.ndarray:
    """(nodes, shared prefix + nodes): the shared prefix and the node's own ancestors, as far back as the window goes."""
    tree = prefix_tree.flatten(sequences)
    sees = np.zeros((len(tree.tokens), prefix + len(tree.tokens)), np.bool_)
    for path in tree.paths:
        text = [*range(prefix), *(prefix + path)]  # columns of a text's tokens, in order
        for at, node in enumerate(path, start=prefix):
            first = 0 if window is None else max(0, at - window + 1)
            sees[node, text[first : at + 1]] = True
    return sees


# ---- a forest


@pytest.mark.parametrize("prefix_length", PREFIX_LENGTHS)
@pytest.mark.parametrize("nodes", LENGTHS)
def test_a_forest_is_attention_over_what_each_node_sees(nodes: int, prefix_length: int, either: str) -> None:
    sequences = branches(nodes, seed=nodes)
    tree = prefix_tree.flatten(sequences)
    assert len(tree.tokens) == nodes
    draw = drawn(nodes + prefix_length)
    for (heads, kv_heads), window in itertools.product(HEADS, WINDOWS):
        prefix = KVCache(
            {3: (draw(kv_heads, prefix_length, D), draw(kv_heads, prefix_length, D))} if prefix_length else {}
        )
        query, key, value = draw(heads, nodes, D), draw(kv_heads, nodes, D), draw(kv_heads, nodes, D)
        out = Forest(tree, prefix, query).attend(Call(3, 0.4, window), query, key, value)
        before = prefix.layers.get(3, (key[:, :0], value[:, :0]))
        every_key, every_value = torch.cat((before[0], key), 1), torch.cat((before[1], value), 1)
        expected = dense(query, every_key, every_value, seen_by_definition(sequences, prefix_length, window), 0.4)
        assert torch.allclose(out.double(), expected, atol=1e-5, rtol=0), (heads, kv_heads, window)


def test_queries_as_a_layer_hands_them_over(either: str) -> None:
    """Views of (L, heads, d), as they come from a layer without rotations; a full last chunk pads nothing."""
    for nodes in (CHUNK, CHUNK + 3):
        tree, draw = prefix_tree.flatten(branches(nodes, seed=1)), drawn(1)
        prefix = KVCache({0: (draw(2, 9, D), draw(2, 9, D))})
        query, key, value = (draw(nodes, heads, D).transpose(0, 1) for heads in (4, 2, 2))
        call = Call(0, 0.3, None)
        views = Forest(tree, prefix, query).attend(call, query, key, value)
        assert torch.equal(
            views, Forest(tree, prefix, query).attend(call, query.contiguous(), key.contiguous(), value.contiguous())
        )


def test_one_forest_serves_layers_of_every_kind(either: str) -> None:
    """What is remembered for a layer of one window is not taken for another's, nor for other heads."""
    sequences = branches(150, seed=5)
    tree, draw = prefix_tree.flatten(sequences), drawn(5)
    prefix = KVCache()
    layers = [*itertools.product(HEADS, WINDOWS)] * 2
    for layer, ((_, kv_heads), _) in enumerate(layers):
        prefix.layers[layer] = (draw(kv_heads, 50, D), draw(kv_heads, 50, D))
    forest = Forest(tree, prefix, draw(0))
    for layer, ((heads, kv_heads), window) in enumerate(layers):
        query, key, value = draw(heads, 150, D), draw(kv_heads, 150, D), draw(kv_heads, 150, D)
        out = forest.attend(Call(layer, 0.4, window), query, key, value)
        every = [torch.cat(pair, 1) for pair in zip(prefix.layers[layer], (key, value), strict=True)]
        expected = dense(query, *every, seen_by_definition(sequences, 50, window), 0.4)
        assert torch.allclose(out.double(), expected, atol=1e-5, rtol=0), (layer, heads, kv_heads, window)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("prefix_length", [0, 200])
def test_a_forest_in_half_precision(dtype: torch.dtype, prefix_length: int, either: str) -> None:
    """Against the exact attention of the same rounded numbers."""
    sequences = branches(200, seed=7)
    tree, draw = prefix_tree.flatten(sequences), drawn(7, dtype)
    for (heads, kv_heads), window in itertools.product(HEADS, (None, 3, 150)):
        prefix = KVCache(
            {0: (draw(kv_heads, prefix_length, D), draw(kv_heads, prefix_length, D))} if prefix_length else {}
        )
        query, key, value = draw(heads, 200, D), draw(kv_heads, 200, D), draw(kv_heads, 200, D)
        out = Forest(tree, prefix, query).attend(Call(0, D**-0.5, window), query, key, value)
        assert out.dtype == dtype
        before = prefix.layers.get(0, (key[:, :0], value[:, :0]))
        every = [torch.cat(pair, 1) for pair in zip(before, (key, value), strict=True)]
        expected = dense(query, *every, seen_by_definition(sequences, prefix_length, window), D**-0.5)
        assert torch.allclose(out.double(), expected, atol=TOLERANCE[dtype], rtol=0), (heads, kv_heads, window)


def test_scores_far_apart_do_not_overflow(either: str) -> None:
    """A part that all but holds the whole sum, and one that holds next to nothing, in either place."""
    draw, tree = drawn(9), prefix_tree.flatten([tuple(range(70))])
    sees = seen_by_definition([tuple(range(70))], 30, None)
    query = draw(2, 70, D)
    for near, far in ((30.0, 0.01), (0.01, 30.0)):
        key, value = near * draw(2, 70, D), draw(2, 70, D)
        prefix = KVCache({0: (far * draw(2, 30, D), draw(2, 30, D))})
        out = Forest(tree, prefix, query).attend(Call(0, 1.0, None), query, key, value)
        every = [torch.cat(pair, 1) for pair in zip(prefix.layers[0], (key, value), strict=True)]
        assert torch.allclose(out.double(), dense(query, *every, sees, 1.0), atol=1e-4, rtol=0)


def test_what_is_kept_is_what_was_handed_in_and_grows() -> None:
    draw, prefix = drawn(2), KVCache()
    assert (prefix.length, prefix.size) == (0, 0)
    pieces = [[(draw(2, length, D), draw(2, length, D)) for _ in range(3)] for length in (4, 1, 6)]
    for pairs in pieces:
        length = pairs[0][0].shape[1]
        forest = Forest(prefix_tree.flatten([tuple(range(length))]), prefix, draw(0), keep=True)
        assert forest.positions.tolist() == list(range(prefix.length, prefix.length + length))
        for layer, (key, value) in enumerate(pairs):
            forest.attend(Call(layer, 1.0, None), draw(4, length, D), key, value)
        prefix.extend(forest.kept)
    assert prefix.length == 11
    assert prefix.size == 3 * 2 * 2 * 11 * D * 4  # layers, keys and values, heads, tokens, numbers, bytes
    for layer in range(3):
        for which in range(2):
            assert torch.equal(prefix.layers[layer][which], torch.cat([pairs[layer][which] for pairs in pieces], 1))


@pytest.mark.parametrize("window", range(1, 9))
def test_windows_that_begin_anywhere_in_the_trunk(window: int, either: str) -> None:
    """Every edge there is: the first key a window leaves out for the deepest node, or for none."""
    for depth, prefix_length in itertools.product((1, 2, 3), (1, 2, 5)):
        sequences, draw = [tuple(range(depth))], drawn(window)
        prefix = KVCache({0: (draw(2, prefix_length, D), draw(2, prefix_length, D))})
        query, key, value = draw(2, depth, D), draw(2, depth, D), draw(2, depth, D)
        out = Forest(prefix_tree.flatten(sequences), prefix, query).attend(Call(0, 0.4, window), query, key, value)
        every = [torch.cat(pair, 1) for pair in zip(prefix.layers[0], (key, value), strict=True)]
        expected = dense(query, *every, seen_by_definition(sequences, prefix_length, window), 0.4)
        assert torch.allclose(out.double(), expected, atol=1e-5, rtol=0), (depth, prefix_length)


# ---- texts that are being written


@dataclass
class Text:
    """A text being written, with all its keys and values in one place."""

    key: torch.Tensor
    value: torch.Tensor

    def grow(self, key: torch.Tensor, value: torch.Tensor) -> None:
        self.key, self.value = torch.cat((self.key, key), 1), torch.cat((self.value, value), 1)


def step(slots: Slots, texts: list[Text], heads: int, call: Call, draw: Callable[..., torch.Tensor]) -> torch.Tensor:
    """One pass in which every text takes a token; how far off the worst output is."""
    kv_heads = len(texts[0].key)
    assert slots.positions.tolist() == [text.key.shape[1] for text in texts]
    query, key, value = (draw(count, len(texts), D) for count in (heads, kv_heads, kv_heads))
    slots.begin()
    out = slots.attend(call, query, key, value)
    worst = torch.zeros(())
    for at, text in enumerate(texts):
        text.grow(key[:, at : at + 1], value[:, at : at + 1])
        length = text.key.shape[1]
        first = 0 if call.window is None else max(0, length - call.window)
        sees = (np.arange(length) >= first)[None]
        expected = dense(query[:, at : at + 1], text.key, text.value, sees, call.scale)
        worst = torch.maximum(worst, (out[:, at : at + 1].double() - expected).abs().max())
    return worst


def written(dtype: torch.dtype, prefix_length: int, heads: int, kv_heads: int, window: int | None) -> float:
    """Texts of many lengths come, go on and go, in no order; the worst error of all passes."""
    rng, draw, call = random.Random(prefix_length), drawn(prefix_length, dtype), Call(1, D**-0.5, window)
    prefix = KVCache({1: (draw(kv_heads, prefix_length, D), draw(kv_heads, prefix_length, D))} if prefix_length else {})
    before = prefix.layers.get(1, (draw(kv_heads, 0, D), draw(kv_heads, 0, D)))
    slots, texts, worst = Slots(prefix, capacity=3), [], 0.0
    for own in (1, 63, 64, 20, 130, 2, 65):
        kept = KVCache({1: (draw(kv_heads, own + 9, D), draw(kv_heads, own + 9, D))})
        nodes = np.sort(np.array(rng.sample(range(own + 9), own), np.int64))  # a path through a forest of others' nodes
        slots.add(kept, nodes)
        texts.append(
            Text(*(torch.cat((old, new[:, nodes]), 1) for old, new in zip(before, kept.layers[1], strict=True)))
        )
        for _ in range(rng.randint(1, 4)):
            worst = max(worst, float(step(slots, texts, heads, call, draw)))
        if len(texts) > rng.randint(2, 4):
            gone = rng.randrange(len(texts))
            slots.drop(gone)
            texts[gone] = texts[-1]
            texts.pop()
    while texts:
        worst = max(worst, float(step(slots, texts, heads, call, draw)))
        slots.drop(len(texts) - 1)
        texts.pop()
    assert len(slots.positions) == 0
    return worst


@pytest.mark.parametrize("prefix_length", PREFIX_LENGTHS)
@pytest.mark.parametrize("window", WINDOWS)
def test_slots_are_attention_over_each_text_alone(prefix_length: int, window: int | None, either: str) -> None:
    for heads, kv_heads in HEADS:
        assert written(torch.float32, prefix_length, heads, kv_heads, window) < TOLERANCE[torch.float32]


@pytest.mark.parametrize("window", range(1, 9))
def test_windows_that_begin_anywhere_in_the_trunk_of_slots(window: int, either: str) -> None:
    for owns, prefix_length in itertools.product(((1,), (1, 2), (3, 1)), (1, 2, 5)):
        draw, call = drawn(window), Call(0, 0.4, window)
        prefix = KVCache({0: (draw(2, prefix_length, D), draw(2, prefix_length, D))})
        slots, texts = Slots(prefix, 2), []
        for own in owns:
            kept = KVCache({0: (draw(2, own, D), draw(2, own, D))})
            slots.add(kept, np.arange(own))
            texts.append(Text(*(torch.cat(pair, 1) for pair in zip(prefix.layers[0], kept.layers[0], strict=True))))
        for _ in range(4):
            assert step(slots, texts, 4, call, draw) < TOLERANCE[torch.float32], (owns, prefix_length)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("window", [None, 40])
def test_slots_in_half_precision(dtype: torch.dtype, window: int | None, either: str) -> None:
    assert written(dtype, 200, 4, 2, window) < TOLERANCE[dtype]


# ---- what cannot be done


def layer(**config: Any) -> Any:
    return SimpleNamespace(layer_idx=1, config=SimpleNamespace(**config))


@pytest.mark.parametrize(
    ("module", "told"),
    [
        (layer(), {"layout": None}),
        (layer(), {"softcap": 50.0}),
        (layer(), {"s_aux": torch.zeros(4)}),
        (layer(sliding_window=40), {}),
        (layer(sliding_window=40), {"sliding_window": None}),
        (layer(layer_types=["full_attention", "sliding_attention"], sliding_window=40), {}),
        (layer(layer_types=["full_attention", "chunked_attention"]), {"sliding_window": 40}),
    ],
    ids=["no layout", "softcap", "sinks", "a window untold", "a window told as none", "a kind untold", "chunks"],
)
def test_attention_that_says_too_little_is_refused(module: Any, told: dict[str, Any]) -> None:
    forest = Forest(prefix_tree.flatten([(1, 2)]), KVCache(), torch.zeros(0))
    states = torch.zeros(1, 4, 2, D)
    with pytest.raises(NotImplementedError):
        attention._attend(module, states, states, states, None, **{"layout": forest, **told})


@pytest.mark.parametrize(
    ("module", "told"),
    [
        (layer(), {}),
        (layer(sliding_window=None), {"sliding_window": None}),
        (layer(sliding_window=40), {"sliding_window": 40}),
        (layer(layer_types=["sliding_attention", "full_attention"], sliding_window=40), {"sliding_window": None}),
        (layer(layer_types=["full_attention", "sliding_attention"], sliding_window=40), {"sliding_window": 40}),
        (SimpleNamespace(layer_idx=0), {"softcap": None}),
    ],
)
def test_attention_that_says_enough_is_not(module: Any, told: dict[str, Any]) -> None:
    forest, draw = Forest(prefix_tree.flatten([(1, 2)]), KVCache(), torch.zeros(0)), drawn(3)
    query, key, value = draw(1, 4, 2, D), draw(1, 2, 2, D), draw(1, 2, 2, D)
    out, _ = attention._attend(module, query, key, value, None, layout=forest, **told)
    expected = dense(query[0], key[0], value[0], np.tri(2, dtype=np.bool_), D**-0.5)
    assert torch.allclose(out[0].transpose(0, 1).double(), expected, atol=1e-5)
