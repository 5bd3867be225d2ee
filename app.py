"""The app, for `streamlit run app.py` and any ASGI server: what stands between the network and the pages."""

import sys

import streamlit as st
from starlette.middleware import Middleware

from engine import EngineError, access
from pages.server import (
    ROUTES,
    BoundedRequests,
    DeviceCookie,
    OneAtATime,
    OwnFramesOnly,
    OwnOriginOnly,
    OwnSessionsOnly,
    host_check,
    lifespan,
)

try:
    access.secret_key(), access.operator_sign_in()  # what is wrong with them is said before anybody is answered
    app = st.App(
        "pages/shell.py",
        middleware=[
            host_check(),
            Middleware(OwnOriginOnly),
            Middleware(OwnSessionsOnly),
            Middleware(BoundedRequests),
            Middleware(OwnFramesOnly),
            Middleware(OneAtATime),
            Middleware(DeviceCookie),
        ],
        routes=ROUTES,
        lifespan=lifespan,
    )
except EngineError as error:
    sys.exit(str(error))
