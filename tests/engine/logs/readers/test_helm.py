"""HELM's per-instance statistics, in the form `helm-run` writes them: statistics, perturbations, trials, files beside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.errors import CallerMistake
from engine.logs import choices, read_log

Entry = dict[str, Any]


def stat(name: str, mean: float | None, *, split: str = "test", count: int = 1) -> Entry:
    """A `Stat` without its empty fields, as HELM writes it; an empty one has no mean."""
    if mean is None:
        return {"name": {"name": name, "split": split}, "count": 0, "sum": 0, "sum_squared": 0}
    return {"name": {"name": name, "split": split}, "count": count, "sum": count * mean, "mean": mean, "stddev": 0.0}


def entry(instance: str, *stats: Entry, trial: int = 0, perturbation: str | None = None) -> Entry:
    about = {"perturbation": {"name": perturbation, "robustness": True}} if perturbation else {}
    return {"instance_id": instance, "train_trial_index": trial, "stats": list(stats), **about}


def written(*entries: Entry) -> bytes:
    return json.dumps(entries, indent=2).encode()


def scores(content: bytes, selector: str) -> dict[str, float | None]:
    log = read_log("per_instance_stats.json", content, selector)
    return {row.id: row.score for row in log.rows.values()}


def test_each_statistic_is_a_set_of_scores() -> None:
    """Each metric of a run adds entries of its own for the same instances."""
    content = written(
        entry("id1", stat("exact_match", 1.0), stat("num_references", 4)),
        entry("id2", stat("exact_match", 0.0), stat("num_references", 4)),
        entry("id1", stat("inference_runtime", 0.3)),
        entry("id2", stat("inference_runtime", 0.4)),
    )
    assert choices("x.json", content) == ("exact_match", "num_references", "inference_runtime")
    assert scores(content, "exact_match") == {"id1": 1.0, "id2": 0.0}
    assert scores(content, "inference_runtime") == {"id1": 0.3, "id2": 0.4}
    with pytest.raises(CallerMistake, match="Choose one by its statistic"):
        read_log("x.json", content)


def test_an_instance_without_the_statistic_has_no_score() -> None:
    content = written(
        entry("id1", stat("exact_match", 1.0)),
        entry("id2", stat("exact_match", None)),
        entry("id3", stat("num_references", 4)),
    )
    assert scores(content, "exact_match") == {"id1": 1.0, "id2": None, "id3": None}


def test_perturbed_instances_are_sets_of_their_own() -> None:
    content = written(
        entry("id1", stat("exact_match", 1.0)),
        entry("id1", stat("exact_match", 0.0), perturbation="typos"),
        entry("id2", stat("exact_match", 1.0)),
        entry("id2", stat("exact_match", 1.0), perturbation="typos"),
    )
    assert choices("x.json", content) == ("exact_match", "exact_match,typos")
    assert scores(content, "exact_match") == {"id1": 1.0, "id2": 1.0}
    assert scores(content, "typos") == {"id1": 0.0, "id2": 1.0}
    assert read_log("x.json", content, "typos").settings["perturbation"] == "typos"


def test_splits_are_told_apart_where_there_are_several() -> None:
    content = written(entry("id1", stat("exact_match", 1.0)), entry("id2", stat("exact_match", 0.0, split="valid")))
    assert choices("x.json", content) == ("exact_match,test", "exact_match,valid")
    assert scores(content, "valid") == {"id2": 0.0}


def test_a_score_is_the_mean_over_trials_and_this_is_said() -> None:
    content = written(
        *(entry("id1", stat("exact_match", s), trial=t) for t, s in enumerate((1.0, 0.0, 1.0))),
        *(entry("id2", stat("exact_match", s), trial=t) for t, s in enumerate((0.0, 0.0))),
    )
    assert scores(content, "exact_match") == {"id1": pytest.approx(2 / 3), "id2": 0.0}
    assert "3 trials: scores are means over them" in read_log("x.json", content).notes[0]


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([entry("id1", stat("em", 1.0)), entry("id1", stat("em", 0.0))], "em of 'id1' was there before with another"),
        ([entry("id1", stat("em", float("nan")))], "entry 0, em: nan is no score"),
        ([entry("id1", stat("em", 1.0)), {"instance_id": "id2", "stats": 7}], "entry 1 has no list `stats`"),
        ([entry("id1"), entry("id2", stat("em", None))], "has nothing to judge: no item in it has a score"),
        ([entry("id1", stat("em", 1.0)), 7], "entry 1 is not a JSON object"),
        ([entry("id1", {"name": "em", "mean": 1})], "name of a statistic is not a JSON object"),
    ],
)
def test_what_cannot_be_read(entries: list[Any], words: str) -> None:
    with pytest.raises(CallerMistake, match=words):
        read_log("x.json", written(*entries))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run's folder: two instances, the second one cut off."""
    (tmp_path / "per_instance_stats.json").write_bytes(
        written(*(entry(f"id{i}", stat("exact_match", float(i == 1)), stat("finish", 1)) for i in (1, 2)))
    )
    adapter = {"method": "generation", "instructions": "Add.", "max_train_instances": 3, "temperature": 0.0,
               "max_tokens": 20, "model": "acme/opal-1", "num_train_trials": 1}  # fmt: skip
    spec = {"name": "sums", "scenario_spec": {"class_name": "helm.Sums", "args": {}}, "adapter_spec": adapter,
            "metric_specs": [{"class_name": "helm.Basic", "args": {"names": ["exact_match"]}}]}  # fmt: skip
    (tmp_path / "run_spec.json").write_text(json.dumps(spec))
    return tmp_path


def states(*reasons: str) -> Entry:
    return {
        "request_states": [
            {
                "instance": {"id": f"id{i}", "input": {"text": f"{i} and 1?"}, "split": "test"},
                "train_trial_index": 0,
                "request": {"prompt": f"Add.\n{i} and 1?"},
                "result": {"completions": [{"text": f" {i + 1}", "finish_reason": {"reason": reason}}]},
            }
            for i, reason in enumerate(reasons, start=1)
        ]
    }


def test_a_runs_folder_says_how_it_was_made(run: Path) -> None:
    log = read_log(str(run), run, "exact_match")
    assert log.name == "opal-1"
    told = log.settings
    assert (told["model"], told["shots"], told["harness"], told["metric"]) == (
        "acme/opal-1",
        "3",
        "HELM",
        "exact_match",
    )
    assert told["decoding"] == '{"max_tokens": 20, "temperature": 0.0}'
    assert "harness version" not in told
    assert log.rows["id1"].text is None


def test_texts_come_from_the_scenario_state(run: Path) -> None:
    (run / "scenario_state.json").write_text(json.dumps(states("stop", "length")))
    one, two = read_log(str(run), run, "exact_match").rows.values()
    assert (one.text, one.truncated, two.truncated) == (" 2", False, True)
    assert one.question and one.prompt and one.question != two.question != one.prompt


def test_texts_come_from_the_display_files_otherwise(run: Path) -> None:
    (run / "instances.json").write_text(json.dumps([{"id": "id1", "input": {"text": "1 and 1?"}}]))
    (run / "display_requests.json").write_text(json.dumps([{"instance_id": "id1", "request": {"prompt": "Add."}}]))
    (run / "display_predictions.json").write_text(json.dumps([{"instance_id": "id1", "predicted_text": "2"}]))
    row = read_log(str(run), run, "exact_match").rows["id1"]
    (run / "scenario_state.json").write_text(json.dumps(states("stop", "stop")))
    same = read_log(str(run), run, "exact_match").rows["id1"]
    assert (row.text, row.truncated) == ("2", None)
    assert row.question == same.question and row.prompt != same.prompt is not None


def test_a_completion_of_one_choice_among_several_is_no_answer(run: Path) -> None:
    """Some adapters ask once for each choice."""
    told = states("stop", "stop")
    for state in told["request_states"]:
        state["reference_index"] = 0
    (run / "scenario_state.json").write_text(json.dumps(told))
    assert read_log(str(run), run, "exact_match").rows["id1"].text is None
