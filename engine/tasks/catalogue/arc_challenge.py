"""ARC-Challenge: the science questions that retrieval and word statistics got wrong (Clark et al. 2018).

A problem of this kind:

    Question: Why does a metal spoon feel colder than a wooden one in the same room?
    Answer: The metal carries heat away from the hand faster.

lm-eval 0.4.13: `arc_challenge` 1.0. Leaderboards quote it with 25 examples and by acc_norm.
"""

from __future__ import annotations

from engine.tasks.catalogue.arc_easy import item, shots_sources, sources
from engine.tasks.task import Task

TASK = Task(
    name="arc_challenge",
    title="ARC-Challenge",
    about="Grade-school science questions with four answers, the harder half.",
    licence="CC BY-SA 4.0 (Allen Institute for AI)",
    size=1_172,
    chance=0.25,
    item=item,
    items_from=sources("ARC-Challenge", "arc_challenge"),
    shots_from=shots_sources("ARC-Challenge"),
    normalisation="characters",
)
