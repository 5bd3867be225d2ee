"""A model that is kept open in a process of its own and streams what it writes: no torch where pages are served.

It is opened when it is first asked for. Whoever asks gets pieces of text until the end, a stop or a deadline; whatever
becomes of the process is a `RequestFailure`, as it is with any server.
"""

from engine.serving.process import Opened
from engine.serving.served import ServedModel

__all__ = ["Opened", "ServedModel"]
