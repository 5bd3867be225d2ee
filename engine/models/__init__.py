"""Models: what an address means, the interface every model has, local weights, and the client of endpoints."""

from engine.models.address import OPENAI, check_address, origin
from engine.models.client import STRUCTURED_MODES, Endpoint, OpenAIClient, RequestFailure
from engine.models.registry import PACKAGED, ModelCard, card_of, find, listed, mistakes, title_of

__all__ = [
    "OPENAI",
    "PACKAGED",
    "STRUCTURED_MODES",
    "Endpoint",
    "ModelCard",
    "OpenAIClient",
    "RequestFailure",
    "card_of",
    "check_address",
    "find",
    "listed",
    "mistakes",
    "origin",
    "title_of",
]
