"""Who is the operator: whoever sits at the machine of a server that nobody else can reach, or knows its start-up code.

The start-up code is printed in the terminal of the server, which visitors do not see, as Jupyter does it.
"""

from __future__ import annotations

import functools
import hmac
import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from engine.access.tries import WrongTries
from engine.errors import CallerMistake

SHORTEST_CODE = 16
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
FORWARDING = ("forwarded", "via", "x-real-ip")
"""Headers by which a proxy says that it speaks for somebody else, beside all that begin with `x-forwarded`."""


def is_public() -> bool:
    """Whether `NOISEFLOOR_PUBLIC=1` makes everybody a visitor."""
    return os.environ.get("NOISEFLOOR_PUBLIC", "").strip() not in ("", "0")


def is_loopback(host: str | None) -> bool:
    """Whether a host or an address, with or without a port, is this machine for nobody but itself."""
    given = host or ""
    try:
        name = given if given.count(":") > 1 and "[" not in given else urlsplit(f"//{given}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def sits_at_the_server(*, listening: str | None, public: bool, headers: Mapping[str, str], client: str | None) -> bool:
    """Whether a request comes from who runs the server. In doubt it does not.

    listening  the address the server is bound to; None for all there are
    public     whether everybody is a visitor, wherever they sit
    headers    of the request
    client     the address it comes from
    """
    given = {name.lower(): value for name, value in headers.items()}
    forwarded = any(name in FORWARDING or name.startswith("x-forwarded") for name in given)
    origin = given.get("origin")
    return (
        not public
        and not forwarded
        and all(is_loopback(address) for address in (listening, given.get("host"), client))
        and (origin is None or origin.partition("://")[2] == given.get("host"))
    )


@dataclass(slots=True, kw_only=True)
class OperatorSignIn:
    """The start-up code, and the devices that gave it since the server started."""

    code: str
    printed: bool = True
    """Whether the terminal shows it: one that the operator chose is known to them, and stays out of logs."""
    tries: WrongTries = field(default_factory=lambda: WrongTries(each=5))
    devices: set[str] = field(default_factory=set)

    def sign_in(self, device: str, code: str) -> bool:
        """Whether the code was right; from then on the device is the operator's, until the server ends.

        Raises:
            NotAllowed: there were too many wrong tries.
        """
        self.tries.check(device)
        if hmac.compare_digest(code.strip().encode(), self.code.encode()):
            self.devices.add(device)
            return True
        self.tries.add(device)
        return False


@functools.cache
def operator_sign_in() -> OperatorSignIn:
    """That of this process, with the code of `NOISEFLOOR_OPERATOR_CODE`, else a random one.

    Raises:
        CallerMistake: the code there is short enough to be guessed.
    """
    code = os.environ.get("NOISEFLOOR_OPERATOR_CODE", "").strip()
    if code and len(code) < SHORTEST_CODE:
        raise CallerMistake(
            f"NOISEFLOOR_OPERATOR_CODE has {len(code)} characters: give it at least {SHORTEST_CODE}, or unset it to "
            "have a random one printed at every start."
        )
    return OperatorSignIn(code=code or secrets.token_urlsafe(18), printed=not code)
