"""Which format a file is taken for, what is chosen in it, and the bounds within which it is read."""

from __future__ import annotations

import copy
import gzip
import json
import math
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import CallerMistake
from engine.logs import Contents, Log, LogRow, contents, detection, files, place_and_selector, read_log
from engine.logs.files import LogFile
from engine.logs.log import settings_of

ROW = {"id": "q", "score": 1}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("t.json", json.dumps(ROW), "JSON list"),
        ("t.json", json.dumps(ROW, indent=2), "JSON list"),
        ("t.json", json.dumps([ROW]), "JSON list"),
        ("t.json", f"{json.dumps(ROW)}\n{json.dumps(ROW | {'id': 'r'})}", "JSONL"),
        ("t.jsonl", json.dumps(ROW), "JSONL"),
        ("t.jsonl", f"\ufeff\n {json.dumps(ROW)}\r\n\n", "JSONL"),
        ("upload", json.dumps([ROW]), "JSON list"),
        ("t.txt", "id,score\nq,1", "CSV"),
        ("t.txt", json.dumps([ROW]), "JSON list"),
        ("[1].csv", "[id],id,score\n1,q,1", "CSV"),
        ("t.CSV", "id,score\nq,1", "CSV"),
        (
            "t.json",
            json.dumps({"outputs": [{"input": "Q: a\nA:", "prediction": "b", "target": "b"}]}),
            "stored outputs",
        ),
    ],
)
def test_the_format_of_a_file(name: str, content: str, expected: str) -> None:
    assert read_log(name, content.encode()).format == expected


@pytest.mark.parametrize("document", [None, 7, "x", [], [7], {}, {"a": 1}])
def test_no_reader_recognises_what_is_of_no_format(document: Any) -> None:
    assert not [reader for reader in (*detection.DOCUMENTS, *detection.LINES) if reader.recognises(document)]


def test_a_format_more_is_a_reader_in_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    class Quiz:
        """`{"quiz": {"q1": true}}`"""

        def recognises(self, document: Any) -> bool:
            return isinstance(document, dict) and "quiz" in document

        def contents(self, source: LogFile, document: Any) -> Contents:
            rows = {id: LogRow(id=id, score=float(correct)) for id, correct in document["quiz"].items()}
            return Contents(kind="model", logs={"quiz": Log(name="A", file=source.name, format="quiz", rows=rows)})

    monkeypatch.setattr(detection, "DOCUMENTS", (Quiz(), *detection.DOCUMENTS))
    log = read_log("t.json", b'{"quiz": {"q1": true, "q2": false}}')
    assert log.format == "quiz" and [row.score for row in log.rows.values()] == [1, 0]


@pytest.mark.parametrize("content", [b"hello", b"\x00\x01", b"<html>"])
def test_another_format_is_refused_with_those_there_are(content: bytes) -> None:
    with pytest.raises(CallerMistake, match="in none of the formats read here: lm-eval's"):
        read_log("t.json", content)


@pytest.mark.parametrize("content", [b"{}", b"[]", b"[[]]", b"null", b'"x"', b"7", b"", b"{", b"[" * 100_000])
def test_a_document_with_nothing_in_it(content: bytes) -> None:
    with pytest.raises(CallerMistake) as caught:
        read_log("t.json", content)
    assert "t.json" in str(caught.value)


def test_a_file_and_what_is_chosen_in_it(tmp_path: Path) -> None:
    assert place_and_selector("a/b.jsonl") == (Path("a/b.jsonl"), None)
    assert place_and_selector("a/b.jsonl::exact_match,none") == (Path("a/b.jsonl"), "exact_match,none")
    odd = tmp_path / "odd::name.jsonl"
    odd.write_text(json.dumps(ROW))
    assert place_and_selector(str(odd)) == (odd, None)
    assert place_and_selector(f"{odd}::score") == (odd, "score")


def test_a_path_tells_its_format_by_its_own_name(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("id,score\nq,1\n")
    assert read_log("the first file", file).format == "CSV"


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_file_that_cannot_be_read(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CallerMistake, match=r"a\.csv cannot be read: "):
        read_log(str(file), file)


def test_a_folder_of_other_things(tmp_path: Path) -> None:
    (tmp_path / "readme.md").write_text("hello")
    with pytest.raises(CallerMistake, match=r"cannot be read: Is a directory\. A folder holds a run of lm-eval"):
        read_log(str(tmp_path), tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    with pytest.raises(CallerMistake, match="is a pipe or a device"):
        read_log(str(pipe), pipe)


def test_a_small_file_that_unpacks_into_a_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.Allowance.__init__, "__defaults__", (1024**2, files.MAX_ROWS))
    row = json.dumps(ROW | {"text": "x" * 2 * 1024**2})
    for name in ("t.jsonl", "t.json", "t.csv"):
        with pytest.raises(CallerMistake, match="is larger than 512 MB once unpacked"):
            read_log(name, gzip.compress(row.encode()))


def test_more_rows_than_anybody_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.Allowance.__init__, "__defaults__", (files.MAX_BYTES, 3))
    rows = [{"id": i, "score": 1} for i in range(4)]
    with pytest.raises(CallerMistake, match="has more than 2,000,000 rows"):
        read_log("t.jsonl", "\n".join(map(json.dumps, rows)).encode())
    with pytest.raises(CallerMistake, match="has more than 2,000,000 rows"):
        read_log("t.json", json.dumps(rows).encode())
    wide = [{"id": i, "score_a": 1, "score_b": 1} for i in range(2)]
    with pytest.raises(CallerMistake, match="has more than 2,000,000 rows"):
        read_log("t.jsonl", "\n".join(map(json.dumps, wide)).encode())


def test_a_line_without_an_end_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the length of a line, no more is taken in than is left of the allowance."""
    monkeypatch.setattr(files.Allowance.__init__, "__defaults__", (100, files.MAX_ROWS))
    with pytest.raises(CallerMistake, match="is larger than"):
        list(LogFile(name="t.jsonl", content=b"x" * 10_000).lines())


def test_line_separators_inside_a_text_are_no_line_ends() -> None:
    """JSON allows U+2028 and U+0085 unescaped in strings, and lm-eval writes them so (ensure_ascii=False)."""
    rows = [{"id": i, "score": 1, "text": "one\u2028two\x85three"} for i in range(2)]
    log = read_log("t.jsonl", "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode())
    assert len(log.rows) == 2


def test_nothing_is_chosen_where_there_is_nothing_to_choose() -> None:
    found = contents("t.jsonl", b'{"id": 1, "score": 1}')
    assert found.pick("t.jsonl", None) is found.pick("t.jsonl", "score")


def test_settings_that_differ_never_look_the_same() -> None:
    texts = ["Q: x", "Q:  x", "Q:\nx", "x" * 200, "x" * 201, " " * 500 + "x", " " * 500 + "y", {"a": "\n"}, {"a": " "}]
    told = settings_of({str(number): text for number, text in enumerate(texts)})
    assert len(set(told.values())) == len(texts)
    assert all(text.isprintable() and len(text) <= 120 for text in told.values())
    assert settings_of({"shots": 0, "model": None, "task": ""}) == {"shots": "0"}


# ---- hostile documents


SIDE = {"name": "ruby", "shots": 0, "fingerprint": "h2:1"}
TEMPLATES: list[Any] = [
    [{"id": 1, "score": 1, "group": "g", "error": None}, {"id": 2, "model": "m", "ruby": {"correct": True, "text": "x"}}],
    [{"instance_id": "i", "train_trial_index": 0, "perturbation": None,
      "stats": [{"name": {"name": "em", "split": "test"}, "count": 1, "mean": 1.0}]}],
    {"outputs": [{"input": "Q: a\nA:", "prediction": "b", "target": "b"}]},
    {"battle_id": "1", "task": "t", "environment": {"a": {"dtype": "x"}}, "a": SIDE, "b": SIDE,
     "items": [{"id": "1", "group": "", "a": {"score": 1.0, "text": "x", "answer": None}}]},
    {"status": "success", "plan": {"steps": [{"solver": "s", "params": {}}], "config": {"temperature": 0}},
     "eval": {"task": "t", "model": "m", "config": {"epochs": 1}, "packages": {"inspect_ai": "0"}, "scorers": [{"name": "s"}]},
     "samples": [{"id": 1, "epoch": 1, "input": [{"role": "user", "content": "x"}], "choices": ["x"], "metadata": {"group": "g"},
                  "messages": [{"role": "user", "content": [{"text": "x"}]}], "attachments": {"1": "x"},
                  "output": {"choices": [{"stop_reason": "stop"}], "completion": "attachment://1"},
                  "scores": {"s": {"value": "C", "answer": "x"}, "t": {"value": {"u": 1}}}}]},
    {"doc_id": 0, "arguments": {"gen_args_0": {"arg_0": "x", "arg_1": {}}}, "resps": [["x"]], "filtered_resps": ["x"],
     "filter": "none", "metrics": ["acc"], "doc_hash": "1", "prompt_hash": "1", "acc": 1.0},
]  # fmt: skip

junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.just(10**400)
    | st.just("\x1b[0m\n,"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def places(document: Any) -> list[tuple[Any, Any]]:
    """Every container in a document with each of its keys."""
    if not isinstance(document, dict | list):
        return []
    keys = list(document) if isinstance(document, dict) else list(range(len(document)))
    return [(document, key) for key in keys] + [place for key in keys for place in places(document[key])]


@given(st.sampled_from(TEMPLATES), st.data())
def test_a_document_with_anything_anywhere_is_read_or_refused_in_one_line(template: Any, data: st.DataObject) -> None:
    document = copy.deepcopy(template)
    container, key = data.draw(st.sampled_from(places(document)))
    container[key] = data.draw(junk)
    logs, refused = {}, ""
    try:
        logs = dict(contents("log.json", json.dumps(document).encode()).logs)
    except CallerMistake as error:
        refused = str(error)
    assert bool(logs) != bool(refused)
    assert refused == "" or (refused.isprintable() and len(refused) < 2000)
    for log in logs.values():
        assert all(text.isprintable() for text in (log.name, log.title, *log.settings.values()))
        assert all(row.score is None or math.isfinite(row.score) for row in log.rows.values())
