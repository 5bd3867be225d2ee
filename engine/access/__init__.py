"""Who may do what: the one place where the server decides it.

An operator runs the server; a visitor is anybody else who reaches it. Pages ask here and nowhere else.
"""

from engine.access.person import Person

__all__ = ["Person"]
