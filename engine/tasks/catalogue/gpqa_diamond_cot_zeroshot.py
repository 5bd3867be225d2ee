"""GPQA diamond, in writing: the questions that both experts got right and most others wrong (Rein et al. 2023).

A problem of this kind:

    What is the correct answer to this question:Which of these carries a wave without matter?
    Choices:
    (A) sound
    (B) light
    (C) a ripple on a pond
    (D) a shaken rope
    Let's think step by step: Sound, ripples and ropes need matter that moves. The answer is (B).

lm-eval 0.4.13: `gpqa_diamond_cot_zeroshot` 2.2. Rules and order of answers: see `gpqa_main_cot_zeroshot`.
"""

from __future__ import annotations

from engine.tasks.catalogue.gpqa_main_cot_zeroshot import task

TASK = task("diamond", 198, "the hardest and surest ones")
