"""What stands before a question, and how it becomes the text or the conversation a model is given.

Built as lm-eval 0.4.13 builds it (`build_qa_turn`, `multiturn_to_singleturn`): as text everything follows on
everything; in a conversation the description is the system's, and the worked examples are either turns of
their own or part of the one question.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant"]

BETWEEN_EXAMPLES = "\n\n"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was said so far; the model's own template makes a text of it."""

    turns: tuple[Turn, ...]
    thinking: bool | None = None
    """Whether the template invites the model to reason first; None leaves it to the template."""


Asked = str | Conversation
"""What a model goes on from: a text as it is, or a conversation to be put into the model's own template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FewShotContext:
    """Description and worked examples of one item."""

    description: str = ""
    examples: tuple[tuple[str, str], ...] = ()
    """(question, answer) of each worked example."""
    delimiter: str = " "
    """Between a question and its answer."""

    def plain(self, question: str, system: str = "") -> str:
        """The question as one text.

        >>> FewShotContext(examples=(("Q: 1 + 1\\nA:", "2"),)).plain("Q: 2 + 2\\nA:")
        'Q: 1 + 1\\nA: 2\\n\\nQ: 2 + 2\\nA:'
        """
        return _joined(system, self.description) + self._worked_examples + question

    def conversation(
        self, question: str, system: str = "", *, multiturn: bool = False, thinking: bool | None = None
    ) -> Conversation:
        """The question as a conversation.

        question   of the item itself
        system     what the system says before the task's description
        multiturn  makes every worked example a question of the user and an answer of the assistant
        thinking   whether the template invites the model to reason first; None leaves it to the template
        """
        before = _joined(system, self.description)
        turns: tuple[Turn, ...] = (Turn("system", before),) if before else ()
        if not multiturn:
            return Conversation((*turns, Turn("user", self._worked_examples + question)), thinking)
        for asked, answer in self.examples:
            turns += (Turn("user", asked), Turn("assistant", answer))
        return Conversation((*turns, Turn("user", question)), thinking)

    @property
    def _worked_examples(self) -> str:
        return "".join(f"{asked}{self.delimiter}{answer}{BETWEEN_EXAMPLES}" for asked, answer in self.examples)


def _joined(system: str, description: str) -> str:
    """A blank line between the two, unless one of them has white space there already."""
    if not system or not description or system[-1].isspace() or description[0].isspace():
        return system + description
    return system + BETWEEN_EXAMPLES + description
