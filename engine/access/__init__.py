"""Who may do what: the one place where the server decides it.

An operator runs the server; a visitor is anybody else who reaches it. Pages ask here and nowhere else.
"""

from engine.access.operators import LOOPBACK_NAMES, is_loopback, is_public, operator_sign_in, sits_at_the_server
from engine.access.person import Person
from engine.access.secret_key import secret_key
from engine.access.tries import WrongTries

__all__ = [
    "LOOPBACK_NAMES",
    "Person",
    "WrongTries",
    "is_loopback",
    "is_public",
    "operator_sign_in",
    "secret_key",
    "sits_at_the_server",
]
