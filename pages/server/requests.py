"""What a browser may send: messages of the kinds that our pages need, of bounded size and number, and short addresses.

Streamlit takes more from whoever is connected: to clear what is remembered for everybody, to look into the server's git
repository, to make any number of places for uploads. Pages here need none of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

KINDS = {"rerun_script", "stop_script", "app_heartbeat", "file_urls_request", "backend_operation_request"}
MOST_FILES = 200
"""Places for uploads asked for at once."""
LONGEST_PATH, LONGEST_QUERY = 1_000, 8_000  # bytes; a path is looked up on disk part by part
RATE, BURST = 5.0, 30.0
"""Messages a second that one connection may send for long, and at once: nobody clicks faster for long."""
CLOSED = ("/_stcore/metrics", "/_stcore/script-health-check")
"""What Streamlit tells of itself to whoever asks."""
POLICY_VIOLATION = 1008


class BoundedRequests:
    """ASGI middleware: drops messages that no page needs, and ends a connection that sends too many."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = time.monotonic) -> None:
        self.app, self._clock = app, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (
            len(scope["raw_path"]) > LONGEST_PATH or len(scope["query_string"]) > LONGEST_QUERY
        ):
            answer = PlainTextResponse("An address of this length is none of ours.", status_code=414)
            await answer(scope, receive, send)
            return
        if scope["type"] == "http" and scope["path"].endswith(CLOSED):
            await PlainTextResponse("Not here.", status_code=404)(scope, receive, send)
            return
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        left, last = BURST, self._clock()

        async def wanted() -> Message:
            nonlocal left, last
            while True:
                message = await receive()
                if message["type"] != "websocket.receive":
                    return message
                now = self._clock()
                left, last = min(BURST, left + RATE * (now - last)) - 1, now
                if left < 0:
                    await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": "Too many messages."})
                    return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}
                if _is_wanted(message.get("bytes") or b""):
                    return message

        await self.app(scope, wanted, send)


def _is_wanted(content: bytes) -> bool:
    """What cannot be read is for Streamlit to refuse."""
    message = BackMsg()
    try:
        message.ParseFromString(content)
    except Exception:  # protobuf's own, which comes with Streamlit
        return True
    kind = message.WhichOneof("type")
    return kind in KINDS and len(message.file_urls_request.file_names) <= MOST_FILES
