"""A judge that learned nothing, and a server that speaks."""

from __future__ import annotations

import pytest

from tests.stub_server import StubServer
from tutor import Assessment, Message, judge
from tutor.judge import OwnWords


class ToyJudge:
    """Counts what holds the word “because”, “so” or “could”; an answer to everything, learned from nothing."""

    name = "toy"

    def assess(self, message: Message, own: OwnWords) -> Assessment:
        words = message.learner.casefold().split()
        if not {"because", "so", "could", "whoever"} & set(words):
            return Assessment(why="too_short", judge=self.name)
        return Assessment(
            why="reasons_about_claim", concepts=("evaluator",), quote=message.learner[:40], judge=self.name
        )


@pytest.fixture(autouse=True)
def toy_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TUTOR_MODEL", "OPENAI_BASE_URL", "NOISEFLOOR_JOURNAL_URL", "NOISEFLOOR_LABS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(judge, "local_judge", ToyJudge)


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch, stub: StubServer) -> StubServer:
    monkeypatch.setenv("TUTOR_MODEL", "m")
    monkeypatch.setenv("OPENAI_BASE_URL", stub.endpoint.url)
    monkeypatch.setenv("OPENAI_API_KEY", stub.endpoint.key)
    return stub
