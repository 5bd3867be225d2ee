"""What stands between the network and the pages: whom the server answers, and how it tells browsers apart."""

from pages.server.device_cookie import DeviceCookie, operator_token_in, token_in
from pages.server.frames import OwnFramesOnly
from pages.server.hosts import OwnOriginOnly, host_check
from pages.server.lifespan import lifespan
from pages.server.requests import BoundedRequests
from pages.server.routes import ROUTES
from pages.server.sessions import OwnSessionsOnly
from pages.server.uploads import OneAtATime, place_of

__all__ = [
    "ROUTES",
    "BoundedRequests",
    "DeviceCookie",
    "OneAtATime",
    "OwnFramesOnly",
    "OwnOriginOnly",
    "OwnSessionsOnly",
    "host_check",
    "lifespan",
    "operator_token_in",
    "place_of",
    "token_in",
]
