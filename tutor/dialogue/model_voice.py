"""The voice of a language model: it words a move that was chosen without it, and is checked before it is heard.

It adds what authors cannot write ahead: it takes up the learner's own example, wording, counter-argument. It gets the
facts of the move and the one question to end with, and no finished reply that it could repeat. The whole reply is held
back until `reply_check.py` has read it: a learner sees all of it or none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from labs import Case, Lab, case_of
from tutor.chat_model import ChatModel
from tutor.dialogue.policy import DialogueMove
from tutor.dialogue.reply_check import Mistake, ReplyBrief, check_reply
from tutor.dialogue.reply_words import sentences
from tutor.dialogue.state import find_question
from tutor.errors import EndpointFailure
from tutor.exchange import Exchange
from tutor.text.languages import language_of

_PROMPT = Path(__file__).parents[1] / "prompts" / "tutor.md"
_LANGUAGES = {
    "en": "English", "es": "Spanish", "pt": "Portuguese", "fr": "French", "de": "German", "hi": "Hindi",
    "zh": "Chinese",
}  # fmt: skip
_LEARNERS = "\0"  # in place of the learner's words: the sentence around them frames a quotation, and says nothing
RECENT = 3  # exchanges the model sees before the last
MESSAGE = 1_500  # characters of a learner's message that the model sees
MOST = 4_000  # characters that are read: far more than a reply has


class ModelVoice:
    """Puts moves in a model's words. `name` goes into the transcript beside every reply."""

    def __init__(self, server: ChatModel) -> None:
        self._server, self.name = server, server.endpoint.model

    def stream_reply(self, lab: Lab, exchanges: Sequence[Exchange], move: DialogueMove, draft: str) -> Iterator[str]:
        """The whole reply, once it is checked.

        lab        what is taught
        exchanges  the talk so far, oldest first; the last one is judged and waits for its reply
        move       what the reply does; decided, not up to the model
        draft      the same move in the authored voice, of which the model gets the facts and the question

        Raises:
            EndpointFailure: the server failed; step "reply": what it wrote may not be shown, and the message says why.
        """
        brief, written = brief_for(lab, exchanges, move, draft), ""
        for piece in self._server.stream(messages_for(exchanges, brief)):
            written += piece
            if len(written) > MOST:
                break
        reply = written.strip()
        if refusal := check_reply(reply, brief):
            raise EndpointFailure("reply", refusal.reason)
        yield "\n\n".join(" ".join(part.split()) for part in reply.split("\n\n"))


def brief_for(lab: Lab, exchanges: Sequence[Exchange], move: DialogueMove, draft: str) -> ReplyBrief:
    """What the model may say and what it must not, read from the talk, the move and the lab.

    lab        what is taught
    exchanges  the talk so far; the last one is judged
    move       what the reply does
    draft      the same in the authored voice
    """
    last, cases = exchanges[-1], _cases(lab, exchanges[-1], move)
    assert last.assessment is not None
    remark, _, question = (draft.replace(move.quote, _LEARNERS) if move.quote else draft).rpartition("\n\n")
    untold = [(case.id, asked) for case in cases for asked in case.questions if asked.tell not in draft]
    expected = {(case, asked.id, one.id): one for case, asked in untold for one in asked.expect}
    if move.point.kind == "transfer":
        expected |= {
            (move.case.id, f"transfer:{move.point.id}", one.id): one for one in lab.transfer[int(move.point.id)].expect
        }
    for turn in exchanges:
        for found in turn.assessment.stated if turn.assessment else ():
            expected.pop((turn.case, found.question, found.expectation), None)
    open_now = [(cases[0], last.point), (move.case, move.point)]
    at = {(case.id, asked.id) for case, point in open_now if (asked := find_question(case, point))}
    missing = [one for (case, asked, _), one in expected.items() if (case, asked) in at]
    asked_here = [asked for case, asked in untold if (case, asked.id) in at]
    return ReplyBrief(
        case=move.case,
        learner=tuple(turn.learner for turn in exchanges),
        shown=tuple(turn.tutor for turn in exchanges),
        facts=tuple(fact for fact in sentences(remark) if fact and _LEARNERS not in fact),
        question=question,
        hints=(
            *(draft, cases[0].text),
            *(text for asked in asked_here for text in (asked.ask, asked.hint, asked.prompt)),
            *(one.ask for one in missing),
        ),
        withheld=(
            *((*one.says, *sentences(one.affirm)[1:]) for one in expected.values()),
            *((sentence,) for _, asked in untold for sentence in sentences(asked.tell)),
        ),
        mistakes=(
            *(Mistake(wrong=one.held, right=(*one.denied, *sentences(one.meet))) for one in lab.misconceptions),
            *(
                Mistake(wrong=one.contrary, right=(*one.says, *sentences(one.affirm)))
                for case in cases
                for asked in case.questions
                for one in asked.expect
            ),
        ),
        missing=tuple(dict.fromkeys(lab.concept(one.concept).name for one in missing)),
        earned=last.assessment.why == "question_only_lookup"
        or bool(last.assessment.stated and not last.assessment.misconception),
        prompt="\n".join(instructions()),
    )


def messages_for(exchanges: Sequence[Exchange], brief: ReplyBrief) -> list[dict[str, str]]:
    """An example, the talk so far, then the learner's message with what may be said: user and assistant in turn.

    exchanges  the talk so far, of which the last few are sent
    brief      what may be said
    """
    system, example, answer = instructions()
    turns = [(example, answer)]
    turns += [(_quoted(turn.learner), turn.reply) for turn in exchanges[-RECENT - 1 : -1] if turn.reply]
    lines = [
        _quoted(brief.learner[-1]),
        f"You had asked: {sentences(brief.shown[-1])[-1]}",
        f"Case: {brief.case.text}",
        *([f"True: {' '.join(brief.facts)}"] if brief.facts else []),
        *([f"Still open, for them to find: {'; '.join(brief.missing)}."] if brief.missing else []),
        f"Your last sentence: {brief.question}",
        f"Reply in {_LANGUAGES[language_of(*brief.learner)]}.",
    ]
    return [
        {"role": "system", "content": system},
        *(
            {"role": role, "content": text}
            for turn in turns
            for role, text in zip(("user", "assistant"), turn, strict=True)
        ),
        {"role": "user", "content": "\n".join(lines)},
    ]


def instructions() -> list[str]:
    """The system message, and an example: what the model is sent and how it answers. Small models follow one best."""
    return [part.strip() for part in _PROMPT.read_text(encoding="utf-8").split("\n---\n")]


def _quoted(message: str) -> str:
    """A learner's message on one line, without the quotation marks that would end it, so that it stays in its place."""
    plain = " ".join(message.split()).replace("“", '"').replace("”", '"')
    return f"They wrote: “{plain if len(plain) <= MESSAGE else plain[:MESSAGE] + '…'}”"


def _cases(lab: Lab, last: Exchange, move: DialogueMove) -> list[Case]:
    """The case that was talked about, and the one the talk goes on with when that is another."""
    answered = case_of(lab, last.case)
    return [answered] if answered.id == move.case.id else [answered, move.case]
