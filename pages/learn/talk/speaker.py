"""Who judges and speaks to a person, where a model may not or cannot."""

from dataclasses import replace

import streamlit as st

from engine import CallerMistake, access
from engine.access import Person
from tutor import Tutor, TutorEndpoint, configured_tutor, journal, local_tutor


def tutor_for(me: Person) -> tuple[Tutor, str]:
    """The tutor, and what to say about it: empty unless the local one stands in for a model.

    Raises:
        CallerMistake: a setting of the endpoint cannot be one; only the operator is told which.
    """
    try:
        tutor = configured_tutor(st.secrets)
    except CallerMistake:
        if me.operator:
            raise
        return local_tutor(), "The model that speaks here is not set up rightly, so the lab's own words answer."
    if tutor.voice is None or access.model_may_reply(me, replies_today=journal.model_turns(access.today().date())):
        limits = access.limits_of(me)
        return replace(tutor, most_replies=limits.replies if limits else None), ""
    return local_tutor(), (
        "The model has answered as often as it may today, so the lab's own words answer until midnight UTC. What you "
        "write counts as always."
    )


def endpoint_for(me: Person) -> TutorEndpoint | None:
    """The model that is set up; none for a visitor where its settings cannot be right.

    Raises:
        CallerMistake: they cannot, said to the operator.
    """
    try:
        return TutorEndpoint.configured(st.secrets)
    except CallerMistake:
        if me.operator:
            raise
        return None
