"""Which judge and which voice are in use here: the local ones, unless an endpoint is set up and proved itself.

A model takes over as judge only when it was better than the local judge beyond the noise (tutor/judge/exam.py), on
this machine, with this endpoint. It speaks whenever it is set up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from engine import CallerMistake
from engine.models import OpenAIClient
from tutor import journal, judge, local_model
from tutor.diagnosis import structured_mode
from tutor.dialogue.model_voice import ModelVoice
from tutor.dialogue.talk import Tutor
from tutor.endpoint import TutorEndpoint, local_model_named
from tutor.errors import EndpointFailure
from tutor.local_model import LocalChatModel, Speed

REPLY_SECONDS = 45.0
"""For a judgement, and again for a reply; then the local judge and the authored words stand in."""

SWITCH, SPEED = "local model", f"speed of {local_model.TITLE}"
"""Notes in the journal: whether the operator switched it on, and what was measured then."""


def local_tutor() -> Tutor:
    """The tutor that needs no endpoint and no key."""
    return Tutor(judge=judge.local_judge())


def configured_tutor(secrets: Mapping[str, Any] | None = None) -> Tutor:
    """The tutor for this environment: a model's voice when one is set up, its judgement when it won the exam.

    Raises:
        CallerMistake: a setting of the endpoint cannot be one, or the model that is to run here is not here.
    """
    endpoint = TutorEndpoint.configured(secrets)
    if endpoint is None and local_model_speaks(secrets):
        speed = local_model_speed()
        return Tutor(judge=judge.local_judge(), voice=ModelVoice(_here()), reply_seconds=speed.reply if speed else None)
    if endpoint is None:
        return local_tutor()
    server, exam = _server(endpoint), last_exam(endpoint)
    if exam is not None and exam.takes_over and exam.mode:
        return Tutor(judge=judge.LlmJudge(server, exam.mode), voice=ModelVoice(server))
    return Tutor(judge=judge.local_judge(), voice=ModelVoice(server))


def model_judge(secrets: Mapping[str, Any] | None = None) -> judge.LlmJudge:
    """The endpoint's judge, whether or not it won its exam: for measuring it.

    Raises:
        CallerMistake: no endpoint is set up, or it follows no schema.
        EndpointFailure: it does not answer.
    """
    endpoint = TutorEndpoint.configured(secrets)
    if endpoint is None:
        raise CallerMistake(
            "No endpoint is set up. Set TUTOR_MODEL, OPENAI_BASE_URL and OPENAI_API_KEY, or use --judge local."
        )
    server = OpenAIClient(endpoint)
    mode = structured_mode(server)
    if mode is None:
        raise CallerMistake(
            f"{endpoint.model} at {endpoint.host} follows no answer schema in any mode, so it cannot judge. "
            "Use --judge local."
        )
    return judge.LlmJudge(server, mode)


def take_exam(endpoint: TutorEndpoint) -> Iterator[tuple[int, int]]:
    """Examines the endpoint as a judge on the built-in messages; yields (done, of) and keeps the result at the end.

    Raises:
        EndpointFailure: the server gave out on the way.
    """
    server = OpenAIClient(endpoint)
    mode = structured_mode(server)
    if mode is None:
        raise EndpointFailure("schema", f"{endpoint.model} follows no answer schema, so there is nothing to examine.")
    exam = yield from judge.Exam.sit(judge.LlmJudge(server, mode), judge.local_judge(), mode)
    save_exam(endpoint, exam)


def save_exam(endpoint: TutorEndpoint, exam: judge.Exam) -> None:
    """Keeps the result as the last one of this endpoint and model."""
    journal.save_note(_exam_note(endpoint), json.dumps(exam.as_dict()))


def last_exam(endpoint: TutorEndpoint) -> judge.Exam | None:
    """What the last exam of this endpoint and model showed; None when it took none."""
    kept = journal.read_note(_exam_note(endpoint))
    return judge.Exam.from_dict(json.loads(kept)) if kept else None


def local_model_speaks(secrets: Mapping[str, Any] | None = None) -> bool:
    """Whether the model that runs here speaks where no endpoint is set up: switched on, or named by TUTOR_MODEL.

    That its weights are here switches nothing on.

    Raises:
        CallerMistake: TUTOR_MODEL names it, and its weights are not here.
    """
    if local_model_named(secrets):
        if not local_model.present():
            raise CallerMistake(
                f"TUTOR_MODEL is local, and {local_model.TITLE} is not on this machine. Run `make tutor`, or unset it."
            )
        return True
    return local_model.present() and journal.read_note(SWITCH) == "on"


def switch_local_model_on() -> None:
    """Has it speak from now on where no endpoint is set up, once a reply was measured.

    Raises:
        EndpointFailure, DiskFull: see `measure_local_model`; it stays off.
    """
    measure_local_model()
    journal.save_note(SWITCH, "on")


def switch_local_model_off() -> None:
    """Has the authored words speak again, and gives its memory back."""
    journal.save_note(SWITCH, "off")
    _here().close()


def measure_local_model() -> Speed:
    """Opens it and keeps how long a reply takes.

    Raises:
        EndpointFailure: it cannot be opened, or does not reply.
        DiskFull: its first opening finds too little space.
    """
    speed = local_model.measure(_here())
    journal.save_note(SPEED, json.dumps(speed.as_dict()))
    return speed


def local_model_speed() -> Speed | None:
    """What was measured last; None when nothing was."""
    kept = journal.read_note(SPEED)
    return Speed(**json.loads(kept)) if kept else None


@cache
def _here() -> LocalChatModel:
    """The one that this process asks."""
    return LocalChatModel()


@cache
def _server(endpoint: TutorEndpoint) -> OpenAIClient:
    """One client an endpoint. It does not retry: a learner waits, and there are authored words to fall back on."""
    return OpenAIClient(endpoint, deadline=REPLY_SECONDS, retries=0)


def _exam_note(endpoint: TutorEndpoint) -> str:
    return f"exam {judge.edition()} {endpoint.model} {endpoint.url}"[:200]
