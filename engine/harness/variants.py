"""Prompt variants: a question with its labels renamed, or with a sentence before everything. The question itself stays.

Worked examples, the question and the strings that end an answer are all rephrased alike, as if the benchmark had been
written that way. Choices are never touched: they are what is scored.
"""

from __future__ import annotations

from dataclasses import dataclass

QUESTION, ANSWER = "Question: ", "\nAnswer:"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptVariant:
    """The labels around a question, and what comes before everything else."""

    question: str = QUESTION
    answer: str = ANSWER
    opening: str = ""

    def apply(self, context: str) -> str:
        """A question's text with its labels renamed; one that does not have both keeps its own.

        >>> PROMPT_VARIANTS["short labels"].apply("Question: Why is the sky blue?\\nAnswer:")
        'Q: Why is the sky blue?\\nA:'
        """
        if not (context.startswith(QUESTION) and context.endswith(ANSWER)):
            return context
        return self.question + context[len(QUESTION) : -len(ANSWER)] + self.answer

    def affects(self, context: str) -> bool:
        """Whether this question is put in other words at all."""
        return bool(self.opening) or self.apply(context) != context

    def stop_strings(self, until: tuple[str, ...]) -> tuple[str, ...]:
        """The strings that end an answer, where one is the label of a next question."""
        return tuple(self.question.strip() if stop == QUESTION.strip() else stop for stop in until)


PROMPT_VARIANTS = {
    "task": PromptVariant(),
    "short labels": PromptVariant(question="Q: ", answer="\nA:"),
    "instruction first": PromptVariant(opening="What follows is from an exam in which one answer is right.\n\n"),
}
