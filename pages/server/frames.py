"""Whether another site may show these pages in a frame of its own, where a click meant for it would land on them."""

from __future__ import annotations

import os

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class OwnFramesOnly:
    """Keeps other sites' frames out, but for those that `NOISEFLOOR_FRAMES` names, of a course for instance.

    A site of the same domain, or another port of the same machine, is another site: its frame would have our cookies.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        named = os.environ.get("NOISEFLOOR_FRAMES", "").replace(",", " ").split()
        self.policy = " ".join(["frame-ancestors 'self'", *(name for name in named if _is_origin(name))])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("content-security-policy", self.policy)
            await send(message)

        await self.app(scope, receive, with_policy)


def _is_origin(name: str) -> bool:
    """Nothing else gets into the header: no second rule, and not everybody."""
    scheme, _, host = name.partition("://")
    return scheme in ("http", "https") and bool(host) and not set(host) & set("/;,'\" \t")
