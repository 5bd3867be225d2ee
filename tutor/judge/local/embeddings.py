"""Texts as unit vectors, remembered: the labs' own come ready in embeddings.npz, all others are encoded when first met.

The file is made by scripts/train_judge.py. A text that changed since is encoded anew, so a stale file costs time only.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tutor.judge.local.encoder import WIDTH, Encoder

Floats = NDArray[np.float32]
READY = Path(__file__).parent / "embeddings.npz"
REMEMBERED = 4_096  # texts that are not in the file


def key_of(text: str) -> str:
    """What a text goes by in the file."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]


class Embeddings:
    """`encoder` encodes; `ready` is the file of those that need not be."""

    def __init__(self, encoder: Encoder, ready: Path | None = READY) -> None:
        self._encoder = encoder
        self._ready: dict[str, Floats] = {}
        self._met: OrderedDict[str, Floats] = OrderedDict()
        if ready is not None and ready.exists():
            with np.load(ready, allow_pickle=False) as held:
                vectors = held["vectors"].astype(np.float32)
                vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
                self._ready = dict(zip(held["keys"].tolist(), vectors, strict=True))

    def of(self, texts: Sequence[str]) -> Floats:
        """Shape (texts, 384)."""
        return np.stack([self._one(text) for text in texts]) if texts else np.zeros((0, WIDTH), np.float32)

    def _one(self, text: str) -> Floats:
        key = key_of(text)
        if (ready := self._ready.get(key)) is not None:
            return ready
        if key not in self._met:
            self._met[key] = self._encoder.embed(text)
            while len(self._met) > REMEMBERED:
                self._met.popitem(last=False)
        self._met.move_to_end(key)
        return self._met[key]
