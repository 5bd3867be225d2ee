"""lm-eval's results without samples: printed scores, of which little can be said, and how they were made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.cli import main
from engine.errors import CallerMistake
from engine.logs import read_log
from engine.logs.lm_eval.read_results import PrintedScore, printed_pair, settings
from engine.stats.published import published_gap

FOLDER = Path(__file__).parents[3] / "data" / "logs" / "lm_eval"
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """The results of two models: a real run of lm-eval 0.4.13, and a copy of it under another name."""
    (real,) = (FOLDER / "groups").glob("results_*")
    other = tmp_path / "other.json"
    other.write_text(real.read_text(encoding="utf-8").replace("HuggingFaceTB/SmolLM2-135M-Instruct", "acme/opal"))
    return real, other


def scores(*files: Path, select: str | None = None) -> tuple[PrintedScore, PrintedScore]:
    found = printed_pair([(file, select) for file in files])
    assert found is not None
    return found


def changed(file: Path, **parts: Any) -> Path:
    """The file with parts of it replaced."""
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | parts), encoding="utf-8")
    return file


def test_a_score_with_its_error_and_its_number_of_items(pair: tuple[Path, Path]) -> None:
    a, b = scores(*pair, select="toyg,acc")
    assert (a.score, a.n, a.log.selector) == (0.4, 10, "toyg,acc,none")
    assert a.error == pytest.approx(0.1707825)
    assert (a.log.name, b.log.name) == ("SmolLM2-135M-Instruct", "opal")
    assert (a.log.settings["task version"], a.log.settings["shots"], a.log.settings["metric"]) == ("2", "0", "acc")


@pytest.mark.parametrize(("right", "n"), [(1027, 2376), (5563, 14042), (1, 3), (0, 5), (7, 7), (3, 817)])
def test_a_printed_share_stands_for_one_number_of_right_answers(right: int, n: int, pair: tuple[Path, Path]) -> None:
    one, _ = scores(*pair, select="toyg,acc")
    told = PrintedScore(score=right / n, error=None, n=n, log=one.log).percent
    found = published_gap(told, told, n).a
    assert found.exact and found.right == right


def test_two_results_are_read_as_printed_scores(pair: tuple[Path, Path], capsys: Capture, tmp_path: Path) -> None:
    """2 of 6 against 3 of 6: nothing, and by how much is `engine.stats.published`'s to say."""
    told = json.loads(pair[1].read_text(encoding="utf-8"))["results"]
    told["toyg_sky"] |= {"acc,none": 0.5}
    given = [f"{file}::toyg_sky,acc" for file in (pair[0], changed(pair[1], results=told))]
    assert main(["verdict", *given, "--json", str(tmp_path / "v.json")]) == 0
    out = capsys.readouterr().out
    assert "SmolLM2-135M-Instruct scored 33.33% and opal 50.00%" in out and "undecided" in out
    assert "Standard errors as stated: 21.08 points and 21.08 points." in out
    assert "Comparability: The two logs are comparable" in out
    found = json.loads((tmp_path / "v.json").read_text())
    assert found["gap"] == pytest.approx(-1 / 6) and found["condition"] is None
    assert found["logs"]["a"]["error"] == pytest.approx(0.2108185)


def test_other_tasks_are_told_apart(pair: tuple[Path, Path], capsys: Capture) -> None:
    assert main(["verdict", f"{pair[0]}::toyg_sky,acc", f"{pair[1]}::toyg_sea,acc"]) == 0
    out = capsys.readouterr().out
    assert "two separate exams of 6 and 4 items" in out and "The two logs are not comparable. Task:" in out


def test_the_only_score_that_both_hold_needs_no_name(pair: tuple[Path, Path], tmp_path: Path) -> None:
    alone = {"toyg": json.loads(pair[1].read_text(encoding="utf-8"))["results"]["toyg"]}
    a, b = scores(pair[0], changed(pair[1], results=alone))
    assert a.log.selector == b.log.selector == "toyg,acc,none"


@pytest.mark.parametrize(
    ("select", "words"),
    [
        (None, "holds 5 scores that may be meant"),
        ("acc_norm", "holds 2 scores that may be meant"),
        ("mmlu", "holds no score 'mmlu'"),
    ],
)
def test_a_choice_is_listed(select: str | None, words: str, pair: tuple[Path, Path]) -> None:
    with pytest.raises(CallerMistake, match=f"{words}.*'toyg_sky,acc,none'.*Choose one by task, metric and filter"):
        scores(*pair, select=select)


@pytest.mark.parametrize(
    "told",
    [
        {"acc,none": float("nan"), "sample_len": 6},
        {"acc,none": 999, "sample_len": 6},
        {"acc,none": True, "sample_len": 6},
        {"acc,none": "0.5", "sample_len": 6},
        {"acc,none": 0.5},
        {"acc,none": 0.5, "sample_len": 10**30},
        {"acc,none": 0.5, "sample_len": "6"},
        "acc",
        [],
    ],
)
def test_what_is_no_share_of_a_number_of_items_is_no_score(told: Any, pair: tuple[Path, Path]) -> None:
    broken = changed(pair[1], **{"results": {"toyg": told}, "n-samples": None, "configs": 7})
    with pytest.raises(CallerMistake, match="holds no score"):
        scores(pair[0], broken)


def test_an_error_that_is_not_there_is_not_stated(pair: tuple[Path, Path]) -> None:
    told = {"toyg": {"acc,none": 0.5, "acc_stderr,none": "N/A", "sample_len": 6}}
    _, b = scores(pair[0], changed(pair[1], results=told))
    assert b.error is None


def test_results_by_themselves_are_no_log(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """A log is answers item by item; the message names both ways on."""
    with pytest.raises(CallerMistake, match=r"holds scores of whole tasks and no items.*samples_\*\.jsonl"):
        read_log(pair[0].name, pair[0])
    with pytest.raises(CallerMistake, match="no items"):
        read_log("upload.json", pair[0].read_bytes(), "acc")
    (samples,) = (FOLDER / "groups").glob("samples_toyg_sky_*")
    assert printed_pair([(pair[0], None), (samples, None)]) is None


def test_a_file_that_only_begins_like_results(pair: tuple[Path, Path]) -> None:
    pair[1].write_text('{"results": {"toyg": {}}}')
    with pytest.raises(CallerMistake, match="holds none with versions"):
        scores(*pair)


def test_results_are_read_once_for_all_samples_beside_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(FOLDER / "groups", tmp_path / "run")
    read: list[str] = []
    monkeypatch.setattr("engine.logs.lm_eval.read_samples.as_object", lambda value, where: read.append(where) or value)
    log = read_log("run", tmp_path / "run", "acc")
    assert len(log.rows) == 10 and log.settings["shots"] == "0" and len(read) == 1


@pytest.mark.parametrize(
    ("said", "template"),
    [
        ({"chat_template": None, "chat_template_sha": None}, "plain text"),
        ({"chat_template": "", "chat_template_sha": None}, "chat template of the endpoint"),
        ({"chat_template": "{{x}}", "chat_template_sha": "ab"}, "chat template ab"),
        (
            {"chat_template": "{{x}}", "chat_template_sha": "ab", "fewshot_as_multiturn": True},
            "chat template ab, examples as turns",
        ),
        ({}, None),
    ],
)
def test_the_template_that_was_used(said: dict[str, Any], template: str | None) -> None:
    """The second is what lm-eval 0.4.13 writes of `local-chat-completions`, whose template it never sees."""
    assert settings(said, "toyg")["template"] == template
