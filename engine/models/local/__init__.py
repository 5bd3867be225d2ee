"""Models whose weights run in this process. The only place for torch and transformers; the worker imports it."""

from engine.models.local.model import open_local

__all__ = ["open_local"]
