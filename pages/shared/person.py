"""Who looks at this page: a device the server knows by its cookie, the learner who sits at it, and whether they run it.

Nothing of it comes from the address. A browser that keeps no cookie is known for as long as its tab is open.
"""

import secrets

import streamlit as st

from engine import access, battles, log_format
from engine.access import Person
from pages.server import token_in
from tutor import journal

DEVICE, KEEPS_COOKIES, AT_THE_SERVER = "device", "device keeps cookies", "at the server"
wrong_codes = access.WrongTries(each=10)
"""Resume codes that nobody has, typed in this server."""


def current() -> Person:
    """The person of this session."""
    who = Person(id=battles.author(learner()), operator=is_operator())
    log_format.about(person=who.id)
    return who


def is_operator() -> bool:
    """Whether this session is of who runs the server. The journal is not asked."""
    return _at_the_server() or device() in access.operator_sign_in().devices


def learner() -> str:
    """The key in the journal to what this person wrote. No page shows it."""
    return journal.learner_of(device())


def device() -> str:
    """The device of this session, found out once: a session whose line breaks for a moment stays whose it is."""
    if DEVICE not in st.session_state:
        token = token_in(st.context.cookies)
        st.session_state[KEEPS_COOKIES] = token is not None
        st.session_state[DEVICE] = journal.device_id(token or secrets.token_urlsafe(32))
    return str(st.session_state[DEVICE])


def is_remembered() -> bool:
    """Whether another tab or tomorrow's visit is the same person's."""
    device()
    return bool(st.session_state.get(KEEPS_COOKIES))


def _at_the_server() -> bool:
    if AT_THE_SERVER not in st.session_state:
        st.session_state[AT_THE_SERVER] = access.sits_at_the_server(
            listening=st.get_option("server.address"),
            public=access.is_public(),
            headers=st.context.headers.to_dict(),
            client=st.context.ip_address or "127.0.0.1",  # Streamlit says None for this machine
        )
    return bool(st.session_state[AT_THE_SERVER])
