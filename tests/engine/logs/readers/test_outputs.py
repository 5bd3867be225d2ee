"""Stored outputs with targets: the rule that scores them, and what a folder of tasks becomes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from engine.errors import CallerMistake
from engine.logs import read_log
from engine.logs.readers.outputs import answer_of

EXAMPLE = "Say whether it is true.\n\nQ: Is snow warm?\nA: {}\n\nQ: {}\nA:{}"


@pytest.mark.parametrize(
    ("prediction", "answer"),
    [
        ("True", "True"),
        (" (A) ", "(A)"),
        ("(A).", "(A)"),
        ("Snow is cold. So the answer is False.", "False"),
        ("So the answer is 3.5.", "3.5"),
        ("The answer is 4. So the answer is 5.", "4. So the answer is 5"),
        ("It never says", "It never says"),
        ("", ""),
    ],
)
def test_the_answer_is_what_follows_the_mark(prediction: str, answer: str) -> None:
    """The rule reproduces all 54 accuracies that the authors of BIG-Bench Hard published with their outputs."""
    assert answer_of(prediction) == answer


def write(folder: Path, task: str, predictions: list[str], *, worked: str, end: str) -> None:
    questions = [f"Is {i} odd?" for i in range(len(predictions))]
    outputs = [
        {
            "input": EXAMPLE.format(worked, question, end),
            "prediction": prediction,
            "target": "True" if i % 2 else "False",
        }
        for i, (question, prediction) in enumerate(zip(questions, predictions, strict=True))
    ]
    folder.mkdir(exist_ok=True)
    content = json.dumps({"canary": "none", "outputs": outputs}).encode()
    (folder / f"{task}_few_shot_template_0-255000.json.gz").write_bytes(gzip.compress(content))
    (folder / f"{task}_few_shot_template_0-255000_eval_metrics.jsonl").write_text('{"accuracy": 50.0}')


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    direct, cot = tmp_path / "opal-2-direct", tmp_path / "opal-2-cot"
    for task in ("odd", "even"):
        write(direct, task, ["False", "False", "False"], worked="False", end="")
        reasons = [f"{i} is so. So the answer is {bool(i % 2)}." for i in range(3)]
        write(cot, task, reasons, worked="Snow is cold. So the answer is False.", end=" Let's think step by step.")
    return direct, cot


def test_a_folder_is_one_log_of_several_tasks(folders: tuple[Path, Path]) -> None:
    direct, cot = (read_log(str(folder), folder) for folder in folders)
    assert list(direct.rows) == ["even/0", "even/1", "even/2", "odd/0", "odd/1", "odd/2"]
    assert [row.score for row in direct.rows.values()] == [1.0, 0.0, 1.0, 1.0, 0.0, 1.0]
    assert {row.score for row in cot.rows.values()} == {1.0}
    row = cot.rows["odd/1"]
    assert (row.group, row.cluster, row.answer, row.truncated) == ("odd", "odd", "True", None)
    assert "were worked out from the outputs" in cot.notes[0]


def test_the_question_is_the_items_own_part_of_the_prompt(folders: tuple[Path, Path]) -> None:
    direct, cot = (read_log(str(folder), folder) for folder in folders)
    for key, row in direct.rows.items():
        assert row.question == cot.rows[key].question
        assert row.prompt != cot.rows[key].prompt
    assert len({row.question for row in direct.rows.values()}) == 3  # both tasks ask the same three


def test_the_folders_name_says_model_and_style(folders: tuple[Path, Path]) -> None:
    direct, cot = (read_log(str(folder), folder) for folder in folders)
    assert (direct.settings["model"], direct.settings["template"]) == ("opal-2", "answer only")
    assert (cot.settings["model"], cot.settings["template"]) == ("opal-2", "chain of thought")
    assert direct.settings["shots"] == cot.settings["shots"] == "1"
    assert {k: v for k, v in direct.settings.items() if k != "template"} == {
        k: v for k, v in cot.settings.items() if k != "template"
    }


def test_one_task_alone(folders: tuple[Path, Path]) -> None:
    (file,) = folders[0].glob("odd*.json.gz")
    log = read_log(str(file), file)
    assert list(log.rows) == ["odd/0", "odd/1", "odd/2"] and "model" not in log.settings


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"outputs": [{"input": "Q: a", "prediction": None, "target": "b"}]}, "output 0: the field prediction is None"),
        ({"outputs": [{"input": "Q: a", "prediction": "b", "target": 1}]}, "output 0: the field target is 1"),
        ({"outputs": [{"prediction": "a", "input": "b", "target": "c"}, []]}, "output 1 is not a JSON object"),
    ],
)
def test_what_cannot_be_read(document: object, words: str) -> None:
    with pytest.raises(CallerMistake, match=words):
        read_log("odd.json", json.dumps(document).encode())


def test_a_folder_with_another_json_in_it(folders: tuple[Path, Path]) -> None:
    (folders[0] / "notes.json").write_text('{"hello": 1}')
    with pytest.raises(CallerMistake, match=r"notes\.json has no list `outputs`; it has hello"):
        read_log(str(folders[0]), folders[0])
