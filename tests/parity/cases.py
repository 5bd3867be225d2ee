"""Which numbers the parity reference holds: tasks, forms of asking, how many documents for which model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SMOLLM2, GEMMA = "smollm2-135m-instruct", "gemma-3-270m"
SYSTEM = "You are a careful assistant. Answer briefly."


@dataclass(frozen=True, kw_only=True)
class Case:
    """One task asked in one way. The same case may be run with fewer documents for the slower model."""

    task: str
    place: str
    """Where the rows come from; see `rows.py`."""
    shots: int
    docs: tuple[int, int]
    """Documents for SmolLM2 and for Gemma 3; of a task with subtasks, documents of all of them together."""
    groups: tuple[str, ...] = ()
    """Subtasks to take them from; empty for all."""
    short: bool = False
    """Of every stretch of rows the shortest one, not the first: where a prompt is long and has many choices."""
    label: str = ""
    """Tells two cases apart that differ in nothing but their documents."""
    chat: bool = False
    multiturn: bool = False
    system: str = ""
    alone: bool = False
    """Every choice once more without its question, which is what lm-eval's acc_mutual_info takes off."""
    max_length: int | None = None
    """The model's context in tokens, where less than the whole is to be used."""
    max_tokens: int | None = None
    """New tokens, where the model writes."""
    prompts: bool = False
    """Keep the prompts alone, which no model is needed for."""

    @property
    def name(self) -> str:
        parts = [self.task, f"{self.shots}shot", self.place, *filter(None, [self.label])]
        parts += ["chat"] if self.chat else []
        parts += ["turns"] if self.multiturn else []
        parts += ["system"] if self.system else []
        parts += [f"{self.max_length}tokens"] if self.max_length else []
        parts += ["prompts"] if self.prompts else []
        return "-".join(parts)

    def settings(self) -> dict[str, Any]:
        """What a test has to know to ask in the same way."""
        names = (
            "task",
            "place",
            "shots",
            "chat",
            "multiturn",
            "system",
            "alone",
            "max_length",
            "max_tokens",
            "prompts",
        )
        return {"name": self.name} | {name: getattr(self, name) for name in names}


TEN_SUBJECTS = (
    "abstract_algebra",
    "college_physics",
    "conceptual_physics",
    "global_facts",
    "high_school_geography",
    "high_school_mathematics",
    "human_aging",
    "jurisprudence",
    "medical_genetics",
    "philosophy",
)
"""Of those whose worked examples are short."""

LIGHT_BBH = (
    "boolean_expressions",
    "causal_judgement",
    "date_understanding",
    "disambiguation_qa",
    "formal_fallacies",
    "hyperbaton",
    "logical_deduction_three_objects",
    "movie_recommendation",
    "navigate",
    "ruin_names",
    "snarks",
    "sports_understanding",
    "web_of_lies",
)
HEAVY_BBH = (
    "geometric_shapes",
    "logical_deduction_five_objects",
    "logical_deduction_seven_objects",
    "object_counting",
    "penguins_in_a_table",
    "reasoning_about_colored_objects",
    "salient_translation_error_detection",
    "temporal_sequences",
    "tracking_shuffled_objects_five_objects",
    "tracking_shuffled_objects_seven_objects",
    "tracking_shuffled_objects_three_objects",
)
"""Long worked examples, or many choices: lm-eval reads the whole prompt once for each."""

ALL = (99, 99)
SMOL = (99, 0)

CASES = (
    # The most wanted first. The reference holds those that have been run.
    Case(task="arc_easy", place="pack", shots=0, docs=(50, 50)),
    Case(task="hellaswag", place="pack", shots=0, docs=(50, 50)),
    Case(task="mmlu", place="pack", shots=0, docs=(57, 50)),
    Case(task="winogrande", place="pack", shots=0, docs=(50, 50)),
    Case(task="openbookqa", place="pack", shots=0, docs=(50, 50)),
    Case(task="commonsense_qa", place="pack", shots=0, docs=(50, 50)),
    # Rows of our own: forms whose questions or worked examples no pack has.
    Case(task="truthfulqa_mc1", place="own", shots=0, docs=ALL),
    Case(task="truthfulqa_mc2", place="own", shots=0, docs=ALL),
    Case(task="sciq", place="own", shots=0, docs=ALL, alone=True),
    Case(task="leaderboard_mmlu_pro", place="own", shots=5, docs=ALL),
    Case(task="leaderboard_musr", place="own", shots=0, docs=ALL),
    Case(task="winogrande", place="own", shots=3, docs=ALL),
    Case(task="boolq", place="own", shots=3, docs=ALL),
    Case(task="commonsense_qa", place="own", shots=3, docs=ALL),
    Case(task="leaderboard_bbh", place="own", shots=3, docs=ALL),
    Case(task="hellaswag", place="own", shots=2, docs=SMOL),
    Case(task="arc_challenge", place="own", shots=5, docs=SMOL),
    Case(task="sciq", place="own", shots=3, docs=SMOL),
    # Fifty and more of every task that a pack has.
    Case(task="piqa", place="pack", shots=0, docs=(50, 50)),
    Case(task="mmlu", place="pack", shots=5, docs=(50, 50), groups=TEN_SUBJECTS, short=True),
    Case(task="arc_challenge", place="pack", shots=0, docs=(50, 50)),
    Case(task="boolq", place="pack", shots=0, docs=(50, 50)),
    # Too long, and with a system prompt.
    Case(task="boolq", place="pack", shots=0, docs=(50, 50), max_length=100),
    Case(task="mmlu", place="pack", shots=5, docs=(50, 50), groups=TEN_SUBJECTS, max_length=200, short=True),
    Case(task="openbookqa", place="pack", shots=0, docs=(50, 50), system=SYSTEM),
    # In a chat template. Gemma 3 270M has none.
    Case(task="arc_easy", place="pack", shots=0, docs=(50, 0), chat=True),
    Case(task="winogrande", place="pack", shots=0, docs=(50, 0), chat=True),
    Case(task="openbookqa", place="pack", shots=0, docs=(50, 0), chat=True, system=SYSTEM),
    Case(task="mmlu", place="pack", shots=5, docs=(50, 0), groups=TEN_SUBJECTS, short=True, chat=True, multiturn=True),
    Case(task="mmlu", place="pack", shots=5, docs=(10, 0), groups=TEN_SUBJECTS[:2], short=True, chat=True),
    Case(task="winogrande", place="own", shots=3, docs=SMOL, chat=True, multiturn=True, system=SYSTEM),
    # Written answers.
    Case(task="gsm8k", place="own", shots=5, docs=ALL, max_tokens=256),
    Case(task="gsm8k_cot", place="pack", shots=8, docs=(50, 0), max_tokens=64),
    Case(task="bbh_cot_fewshot", place="own", shots=3, docs=ALL, max_tokens=64),
    Case(task="mmlu_pro", place="own", shots=5, docs=ALL, max_tokens=64),
    Case(task="minerva_math500", place="own", shots=4, docs=ALL, max_tokens=64),
    Case(task="minerva_math500", place="pack", shots=4, docs=(50, 0), max_tokens=64, short=True),
    Case(task="ifeval", place="own", shots=0, docs=SMOL, chat=True, max_tokens=64),
    Case(task="gsm8k_cot", place="own", shots=8, docs=SMOL, chat=True, multiturn=True, max_tokens=64, max_length=400),
    # Upstream files.
    Case(task="truthfulqa_mc1", place="data", shots=0, docs=(50, 50), short=True),
    Case(task="truthfulqa_mc2", place="data", shots=0, docs=(50, 50), short=True),
    Case(task="leaderboard_mmlu_pro", place="data", shots=0, docs=(50, 50), short=True),
    Case(task="leaderboard_bbh", place="data", shots=3, docs=(65, 52), groups=LIGHT_BBH, short=True),
    Case(task="leaderboard_bbh", place="data", shots=3, docs=(11, 0), groups=HEAVY_BBH, short=True, label="heavy"),
    Case(task="gsm8k", place="data", shots=5, docs=(50, 0), max_tokens=64),
    Case(task="ifeval", place="data", shots=0, docs=(50, 0), chat=True, max_tokens=64),
    Case(task="bbh_cot_fewshot", place="data", shots=3, docs=(54, 0), max_tokens=48, short=True),
    Case(task="arc_challenge", place="data", shots=25, docs=(4, 1)),
    Case(task="leaderboard_musr", place="data", shots=0, docs=(30, 30)),
    # The larger model writes a few words of each: reading the prompt is what it is about.
    Case(task="gsm8k_cot", place="pack", shots=8, docs=(0, 50), max_tokens=24, label="brief"),
    Case(task="minerva_math500", place="pack", shots=4, docs=(0, 50), max_tokens=24, label="brief", short=True),
    Case(task="gsm8k", place="data", shots=5, docs=(0, 50), max_tokens=24, label="brief"),
    Case(task="bbh_cot_fewshot", place="data", shots=3, docs=(0, 54), max_tokens=24, label="brief", short=True),
    Case(task="ifeval", place="data", shots=0, docs=(0, 50), max_tokens=24, label="brief"),
    # Prompts alone, over whole sets of subtasks and with as many examples as leaderboards use.
    Case(task="mmlu", place="pack", shots=5, docs=(171, 0), prompts=True),
    Case(task="gsm8k_cot", place="pack", shots=8, docs=(100, 0), prompts=True),
    Case(task="minerva_math", place="pack", shots=4, docs=(105, 0), prompts=True),
    Case(task="leaderboard_math_hard", place="pack", shots=4, docs=(105, 0), prompts=True),
    Case(task="minerva_math500", place="pack", shots=4, docs=(100, 0), prompts=True),
    Case(task="arc_challenge", place="data", shots=25, docs=(100, 0), prompts=True),
    Case(task="winogrande", place="data", shots=5, docs=(100, 0), prompts=True),
    Case(task="gsm8k", place="data", shots=5, docs=(100, 0), prompts=True),
    Case(task="bbh_cot_fewshot", place="data", shots=3, docs=(108, 0), prompts=True),
    Case(task="leaderboard_bbh", place="data", shots=3, docs=(96, 0), groups=LIGHT_BBH + HEAVY_BBH, prompts=True),
    Case(task="leaderboard_mmlu_pro", place="data", shots=0, docs=(100, 0), prompts=True),
    Case(task="leaderboard_musr", place="data", shots=0, docs=(60, 0), prompts=True),
    Case(task="truthfulqa_mc1", place="data", shots=0, docs=(100, 0), prompts=True),
    Case(task="truthfulqa_mc2", place="data", shots=0, docs=(100, 0), prompts=True),
)
