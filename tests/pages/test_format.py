"""Whatever comes from people, servers or files is shown and not obeyed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.home import PROJECT, without_paths
from pages.format import JOINER, plain, printable
from tests.pages.driving import HOSTILE


def test_names_and_messages_are_shown_and_not_obeyed() -> None:
    shown = plain(HOSTILE)
    assert shown.replace("\\", "").replace(JOINER, "") == HOSTILE
    assert not re.search(r"(?<!\\)[!\[\](*<>$:`]", shown)


@pytest.mark.parametrize("address", ["http://host", "HTTPS://host/a", "www.host.example", "ann@host.example"])
def test_an_address_is_no_link(address: str) -> None:
    """Streamlit looks for addresses after escapes are gone, so one must not stand there in one piece."""
    unescaped = plain(f"see {address} there").replace("\\", "")
    assert address not in unescaped
    assert unescaped.replace(JOINER, "") == f"see {address} there"


def test_no_line_is_indented_to_code() -> None:
    assert plain("    one\n\n\t two\n x") == "one\n\ntwo\nx"


@pytest.mark.parametrize("unseen", ["\0", "\x1b[31m", "\x7f", "\x85", "\u202e", "\u2066", "\ud800"])
def test_what_turns_a_line_round_or_cannot_be_shown_is_seen(unseen: str) -> None:
    assert printable(f"a{unseen[0]}b") == "a\ufffdb"


def test_hidden_characters_go_and_those_of_languages_stay() -> None:
    assert printable("SmolLM\u200b2\ufeff\U000e0041") == "SmolLM2"
    persian, family, lines = "می\u200cخواهم", "👩\u200d👧", "a\n\tb"
    assert [printable(text) for text in (persian, family, lines)] == [persian, family, lines]


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("The folder /srv/secret/m holds no config.json.", "The folder …/m holds no config.json."),
        ("[Errno 28] No space left: '/srv/x/ledger.db'", "[Errno 28] No space left: '…/ledger.db'"),
        ("There is no model at ~root/x.", "There is no model at …/x."),
        ("one/two, 1/2, a / b, hf:org/name, openai:m@https://host/v1/x, <b>y</b>.", None),
        ("There is no battle 'a' in {home}/ledger.db. It may", "There is no battle 'a' in …/ledger.db. It may"),
        ("The data folder {home} may not be written to.", "The data folder … may not be written to."),
        ("{project}/labs/lab1/lab.toml: field slug", "…/lab.toml: field slug"),
    ],
)
def test_strangers_are_told_no_paths(
    sentence: str, told: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = str(tmp_path / "Jane Doe's data")
    monkeypatch.setenv("NOISEFLOOR_HOME", home)
    given = sentence.format(home=home, project=PROJECT)
    assert without_paths(given) == (given if told is None else told)
