"""What a model is asked of a rendered item: choices to rank, or a prompt to go on from and how to write.

The forms are lm-eval's (0.4.13). Nothing here knows what comes back; that is `scoring.py`.
"""

from __future__ import annotations

from dataclasses import replace

from engine.harness.config import Decoding, HarnessConfig
from engine.harness.variants import PROMPT_VARIANTS
from engine.models.interface import Prompt, Ranking
from engine.tasks.rendering import RenderedItem

END_OF_THINKING = "</think>"
"""What ends a model's reasoning in nearly all templates that know one."""


def ranking(rendered: RenderedItem, harness: HarnessConfig) -> Ranking:
    """The item's choices: after the task's delimiter in a text, after nothing in a conversation, whose template has
    ended the question already."""
    item = rendered.item
    delimiter = rendered.context.delimiter if harness.template == "plain" else ""
    prompts = [rendered.prompt(harness, choice) for choice in range(len(item.contexts))]
    pairs = tuple(
        (prompts[choice if len(prompts) > 1 else 0], f"{delimiter}{text}") for choice, text in enumerate(item.choices)
    )
    return Ranking(item_id=item.id, pairs=pairs, unconditional=harness.unconditional)


def completion_prompt(rendered: RenderedItem, harness: HarnessConfig) -> Prompt:
    """What the model goes on from where it writes its answer."""
    return Prompt(item_id=rendered.item.id, text=rendered.prompt(harness))


def decoding(harness: HarnessConfig) -> Decoding:
    """How the model writes under this harness: its stop strings rephrased, its reasoning on top of the task's limit."""
    assert harness.decoding is not None
    until = PROMPT_VARIANTS[harness.prompt_variant].stop_strings(harness.decoding.until)
    if not harness.thinking:
        return replace(harness.decoding, until=until)
    max_tokens = harness.decoding.max_tokens + harness.thinking
    return replace(harness.decoding, until=until, max_tokens=max_tokens, after=END_OF_THINKING)
