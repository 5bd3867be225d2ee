"""What an address may look like, and what is said of one that leads nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import CallerMistake, Unknown
from engine.models.registry import PACKAGED, find


@pytest.mark.parametrize("name", PACKAGED)
def test_the_packs_are_installed(name: str) -> None:
    card = find(name)
    assert (card.address, card.kind) == (name, "pack")
    assert card.present
    files = card.weights.files() if card.weights else None
    assert files is not None and all(file.stat().st_size > 1_000_000 for file in files)
    assert card.licence_link.startswith("https://") and card.upstream.count("/") == 1


def test_a_missing_part_means_not_present(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    def nowhere(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.distribution", nowhere)
    card = find("gemma-3-270m")
    assert not card.present
    assert card.advice().startswith("pip install ")


@pytest.mark.parametrize(
    ("typed", "meant"), [("gemma", "gemma-3-270m"), ("smolm2-135m-instruct", "smollm2-135m-instruct")]
)
def test_did_you_mean(typed: str, meant: str) -> None:
    with pytest.raises(Unknown, match=f"no model called '{typed}'. Did you mean '{meant}'"):
        find(typed)


def test_a_name_like_nothing_known_gets_the_list_and_no_guess() -> None:
    with pytest.raises(Unknown) as caught:
        find("zzz")
    assert "Did you mean" not in str(caught.value)
    assert all(name in str(caught.value) for name in PACKAGED)


def test_the_hub() -> None:
    card = find("hf:org/name@abc123")
    assert (card.kind, card.location, card.revision, card.title) == ("hub", "org/name", "abc123", "org/name")
    assert find("hf:org/name").revision is None
    assert not card.present


@pytest.mark.parametrize(
    "address",
    [
        "~nosuchuser/model",
        "~nosuchuser",
        "/model\0.gguf",
        "\0",
        f"/{'x' * 5_000}",
        f"./{'x' * 300}.gguf",
        "/half \ud800",
        "z" * 1_000_000,
        "hf:" + "z" * 1_000_000,
        "../" * 2_000,
        "openai:m@http://[bad",
        "openai:m@http://" + "z" * 1_000_000,
        "endpoint:" + "z" * 1_000_000,
        "endpoint:../x",
    ],
    ids=lambda address: ascii(address[:24]),
)
def test_what_cannot_be_an_address_is_a_sentence(address: str) -> None:
    with pytest.raises(CallerMistake) as caught:
        find(address)
    assert len(str(caught.value)) < 1_000
    str(caught.value).encode()  # can be shown


@pytest.mark.parametrize("address", ["hf:", "hf:name", "hf:org/", "hf:/name", "hf:a/b/c", "hf:@main"])
def test_a_hub_address_of_another_form(address: str) -> None:
    with pytest.raises(CallerMistake, match="is not of the form hf:org/name"):
        find(address)


def test_an_endpoint() -> None:
    card = find("openai:tiny@v2@http://localhost:8080/v1")
    assert (card.kind, card.title, card.location) == ("endpoint", "tiny@v2", "http://localhost:8080/v1")
    assert card.present


@pytest.mark.parametrize(
    "address", ["openai:", "openai:m", "openai:m@host", "openai:@https://host/v1", "openai:m@ftp://h/v1"]
)
def test_an_endpoint_of_another_form(address: str) -> None:
    with pytest.raises(CallerMistake, match=r"is not of the form openai:model@https://host/v1"):
        find(address)


@pytest.mark.parametrize("place", ["ada:hunter2@host/v1", "hunter2@host/v1", "host/v1?key=hunter2", "host/v1#hunter2"])
def test_an_endpoint_with_a_key_in_it_is_refused_without_repeating_the_key(place: str) -> None:
    with pytest.raises(CallerMistake, match="OPENAI_API_KEY") as caught:
        find(f"openai:m@https://{place}")
    assert "hunter2" not in str(caught.value)


def test_a_folder_has_one_address_however_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text("{}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    card = find("./mine")
    assert (card.kind, card.title) == ("folder", "mine")
    assert card == find("mine") == find(str(tmp_path / "mine"))


def test_a_folder_without_a_config(tmp_path: Path) -> None:
    with pytest.raises(CallerMistake, match=r"holds no config\.json"):
        find(str(tmp_path))


def test_a_gguf_file(tmp_path: Path) -> None:
    file = tmp_path / "My-Model.Q4.GGUF"
    file.write_bytes(b"GGUF")
    card = find(str(file))
    assert (card.kind, card.title, card.location) == ("gguf", "My-Model.Q4", str(file))


@pytest.mark.parametrize("address", ["missing.gguf", "./nowhere", "org/name"])
def test_a_path_to_nothing_explains_the_forms(address: str) -> None:
    with pytest.raises(CallerMistake, match=f"There is no model at .{address}.*hf:org/name"):
        find(address)


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.touch()
    with pytest.raises(CallerMistake, match="There is no model at"):
        find(str(file))


def test_an_empty_address_is_no_model() -> None:
    with pytest.raises(CallerMistake):
        find("")
