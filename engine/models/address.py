"""What an endpoint's address may look like, and which key goes to it.

The form is strict, so that nobody who reads an address, httpx among them, takes another host from it than is compared
here: ASCII, a host by name or number, no user, no query. A key belongs to one origin: scheme, host and port.
"""

from __future__ import annotations

import ipaddress
import os
import re

from engine.errors import CallerMistake

OPENAI = "https://api.openai.com/v1"
OPENAI_KEY, OPENAI_URL = "OPENAI_API_KEY", "OPENAI_BASE_URL"
LONGEST_ADDRESS, LONGEST_MODEL = 500, 200
ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[\w.-]{1,253}|\[[\da-f]*:[\da-f:.]{1,45}\])(?::(?P<port>\d{1,5}))?(?:/[\w.~%/:+-]*)?",
    re.IGNORECASE | re.ASCII,
)
NUMBERS = re.compile(r"\d+(?:\.\d+){3}", re.ASCII)
Origin = tuple[str, str, int]


def origin(url: str) -> Origin | None:
    """Scheme, host and port of an address, written one way; None for what is no address."""
    found = ADDRESS.fullmatch(url) if len(url) <= LONGEST_ADDRESS else None
    if found is None:
        return None
    scheme, host = found["scheme"].lower(), found["host"].lower().strip("[]")
    port = int(found["port"] or {"http": 80, "https": 443}[scheme])
    if ":" in host or NUMBERS.fullmatch(host):
        try:
            host = str(ipaddress.ip_address(host))
        except ValueError:
            return None
    return (scheme, host, port) if 0 < port < 1 << 16 else None


def check_address(url: str, name: str) -> None:
    """Refuses what is no bare address. One that may hold a secret is not shown.

    url   as somebody wrote it
    name  what it is called, for the message

    Raises:
        CallerMistake: it is none.
    """
    if origin(url) is None:
        shown = "not shown, it may hold a secret" if set(url) & set("@?#") else ascii(url[:LONGEST_MODEL])
        raise CallerMistake(f"{name} ({shown}) must be a bare address, such as http://127.0.0.1:8000/v1.")


def is_model_name(name: str) -> bool:
    """Whether a server may call a model so: one line of a sensible length."""
    return bool(name.strip()) and name.isprintable() and len(name) <= LONGEST_MODEL


def openai_origin() -> Origin | None:
    """Where OPENAI_API_KEY belongs: the address in OPENAI_BASE_URL, or OpenAI's; None while that is no address."""
    return origin(os.environ.get(OPENAI_URL, "").strip() or OPENAI)


def is_openais(url: str) -> bool:
    """Whether an address is on the one origin that OPENAI_API_KEY goes to."""
    found = origin(url)
    return found is not None and found == openai_origin()


def key_in(variable: str) -> str:
    """The key that an environment variable holds; empty for none."""
    return os.environ.get(variable, "").strip() if variable else ""
