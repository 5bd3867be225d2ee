"""Addresses beside those of the pages."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from pages.server import sign_in
from pages.server.health import HealthCheck, look


async def _home(_: Request) -> RedirectResponse:
    return RedirectResponse("./")  # the first page has no name of its own to Streamlit


ROUTES = [
    Route("/home", _home),
    Route("/health", HealthCheck(look).answer),
    Route("/sign-in", sign_in.show),
    Route("/sign-in", sign_in.sign_in, methods=["POST"]),
    Route("/sign-out", sign_in.sign_out, methods=["POST"]),
]
