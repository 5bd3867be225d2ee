"""IFEval as the second Open LLM Leaderboard asked it: the same prompts and checks, from the leaderboard's copy.

A problem of this kind:

    Name three rivers. Your whole answer has to be in JSON.
    ["Elbe", "Volta", "Mekong"]

lm-eval 0.4.13: `leaderboard_ifeval` 3.0. The leaderboard printed the mean of the prompt- and the instruction-level
strict accuracy.
"""

from __future__ import annotations

from dataclasses import replace

from engine.tasks.catalogue import ifeval
from engine.tasks.sources import Folder, Hub

TASK = replace(
    ifeval.TASK,
    name="leaderboard_ifeval",
    title="IFEval (leaderboard)",
    items_from=(Folder("ifeval/input_data.jsonl"), Hub("wis-k/instruction-following-eval", None, "train")),
)
