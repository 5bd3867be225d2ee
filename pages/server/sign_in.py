"""`/sign-in`: a plain form, since only an answer of HTTP can set a cookie that scripts never see.

Whoever gives the start-up code gets a new secret of their own. The cookie that their browser had before is left what it
was: a device, which somebody else may have planted there, and which is nobody's licence.
"""

from __future__ import annotations

import base64
import hashlib
import html
from contextlib import suppress
from urllib.parse import parse_qs

import streamlit as st
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from engine import access
from engine.errors import NotAllowed
from pages.server.device_cookie import is_https, operator_cookie, operator_token_in, token_in
from pages.server.hosts import is_own_origin
from tutor import journal

LONGEST_FORM = 2_000  # bytes
OF_ANOTHER_SITE = "Another site sent this form, so it was not looked at. Open the page itself and try again."
NO_COOKIES = (
    "Signing in needs cookies, and this browser keeps none of ours. Allow them for this site, and open this page anew."
)
FORM = """
<p>For whoever runs this server: enter the start-up code from its terminal.</p>
<form method="post" action="sign-in">
<label for="code">Start-up code</label>
<input id="code" name="code" type="password" maxlength="200" autocomplete="off" required autofocus>
<button>Sign in</button>
</form>"""
SIGNED_IN = """
<p>This browser is signed in until the server is started anew.</p>
<form method="post" action="sign-out"><button>Sign out</button></form>
<p><a href="operator">To the operator's page</a></p>"""
AT_THE_SERVER = """
<p>You sit at the server's own machine, which makes you its operator. There is nothing to sign in to.</p>
<p><a href="operator">To the operator's page</a></p>"""
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Operator sign-in · Noise Floor</title>
<link rel="icon" href="app/static/logo.svg">
<style>{style}</style>
</head>
<body>
<main>
<a class="home" href="./"><img src="app/static/logo.svg" alt="Noise Floor: the first page" width="40" height="32"></a>
<h1>Operator sign-in</h1>
{told}{content}
</main>
</body>
</html>
"""
STYLE = """
@font-face { font-family: "IBM Plex Sans"; font-weight: 100 700;
  src: url("app/static/fonts/ibm-plex-sans-latin-wght-normal.woff2") format("woff2"); }
:root { color-scheme: light dark; LIGHT }
@media (prefers-color-scheme: dark) { :root { DARK } }
* { box-sizing: border-box; }
body { margin: 0; padding: 3rem 1.25rem; background: var(--background); color: var(--text);
  font: 16px/1.6 "IBM Plex Sans", system-ui, sans-serif; }
main { max-width: 27rem; margin: 0 auto; }
h1 { font-size: 40px; font-weight: 650; line-height: 1.2; margin: 2rem 0 1rem; }
@media (max-width: 480px) { h1 { font-size: 32px; } body { padding-top: 1.5rem; } }
a { color: var(--primary); }
.home { display: inline-block; }
.home img { display: block; }
label { display: block; font-size: 14px; margin: 1.5rem 0 .25rem; }
input, button { width: 100%; min-height: 44px; padding: 0 .75rem; font: inherit; border-radius: 6px; }
input { background: var(--field); color: inherit; border: 1px solid var(--border); }
button { margin: 1rem 0; border: 1px solid var(--primary); background: var(--primary); color: var(--background);
  font-weight: 600; cursor: pointer; }
:focus-visible { outline: 2px solid var(--primary); outline-offset: 2px; }
.told { padding: .75rem 1rem; border-left: 4px solid var(--error); background: var(--field); border-radius: 6px; }
"""
COLOURS = {
    "background": "backgroundColor",
    "field": "secondaryBackgroundColor",
    "text": "textColor",
    "primary": "primaryColor",
    "border": "borderColor",
}
ERROR = {"light": "#B3261E", "dark": "#FF8A80"}


async def show(request: Request) -> Response:
    """The form, or who this browser is already."""
    signed_in = access.operator_sign_in().holds(operator_token_in(request.cookies))
    return _page(SIGNED_IN if signed_in else AT_THE_SERVER if _sits_at_the_server(request) else FORM)


async def sign_in(request: Request) -> Response:
    """Looks at the code of the form; with the right one the browser is the operator's, and goes to their page."""
    if not is_own_origin(request.headers):
        return _page(FORM, OF_ANOTHER_SITE, status=403)
    device = token_in(request.cookies)
    if device is None:
        return _page(FORM, NO_COOKIES, status=403)
    code = await _code(request)
    if code is None:
        return _page(FORM, "That is more than any start-up code.", status=413)
    operator = access.operator_sign_in()
    try:
        token = operator.sign_in(journal.device_id(device), code)
    except NotAllowed as error:
        return _page(FORM, str(error), status=429)
    if token is None:
        return _page(FORM, "That is not the code of this start.", status=403)
    operator.sign_out(operator_token_in(request.cookies))
    return _leads_to("./operator", operator_cookie(token, https=is_https(request.scope)))


async def sign_out(request: Request) -> Response:
    """Makes the browser's token nobody's, and takes its cookie away."""
    if not is_own_origin(request.headers):
        return _page(SIGNED_IN, OF_ANOTHER_SITE, status=403)
    access.operator_sign_in().sign_out(operator_token_in(request.cookies))
    return _leads_to("./", operator_cookie(None, https=is_https(request.scope)))


async def _code(request: Request) -> str | None:
    """What the form says; None where more was sent than a form has, or less than was announced."""
    body = b""
    with suppress(ClientDisconnect):
        async for part in request.stream():
            body += part
            if len(body) > LONGEST_FORM:
                return None
        return parse_qs(body.decode(errors="replace")).get("code", [""])[0]
    return None


def _sits_at_the_server(request: Request) -> bool:
    return access.sits_at_the_server(
        listening=st.get_option("server.address"),
        public=access.is_public(),
        headers=request.headers,
        client=request.client.host if request.client else None,
    )


def _leads_to(place: str, cookie: str) -> Response:
    return RedirectResponse(place, status_code=303, headers={"set-cookie": cookie, "cache-control": "no-store"})


def _page(content: str, told: str = "", *, status: int = 200) -> Response:
    """No script, and nothing of another site, runs or is shown in it; no page shows it in a frame."""
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; font-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    said = f'<p class="told" role="alert">{html.escape(told)}</p>' if told else ""
    return HTMLResponse(
        PAGE.format(style=style, told=said, content=content),
        status_code=status,
        headers={
            "content-security-policy": policy,
            "cache-control": "no-store",
            "referrer-policy": "same-origin",
            "x-content-type-options": "nosniff",
        },
    )


def _style() -> str:
    """In the colours of the app's own theme."""
    style = STYLE
    for theme, error in ERROR.items():
        colours = {name: st.get_option(f"theme.{theme}.{option}") for name, option in COLOURS.items()} | {
            "error": error
        }
        style = style.replace(theme.upper(), " ".join(f"--{name}: {value};" for name, value in colours.items()))
    return style
