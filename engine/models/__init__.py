"""Models: what an address means, the interface every model has, local weights, and the client of endpoints."""

from engine.models.client import STRUCTURED_MODES, Endpoint, OpenAIClient, RequestFailure
from engine.models.registry import PACKAGED, ModelCard, find, title_of

__all__ = [
    "PACKAGED",
    "STRUCTURED_MODES",
    "Endpoint",
    "ModelCard",
    "OpenAIClient",
    "RequestFailure",
    "find",
    "title_of",
]
