"""A pool of limited processes, for whatever must not be done where everybody is served.

A function that somebody else's data may keep busy, or make ask for any amount of memory, is called in a child process
with bounds on memory, computing, time and output. JSON goes in and comes out; nothing is pickled.
"""

from engine.errors import Busy, LimitExceeded
from engine.isolation.limits import IsolatedFunction, Limits
from engine.isolation.pool import Pool
from engine.isolation.process import Waiting

__all__ = ["Busy", "IsolatedFunction", "LimitExceeded", "Limits", "Pool", "Waiting"]
