"""Who is the operator: whoever sits at the machine of a server that nobody else can reach, or knows its start-up code.

The start-up code is printed in the terminal of the server, which visitors do not see, as Jupyter does it.
"""

from __future__ import annotations

import functools
import hashlib
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
OF_PROXIES = {"forwarded", "via", "ip", "addr", "address", "proxy"}
OF_PROXIES |= {"akamai", "b3", "cdn", "cf", "cloudfront", "fastly", "fly", "traceparent", "tracestate"}
"""Words in the names of headers that say somebody stands between: `Via`, `CF-Ray`, `True-Client-IP`."""


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


def tells_of_a_proxy(header: str) -> bool:
    """Whether a header is a proxy's, by its name: no browser sends one that begins with `x-` or has such a word."""
    words = header.lower().replace("_", "-").split("-")
    return words[0] == "x" or not OF_PROXIES.isdisjoint(words)


def sits_at_the_server(*, listening: str | None, public: bool, headers: Mapping[str, str], client: str | None) -> bool:
    """Whether a request comes from who runs the server. In doubt it does not.

    listening  the address the server is bound to; None for all there are
    public     whether everybody is a visitor, wherever they sit
    headers    of the request
    client     the address it comes from
    """
    given = {name.lower(): value for name, value in headers.items()}
    origin = given.get("origin")
    return (
        not public
        and not any(map(tells_of_a_proxy, given))
        and all(is_loopback(address) for address in (listening, given.get("host"), client))
        and (origin is None or origin.partition("://")[2] == given.get("host"))
    )


@dataclass(slots=True, kw_only=True)
class OperatorSignIn:
    """The start-up code, and what those have who gave it since the server started."""

    code: str
    printed: bool = True
    """Whether the terminal shows it: one that the operator chose is known to them, and stays out of logs."""
    tries: WrongTries = field(default_factory=lambda: WrongTries(each=5))
    _signed_in: set[str] = field(default_factory=set)
    """Hashes: what is in memory signs nobody in."""

    def sign_in(self, device: str, code: str) -> str | None:
        """A new secret token when the code was right: whoever has it is the operator, until it is signed out.

        It is new each time: what a browser had before, somebody else may have planted or seen.

        Raises:
            NotAllowed: there were too many wrong tries.
        """
        self.tries.check(device)
        if not hmac.compare_digest(code.strip().encode(), self.code.encode()):
            self.tries.add(device)
            return None
        token = secrets.token_urlsafe(32)
        self._signed_in.add(_digest(token))
        return token

    def holds(self, token: str | None) -> bool:
        """Whether this token was given and not signed out."""
        return token is not None and _digest(token) in self._signed_in

    def sign_out(self, token: str | None) -> None:
        """From now on the token is nobody's."""
        if token is not None:
            self._signed_in.discard(_digest(token))


def _digest(token: str) -> str:
    return hashlib.sha256(f"Noise Floor operator {token}".encode(errors="replace")).hexdigest()


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
