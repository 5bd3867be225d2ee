"""Where things are: a folder or path that cannot be is a sentence, whoever wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli import main
from engine.errors import CallerMistake, shown
from engine.home import home, path_of
from engine.store.ledger import Ledger
from labs import load_lab

IMPOSSIBLE = ["~nosuchuser/x", f"/{'x' * 5_000}", "a\0b", "/half \ud800"]


@pytest.mark.parametrize("given", IMPOSSIBLE, ids=lambda given: ascii(given[:12]))
def test_a_path_that_cannot_be(given: str) -> None:
    with pytest.raises(CallerMistake, match="cannot be looked at"):
        path_of(given)


def test_a_path_with_nothing_at_it_is_one(tmp_path: Path) -> None:
    assert path_of(str(tmp_path / "none")) == tmp_path / "none"
    assert path_of("~") == Path.home()


@pytest.mark.parametrize("variable", ["NOISEFLOOR_HOME", "NOISEFLOOR_DATA", "NOISEFLOOR_LABS"])
def test_a_variable_that_names_no_place(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "~nosuchuser/x")
    asks = {
        "NOISEFLOOR_HOME": home,
        "NOISEFLOOR_DATA": lambda: main(["tasks"]),
        "NOISEFLOOR_LABS": lambda: load_lab("x"),
    }
    if variable == "NOISEFLOOR_DATA":
        assert asks[variable]() == 2
    else:
        with pytest.raises(CallerMistake, match="~nosuchuser/x"):
            asks[variable]()


@pytest.mark.parametrize("battle", ["../../x", "half \ud800", "a\0b", "x" * 100_000, "' OR 1=1 --", ""])
def test_an_id_of_no_battle(battle: str) -> None:
    with Ledger() as ledger, pytest.raises(CallerMistake, match="There is no battle") as caught:
        ledger.entry(battle)
    assert len(str(caught.value)) < 500
    str(caught.value).encode()


@pytest.mark.parametrize("given", ["~nosuchuser/x", f"/{'x' * 5_000}", "none.jsonl"])
def test_a_log_that_cannot_be_found(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verdict", given, given]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_value_in_a_message_is_bounded() -> None:
    assert len(shown("x" * 10_000)) < 120
    assert shown("a'b") == '"a\'b"'
