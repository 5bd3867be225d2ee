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
from tutor import journal
from tutor.diagnosis import structured_mode
from tutor.dialogue.model_voice import ModelVoice
from tutor.dialogue.talk import Tutor
from tutor.endpoint import TutorEndpoint
from tutor.errors import EndpointFailure
from tutor.exchange import Judge
from tutor.judge.exam import Exam, edition
from tutor.judge.llm import LlmJudge
from tutor.judge.local import local_judge


def local_tutor() -> Tutor:
    """The tutor that needs no endpoint and no key."""
    return Tutor(judge=local_judge())


def tutor_here(secrets: Mapping[str, Any] | None = None) -> Tutor:
    """The tutor for this environment: a model's voice when one is set up, its judgement when it won the exam."""
    endpoint = TutorEndpoint.configured(secrets)
    if endpoint is None:
        return local_tutor()
    server = _server(endpoint)
    judge: Judge = local_judge()
    if (exam := last_exam(endpoint)) is not None and exam.takes_over and exam.mode:
        judge = LlmJudge(server, exam.mode)
    return Tutor(judge=judge, speaker=ModelVoice(server))


def model_judge(secrets: Mapping[str, Any] | None = None) -> LlmJudge:
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
    return LlmJudge(server, mode)


def take_exam(endpoint: TutorEndpoint) -> Iterator[tuple[int, int]]:
    """Examines the endpoint as a judge on the built-in messages; yields (done, of) and keeps the result at the end.

    Raises:
        EndpointFailure: the server gave out on the way.
    """
    server = OpenAIClient(endpoint)
    mode = structured_mode(server)
    if mode is None:
        raise EndpointFailure("schema", f"{endpoint.model} follows no answer schema, so there is nothing to examine.")
    sitting = Exam.sit(LlmJudge(server, mode), local_judge(), mode)
    while True:
        try:
            yield next(sitting)
        except StopIteration as end:
            journal.keep_note(_name(endpoint), json.dumps(end.value.as_dict()))
            return


def last_exam(endpoint: TutorEndpoint) -> Exam | None:
    """What the last exam of this endpoint and model showed."""
    kept = journal.note(_name(endpoint))
    return Exam.from_dict(json.loads(kept)) if kept else None


@cache
def _server(endpoint: TutorEndpoint) -> OpenAIClient:
    """One client an endpoint. It does not retry: a learner waits, and there are authored words to fall back on."""
    return OpenAIClient(endpoint, retries=0)


def _name(endpoint: TutorEndpoint) -> str:
    return f"exam {edition()} {endpoint.model} {endpoint.url}"[:200]
