"""Models: what an address means, the interface every model has, local weights, and the client of endpoints."""

from engine.models.address import OPENAI, check_address, origin
from engine.models.client import STRUCTURED_MODES, Endpoint, OpenAIClient, RequestFailure
from engine.models.registry import PACKAGED, ModelCard, find, listed, mistakes

__all__ = [
    "OPENAI",
    "PACKAGED",
    "STRUCTURED_MODES",
    "Endpoint",
    "ModelCard",
    "OpenAIClient",
    "RequestFailure",
    "check_address",
    "find",
    "listed",
    "mistakes",
    "origin",
]
