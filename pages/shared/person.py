"""Who looks at this page."""

from engine import battles
from engine.access import Person
from pages.shared import learner


def current() -> Person:
    """The person of this session."""
    return Person(id=battles.author(learner.token()), operator=True)
