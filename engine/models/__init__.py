"""Models: what an address means, the interface every model has, local weights and endpoints."""

from engine.models.registry import PACKS, ModelCard, find, known

__all__ = ["PACKS", "ModelCard", "find", "known"]
