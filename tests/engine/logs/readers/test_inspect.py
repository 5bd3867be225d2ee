"""Inspect's logs: real ones of inspect-ai 0.3.285 with its mock model, in tests/data/logs/inspect.

Five questions about heaps of stones; two scorers, of which one gives two values and leaves an item unscored. ruby ran
to the end, jade stumbled over one sample, opal asked twice. What each log itself gives as its metrics is the oracle.
Machine paths and tracebacks were taken out of the JSON logs, and their events.
"""

from __future__ import annotations

import gzip
import importlib.util
import io
import json
import sys
import zipfile
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from engine.errors import CallerMistake
from engine.logs import Log, align, choices, comparability, read_log
from engine.logs.files import MAX_ROWS, Allowance, LogFile
from engine.logs.readers.inspect import _unpack

FOLDER = Path(__file__).parents[3] / "data" / "logs" / "inspect"
needs_library = pytest.mark.skipif(
    importlib.util.find_spec("inspect_ai") is None, reason="inspect-ai is not installed (the extra `inspect`)"
)


def document(name: str) -> dict[str, Any]:
    with gzip.open(FOLDER / f"{name}.json.gz", "rt", encoding="utf-8") as file:
        return json.load(file)


def read(content: dict[str, Any], selector: str | None = None) -> Log:
    return read_log("log.json", json.dumps(content).encode(), selector)


def scores(log: Log) -> list[float | None]:
    return [row.score for row in log.rows.values()]


def reported(name: str, scorer: str, value: str = "", metric: str = "mean") -> float:
    """The metric as Inspect worked it out over the samples that have a score."""
    found = [s for s in document(name)["results"]["scores"] if (s["scorer"], s["name"]) == (scorer, value or scorer)]
    return found[0]["metrics"][metric]["value"]


@pytest.mark.parametrize("name", ["ruby", "jade", "opal"])
def test_the_mean_of_the_scores_is_what_inspect_reports(name: str) -> None:
    file = FOLDER / f"{name}.json.gz"
    assert choices(name, file) == ("match", "manners,short", "manners,polite")
    match = [score for score in scores(read_log(name, file, "match")) if score is not None]
    assert fmean(match) == pytest.approx(reported(name, "match", metric="accuracy"))
    polite = [score for score in scores(read_log(name, file, "polite")) if score is not None]
    assert fmean(polite) == pytest.approx(reported(name, "manners", "polite"))


def test_what_failed_and_what_was_not_scored_has_no_score() -> None:
    """Sample heap-4 of jade ended in an error; heap-3 got NaN from the second scorer, Inspect's “unscored”."""
    jade = FOLDER / "jade.json.gz"
    assert scores(read_log("jade", jade, "match")) == [1.0, 0.0, 0.0, 1.0, None]
    assert scores(read_log("jade", jade, "polite")) == [0.0, 0.5, 0.5, None, None]


def test_what_a_row_holds() -> None:
    rows = read_log("ruby", FOLDER / "ruby.json.gz", "match").rows
    assert list(rows) == [f"heap-{i}" for i in range(5)]
    row = rows["heap-1"]
    assert (row.text, row.answer, row.truncated, row.group) == ("There are 1", "There are 1", False, "odd")
    assert rows["heap-4"].truncated is True
    assert read_log("jade", FOLDER / "jade.json.gz", "match").rows["heap-1"].question == row.question is not None


def test_several_epochs_are_one_score_and_it_is_said() -> None:
    opal = read_log("opal", FOLDER / "opal.json.gz", "match")
    assert scores(opal) == [1.0, 0.5, 0.5, 0.0, 0.0]
    assert "asked each item up to 2 times (epochs): its score is the mean of them" in opal.notes[0]
    assert opal.rows["heap-0"].text is None


def test_how_it_was_made() -> None:
    ruby = read_log("ruby", FOLDER / "ruby.json.gz", "match")
    told = ruby.settings
    assert ruby.name == "ruby" and told["model"] == "mockllm/ruby"
    assert (told["task"], told["task version"], told["metric"], told["epochs"]) == ("heaps", "2", "match", "1")
    assert (told["harness"], told["harness version"]) == ("Inspect", "0.3.285")
    assert told["decoding"] == '{"temperature": 0.0}'
    jade = read_log("jade", FOLDER / "jade.json.gz", "match")
    found = comparability(align(ruby, jade))
    assert found.grade == "indicative" and "Solver: " in found.sentence
    assert "shots" not in found.sentence  # the prompts are in the log and the same


@pytest.mark.parametrize(
    ("value", "score"),
    [
        ("C", 1.0), ("I", 0.0), ("P", 0.5), ("N", 0.0), (True, 1.0), (False, 0.0), (0.25, 0.25), (3, 3.0),
        ("yes", 1.0), ("No", 0.0), ("TRUE", 1.0), ("false", 0.0), ("-5", -5.0), ("1e-2", 0.01), (float("nan"), None),
        (None, None),
    ],
)  # fmt: skip
def test_values_as_inspect_takes_them(value: Any, score: float | None) -> None:
    """inspect_ai.scorer.value_to_float of 0.3.285; NaN and nothing are no score there."""
    content = document("ruby")
    content["samples"][1]["scores"]["match"]["value"] = value
    assert read(content, "match").rows["heap-1"].score == score


@pytest.mark.parametrize("value", ["B", "c", "", "nan", "inf", [1, 0], 10**400, float("inf")])
def test_what_inspect_counts_as_zero_is_refused(value: Any) -> None:
    content = document("ruby")
    content["samples"][1]["scores"]["match"]["value"] = value
    assert choices("log.json", json.dumps(content).encode()) == ("manners,short", "manners,polite")
    with pytest.raises(CallerMistake, match=r"match cannot be judged: .*sample 2 has .* which is not one number"):
        read(content, "match")


def test_a_sample_that_was_withdrawn_has_no_score() -> None:
    content = document("ruby")
    content["samples"][0]["invalidation"] = {"author": "somebody"}
    assert read(content, "match").rows["heap-0"].score is None


def test_a_run_that_did_not_end_well_is_told_of() -> None:
    content = document("ruby") | {"status": "error"}
    content["samples"][0]["error"] = {"message": "late"}
    notes = read(content, "match").notes
    assert any("its status is 'error'" in note for note in notes)
    assert any("scored 1 samples although they ended in an error" in note for note in notes)


def test_long_texts_are_attachments() -> None:
    content = document("ruby")
    sample = content["samples"][0]
    plain_question = read(content, "match").rows["heap-0"].question
    sample["attachments"] = {"one": sample["input"], "two": "There are 0, as far as I know"}
    sample["input"], sample["output"]["completion"] = "attachment://one", "attachment://two"
    row = read(content, "match").rows["heap-0"]
    assert (row.question, row.text) == (plain_question, "There are 0, as far as I know")


def test_a_question_may_be_a_conversation() -> None:
    content = document("ruby")
    content["samples"][0]["input"] = [{"role": "user", "content": [{"type": "text", "text": "How many"}]}]
    assert read(content, "match").rows["heap-0"].question is not None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"samples": None}, "holds no samples"),
        ({"samples": []}, "holds no samples"),
        ({"samples": [7]}, "sample 1 is not a JSON object"),
        ({"samples": [{"id": None}]}, "sample 1: None is no id"),
        (
            {"samples": [{"id": 1, "epoch": 1}, {"id": "1", "epoch": 1}]},
            "the id '1' was there before in the same epoch",
        ),
        ({"samples": [{"id": 1}]}, "has nothing to judge: no item in it has a score"),
        ({"samples": [{"id": 1, "scores": {"match": 1}}]}, "score match is not a JSON object"),
    ],
)
def test_what_cannot_be_read(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(CallerMistake, match=words):
        read(document("ruby") | changes)


# ---- .eval


def test_an_eval_file_without_the_library_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("inspect_ai", "inspect_ai.log"):
        monkeypatch.setitem(sys.modules, module, None)
    file = FOLDER / "ruby.eval"
    with pytest.raises(CallerMistake) as caught:
        read_log("ruby.eval", file)
    assert "pip install inspect-ai==0.3.285" in str(caught.value)
    assert "inspect log convert" in str(caught.value)


@needs_library
def test_an_eval_file_is_the_same_log_as_the_json() -> None:
    for selector in choices("ruby.eval", FOLDER / "ruby.eval"):
        packed = read_log("ruby.eval", FOLDER / "ruby.eval", selector)
        plainly = read_log("ruby.json", FOLDER / "ruby.json.gz", selector)
        assert packed.rows == plainly.rows and packed.settings == plainly.settings
        assert read_log("upload.eval", (FOLDER / "ruby.eval").read_bytes(), selector).rows == packed.rows


@needs_library
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b'{"eval": {}}'])
def test_an_eval_file_that_is_damaged(content: bytes) -> None:
    with pytest.raises(CallerMistake, match=r"log\.eval"):
        read_log("log.eval", content)


def archive(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(f"{name}.json", content)
    return packed.getvalue()


def unpacked(content: bytes, place: Path, size: int) -> dict[str, bytes]:
    _unpack(LogFile(name="log.eval", content=content, allowance=Allowance(size, MAX_ROWS)), place)
    with zipfile.ZipFile(place) as file:
        assert all(member.compress_type == zipfile.ZIP_STORED for member in file.infolist())
        return {member.filename: file.read(member) for member in file.infolist()}


def test_an_archive_is_unpacked_before_the_library_sees_it(tmp_path: Path) -> None:
    content = archive(header=b"{}", one=b"x" * 100_000)
    assert unpacked(content, tmp_path / "log.eval", 200_000) == {"header.json": b"{}", "one.json": b"x" * 100_000}


def test_a_small_archive_that_unpacks_into_a_large_one_is_not_unpacked(tmp_path: Path) -> None:
    with pytest.raises(CallerMistake, match="is larger than"):
        unpacked(archive(one=b"x" * 100_000), tmp_path / "log.eval", 50_000)


def test_an_archive_that_lies_about_its_size_gives_no_more_than_it_says(tmp_path: Path) -> None:
    """The directory at the end says 1,000 bytes where there are 100,000; their checksum then cannot be right."""
    content = archive(one=b"x" * 100_000)
    lie = content.replace((100_000).to_bytes(4, "little"), (1_000).to_bytes(4, "little"))
    assert lie != content
    with pytest.raises(CallerMistake, match=r"log\.eval cannot be read: Bad CRC-32"):
        unpacked(lie, tmp_path / "log.eval", 50_000)
    assert (tmp_path / "log.eval").stat().st_size < 2_000
