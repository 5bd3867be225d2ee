"""The cookie by which the server knows a browser again: a random token, signed, out of reach for scripts in the page;
and that of whoever signed in.

Only what this server made is accepted: a value that somebody typed, guessed or planted is no device. Two servers on one
machine share their cookies, since browsers do not tell ports apart; so the name is the server's own.
"""

from __future__ import annotations

import functools
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, quote, urlencode

from itsdangerous import BadSignature, Signer
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine import access

OLD_KEY = "s"
"""The parameter by which earlier releases knew a learner. It is taken out of every address before it gets anywhere."""
DAYS = 400  # the longest that browsers keep one


def token_in(cookies: Mapping[str, str], schemes: Sequence[bool] = (True, False)) -> str | None:
    """The browser's own token; None where it has none of this server's."""
    for https in schemes:
        try:
            return _signer().unsign(cookies.get(_name("", https=https), "")).decode()
        except (BadSignature, UnicodeError):
            continue
    return None


def operator_token_in(cookies: Mapping[str, str], schemes: Sequence[bool] = (True, False)) -> str | None:
    """What the browser says is an operator's token. It has a cookie of its own, which is set when somebody signs in."""
    given = (cookies.get(_name("-operator", https=https)) for https in schemes)
    return next(filter(None, given), None)


def operator_cookie(token: str | None, *, https: bool) -> str:
    """The header that sets it, or takes it away. No page of another site, nor a frame in one, has it sent along."""
    kept = f"{token}; " if token else "; Max-Age=0; "
    return f"{_name('-operator', https=https)}={kept}Path=/; HttpOnly; SameSite=Strict{'; Secure' * https}"


def is_https(scope: Scope) -> bool:
    """Whether the browser came by https, to us or to the proxy before us."""
    forwarded = Headers(raw=scope.get("headers", [])).get("x-forwarded-proto", "")
    return scope["scheme"] == "https" or forwarded.partition(",")[0].strip().lower() == "https"


class DeviceCookie:
    """Gives a browser that opens a page its cookie, if it has none yet."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        opens_a_page = scope["type"] == "http" and scope["method"] == "GET"
        headers = Headers(raw=scope.get("headers", []))
        if not opens_a_page or "text/html" not in headers.get("accept", ""):
            await self.app(scope, receive, send)
            return
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if any(name == OLD_KEY for name, _ in query):
            left = urlencode([(name, value) for name, value in query if name != OLD_KEY])
            here = quote(scope["path"].rpartition("/")[2], safe="")
            await RedirectResponse(f"./{here}?{left}".removesuffix("?"), status_code=303)(scope, receive, send)
            return
        https = is_https(scope)
        if token_in(cookie_parser(headers.get("cookie", "")), [https]):
            await self.app(scope, receive, send)
            return

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer.append("set-cookie", _new(https=https))
                answer["cache-control"] = "no-store"  # kept on the way, it would make many browsers one
            await send(message)

        await self.app(scope, receive, with_cookie)


def _new(*, https: bool) -> str:
    signed = _signer().sign(secrets.token_urlsafe(32)).decode()
    flags = f"Path=/; Max-Age={DAYS * 86_400}; HttpOnly; SameSite=Lax"
    return f"{_name('', https=https)}={signed}; {flags}{'; Secure' * https}"


def _name(use: str, *, https: bool) -> str:
    """With https a neighbouring site of the same domain cannot plant one: that is what the prefix means to browsers."""
    return f"{'__Host-' * https}noisefloor{use}-{_server(access.secret_key())}"


@functools.lru_cache(maxsize=8)
def _server(key: str) -> str:
    return hashlib.sha256(f"Noise Floor cookie {key}".encode()).hexdigest()[:8]


def _signer() -> Signer:
    return _signer_by(access.secret_key())


@functools.lru_cache(maxsize=8)
def _signer_by(key: str) -> Signer:
    return Signer(key, salt="Noise Floor device", key_derivation="hmac", digest_method=hashlib.sha256)
