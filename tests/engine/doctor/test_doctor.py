"""The doctor finds what is damaged, says the mend, and does itself only what cannot do harm."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import json
import os
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import BattleRequest, doctor, runs
from engine.cli import main
from engine.doctor import databases, files, machine, packages, weights
from engine.home import exposed
from engine.models import checksums
from engine.runs.worker import work
from engine.store.ledger import Ledger
from tests.conftest import ToyModel
from tests.engine.runs.conftest import battle_request

__all__ = ["battle_request"]
PARTS = (
    "versions",
    "device",
    "disk",
    "files",
    "scratch folders",
    "weights",
    "ledger",
    "journal",
    "workers",
    "endpoints",
)


@pytest.fixture(autouse=True)
def no_packages(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gigabytes of data packages are not hashed by a test."""
    (tmp_path / "packs.txt").write_text("")
    monkeypatch.setattr(packages, "LIST", tmp_path / "packs.txt")


@pytest.fixture
def converted(own_home: Path) -> Path:
    folder = own_home / "models" / "Toy-0123456789ab"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(random.Random(1).randbytes(1 << 16))
    checksums.write(folder)
    return folder


def found(subject: str) -> doctor.Finding:
    return next(finding for finding in doctor.examine() if finding.subject == subject)


def test_a_new_machine_is_well(own_home: Path) -> None:
    findings = list(doctor.examine())
    assert [finding.subject for finding in findings] == [*PARTS]
    assert {finding.state for finding in findings} == {"ok"}
    assert main(["doctor"]) == 0
    assert not (own_home / "ledger.db").exists()  # looking begins nothing


def test_every_flipped_bit_of_converted_weights_is_found_and_mended(converted: Path) -> None:
    file, places = converted / "model.safetensors", random.Random(3)
    whole = file.read_bytes()
    subject = f"weights {converted.name}"
    assert found(subject).state == "ok"
    for _ in range(200):
        at = places.randrange(len(whole))
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << places.randrange(8)]) + whole[at + 1 :])
        (finding,) = weights.converted()
        assert (finding.state, finding.subject) == ("broken", subject)
    assert main(["doctor"]) == 1
    assert main(["doctor", "--mend"]) == 0
    assert not converted.exists()


def test_weights_from_before_checksums_are_a_warning(converted: Path) -> None:
    (converted / checksums.FILE).unlink()
    assert found(f"weights {converted.name}").state == "warning"


def test_folders_that_others_may_look_into_are_closed(own_home: Path, converted: Path) -> None:
    with Ledger():
        pass
    for path in (own_home, own_home / "models", converted, own_home / "ledger.db"):
        path.chmod(0o777)
    mine = own_home / "my own notes.txt"
    mine.touch(0o644)
    (finding,) = files.permissions()
    assert finding.state == "warning" and "3 in" in finding.says  # the data folder itself was closed by looking
    assert main(["doctor", "--mend"]) == 0
    assert not any(exposed(path) for path in (own_home, own_home / "models", converted, own_home / "ledger.db"))
    assert exposed(mine)  # whatever else somebody keeps there is not ours to change


def test_a_shared_folder_is_not_closed_to_others(own_home: Path) -> None:
    own_home.mkdir()
    own_home.chmod(0o1777)
    (finding,) = files.permissions()
    assert (finding.state, finding.safe) == ("warning", None)
    with Ledger():
        pass
    assert own_home.stat().st_mode & 0o7777 == 0o1777


def test_scratch_of_a_kill_is_removed_and_of_a_worker_that_lives_is_not(own_home: Path) -> None:
    old, new = (own_home / "models" / f".making-{name}" for name in ("old", "new"))
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "half").write_bytes(b"x" * 1_000_000)
    os.utime(old, (0, 0))
    assert "1 MB" in found("scratch folders").says
    assert main(["doctor", "--mend"]) == 0
    assert new.exists() and not old.exists()


def test_unreadable_battles_are_named(battle_request: BattleRequest, own_home: Path) -> None:
    bad, good = (runs.start(runs.plan(battle_request)) for _ in range(2))
    with sqlite3.connect(own_home / "ledger.db") as db:
        db.execute("DROP TRIGGER plans_stay")
        db.execute("UPDATE battles SET plan = '[' WHERE id = ?", (bad,))
    db.close()
    finding = found(f"battle {bad}")
    assert finding.state == "warning" and "cannot be read" in finding.says
    assert good not in {other.subject for other in doctor.examine()}
    assert found("worker cpu").says == "Open battles: 2. Nobody is at them."


def test_a_damaged_answer_is_named(
    battle_request: BattleRequest, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.runs.worker.open_model", lambda address, *_: ToyModel(Path(address).name))
    battle_id = runs.start(runs.plan(battle_request))
    work("cpu")
    assert found("battles").state == "ok"
    with sqlite3.connect(own_home / "ledger.db") as db:
        db.execute(
            "UPDATE outcomes SET score = 1 - score WHERE side = 'b' AND rowid IN (SELECT min(rowid) FROM outcomes)"
        )
        db.execute("UPDATE outcomes SET score = 1 - score WHERE side = 'a'")
    db.close()
    assert "cannot be judged" in found(f"battle {battle_id}").says


@pytest.mark.parametrize("name", ["ledger", "journal"])
def test_a_damaged_database_is_broken(name: str, own_home: Path) -> None:
    with Ledger() as ledger:
        pages = ledger.connection.exec_driver_sql("PRAGMA page_count").scalar()
    file = own_home / "ledger.db"
    content = bytearray(file.read_bytes())
    content[4096 : 4096 * pages] = b"\xa5" * (4096 * (pages - 1))
    (own_home / f"{name}.db").write_bytes(content)
    finding = found(name)
    assert finding.state == "broken" and f"{name}.db is damaged" in finding.says and ".recover" in finding.mend
    assert main(["doctor"]) == 1


def test_a_lost_ledger_is_broken_and_a_new_one_is_begun_on_purpose(
    own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Ledger():
        pass
    (own_home / "ledger.db").write_bytes(b"")
    assert main(["doctor"]) == 1
    assert "doctor --new-ledger" in capsys.readouterr().out
    assert main(["doctor", "--new-ledger"]) == 0
    with Ledger() as ledger:
        assert ledger.entries() == []
    assert main(["doctor", "--new-ledger"]) == 2  # there is one now


def test_a_newer_ledger_is_not_opened(own_home: Path) -> None:
    with Ledger():
        pass
    with sqlite3.connect(own_home / "ledger.db") as db:
        db.execute("UPDATE ledger_version SET version_num = '99'")
    db.close()
    assert "A newer Noise Floor wrote it" in next(
        finding.says for finding in databases.ledger() if finding.state == "broken"
    )


def test_endpoints_are_named_and_no_key_is_told(
    own_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    own_home.mkdir()
    file = own_home / "endpoints.toml"
    file.write_text('[mine]\nurl = "https://example.org/v1"\nmodel = "m"\nkey_env = "MY_KEY"\n[bad]\nmodel = "sk-no"\n')
    assert main(["doctor"]) == 0
    told = capsys.readouterr().out
    assert "WARNING endpoint mine: Its key is not in MY_KEY." in told and "WARNING endpoint bad:" in told
    monkeypatch.setenv("MY_KEY", "sk-secret")
    assert found("endpoint mine").state == "ok"
    assert main(["doctor"]) == 0
    file.write_text('[mine]\nkey = "sk-secret\n')
    assert main(["doctor"]) == 1
    told = capsys.readouterr().out
    assert "endpoints.toml is not TOML" in told and "sk-secret" not in told


def test_what_is_not_as_pinned_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "requirements.txt").write_text("numpy==0.0.1\nno-such-thing==1\n")
    monkeypatch.setattr(machine, "PROJECT", tmp_path)
    assert [finding.state for finding in machine.versions()] == ["broken", "warning"]


def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for needed, state in ((1 << 60, "broken"), (0, "ok")):
        monkeypatch.setattr(machine, "SPACE_NEEDED", needed)
        monkeypatch.setattr(machine, "ROOMY", 0)
        assert found("disk").state == state


class Shelf:
    """A package with one file, as its RECORD lists it."""

    def __init__(self, file: Path, content: bytes) -> None:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        path = importlib.metadata.PackagePath(file.name)
        path.hash = importlib.metadata.FileHash(f"sha256={digest}")
        path.dist = self  # type: ignore[assignment]
        self.files, self.version, self.folder = [path], "1.0", file.parent

    def locate_file(self, path: str) -> Path:
        return self.folder / path


@pytest.mark.parametrize(
    ("harm", "state"),
    [
        (lambda file: None, "ok"),
        (lambda file: file.write_bytes(b"weights of a judgf"), "broken"),
        (lambda file: file.unlink(), "broken"),
    ],
)
def test_data_packages_are_compared_with_what_their_wheels_list(
    harm: Callable[[Path], object], state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"weights of a judge")
    package = Shelf(file, file.read_bytes())
    harm(file)
    packages.LIST.write_text("shelf==1.0 --hash=sha256:0\nnowhere==2\n")

    def distribution(name: str) -> Shelf:
        if name == "nowhere":
            raise importlib.metadata.PackageNotFoundError
        return package

    monkeypatch.setattr(packages.importlib.metadata, "distribution", distribution)
    shelf, nowhere = packages.packages()
    assert (shelf.subject, shelf.state) == ("package shelf", state)
    assert nowhere.state == "warning" and "pip install" in nowhere.mend


def test_what_a_look_dies_of_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.doctor.machine.resolve", lambda _: 1 / 0)
    assert "ZeroDivisionError" in found("device").says
    assert found("disk").state == "ok"


def test_findings_as_json(tmp_path: Path) -> None:
    assert main(["doctor", "--json", str(tmp_path / "found.json")]) == 0
    held = json.loads((tmp_path / "found.json").read_text())["findings"]
    assert [finding["subject"] for finding in held] == [*PARTS]
    assert {*held[0]} == {"subject", "state", "says", "mend"}
