"""The voice of a language model. It gets the move, the transcript and the numbers; it decides none of them.

Its text is passed on sentence by sentence. Left out are sentences with a number that nobody gave it (numbers come from
the case, the learner, the labs and the calculator), those the learner has read before, and those that recite its own
instructions. What is left may still be wrong: a small model argues badly, and the page says who speaks.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from labs import Lab
from tutor.chat_model import ChatModel
from tutor.dialogue.authored_voice import status_line
from tutor.dialogue.policy import DialogueMove
from tutor.errors import EndpointFailure
from tutor.exchange import Exchange
from tutor.judge.copying import remainder
from tutor.judge.words import tokens

_PROMPT = Path(__file__).parents[1] / "prompts" / "tutor.md"
_SENTENCE = re.compile(r"(?<=[.!?\u2026])\s+|(?<=[\u3002\uff01\uff1f\u0964])|\n+")
_NUMBER = re.compile(r"(?<![A-Za-z])(?<![A-Za-z]-)\d+(?:[.,]\d+)*")  # the 2 of a name such as Aster-2 is no number
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_COUNTING = re.compile(r"(?<![\d.,±−-])[0-3](?![\d.,]*\d|\s?(?:%|per\s?cent|points?|pp\b))")  # "2 models", "step 3"
RECENT = 6  # exchanges the model sees
LONGEST = 110  # words, when a model does not stop


class ModelVoice:
    """Puts moves in a model's words. `name` goes into the transcript beside every reply."""

    def __init__(self, server: ChatModel) -> None:
        self._server, self.name = server, server.endpoint.model

    def stream_reply(self, lab: Lab, exchanges: Sequence[Exchange], move: DialogueMove, draft: str) -> Iterator[str]:
        """The reply in whole sentences, the last of them a question.

        lab        what is taught; only its title and its concepts' names are sent
        exchanges  the talk so far, oldest first; the last one is judged and waits for its reply
        move       what the reply does; decided, not up to the model
        draft      the same move in the authored voice

        Raises:
            EndpointFailure: the server failed, or sent nothing that could be shown.
        """
        allowed = _numbers(draft, move.case.text, *(f"{turn.learner} {turn.tutor}" for turn in exchanges[-RECENT:]))
        known = {_normalised(sentence) for turn in exchanges for sentence in _sentences(iter([turn.tutor]))}
        words, shown, asked = 0, False, False
        for sentence in _sentences(self._server.stream(self._messages(lab, exchanges, move, draft))):
            stale = _normalised(sentence) in known or _of_the_prompt(sentence)
            if stale or asked or words > LONGEST or not _numbers(_COUNTING.sub("", sentence)) <= allowed:
                continue
            words += len(tokens(sentence))
            yield (" " if shown else "") + sentence
            known.add(_normalised(sentence))
            shown, asked = True, sentence.rstrip('"”’) ').endswith(("?", "？"))
        if not shown:
            raise EndpointFailure("chat", f"{self.name} sent no sentence that could be shown.")
        question = draft.rsplit("\n\n", 1)[-1]  # the draft's, with its lead: some moves have their question there
        if not asked and question.endswith(("?", "？")):
            yield f"\n\n{question}"

    def _messages(
        self, lab: Lab, exchanges: Sequence[Exchange], move: DialogueMove, draft: str
    ) -> list[dict[str, str]]:
        last = exchanges[-1]
        assert last.assessment is not None
        mark = secrets.token_hex(6)
        data: dict[str, Any] = {
            "lab": lab.title,
            "case": move.case.text,
            "talk": [{"tutor": turn.tutor, "learner": turn.learner} for turn in exchanges[-RECENT:]],
            "judgement": status_line(last.assessment),
            "concepts": [lab.concept(id).name for id in last.assessment.concepts],
            "move": move.reaction,
            "draft": draft,
            "question": move.question,
        }
        given = json.dumps(data, ensure_ascii=False, indent=1)
        return [
            {"role": "system", "content": _PROMPT.read_text(encoding="utf-8")},
            {"role": "user", "content": f"<data {mark}>\n{given}\n</data {mark}>\nWrite the tutor's next reply."},
        ]


def _sentences(pieces: Iterator[str]) -> Iterator[str]:
    """Whole sentences as soon as they are whole."""
    held = ""
    for piece in pieces:
        held += piece
        *whole, held = _SENTENCE.split(held)
        yield from (sentence.strip() for sentence in whole if sentence and sentence.strip())
    if held.strip():
        yield held.strip()


def _normalised(sentence: str) -> str:
    return " ".join(tokens(sentence))


def _of_the_prompt(sentence: str) -> bool:
    """Whether a sentence is mostly taken from the instructions."""
    return remainder(sentence, {"tutor": (_PROMPT.read_text(encoding="utf-8"),)}).copied > 0.5


def _numbers(*texts: str) -> set[str]:
    """The numbers in the texts, each written one way: 14,042 as 14042, 88,1 and 88.10 as 88.1."""
    plain = (_THOUSANDS.sub("", text) for text in texts)
    found = (number.replace(",", ".") for text in plain for number in _NUMBER.findall(text))
    return {number.rstrip("0").rstrip(".") if "." in number else number for number in found}
