"""A person in front of a screen, as far as the server knows one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody whom the server told apart from others."""

    id: str
    """Tells one person from another and is no secret: it opens nothing."""
    operator: bool
    """Whether this is who runs the server; everybody else is a visitor."""
