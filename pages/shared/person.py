"""Who looks at this page: a device the server knows by its cookie, the learner who sits at it, and whether they run it.

Nothing of it comes from the address, and nothing from Streamlit's session alone: whoever knows its id, which stands in
addresses of uploads, may take its place when its line breaks. A browser that keeps no cookie is known for as long as
its tab is open.
"""

import secrets
from dataclasses import dataclass

import streamlit as st

from engine import access, battles, log_format
from engine.access import Person
from engine.errors import NotAllowed
from pages.server import operator_token_in, token_in
from tutor import journal

CONNECTION, DEVICE = "connection", "device"
SOMEBODY_ELSE = (
    "In another tab your work was deleted, or another learner's was brought to this browser. What you entered just now "
    "was not kept."
)
wrong_codes = access.WrongTries(each=10)
"""Resume codes that nobody has, typed in this server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What the line says by which this session's browser is connected."""

    device: str | None
    """None where the browser keeps no cookie."""
    operator: bool


def current() -> Person:
    """The person of this session."""
    who = Person(id=battles.author(learner()), operator=is_operator())
    log_format.about(person=who.id)
    return who


def is_operator() -> bool:
    """Whether this session is of who runs the server. The journal is not asked."""
    return _connection().operator


def has_signed_in() -> bool:
    """Whether they are by the start-up code, and so may sign out."""
    return access.operator_sign_in().holds(operator_token_in(st.context.cookies))


def learner() -> str:
    """The key in the journal to what this person wrote. No page shows it."""
    return journal.learner_of(device())


def check_still(learner_then: str) -> None:
    """Before something is written that was begun a while ago: whoever it belongs to may be gone from this device.

    Raises:
        NotAllowed: this device is another learner's now, and nobody would find what is written.
    """
    if learner() != learner_then:
        raise NotAllowed(SOMEBODY_ELSE)


def device() -> str:
    """The device of this session."""
    known = _connection().device
    if known is None and DEVICE not in st.session_state:
        st.session_state[DEVICE] = journal.device_id(secrets.token_urlsafe(32))
    return known or str(st.session_state[DEVICE])


def is_remembered() -> bool:
    """Whether another tab or tomorrow's visit is the same person's."""
    return _connection().device is not None


def _connection() -> Connection:
    """Looked at each time. Where it is another one's than before, this session keeps nothing of what it was.

    A line that is broken just now says nothing: the session stays whose it is until there is one again.
    """
    headers = st.context.headers.to_dict()
    before: Connection | None = st.session_state.get(CONNECTION)
    if before is not None and not headers:
        return before
    token = token_in(st.context.cookies)
    now = Connection(
        device=None if token is None else journal.device_id(token),
        operator=has_signed_in() or _sits_at_the_server(headers),
    )
    if before is not None and before != now:
        for key in list(st.session_state):
            del st.session_state[key]
    if before != now:
        st.session_state[CONNECTION] = now
    return now


def _sits_at_the_server(headers: dict[str, str]) -> bool:
    return access.sits_at_the_server(
        listening=st.get_option("server.address"),
        public=access.is_public(),
        headers=headers,
        client=st.context.ip_address or "127.0.0.1",  # Streamlit says None for this machine
    )
