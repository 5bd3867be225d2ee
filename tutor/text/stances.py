"""Whether a message says yes or no to an offer, or objects to what was said: by word lists in several languages."""

from __future__ import annotations

from typing import Literal

from tutor.text.words import count_matches, tokens, word_count

Answer = Literal["yes", "no", ""]
_SHORT = 8  # words: a longer message says more than yes or no


def answer_to_offer(text: str) -> Answer:
    """ "yes" or "no" when a short message is that and nothing else, else "".

    >>> answer_to_offer("yes please"), answer_to_offer("nah, let's stay here"), answer_to_offer("what is MMLU?")
    ('yes', 'no', '')
    """
    if word_count(tokens(text)) > _SHORT or "?" in text or "？" in text:
        return ""
    if count_matches("refuse", text):
        return "no"
    return "yes" if count_matches("accept", text) else ""


def objects(text: str) -> bool:
    """Whether the message speaks against what the tutor said.

    >>> objects("I disagree, the votes are what people want."), objects("The votes are what people want.")
    (True, False)
    """
    return count_matches("object", text) > 0
