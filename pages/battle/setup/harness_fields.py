"""How both contenders are asked: worked examples, template, system prompt, the rule that reads their answers."""

from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from engine import Task

SHOTS = (0, 1, 3, 5, 8, 10, 25)
NORMALISATIONS = {
    "sum": "highest probability",
    "characters": "highest probability per character",
    "bytes": "highest probability per byte",
    "tokens": "highest probability per token",
    "unconditional": "highest gain over the choice without its question",
}
TEMPLATES = {"plain": "as a plain text", "chat": "in the model's own chat template"}


@dataclass(frozen=True, slots=True)
class HarnessChoice:
    """What a request takes: a number of worked examples and further settings."""

    shots: int
    settings: dict[str, Any] = field(default_factory=dict)


def show(task: Task) -> HarnessChoice:
    """The task's own way, unless somebody opens this and changes it."""
    with st.expander("How they are asked"):
        left, right = st.columns(2)
        counts = sorted({*SHOTS, task.shots})
        shots = left.selectbox("Worked examples", counts, index=counts.index(task.shots), key=f"shots {task.name}")
        settings: dict[str, Any] = {}
        if task.writes:
            scorers = list(task.extractions)
            settings["extraction"] = right.selectbox("The answer is read by", scorers, key=f"scorer {task.name}")
        else:
            usual = list(NORMALISATIONS).index(task.normalisation)
            chosen = right.selectbox(
                "The choice that counts",
                NORMALISATIONS,
                index=usual,
                format_func=NORMALISATIONS.__getitem__,
                key=f"normalisation {task.name}",
            )
            settings |= {"normalisation": chosen, "unconditional": chosen == "unconditional"}
        template = left.selectbox(
            "Questions are put",
            [None, *TEMPLATES],
            format_func=lambda name: TEMPLATES[name] if name else "as is usual for the model",
            key="template",
            help="Models that were tuned to talk often answer better in their own template; others have none.",
        )
        system = right.text_input("System prompt", key="system", help="What stands before everything. Often empty.")
        settings |= ({"template": template} if template else {}) | ({"system": system} if system else {})
    return HarnessChoice(shots, settings)
