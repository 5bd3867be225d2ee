"""lm-eval's samples: real ones of version 0.4.13 in tests/data/logs/lm_eval, and what may stand in such a file.

SmolLM2 135M Instruct on two toy tasks (6 word choices, 8 sums), once with 3 worked examples before the sums and once
with none. What lm-eval worked out itself, in `results_*.json`, is the oracle. Machine paths were taken out.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from engine.errors import CallerMistake
from engine.logs import Log, align, choices, comparability, read_log
from engine.logs.judging import verdict_of_files

FOLDER = Path(__file__).parents[3] / "data" / "logs" / "lm_eval"
RUNS = ("three_shots", "no_shots")


def file_of(run: str, start: str) -> Path:
    (file,) = (FOLDER / run).glob(f"{start}_*")
    return file


def results(run: str) -> dict[str, Any]:
    return json.loads(file_of(run, "results").read_text(encoding="utf-8"))


def sums(run: str, selector: str) -> Log:
    file = file_of(run, "samples_toy_sums")
    return read_log(file.name, file, selector)


def lines(*rows: Any, selector: str | None = None) -> Log:
    return read_log("samples_x.jsonl", "\n".join(json.dumps(row) for row in rows).encode(), selector)


def row(number: int, **scores: Any) -> dict[str, Any]:
    """The fields of a line that matter, in the order lm-eval 0.4.13 writes them."""
    return {
        "doc_id": number, "doc": {"question": "Why?"}, "target": "0", "arguments": {}, "resps": [[["-1.5", "False"]]],
        "filter": "none", "metrics": list(scores), "doc_hash": f"d{number}", "prompt_hash": f"p{number}", **scores,
    }  # fmt: skip


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize(
    ("task", "selector"),
    [
        ("toy_words", "acc,none"),
        ("toy_words", "acc_norm,none"),
        ("toy_sums", "exact_match,strict-match"),
        ("toy_sums", "exact_match,flexible-extract"),
    ],
)
def test_the_mean_of_the_scores_is_what_lm_eval_reports(run: str, task: str, selector: str) -> None:
    file = file_of(run, f"samples_{task}")
    scores = [row.score for row in read_log(file.name, file, selector).rows.values()]
    assert len(scores) == results(run)["n-samples"][task]["effective"]
    assert fmean(score for score in scores if score is not None) == pytest.approx(
        results(run)["results"][task][selector]
    )


def test_filters_and_metrics_are_chosen_by_lm_evals_names_or_enough_of_them() -> None:
    file = file_of("three_shots", "samples_toy_sums")
    assert choices(file.name, file) == ("exact_match,strict-match", "exact_match,flexible-extract")
    assert sums("three_shots", "strict-match").selector == "exact_match,strict-match"
    with pytest.raises(CallerMistake, match="'exact_match' matches 2 of them"):
        sums("three_shots", "exact_match")
    with pytest.raises(CallerMistake, match=r"2 sets of scores .* Choose one by its metric or filter"):
        read_log(file.name, file)


def test_what_was_written_and_what_was_read_off_it() -> None:
    """Without examples the model never writes the mark the strict rule looks for: found nothing, which is not unknown."""
    strict, flexible = (sums("no_shots", rule).rows["0"] for rule in ("strict-match", "flexible-extract"))
    assert strict.text == flexible.text and "1" in (strict.text or "")
    assert (strict.answer, flexible.answer) == ("", "1.")
    words = read_log("x", file_of("no_shots", "samples_toy_words"), "acc").rows["0"]
    assert (words.text, words.answer, words.truncated) == (None, None, None)


def test_the_results_beside_say_how_it_was_made() -> None:
    told = sums("three_shots", "strict-match").settings
    assert (told["model"], told["task"], told["task version"]) == (
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        "toy_sums",
        "3.0",
    )
    assert (told["shots"], told["metric"], told["extraction"]) == ("3", "exact_match", "strict-match")
    assert (told["harness"], told["harness version"], told["dtype"]) == ("lm-eval", "0.4.13", "torch.float32")
    assert (told["template"], told["system prompt"]) == ("plain text", "none")
    assert '"max_gen_toks": 40' in told["decoding"]
    words = read_log("x", file_of("three_shots", "samples_toy_words"), "acc")
    assert words.settings["decoding"] == "none: choices are ranked"
    assert words.name == "SmolLM2-135M-Instruct"


def test_without_the_results_only_the_lines_speak() -> None:
    content = file_of("three_shots", "samples_toy_sums").read_bytes()
    log = read_log("samples_toy_sums_2026-11-22T06-35-51.511713.jsonl", content, "strict-match")
    assert log.settings.keys() == {"task", "harness", "decoding", "metric", "extraction"}
    assert log.name == "samples_toy_sums_2026-11-22T06-35-51.511713"
    assert log.rows == sums("three_shots", "strict-match").rows


def test_two_runs_of_one_model_with_other_shots() -> None:
    found = comparability(align(sums("three_shots", "flexible-extract"), sums("no_shots", "flexible-extract")))
    assert (found.grade, found.compared) == ("definitive", "shots")
    verdict = verdict_of_files(*(f"{file_of(run, 'samples_toy_sums')}::flexible-extract" for run in RUNS))
    assert (verdict.n, verdict.winner, verdict.a_score, verdict.b_score) == (8, "a", 1.0, 0.125)


def test_two_models_asked_the_same_way(tmp_path: Path) -> None:
    """The other model's run is a copy under another name: all settings stated and the same is definitive."""
    other = tmp_path / "run"
    shutil.copytree(FOLDER / "three_shots", other)
    (told,) = other.glob("results_*")
    told.write_text(told.read_text().replace("HuggingFaceTB/SmolLM2-135M-Instruct", "acme/opal"))
    (samples,) = other.glob("samples_toy_sums_*")
    found = comparability(align(sums("three_shots", "strict-match"), read_log("b", samples, "strict-match")))
    assert (found.grade, found.compared) == ("definitive", "model")


def test_two_filters_of_one_run() -> None:
    found = comparability(align(sums("no_shots", "strict-match"), sums("no_shots", "flexible-extract")))
    assert (found.grade, found.compared) == ("definitive", "extraction")


# ---- a folder


def test_a_folder_is_all_tasks_that_have_the_metric() -> None:
    folder = FOLDER / "three_shots"
    assert choices("run", folder) == (
        "exact_match,strict-match", "exact_match,flexible-extract", "acc,none", "acc_norm,none"
    )  # fmt: skip
    log = read_log("run", folder, "acc")
    assert list(log.rows) == [f"toy_words/{i}" for i in range(6)]
    assert {row.group for row in log.rows.values()} == {"toy_words"} and log.unscored == 0
    assert (log.settings["task"], log.settings["shots"]) == ("toy_words", "0")


def test_several_tasks_with_one_metric_are_groups(tmp_path: Path) -> None:
    for task in ("astronomy", "virology"):
        (tmp_path / f"samples_{task}_2026-01-01T00-00-00.0.jsonl").write_text(
            "\n".join(json.dumps(row(i, acc=float(i % 2))) for i in range(4))
        )
    told = {
        "n-shot": {"astronomy": 5, "virology": 5},
        "versions": {"astronomy": 1, "virology": 2},
        "model_name": "acme/opal",
    }
    (tmp_path / "results_2026-01-01T00-00-00.0.json").write_text(json.dumps(told))
    log = read_log("run", tmp_path)
    assert [row.group for row in log.rows.values()] == ["astronomy"] * 4 + ["virology"] * 4
    assert log.settings["shots"] == "5"
    assert log.settings["task version"] == '{"astronomy": 1, "virology": 2}'
    assert log.settings["task"] == "astronomy virology"


def test_two_runs_in_one_folder_are_refused(tmp_path: Path) -> None:
    for date in ("2026-01-01T00-00-00.0", "2026-01-02T00-00-00.0"):
        (tmp_path / f"samples_sums_{date}.jsonl").write_text(json.dumps(row(0, acc=1.0)))
    with pytest.raises(CallerMistake, match="holds two runs of the task 'sums'"):
        read_log("run", tmp_path)


# ---- what may stand in a line


def test_metrics_that_are_no_single_score_cannot_be_chosen() -> None:
    """ifeval has one truth value for each instruction of a prompt: those are not independent items."""
    rows = [row(i, prompt_level_strict_acc=True, inst_level_strict_acc=[True, False]) for i in range(2)]
    assert [r.score for r in lines(*rows).rows.values()] == [1.0, 1.0]
    with pytest.raises(
        CallerMistake, match=r"inst_level_strict_acc cannot be judged: .*\[True, False\].* not one score"
    ):
        lines(*rows, selector="inst_level_strict_acc")


def test_a_real_metric_is_a_score_too() -> None:
    assert [r.score for r in lines(row(0, mc2=0.25), row(1, mc2=0.75)).rows.values()] == [0.25, 0.75]


def test_older_versions_do_not_list_the_metrics() -> None:
    rows = [{k: v for k, v in row(i, acc=1.0, em=0.0).items() if k not in ("metrics", "filter")} for i in range(2)]
    assert lines(*rows, selector="em").selector == "em,none"


def test_an_item_without_the_metric_has_no_score() -> None:
    assert [r.score for r in lines(row(0, acc=1.0, em=1.0), row(1, em=0.0), selector="acc").rows.values()] == [
        1.0,
        None,
    ]


def test_an_item_that_failed_has_no_score() -> None:
    """As our own files of a battle have it; lm-eval knows no failure."""
    failed = row(1) | {"error": "truncated: cut off"}
    assert [r.score for r in lines(row(0, acc=1.0), failed).rows.values()] == [1.0, None]
    with pytest.raises(CallerMistake, match="line 2 has no score"):
        lines(row(0, acc=1.0), row(1) | {"error": ""})


def test_a_task_that_failed_as_a_whole_is_not_lost(tmp_path: Path) -> None:
    scored, failed = row(0, acc=1.0), row(0) | {"error": "endpoint: went away"}
    for task, line in {"astronomy": scored, "virology": failed}.items():
        (tmp_path / f"samples_{task}_2026-01-01T00-00-00.0.jsonl").write_text(json.dumps(line))
    assert {key: r.score for key, r in read_log("run", tmp_path).rows.items()} == {
        "astronomy/0": 1.0,
        "virology/0": None,
    }


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (row(0, acc=1.0), "line 2: the id '0' was there before"),
        (row(1, acc=float("nan")), "line 2: nan is no score"),
        (row(1, acc=None), "line 2: None is no score"),
        (row(1), "line 2 has no score"),
        ({"acc": 1.0}, "line 2 has no doc_id"),
    ],
)
def test_what_cannot_be_read(second: dict[str, Any], words: str) -> None:
    with pytest.raises(CallerMistake, match=words):
        lines(row(0, acc=1.0), second)
