"""The same layers with fewer trips through memory, for float32 on a CPU, where a fifth of the time goes there.

A root-mean-square norm becomes one call of torch's own, and a gated block multiplies in place. A layer is replaced only
where its lean form answers a made-up input with the same bits: no number can change, and a layer that does something
else under the same name stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

Forward = Callable[[torch.Tensor], torch.Tensor]
PROBE_ROWS = 8


@torch.inference_mode()
def lean(model: Any) -> int:
    """Replaces what can be replaced, in place, and counts it."""
    replaced = 0
    for layer in model.modules():
        for width, candidate in _candidates(layer):
            if _same_bits(layer.forward, candidate, width):
                layer.forward = candidate
                replaced += 1
                break
    return replaced


def _candidates(layer: Any) -> list[tuple[int, Forward]]:
    """Lean forms a layer may have, and how wide its input is."""
    if type(layer).__name__.endswith("RMSNorm"):
        epsilon = getattr(layer, "variance_epsilon", getattr(layer, "eps", None))
        weight = getattr(layer, "weight", None)
        if epsilon is not None and weight is not None and weight.dim() == 1:
            return [(len(weight), _norm(factor, epsilon)) for factor in (weight, 1.0 + weight)]
    if all(hasattr(layer, name) for name in ("gate_proj", "up_proj", "down_proj", "act_fn")):
        return [(layer.gate_proj.in_features, _gated(layer))]
    return []


def _norm(factor: torch.Tensor, epsilon: float) -> Forward:
    def forward(x: torch.Tensor) -> torch.Tensor:
        return functional.rms_norm(x, factor.shape, factor, epsilon)

    return forward


def _gated(layer: Any) -> Forward:
    def forward(x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = layer.down_proj(layer.act_fn(layer.gate_proj(x)).mul_(layer.up_proj(x)))
        return out

    return forward


def _same_bits(forward: Forward, candidate: Forward, width: int) -> bool:
    generator = torch.Generator().manual_seed(0)
    probe = torch.randn(1, PROBE_ROWS, width, generator=generator)
    try:
        return torch.equal(forward(probe), candidate(probe))
    except (TypeError, ValueError, RuntimeError):
        return False  # it takes something else than one tensor of this width
