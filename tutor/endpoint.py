"""The tutor's endpoint: the settings that name it, and the sentences that say which of them to mend."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from engine import CallerMistake
from engine.models import OPENAI, Endpoint, check_address
from tutor.errors import EndpointFailure

LOCAL = "local"
"""TUTOR_MODEL for the model that needs no endpoint (tutor/local_model)."""


@dataclass(frozen=True)
class TutorEndpoint(Endpoint):
    """Where the tutor's model is, as the operator set it. Raises CallerMistake for no address, no model or no key."""

    trusted: bool = True

    failure = EndpointFailure
    sentences: ClassVar = {
        **Endpoint.sentences,
        300: "{host} points to another address ({status}), which is not followed. Set OPENAI_BASE_URL to that one.",
        "silent": "{url} does not answer ({reason}). Check that it runs, and that OPENAI_BASE_URL is right.",
        "timed_out": "{host} did not answer within {timeout}. Check that it runs, or try a smaller model.",
        401: "{host} {refusal} (401). Set OPENAI_API_KEY to one it takes.",
        402: "{host} wants to be paid for {model} (402: {reason}). Check the key's account.",
        403: "{host} does not let this key use {model} (403: {reason}). Check what the key may do.",
        404: "{host} does not serve {model} (404: {reason}). Set TUTOR_MODEL to one it serves, and check "
        "OPENAI_BASE_URL; most end in /v1.",
        429: "{host} has had too many requests (429: {reason}). Wait a little, or check the key's quota.",
        "other": "{host} answered {status}: {reason}. Try again; its own log may say more.",
        "invalid_key": "OPENAI_API_KEY holds characters that no key has (not shown). Set it again.",
        "chat": "{url} answered, but not as this API does ({reason}). Check OPENAI_BASE_URL; most end in /v1.",
    }

    def __post_init__(self) -> None:
        check_address(self.url, "OPENAI_BASE_URL")
        if not self.model.strip():
            raise CallerMistake(f"TUTOR_MODEL is {self.model!r}. Set it to a name that {self.host} knows.")
        super().__post_init__()

    @classmethod
    def configured(cls, secrets: Mapping[str, object] | None = None) -> TutorEndpoint | None:
        """The endpoint of the environment, each value else from `secrets`; None unless TUTOR_MODEL is set.

        A key alone is not consent: many have one in their shell for other work, and learners' texts would go out.
        `LOCAL` names no endpoint. Raises CallerMistake for a value that cannot be one.
        """
        model = _setting("TUTOR_MODEL", secrets)
        if not model or model == LOCAL:
            return None
        url, key = _setting("OPENAI_BASE_URL", secrets) or OPENAI, _setting("OPENAI_API_KEY", secrets)
        return cls(url, model, key)


def local_model_named(secrets: Mapping[str, object] | None = None) -> bool:
    """Whether TUTOR_MODEL names the model that runs on this machine. Raises CallerMistake for no text."""
    return _setting("TUTOR_MODEL", secrets) == LOCAL


def _setting(name: str, secrets: Mapping[str, object] | None) -> str:
    value: object = os.environ.get(name, "").strip()
    if not value and secrets is not None:
        with suppress(FileNotFoundError):  # st.secrets without a file raises this at the first look
            value = secrets.get(name, "")
    if not isinstance(value, str):
        raise CallerMistake(f"The secret {name} is of type {type(value).__name__} (not shown). Write it as a text.")
    return value.strip()
