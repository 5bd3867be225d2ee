"""A tutor's model that needs no key: what it is and how it comes here, how it is asked, and how long a reply takes."""

from tutor.local_model.chat import LocalChatModel
from tutor.local_model.speed import Speed, measure
from tutor.local_model.weights import LICENCE, TITLE, fetch, path, present

__all__ = ["LICENCE", "TITLE", "LocalChatModel", "Speed", "fetch", "measure", "path", "present"]
