"""In which precision this processor answers soonest: measured, for one that lacks bfloat16 computes it all the same."""

from __future__ import annotations

import time

import torch
from torch.nn import functional

ROWS, COLUMNS = 16_384, 2_048
"""Of the matrix that is tried: too large for a processor's caches, as weights are."""
READ, WRITTEN = 256, 16
"""Tokens in proportion to a reply's: read at once, and written one by one."""
TRIALS = 2


def fastest_precision() -> str:
    """bfloat16 where a short reply on the CPU takes less time in it than in float32. Takes about a second."""
    return "bfloat16" if _seconds(torch.bfloat16) < _seconds(torch.float32) else "float32"


@torch.inference_mode()
def _seconds(dtype: torch.dtype) -> float:
    """For the products of a reply with one matrix, the better of a few trials."""
    weights = torch.full((ROWS, COLUMNS), 0.01, dtype=dtype)
    prompt, token = (torch.full((rows, COLUMNS), 0.01, dtype=dtype) for rows in (READ, 1))

    def trial() -> float:
        began = time.perf_counter()
        functional.linear(prompt, weights)
        for _ in range(WRITTEN):
            functional.linear(token, weights)
        return time.perf_counter() - began

    return min(trial() for _ in range(TRIALS))
