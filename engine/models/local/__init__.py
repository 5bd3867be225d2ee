"""Models whose weights run in this process. The only place for torch and transformers; the worker imports it."""

from engine.models.local.model import LocalModel, open_local
from engine.models.local.precision import fastest_precision

__all__ = ["LocalModel", "fastest_precision", "open_local"]
