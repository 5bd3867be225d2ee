"""Who may do what: the one place where the server decides it.

An operator runs the server; a visitor is anybody else who reaches it. Pages ask here and nowhere else, and start, stop
and change battles through here, on behalf of a person.
"""

from engine.access.limits import Limits, variable
from engine.access.person import Person
from engine.access.policy import (
    LONGEST_SYSTEM_PROMPT,
    check_message,
    limits_of,
    may_change,
    model_may_reply,
    open_to_visitors,
    today,
)
from engine.access.service import (
    LONGEST_NAME,
    Usage,
    delete,
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

__all__ = [
    "LONGEST_NAME",
    "LONGEST_SYSTEM_PROMPT",
    "Limits",
    "Person",
    "Usage",
    "check_message",
    "delete",
    "history",
    "limits_of",
    "may_change",
    "may_resume",
    "model_may_reply",
    "open_to_visitors",
    "probe",
    "rename",
    "repeat",
    "resume",
    "resume_repeats",
    "start",
    "stop",
    "stop_all",
    "stop_repeats",
    "today",
    "usage",
    "variable",
]
