"""GPQA extended: all questions collected for GPQA, those that experts disagree on included (Rein et al. 2023).

A problem of this kind:

    What is the correct answer to this question:Which of these carries a wave without matter?
    Choices:
    (A) sound
    (B) light
    (C) a ripple on a pond
    (D) a shaken rope
    Answer: (B)

lm-eval 0.4.13: `gpqa_extended_zeroshot` 2.2. It holds the main set. How answers are ordered: see there.
"""

from __future__ import annotations

from engine.tasks.catalogue.gpqa_main_zeroshot import task

TASK = task("extended", 546, "all that were collected")
