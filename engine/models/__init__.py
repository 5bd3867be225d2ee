"""Models: what an address means, the interface every model has, local weights and endpoints."""

from engine.models.registry import PACKAGED, ModelCard, find

__all__ = ["PACKAGED", "ModelCard", "find"]
