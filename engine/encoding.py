"""Plans, outcomes and harness settings as the JSON that is stored and hashed.

What was written once keeps its keys, whatever its fields are called by now: a field with another key says so where it
is defined, `field(metadata={"alias": "card"})`, which pydantic reads as well.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any


def stored_form(data: Any) -> dict[str, Any]:
    """A dataclass as a dict for JSON, those in it too, every field under the key it is stored by.

    >>> from engine.harness.config import HarnessConfig
    >>> stored_form(HarnessConfig(prompt_variant="short labels"))["wording"]
    'short labels'
    """
    values = ((field.metadata.get("alias", field.name), getattr(data, field.name)) for field in fields(data))
    return {key: stored_form(value) if is_dataclass(value) else value for key, value in values}
