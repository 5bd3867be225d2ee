"""Who may do what: the one place where the server decides it.

An operator runs the server; a visitor is anybody else who reaches it. Pages ask here and nowhere else, and start, stop
and change battles through here, on behalf of a person.
"""

from engine.access.limits import Limits, variable
from engine.access.operators import LOOPBACK_NAMES, is_loopback, is_public, operator_sign_in, sits_at_the_server
from engine.access.person import Person
from engine.access.policy import (
    LONGEST_SYSTEM_PROMPT,
    check_message,
    check_request,
    check_storage,
    limits_of,
    may_change,
    model_may_reply,
    open_to_visitors,
    today,
)
from engine.access.secret_key import secret_key
from engine.access.service import (
    LONGEST_NAME,
    Usage,
    delete,
    delete_own,
    history,
    may_resume,
    probe,
    rename,
    repeat,
    resume,
    resume_repeats,
    start,
    stop,
    stop_all,
    stop_repeats,
    usage,
)
from engine.access.tries import WrongTries

__all__ = [
    "LONGEST_NAME",
    "LONGEST_SYSTEM_PROMPT",
    "LOOPBACK_NAMES",
    "Limits",
    "Person",
    "Usage",
    "WrongTries",
    "check_message",
    "check_request",
    "check_storage",
    "delete",
    "delete_own",
    "history",
    "is_loopback",
    "is_public",
    "limits_of",
    "may_change",
    "may_resume",
    "model_may_reply",
    "open_to_visitors",
    "operator_sign_in",
    "probe",
    "rename",
    "repeat",
    "resume",
    "resume_repeats",
    "secret_key",
    "sits_at_the_server",
    "start",
    "stop",
    "stop_all",
    "stop_repeats",
    "today",
    "usage",
    "variable",
]
