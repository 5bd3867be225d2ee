"""Texts to tokens as lm-evaluation-harness 0.4.13's hf backend makes them.

The same BOS habit, the same seam between context and continuation, the same truncation, the same template. Tokens are
made a few texts at a time, so that a block of a thousand long prompts takes little more than its tokens.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import jinja2

from engine.errors import Unsupported
from engine.harness.prompt import Asked, Conversation
from engine.models.interface import Ranking
from engine.models.local.batching import Line

TEXTS_AT_ONCE = 64
"""Texts tokenized together: a tokenizer keeps some hundred bytes a token until it hands them over."""
ITEMS_AT_ONCE = 16
"""Items whose texts and choices are held at a time on the way to lines."""


class Encoder:
    """A tokenizer with lm-eval's habits.

    words       how many different tokens there are
    max_length  the most a model reads, in tokens
    """

    def __init__(self, tokenizer: Any, words: int, max_length: int) -> None:
        self.tokenizer = tokenizer
        self.max_length = max_length
        self._ids = tuple(range(words))  # one object each: a fifth of the memory

    def text(self, asked: Asked) -> str:
        """A conversation in the model's template, as lm-eval renders it: a template without a system role goes without.

        Raises:
            Unsupported: the model has no template, or one that refuses the conversation.
        """
        if isinstance(asked, str):
            return asked
        if not self.tokenizer.chat_template:
            raise Unsupported("This model has no chat template. Use the plain one (leave --template out).")
        try:
            return self._rendered(asked)
        except jinja2.exceptions.TemplateError:
            spoken = tuple(turn for turn in asked.turns if turn.role != "system")
        try:
            return self._rendered(Conversation(spoken, asked.thinking))
        except jinja2.exceptions.TemplateError as error:
            message = f"This model's chat template refuses the conversation: {error}"
            raise Unsupported(f"{message}. Use the plain one (leave --template out).") from error

    def _rendered(self, asked: Conversation) -> str:
        chosen = {} if asked.thinking is None else {"enable_thinking": asked.thinking}
        turns = [{"role": turn.role, "content": turn.content} for turn in asked.turns]
        rendered: str = self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True, **chosen)
        return rendered

    def tokens(self, texts: Collection[str]) -> dict[str, tuple[int, ...]]:
        """As lm-eval: the tokenizer's own BOS habit, unless a text begins with BOS already."""
        bos = self.tokenizer.bos_token
        begun = {text for text in texts if bos and text.startswith(bos)}
        tokens: dict[str, tuple[int, ...]] = {}
        for these, special in ((sorted(begun), False), (sorted(set(texts) - begun), True)):
            for start in range(0, len(these), TEXTS_AT_ONCE):
                some = these[start : start + TEXTS_AT_ONCE]
                found = self.tokenizer(some, add_special_tokens=special, return_attention_mask=False)["input_ids"]
                tokens |= {text: tuple(map(self._ids.__getitem__, ids)) for text, ids in zip(some, found, strict=True)}
        return tokens

    def lines(self, items: Sequence[Ranking]) -> list[list[Line]]:
        """Context and continuation as one text, so that tokens form across the seam as they would in use."""
        parts = (items[start : start + ITEMS_AT_ONCE] for start in range(0, len(items), ITEMS_AT_ONCE))
        return [lines for part in parts for lines in self._lines_of(part)]

    def _lines_of(self, items: Sequence[Ranking]) -> list[list[Line]]:
        pairs = [[(self.text(before), choice) for before, choice in item.pairs] for item in items]
        texts = {
            text for each in pairs for before, choice in each if before for text in (before + choice, before.rstrip())
        }
        tokens = self.tokens(texts)
        reads: dict[tuple[int, ...], tuple[int, ...]] = {}

        def line(before: str, choice: str) -> Line:
            if not before:
                return self.after_nothing(choice)
            whole = tokens[before + choice]
            found = self._line(whole, len(whole) - len(tokens[before.rstrip()]))
            return replace(found, read=reads.setdefault(found.read, found.read))  # choices of one token read the same

        return [[line(*pair) for pair in each] for each in pairs]

    def after_nothing(self, choice: str) -> Line:
        first = self.tokenizer.bos_token_id
        start = self.tokenizer.eos_token_id if first is None else first
        whole = (start, *self.tokenizer.encode(choice, add_special_tokens=False))
        return self._line(whole, len(whole) - 1)

    def _line(self, whole: tuple[int, ...], scored: int) -> Line:
        kept = whole[-(self.max_length + 1) :]
        scored = max(0, min(scored, len(kept) - 1))
        return Line(kept[:-1], kept[len(kept) - scored :], len(whole) - len(kept))
