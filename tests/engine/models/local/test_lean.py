"""Lean layers give the same bits; what only looks like one that can be lean stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import transformers
from torch import nn

from engine.models.local.lean import lean
from engine.models.local.model import open_local
from engine.models.registry import find


def fresh(zoo: Path, name: str) -> transformers.PreTrainedModel:
    """Norm weights of a trained model are not all ones (or zeros); these are not either."""
    model = transformers.AutoModelForCausalLM.from_pretrained(zoo / name, dtype=torch.float32).eval()
    torch.manual_seed(3)
    for label, weight in model.named_parameters():
        if "norm" in label:
            weight.data.add_(0.3 * torch.randn(weight.shape))
    return model


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        pytest.param("llama", 2 * (2 + 1) + 1, id="llama: two norms and a block in each of two layers, one at the end"),
        pytest.param("gemma3", 3 * (6 + 1) + 1, id="gemma: six norms and a block in each of three layers, one more"),
        pytest.param("gpt2", 0, id="gpt2: neither"),
    ],
)
def test_lean_layers_give_the_same_bits(zoo: Path, name: str, layers: int) -> None:
    model = fresh(zoo, name)
    tokens = torch.randint(0, model.config.vocab_size, (3, 37), generator=torch.Generator().manual_seed(5))
    with torch.inference_mode():
        before = model(tokens).logits
        assert lean(model) == layers
        assert torch.equal(model(tokens).logits, before)


class ShiftedRMSNorm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(8))
        self.eps = 1e-6

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.rms_norm(x, (8,), self.weight, self.eps) + 1e-6


class PairedRMSNorm(ShiftedRMSNorm):
    def forward(self, x: torch.Tensor, gate: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        return super().forward(x) * gate


class Clipped(nn.Module):
    """A gated block with a twist of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.gate_proj, self.up_proj, self.down_proj = nn.Linear(8, 16), nn.Linear(8, 16), nn.Linear(16, 8)
        self.act_fn = nn.SiLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.down_proj(self.act_fn(self.gate_proj(x)) * self.up_proj(x).clamp(max=0.1))


@pytest.mark.parametrize("layer", [ShiftedRMSNorm, PairedRMSNorm, Clipped])
def test_what_does_something_else_stays_as_it_is(layer: type[nn.Module]) -> None:
    torch.manual_seed(1)
    one = layer()
    assert lean(nn.Sequential(one)) == 0
    assert "forward" not in vars(one)


@pytest.mark.parametrize(("dtype", "changed"), [("float32", True), ("bfloat16", False)])
def test_only_float32_is_made_lean(zoo: Path, dtype: str, changed: bool) -> None:
    """In half precision the model's own order of rounding is part of its numbers."""
    model = open_local(find(str(zoo / "llama")), "cpu", dtype).model
    assert any("forward" in vars(layer) for layer in model.modules()) is changed
