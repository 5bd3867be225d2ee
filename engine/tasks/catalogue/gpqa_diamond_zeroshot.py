"""GPQA diamond: the questions of GPQA that both experts got right and most others wrong (Rein et al. 2023).

A problem of this kind:

    What is the correct answer to this question:Which of these carries a wave without matter?
    Choices:
    (A) sound
    (B) light
    (C) a ripple on a pond
    (D) a shaken rope
    Answer: (B)

lm-eval 0.4.13: `gpqa_diamond_zeroshot` 2.2. All of them are in the main set too. How answers are ordered: see there.
"""

from __future__ import annotations

from engine.tasks.catalogue.gpqa_main_zeroshot import task

TASK = task("diamond", 198, "the hardest and surest ones")
