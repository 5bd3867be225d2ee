"""Stored outputs with targets: `{"outputs": [{"input", "prediction", "target"}]}`, one file a task, a folder a model.

The format in which the BIG-Bench Hard authors published the outputs of their runs. Nothing is scored in it, so the
score is worked out here, by the rule that reproduces the accuracies published beside each of those files: what comes
after the first “answer is ”, or all of the prediction, without one final full stop, equals the target.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.errors import CallerMistake
from engine.logs.files import LogFile, as_object
from engine.logs.log import Contents, Log, LogRow, add_row, digest, settings_of, short_list, short_repr

FORMAT = "stored outputs"
ANSWER_MARK, QUESTION_MARK, ANSWER_LINE = "answer is ", "Q:", "\nA:"
RULE = f"what follows “{ANSWER_MARK.strip()}”, or all of it, without a final full stop, is the target"
STYLES = {"-direct": "answer only", "-cot": "chain of thought"}  # how such a folder's name ends
_SUFFIX = "_few_shot_template_"  # what follows it in a file's name is no part of the task's


def recognises(document: Any) -> bool:
    """Whether it has a list of outputs."""
    outputs = document.get("outputs") if isinstance(document, dict) else None
    return isinstance(outputs, list) and all(isinstance(output, dict) for output in outputs[:1])


def contents(source: LogFile, document: Mapping[str, Any]) -> Contents:
    """All outputs of a file, which is one task."""
    return _contents(source, [(source, document)])


def from_files(source: LogFile, files: Iterable[LogFile]) -> Contents:
    """All outputs of a folder with a file for each task.

    Raises:
        CallerMistake: a file that holds no outputs.
    """
    return _contents(source, ((file, as_object(file.json(), file.name)) for file in files))


def _contents(source: LogFile, documents: Iterable[tuple[LogFile, Mapping[str, Any]]]) -> Contents:
    """Each task is a group and a cluster: its items come from one template."""
    rows: dict[str, LogRow] = {}
    examples = set()
    for file, document in documents:
        outputs = document.get("outputs")
        if not isinstance(outputs, list):
            raise CallerMistake(f"{file.name} has no list `outputs`; it has {short_list(document, 30) or 'no fields'}.")
        task = file.stem.partition(_SUFFIX)[0]
        for number, output in enumerate(outputs):
            where = f"{file.name}, output {number}"
            file.allowance.take(file.name, 0, 1)
            row, examples_before = _row(as_object(output, where), task, number, where)
            add_row(rows, row, where)
            examples.add(examples_before)
    model, style = _by_name(source.stem)
    shots = str(examples.pop()) if len(examples) == 1 else None
    log = Log(
        name=source.stem,
        file=source.name,
        format=FORMAT,
        rows=rows,
        settings=settings_of(
            {
                "model": model,
                "template": style,
                "shots": shots,
                "task": " ".join(dict.fromkeys(row.group for row in rows.values())),
                "metric": "exact match",
                "extraction": RULE,
            }
        ),
        notes=(f"{source.plain_name} holds no scores; they were worked out from the outputs: {RULE}.",),
    )
    return Contents(kind="model", logs={source.stem: log})


def answer_of(prediction: str) -> str:
    """What the rule reads off a prediction."""
    before, mark, after = prediction.partition(ANSWER_MARK)
    return _without_stop(after if mark else before)


def _without_stop(text: str) -> str:
    return text.strip().removesuffix(".").strip()


def _row(output: Mapping[str, Any], task: str, number: int, where: str) -> tuple[LogRow, int]:
    """The item, and how many worked examples stood before it."""
    prompt, prediction, target = (_text(output, field, where) for field in ("input", "prediction", "target"))
    answer = answer_of(prediction)
    blocks = f"\n{prompt}".split(f"\n{QUESTION_MARK}")
    question = blocks[-1].partition(ANSWER_LINE)[0]
    row = LogRow(
        id=f"{task}/{number}",
        score=float(answer == _without_stop(target)),
        group=task,
        cluster=task,
        text=prediction,
        answer=answer,
        question=digest("text", question),
        prompt=digest("text", prompt),
    )
    return row, max(0, len(blocks) - 2)


def _text(output: Mapping[str, Any], field: str, where: str) -> str:
    value = output.get(field)
    if not isinstance(value, str):
        raise CallerMistake(f"{where}: the field {field} is {short_repr(value)} and no text.")
    return value


def _by_name(name: str) -> tuple[str | None, str | None]:
    """Model and style of the prompt, where the name says them."""
    end = next((end for end in STYLES if name.endswith(end)), None)
    return (name.removesuffix(end), STYLES[end]) if end else (None, None)
