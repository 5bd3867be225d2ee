"""How long a reply takes on this machine: measured with a real one, to a prompt that is always the same."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

from tutor.local_model.chat import LocalChatModel

INSTRUCTIONS = """\
You are the tutor of a short lab on reading benchmark scores. You speak with one learner about one case. Use one
specific thing from the learner's last message, name what is right in it or where it fails, and end with exactly one
question. Write 40 to 110 words of plain prose: no lists, no headings, no praise without a reason, no lecture. Never
state the conclusion for the learner. Take no number from anywhere but the case."""
CASE = """\
Aster-2 tops the board! On a test of general knowledge with four options a question, our new model reaches 88.1 percent,
and Borealis, the strongest model of last year, only 85.2. It is the largest lead that this board has ever seen. Aster-2
was asked 14,042 questions with a prompt that our team chose for it over the summer; the number for Borealis is the one
its makers published, with five worked examples before each question. Neither score has a margin of error, and both are
from one run. "The race is over," says our head of research. "From now on nobody has a reason to use anything else."""
TALK = (
    ("assistant", "Before anything is counted: who measured each of the two numbers, and how was each model asked?"),
    (
        "user",
        "Aster-2 was measured by the people who made it, and Borealis by its own makers, so nobody measured both.",
    ),
    ("assistant", "So two parties, each with a ruler of its own. Which way could that move the gap, do you think?"),
    ("user", "I would say the five worked examples help Borealis a little, but the tuned prompt helps Aster-2 more."),
    ("assistant", "You have two forces now that pull in different directions. What would you have to hold fixed?"),
    ("user", "The same prompt and the same examples for both, because otherwise the score is that of the prompt."),
)
"""What the tutor said and the learner answered: with the rest, about as much as a real talk gives a model to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """What was measured on this machine."""

    opening: float
    """Seconds until the model was open, its weights being on the disk as it reads them."""
    first: float
    """Seconds from the message to the first word of the reply."""
    reply: float
    """Seconds from the message to the last word of the reply."""
    pieces_per_second: float
    """As it writes; a piece is a token but where a character takes several."""
    memory: int
    """Bytes that its process held then; 0 where nobody tells."""
    precision: str
    """In which it computes here: the faster one."""

    def as_dict(self) -> dict[str, Any]:
        """For the journal."""
        return asdict(self)


def measure(model: LocalChatModel) -> Speed:
    """Opens the model anew and has it reply once.

    Raises:
        EndpointFailure: it cannot be opened, or does not reply.
        DiskFull: see `LocalChatModel.open`.
    """
    model.open()
    model.close()  # what it kept of an earlier prompt would be read too fast, and what a first opening left stays
    began = time.monotonic()
    opened = model.open()
    opening = time.monotonic() - began
    turns = [("system", f"{INSTRUCTIONS}\n\nThe case:\n{CASE}"), *TALK]
    began = time.monotonic()
    said = model.stream([{"role": role, "content": words} for role, words in turns])
    moments = [time.monotonic() - began for _ in said]
    writing = moments[-1] - moments[0]
    return Speed(
        opening=opening,
        first=moments[0],
        reply=moments[-1],
        pieces_per_second=(len(moments) - 1) / writing if writing else 0.0,
        memory=model.memory,
        precision=opened.precision,
    )
